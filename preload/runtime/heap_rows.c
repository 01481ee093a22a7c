/* heap_rows.c: see heap_rows.h.
 *
 * THE PEAK. A new maximum of the live sum only moves the epoch; a row keeps its share of the peak when it is
 * about to change (settle). The epoch is the maximum itself, so that who moves it late moves nothing: a thread that
 * has just made a new maximum may be off its processor for long, and the others, before they change a row or the
 * sum, move the epoch in its place (note_peak). So at most one change of each thread, which it was in the middle of,
 * is taken for before or after the peak where it was not.
 *
 * Threads that change one row at the same time: the one that moves peak_epoch to `epoch | SAVING` by
 * compare-and-swap copies, the others wait for its three stores, but never long: it may be the code that this very
 * signal handler interrupted. Then the saved share may hold some samples more or less (counted). A reader that meets
 * the mark takes the live fields, which have not changed yet.
 *
 * A live row is found by its stack; the row of stack 0 is made first and takes what finds no row of its own,
 * so the rows always add up to header.heap_live_bytes.
 */
#include "runtime/heap_rows.h"

#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/index.h"
#include "runtime/segment.h"
#include "runtime/sums.h"
#include "runtime/system.h"

enum { INDEX_LEAST = 8192, INDEX_MOST = 65536, WAIT_ROUNDS = 1000 };
#define SAVING (1ull << 63)
#define NO_STACK (1ull << 32) /* key of a live row: this | stack */

static struct index live_index;

int heap_rows_init(void)
{
    uint32_t slots = INDEX_LEAST;
    while (slots < INDEX_MOST && slots < 4 * segment->tables[TABLE_LIVE].capacity)
        slots *= 2;
    return index_init(&live_index, slots);
}

static void add(uint64_t *place, uint64_t amount)
{
    __atomic_fetch_add(place, amount, __ATOMIC_RELAXED);
}

static void add_signed(int64_t *place, int64_t amount)
{
    __atomic_fetch_add(place, amount, __ATOMIC_RELAXED);
}

/* ---- finding rows ---- */

static uint64_t hash_of(uint64_t key)
{
    return index_mix(key) | 1ull << 32; /* a tag of 0 would look like an empty slot */
}

static struct live_record *find(uint64_t key, uint64_t hash)
{
    uint32_t cursor = 0, row;
    while ((row = index_next(&live_index, hash, &cursor))) {
        struct live_record *record = segment_record(TABLE_LIVE, row);
        if (record->key == key)
            return record;
    }
    return NULL;
}

static struct live_record *find_or_make(uint64_t key)
{
    uint64_t hash = hash_of(key);
    struct live_record *record = find(key, hash);
    if (strong_likely(record != NULL))
        return record;
    if (key != NO_STACK)
        find_or_make(NO_STACK); /* while there is room */
    uint32_t row = live_index.slots ? segment_append(TABLE_LIVE, (void **)&record) : 0;
    if (!row)
        return NULL;
    __atomic_store_n(&record->key, key, __ATOMIC_RELEASE); /* readers skip rows with key 0 */
    index_put(&live_index, hash, row);
    return record;
}

static struct live_record *live_row(uint32_t stack)
{
    struct live_record *record = find_or_make(NO_STACK | stack);
    return record ? record : find_or_make(NO_STACK);
}

/* A row of a table that is indexed by something else than order of appearance. */
static struct heap_record *row_at(enum segment_table_id table, uint64_t row)
{
    const struct segment_table *at = &segment->tables[table];
    uint64_t used = __atomic_load_n(&at->used, __ATOMIC_RELAXED), least = row ? row : 1; /* at least one take commits */
    while (used <= least) {
        void *unused;
        if (!segment_take(table, least + 1 - used, &unused)) {
            counters_add(COUNTER_heap_rows_full, 1);
            return NULL;
        }
        used = __atomic_load_n(&at->used, __ATOMIC_RELAXED);
    }
    return segment_record(table, (uint32_t)row);
}

/* ---- the peak ---- */

/* Moves the epoch to the sum of live bytes if that is a new maximum, whoever made it. Returns the sum. */
static uint64_t note_peak(void)
{
    uint64_t sum = __atomic_load_n(&segment->heap_live_bytes, __ATOMIC_ACQUIRE); /* pairs with change_sum */
    uint64_t epoch = __atomic_load_n(&segment->heap_peak_epoch, __ATOMIC_RELAXED), peak;
    do {
        if ((int64_t)sum <= (int64_t)epoch)
            return sum;
    } while (!__atomic_compare_exchange_n(&segment->heap_peak_epoch, &epoch, sum, true, __ATOMIC_RELEASE,
                                          __ATOMIC_RELAXED)); /* pairs with settle */
    peak = __atomic_load_n(&segment->heap_peak_bytes, __ATOMIC_RELAXED);
    while (sum > peak && !__atomic_compare_exchange_n(&segment->heap_peak_bytes, &peak, sum, true, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED))
        ;
    __atomic_store_n(&segment->heap_peak_ticks, clock_ticks(), __ATOMIC_RELAXED);
    return sum;
}

/* A sum is never left before the epoch knows of it. */
static void change_sum(uint64_t amount)
{
    uint64_t sum = note_peak();
    while (!__atomic_compare_exchange_n(&segment->heap_live_bytes, &sum, sum + amount, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED)) /* pairs with note_peak */
        sum = note_peak();
    note_peak();
}

