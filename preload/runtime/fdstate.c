/* fdstate.c: see fdstate.h. Owns the records. */
#include "runtime/fdstate.h"

#include "runtime/arena.h"
#include "runtime/counters.h"

enum {
    CALLS = 0xffff,
    STATE_SHIFT = 16,
    DROPPED = 1 << 24,     /* freed by the last call that leaves */
    CLOSE_LATER = 1 << 25, /* a close came while the number was reserved */
    OVERLAP = 1 << 26,     /* two calls were in flight at once */
    INDEX_BITS = 11,
    GENERATION_BITS = 21,
};
#define GENERATION (1ull << 32)
#define FLAGS (0xffull << 24) /* unsigned: the generation lies above */
_Static_assert(FDSTATE_MOST < 1 << INDEX_BITS, "index + 1 fits");

struct fdstate *fdstate_records;
uint32_t fdstate_forks;
bool fdstate_wanted;
void (*fdstate_dropping)(int index);
void (*fdstate_following)(int fd, int index);
static uint32_t next_record;
static bool sets_shared;

static enum fdstate_state state_of(uint64_t word)
{
    return (enum fdstate_state)(word >> STATE_SHIFT & 0xff);
}
static uint64_t with_state(uint64_t word, enum fdstate_state state)
{
    return (word & ~(0xffull << STATE_SHIFT)) | (uint64_t)state << STATE_SHIFT;
}
static uint32_t generation_of(uint64_t word)
{
    return (uint32_t)(word >> 32) & ((1u << GENERATION_BITS) - 1);
}
static uint32_t mark_of(int index, uint64_t word)
{
    return generation_of(word) << INDEX_BITS | (uint32_t)(index + 1);
}
static uint64_t word_of(const struct fdstate *record)
{
    return __atomic_load_n(&record->word, __ATOMIC_ACQUIRE); /* pairs with every swap */
}
static bool swap(struct fdstate *record, uint64_t *expected, uint64_t desired)
{
    return __atomic_compare_exchange_n(&record->word, expected, desired, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}
/* A free word of the next generation, without anybody in it. */
static uint64_t freed(uint64_t word)
{
    return ((word >> 32) + 1) << 32;
}

static uint32_t mark_at(int fd)
{
    const struct fd_entry *entry = fdtable_entry(fd, false);
    return entry ? __atomic_load_n(&entry->tracked, __ATOMIC_RELAXED) : 0;
}
/* The mark at fd, if it is `old`, becomes `mark`. */
static bool mark_instead(int fd, uint32_t old, uint32_t mark)
{
    struct fd_entry *entry = fdtable_entry(fd, false);
    return entry && __atomic_compare_exchange_n(&entry->tracked, &old, mark, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Whether the record is still the one its mark named. */
static bool same(uint64_t word, uint32_t mark)
{
    return generation_of(word) == mark >> INDEX_BITS;
}
static struct fdstate *record_of(uint32_t mark, int *ret_index)
{
    *ret_index = (int)(mark & ((1u << INDEX_BITS) - 1)) - 1;
    return *ret_index >= 0 && *ret_index < FDSTATE_MOST && fdstate_records ? &fdstate_records[*ret_index] : NULL;
}

/* ---- tracking ---- */

static bool make_records(void)
{
    if (__atomic_load_n(&fdstate_records, __ATOMIC_ACQUIRE)) /* pairs with the swap */
        return true;
    struct fdstate *none = NULL, *fresh = arena_take(FDSTATE_MOST * sizeof *fresh);
    if (fresh)
        __atomic_compare_exchange_n(&fdstate_records, &none, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
    return fdstate_records != NULL;
}

/* A record whose number has gone to another file by a way nobody saw. */
static void reclaim(int index)
{
    struct fdstate *record = &fdstate_records[index];
    uint64_t word = word_of(record);
    int fd = __atomic_load_n(&record->fd, __ATOMIC_RELAXED);
    bool forgotten = state_of(word) == FDSTATE_OPEN && !(word & CALLS) && mark_at(fd) != mark_of(index, word);
    if (forgotten)
        swap(record, &word, freed(word));
}

int fdstate_track(int fd)
{
    struct fd_entry *entry = fdstate_wanted ? fdtable_entry(fd, true) : NULL;
    if (!entry || !make_records())
        return -1;
    for (int tries = 0; tries < 2 * FDSTATE_MOST; tries++) {
        int index = (int)(__atomic_fetch_add(&next_record, 1, __ATOMIC_RELAXED) % FDSTATE_MOST);
        struct fdstate *record = &fdstate_records[index];
        uint64_t word = word_of(record);
        if (tries >= FDSTATE_MOST)
            reclaim(index), word = word_of(record);
        if (state_of(word) != FDSTATE_FREE || word & CALLS)
            continue;
        if (!swap(record, &word, with_state(word, FDSTATE_RESERVED)))
            continue;
        __atomic_store_n(&record->fd, fd, __ATOMIC_RELAXED); /* a reader without the record: reclaim */
        record->forks = fdstate_forks;
        record->set_count = 0;
        /* OPEN, and entered until its mark stands. Not a store: calls that go by a stale mark pass through the word. */
        __atomic_fetch_sub(&record->word, ((uint64_t)(FDSTATE_RESERVED - FDSTATE_OPEN) << STATE_SHIFT) - 1,
                           __ATOMIC_ACQ_REL);
        __atomic_store_n(&entry->tracked, mark_of(index, word), __ATOMIC_RELEASE);
        fdstate_leave(index);
        /* a close just before goes to the last number used: LIFO keeps the records in the cache */
        __atomic_store_n(&next_record, (uint32_t)index, __ATOMIC_RELAXED);
        return index;
    }
    return -1;
}

/* ---- calls in flight ---- */

int fdstate_enter(int fd)
{
    int index;
    uint32_t mark = mark_at(fd), tried;
    do {
        struct fdstate *record = mark ? record_of(mark, &index) : NULL;
        if (!record)
            return -1;
        uint64_t before = __atomic_fetch_add(&record->word, 1, __ATOMIC_ACQ_REL); /* pairs with every swap */
        if (same(before, mark) && state_of(before) == FDSTATE_OPEN && !(before & (CALLS | FLAGS)))
            return index;
        if (same(before, mark) && before & CALLS)
            __atomic_fetch_or(&record->word, OVERLAP, __ATOMIC_ACQ_REL);
        fdstate_leave(index);
        tried = mark;
        mark = mark_at(fd); /* another record may follow the number by now: fdstate_pass */
    } while (mark != tried);
    return -1;
}

bool fdstate_leave(int index)
{
    struct fdstate *record = &fdstate_records[index];
    uint64_t word = word_of(record);
    for (;;) {
        bool last = (word & CALLS) == 1;
        if (last && word & OVERLAP && !(word & DROPPED) && state_of(word) == FDSTATE_OPEN) {
            /* two at once: never again */
            mark_instead(__atomic_load_n(&record->fd, __ATOMIC_RELAXED), mark_of(index, word), 0);
            if (fdstate_dropping)
                fdstate_dropping(index);
            if (swap(record, &word, freed(word))) {
                counters_add(COUNTER_connections_refused_shared, 1);
                return false;
            }
        } else if (swap(record, &word, last && word & DROPPED ? freed(word) : word - 1)) {
            return !(word & FLAGS & ~(uint64_t)CLOSE_LATER);
        }
    }
}

bool fdstate_alone(int index)
{
    uint64_t word = word_of(&fdstate_records[index]);
    return (word & CALLS) == 1 && !(word & FLAGS);
}

bool fdstate_move(int index, enum fdstate_state from, enum fdstate_state to)
{
    struct fdstate *record = &fdstate_records[index];
    uint64_t word = word_of(record);
    uint64_t own = from != FDSTATE_KEPT;
    while (state_of(word) == from && (word & CALLS) == own && !(word & FLAGS))
        if (swap(record, &word, with_state(word, to) | 1))
            return true;
    return false;
}

bool fdstate_close_later(int fd)
{
    int index;
    uint32_t mark = mark_at(fd);
    struct fdstate *record = mark ? record_of(mark, &index) : NULL;
    if (!record)
        return false;
    uint64_t word = word_of(record);
    while (same(word, mark) && state_of(word) == FDSTATE_RESERVED)
        if (swap(record, &word, word | CLOSE_LATER))
            return true;
    return false;
}

bool fdstate_release(int index)
{
    struct fdstate *record = &fdstate_records[index];
    uint64_t word = word_of(record);
    while (!swap(record, &word, with_state(word, FDSTATE_OPEN) & ~(uint64_t)CLOSE_LATER))
        ;
    return word & CLOSE_LATER;
}

/* ---- numbers ---- */

bool fdstate_keep(int index, int fd)
{
    struct fdstate *record = &fdstate_records[index];
    struct fd_entry *entry = fdtable_entry(fd, true);
    uint64_t word = word_of(record);
    if (!entry)
        return false;
    /* a thread that has read the former mark, and comes late to drop what it named, must not find this */
    uint32_t mark = mark_of(index, word + GENERATION);
    mark_instead(record->fd, mark_of(index, word), 0);
    __atomic_store_n(&record->fd, fd, __ATOMIC_RELAXED);
    __atomic_store_n(&entry->tracked, mark, __ATOMIC_RELEASE);
    while ((word & CALLS) == 1 && !(word & FLAGS))
        if (swap(record, &word, with_state(word, FDSTATE_KEPT) - 1 + GENERATION))
            return true;
    mark_instead(fd, mark, 0);
    return false;
}

bool fdstate_pass(int index, int fresh, bool *ret_closed)
{
    struct fdstate *record = &fdstate_records[index], *to = &fdstate_records[fresh];
    uint64_t word = word_of(record), fresh_word = word_of(to);
    uint32_t mark = mark_of(index, word);
    int fd = to->fd;
    mark_instead(record->fd, mark, 0);
    __atomic_store_n(&record->fd, fd, __ATOMIC_RELAXED);
    bool alone = true;
    do
        alone = (word & CALLS) == 1 && !(word & FLAGS);
    while (!swap(record, &word, with_state(word, FDSTATE_OPEN) & ~FLAGS));
    alone &= mark_instead(fd, mark_of(fresh, fresh_word), mark);
    /* Who came before this swap is in the word; who comes later finds the new mark. */
    do
        alone &= (fresh_word & CALLS) == 1 && !(fresh_word & (DROPPED | OVERLAP));
    while (!swap(to, &fresh_word, with_state(fresh_word, FDSTATE_OPEN) | DROPPED));
    *ret_closed = fresh_word & CLOSE_LATER;
    fdstate_leave(fresh);
    if (alone)
        return true;
    mark_instead(fd, mark, 0);
    fdstate_free(index);
    fdstate_leave(index);
    counters_add(COUNTER_connections_refused_shared, 1);
    return false;
}

int fdstate_kept(int fd)
{
    int index;
    uint32_t mark = mark_at(fd);
    struct fdstate *record = mark ? record_of(mark, &index) : NULL;
    uint64_t word = record ? word_of(record) : 0;
    return record && same(word, mark) && state_of(word) == FDSTATE_KEPT ? index : -1;
}

void fdstate_free(int index)
{
    struct fdstate *record = &fdstate_records[index];
    uint64_t word = word_of(record);
    while (!swap(record, &word, word & CALLS ? word | DROPPED : freed(word)))
        ;
}

/* The word first, the mark after: a thread that finds no mark calls without being counted, so by then nobody may be
 * able to keep the file. */
void fdstate_drop(int fd, enum counter_id reason)
{
    int index;
    uint32_t mark = mark_at(fd);
    struct fdstate *record = mark ? record_of(mark, &index) : NULL;
    if (!record)
        return;
    uint64_t word = word_of(record);
    while (same(word, mark) && state_of(word) != FDSTATE_FREE && !(word & DROPPED)) {
        if (fdstate_dropping)
            fdstate_dropping(index);
        if (!swap(record, &word, word & CALLS ? word | DROPPED : freed(word)))
            continue;
        if (reason < COUNTER_COUNT)
            counters_add(reason, 1);
        break;
    }
    mark_instead(fd, mark, 0);
}

bool fdstate_drop_open(int index, uint32_t generation, enum counter_id reason)
{
    struct fdstate *record = &fdstate_records[index];
    uint64_t word = word_of(record);
    int fd = __atomic_load_n(&record->fd, __ATOMIC_RELAXED);
    while ((uint32_t)(word >> 32) == generation && state_of(word) == FDSTATE_OPEN && !(word & DROPPED)) {
        uint32_t mark = mark_of(index, word);
        if (fdstate_dropping)
            fdstate_dropping(index);
        if (!swap(record, &word, word & CALLS ? word | DROPPED : freed(word)))
            continue;
        mark_instead(fd, mark, 0);
        counters_add(reason, 1);
        return true;
    }
    return false;
}

void fdstate_replaced(int fd)
{
    int index;
    uint32_t mark = mark_at(fd);
    struct fdstate *record = mark ? record_of(mark, &index) : NULL;
    uint64_t word = record ? word_of(record) : 0;
    if (record && same(word, mark) && state_of(word) == FDSTATE_CLOSING)
        mark_instead(fd, mark, 0);
    else
        fdstate_drop(fd, COUNTER_COUNT);
}

/* ---- epoll sets ---- */

void fdstate_set_shared(void)
{
    __atomic_store_n(&sets_shared, true, __ATOMIC_RELAXED);
}

static void forget_set(struct fdstate *record, uint32_t at)
{
    record->sets[at] = record->sets[--record->set_count];
}

void fdstate_epoll(int set, int operation, int fd, const struct epoll_event *event)
{
    int index = fdstate_tracked(fd) ? fdstate_enter(fd) : -1;
    if (index < 0)
        return;
    struct fdstate *record = &fdstate_records[index];
    uint32_t at = 0, count = record->set_count;
    while (at < count && count <= FDSTATE_SETS && record->sets[at].set != set)
        at++;
    bool once = operation != EPOLL_CTL_DEL && event->events & (EPOLLONESHOT | EPOLLEXCLUSIVE);
    if (sets_shared || once || count > FDSTATE_SETS || (at == FDSTATE_SETS && operation != EPOLL_CTL_DEL))
        record->set_count = FDSTATE_SETS_UNKNOWN;
    else if (operation == EPOLL_CTL_DEL && at < count)
        forget_set(record, at);
    else if (operation != EPOLL_CTL_DEL) {
        record->sets[at] = (struct fdstate_set){set, event->events, event->data.u64};
        if (at == count)
            record->set_count++;
    }
    fdstate_leave(index);
}

/* ---- fork ---- */

void fdstate_forking(void)
{
    __atomic_fetch_add(&fdstate_forks, 1, __ATOMIC_RELAXED);
}

void fdstate_fork_child(void)
{
    for (int i = 0; fdstate_records && i < FDSTATE_MOST; i++) {
        struct fdstate *record = &fdstate_records[i];
        if (state_of(record->word) != FDSTATE_FREE)
            record->word = freed(record->word);
    }
}