static void settle(struct live_record *row)
{
    note_peak();
    uint64_t epoch = __atomic_load_n(&segment->heap_peak_epoch, __ATOMIC_ACQUIRE); /* pairs with note_peak */
    uint64_t had = __atomic_load_n(&row->peak_epoch, __ATOMIC_ACQUIRE); /* pairs with the release below */
    for (unsigned i = 0; had != epoch; i++) {
        if (had & SAVING) {
            if (i == WAIT_ROUNDS) {
                counters_add(COUNTER_heap_peak_uncertain, 1);
                return;
            }
            system_relax();
            had = __atomic_load_n(&row->peak_epoch, __ATOMIC_ACQUIRE);
        } else if (had > epoch) {
            return; /* another thread has seen a later peak */
        } else if (__atomic_compare_exchange_n(&row->peak_epoch, &had, epoch | SAVING, false, __ATOMIC_ACQUIRE,
                                               __ATOMIC_ACQUIRE)) {
            row->peak_bytes = __atomic_load_n(&row->live_bytes, __ATOMIC_RELAXED);
            row->peak_objects_q8 = __atomic_load_n(&row->live_objects_q8, __ATOMIC_RELAXED);
            __atomic_load(&row->live_squares, &row->peak_squares, __ATOMIC_RELAXED);
            __atomic_store_n(&row->peak_epoch, epoch, __ATOMIC_RELEASE); /* pairs with the loads above */
            return;
        }
    }
}

/* ---- changes ---- */

static void change_live(struct live_record *row, const struct heap_change *change, int sign)
{
    settle(row);
    add_signed(&row->live_bytes, sign * (int64_t)change->weight);
    add_signed(&row->live_objects_q8, sign * (int64_t)change->objects_q8);
    /* whole numbers: what the free takes off cancels exactly, far beyond any heap */
    sums_add_double(&row->live_squares, sign * (double)(uint64_t)(change->variance + 0.5));
}

static void largest(struct live_record *row, uint64_t bytes)
{
    uint64_t had = __atomic_load_n(&row->largest_bytes, __ATOMIC_RELAXED);
    while (bytes > had && !__atomic_compare_exchange_n(&row->largest_bytes, &had, bytes, true, __ATOMIC_RELAXED,
                                                       __ATOMIC_RELAXED))
        ;
}

void heap_rows_live(const struct heap_change *change)
{
    struct live_record *row = live_row(change->stack);
    if (!row) {
        counters_add(COUNTER_live_rows_full, 1);
    } else {
        if (change->stack && live_record_stack(row) != change->stack)
            counters_add(COUNTER_live_rows_full, 1);
        change_live(row, change, 1);
        largest(row, change->bytes);
    }
    change_sum(change->weight);
}

void heap_rows_allocated(const struct heap_change *change)
{
    struct heap_record *rows[] = {row_at(TABLE_SIZES, heap_size_index(change->bytes)),
                                  row_at(TABLE_OWNERS, change->owner_row)};
    for (unsigned i = 0; i < 2; i++) {
        if (!rows[i])
            continue;
        add(&rows[i]->allocated_bytes, change->weight);
        add(&rows[i]->allocated_objects_q8, change->objects_q8);
    }
}

static void add_freed(struct heap_record *row, const struct heap_change *change)
{
    add(&row->freed_bytes, change->weight);
    add(&row->freed_objects_q8, change->objects_q8);
    add(&row->lifetime_q8[change->lifetime], change->objects_q8);
    if (change->temporary) {
        add(&row->temporary_bytes, change->weight);
        add(&row->temporary_objects_q8, change->objects_q8);
    }
    if (change->remote) {
        add(&row->remote_bytes, change->weight);
        add(&row->remote_objects_q8, change->objects_q8);
    }
}

void heap_rows_freed(const struct heap_change *change)
{
    struct live_record *row = live_row(change->stack);
    if (row) {
        change_live(row, change, -1);
        add(&row->lifetime_q8[change->lifetime], change->objects_q8);
    }
    change_sum(-change->weight);
    struct heap_record *size = row_at(TABLE_SIZES, heap_size_index(change->bytes));
    struct heap_record *owner = row_at(TABLE_OWNERS, change->owner_row);
    if (size)
        add_freed(size, change);
    if (owner)
        add_freed(owner, change);
}

static void add_difference(struct heap_record *row, const struct heap_change *before, const struct heap_change *after)
{
    bool more = after->weight > before->weight, joined = after->objects_q8 > before->objects_q8;
    add(more ? &row->allocated_bytes : &row->freed_bytes,
        more ? after->weight - before->weight : before->weight - after->weight);
    add(joined ? &row->allocated_objects_q8 : &row->freed_objects_q8,
        joined ? after->objects_q8 - before->objects_q8 : before->objects_q8 - after->objects_q8);
}

static void leave_row(struct heap_record *row, const struct heap_change *change)
{
    add(&row->freed_bytes, change->weight);
    add(&row->freed_objects_q8, change->objects_q8);
}

void heap_rows_resized(const struct heap_change *before, const struct heap_change *after)
{
    struct live_record *row = live_row(before->stack);
    if (row) {
        change_live(row, before, -1);
        change_live(row, after, 1);
        largest(row, after->bytes);
    }
    change_sum(after->weight - before->weight);
    /* By size it leaves one row and joins another; its owner only sees the difference. */
    struct heap_record *from = row_at(TABLE_SIZES, heap_size_index(before->bytes));
    struct heap_record *to = row_at(TABLE_SIZES, heap_size_index(after->bytes));
    struct heap_record *owner = row_at(TABLE_OWNERS, before->owner_row);
    if (from && to && from != to) {
        leave_row(from, before);
        add(&to->allocated_bytes, after->weight);
        add(&to->allocated_objects_q8, after->objects_q8);
    } else if (from && to) {
        add_difference(from, before, after);
    }
    if (owner)
        add_difference(owner, before, after);
}
