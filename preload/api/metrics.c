/* metrics.c: strong_get_metrics: what the process's own segment says, for the process itself.
 *
 * Reads other threads' blocks while they change, as strong-report does: each figure is right by itself. Nothing
 * is kept between two calls. Equal names (two threads brought one up at once) are one row.
 */
#include <string.h>

#include "api/api.h"
#include "api/metrics_text.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/span.h"

struct name_sums {
    uint64_t hash; /* of the target; [0]: (other) */
    struct string_ref text;
    uint64_t calls, errors, bytes, ticks, max_ticks; /* as operation */
    uint64_t increments, sum;                        /* as count */
};

struct class_sums {
    uint64_t calls, errors, bytes, ticks;
};

struct facts {
    uint32_t name_count;
    struct name_sums names[CUSTOM_NAMES + 1];
    struct class_sums classes[CLASS_CUSTOM];
};

/* ---- adding up ---- */

static void find_names(struct facts *facts)
{
    const struct segment_table *table = &segment->tables[TABLE_TARGETS];
    uint64_t used = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
    facts->name_count = 1;
    for (uint32_t row = 1; row < used && row < table->capacity; row++) {
        const struct target_record *target = segment_record(TABLE_TARGETS, row);
        uint64_t hash = __atomic_load_n(&target->hash, __ATOMIC_ACQUIRE); /* pairs with targets.c */
        if (!hash || facts->name_count > CUSTOM_NAMES)
            continue;
        if (__atomic_load_n(&target->kind, __ATOMIC_RELAXED) != TARGET_CUSTOM) /* or is being given back */
            continue;
        uint32_t i = 1;
        while (i < facts->name_count && facts->names[i].hash != hash)
            i++;
        if (i == facts->name_count)
            facts->names[facts->name_count++] = (struct name_sums){.hash = hash, .text = target->text};
    }
}

static uint64_t hash_of(uint32_t target)
{
    if (!target || target >= segment->tables[TABLE_TARGETS].capacity)
        return 0;
    return ((const struct target_record *)segment_record(TABLE_TARGETS, target))->hash;
}

static struct name_sums *sums_of(struct facts *facts, uint32_t target)
{
    uint64_t hash = hash_of(target);
    for (uint32_t i = 1; hash && i < facts->name_count; i++)
        if (facts->names[i].hash == hash)
            return &facts->names[i];
    return &facts->names[0];
}

/* Reads words that other threads are adding to. They are plain there, so that the hot path stays one addition, and whole
 * (aligned, at most 64 bits): each is from some moment, as strong-report reads them from another process. TSan sees only
 * this reader of that kind. */
#define READS_OTHERS __attribute__((no_sanitize("thread")))

READS_OTHERS static void add_cell(struct facts *facts, const struct stat_cell *cell)
{
    unsigned hook = cell_hook(cell->key);
    if (hook == HOOK_operation) {
        struct name_sums *sums = sums_of(facts, cell_target(cell->key));
        uint64_t max_ticks = (uint64_t)cell->max_ticks_high << 4;
        sums->calls += cell->calls;
        sums->errors += cell->errors;
        sums->bytes += cell->bytes;
        sums->ticks += cell->ticks;
        sums->max_ticks = max_ticks > sums->max_ticks ? max_ticks : sums->max_ticks;
    } else if (hook == HOOK_count) {
        struct name_sums *sums = sums_of(facts, cell_target(cell->key));
        sums->increments += cell->calls;
        sums->sum += cell->bytes;
    } else if (hook != HOOK_NONE && hook < HOOK_connection) { /* derived rows would count twice */
        struct class_sums *sums = &facts->classes[span_class(hook, cell_target(cell->key))];
        /* those that wait are in counted[] besides, but not stdio's */
        if (hook >= HOOK_COUNTED_END || hook_classes[hook] == CLASS_FILE)
            sums->calls += cell->calls;
        sums->errors += cell->errors;
        sums->bytes += cell->bytes;
    }
}

READS_OTHERS static void add_crowd(struct facts *facts)
{
    const struct hook_crowd *crowd = segment_record(TABLE_CROWD, 0);
    for (unsigned hook = 1; hook < HOOK_connection; hook++) {
        struct class_sums *sums = &facts->classes[hook_classes[hook]];
        sums->calls += crowd[hook].calls;
        sums->errors += crowd[hook].errors;
        sums->bytes += crowd[hook].bytes;
        sums->ticks += crowd[hook].ticks;
    }
    struct name_sums *other = &facts->names[0];
    other->calls += crowd[HOOK_operation].calls;
    other->errors += crowd[HOOK_operation].errors;
    other->bytes += crowd[HOOK_operation].bytes;
    other->ticks += crowd[HOOK_operation].ticks;
    other->increments += crowd[HOOK_count].calls;
    other->sum += crowd[HOOK_count].bytes;
}

typedef void visit_function(void *state, const struct thread_block *block, const struct stat_cell *cell);

static void each_cell(const struct thread_block *block, visit_function *visit, void *state)
{
    for (unsigned page = 0; page < BLOCK_PAGES; page++) {
        if (__atomic_load_n(&block->page_kind[page], __ATOMIC_ACQUIRE) != PAGE_CELLS) /* pairs with take_page */
            continue;
        const struct stat_cell *cells = segment_at(block->page_offset[page]);
        for (unsigned i = 0; i < PAGE_CELL_COUNT; i++)
            if (__atomic_load_n(&cells[i].key, __ATOMIC_ACQUIRE)) /* pairs with make_cell */
                visit(state, block, &cells[i]);
    }
}

static const struct thread_block *block_at(uint32_t row)
{
    /* pairs with make_block */
    uint64_t offset = __atomic_load_n((const uint64_t *)segment_record(TABLE_THREADS, row), __ATOMIC_ACQUIRE);
    return offset ? segment_at(offset) : NULL;
}

static uint32_t block_count(void)
{
    const struct segment_table *table = &segment->tables[TABLE_THREADS];
    uint64_t used = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
    return used < table->capacity ? (uint32_t)used : table->capacity;
}

static void add_one(void *state, const struct thread_block *block, const struct stat_cell *cell)
{
    (void)block;
    add_cell(state, cell);
}

READS_OTHERS static void add_up(struct facts *facts)
{
    memset(facts, 0, sizeof *facts);
    find_names(facts);
    add_crowd(facts);
    for (uint32_t row = 1; row < block_count(); row++) {
        const struct thread_block *block = block_at(row);
        if (!block)
            continue;
        for (unsigned class = 0; class < CLASS_CUSTOM; class ++)
            facts->classes[class].ticks += block->class_ticks[class];
        for (unsigned hook = 1; hook < HOOK_COUNTED_END; hook++) {
            facts->classes[hook_classes[hook]].calls += block->counted[hook].calls;
            facts->classes[hook_classes[hook]].bytes += block->counted[hook].bytes;
        }
        each_cell(block, add_one, facts);
    }
}

/* ---- histograms ---- */

struct histogram {
    uint64_t hash, total;
    uint64_t buckets[HISTOGRAM_BUCKETS];
};

READS_OTHERS static void add_latencies(void *state, const struct thread_block *block, const struct stat_cell *cell)
{
    struct histogram *histogram = state;
    if (cell_hook(cell->key) != HOOK_operation || hash_of(cell_target(cell->key)) != histogram->hash)
        return;
    bool mapped = cell->flags & CELL_MAPPED;
    unsigned used = mapped || cell->calls > CELL_INLINE ? CELL_INLINE : (unsigned)cell->calls;
    for (unsigned i = 0; i < used; i++) {
        unsigned slot = cell->slots[i], page = (slot - 1) / PAGE_LINE_COUNT;
        if (!mapped) {
            histogram->buckets[slot < HISTOGRAM_BUCKETS ? slot : 0]++;
            histogram->total++;
        } else if (slot && page < BLOCK_PAGES && block->page_kind[page] == PAGE_LINES) {
            const uint64_t *line = (const uint64_t *)segment_at(block->page_offset[page]) +
                                   (slot - 1) % PAGE_LINE_COUNT * HISTOGRAM_STEPS;
            for (unsigned step = 0; step < HISTOGRAM_STEPS; step++) {
                histogram->buckets[i * HISTOGRAM_STEPS + step] += line[step];
                histogram->total += line[step];
            }
        }
    }
}

static uint64_t quantile_ns(const struct histogram *histogram, uint64_t hundredths, uint64_t max_ticks)
{
    uint64_t rank = (histogram->total * hundredths + 99) / 100, seen = 0;
    unsigned bucket = 0;
    while (bucket < HISTOGRAM_BUCKETS - 1 && (seen += histogram->buckets[bucket]) < rank)
        bucket++;
    uint64_t ticks = histogram_middle(bucket), most = max_ticks + 15; /* the maximum is kept in steps of 16 */
    return clock_ticks_to_ns(ticks < most ? ticks : most);
}

static __attribute__((noinline)) void quantiles(struct metrics_text *out, const struct name_sums *sums, const char *name,
                                                unsigned len)
{
    static const struct {
        uint64_t hundredths;
        const char *text;
    } wanted[] = {{50, "0.5"}, {99, "0.99"}};
    struct histogram histogram = {.hash = sums->hash};
    for (uint32_t row = 1; row < block_count(); row++)
        if (block_at(row))
            each_cell(block_at(row), add_latencies, &histogram);
    for (unsigned i = 0; i < 2 && histogram.total; i++) {
        metrics_name(out, "strong_operation_seconds", "operation", name, len);
        metrics_label(out, "quantile", wanted[i].text);
        metrics_seconds(out, quantile_ns(&histogram, wanted[i].hundredths, sums->max_ticks));
    }
}

/* ---- writing ---- */

static const char *text_of(const struct name_sums *sums, unsigned *ret_len)
{
    static const char other[] = "(other)";
    *ret_len = sums->hash ? sums->text.len : sizeof other - 1;
    return sums->hash ? segment_record(TABLE_STRINGS, sums->text.offset) : other;
}

static void write_operations(struct metrics_text *out, const struct facts *facts)
{
    unsigned len;
    metrics_family(out, "strong_operation_seconds", "summary", "time of the program's own operations");
    for (uint32_t i = 0; i < facts->name_count; i++) {
        const struct name_sums *sums = &facts->names[i];
        const char *name = text_of(sums, &len);
        if (!sums->calls)
            continue;
        quantiles(out, sums, name, len);
        metrics_name(out, "strong_operation_seconds_sum", "operation", name, len);
        metrics_seconds(out, clock_ticks_to_ns(sums->ticks));
        metrics_name(out, "strong_operation_seconds_count", "operation", name, len);
        metrics_count(out, sums->calls);
    }
    metrics_family(out, "strong_operation_max_seconds", "gauge", "time of the longest of them");
    for (uint32_t i = 0; i < facts->name_count; i++) {
        const char *name = text_of(&facts->names[i], &len);
        if (!facts->names[i].max_ticks)
            continue;
        metrics_name(out, "strong_operation_max_seconds", "operation", name, len);
        metrics_seconds(out, clock_ticks_to_ns(facts->names[i].max_ticks));
    }
}

/* One family of a figure that names have; those where it is 0 and their use is another are left out. */
static void write_names(struct metrics_text *out, const struct facts *facts, const char *family, const char *label,
                        const char *help, size_t figure, size_t use)
{
    metrics_family(out, family, "counter", help);
    for (uint32_t i = 0; i < facts->name_count; i++) {
        const char *sums = (const char *)&facts->names[i];
        unsigned len;
        const char *name = text_of(&facts->names[i], &len);
        if (!*(const uint64_t *)(sums + use))
            continue;
        metrics_name(out, family, label, name, len);
        metrics_count(out, *(const uint64_t *)(sums + figure));
    }
}

static void write_gauges(struct metrics_text *out)
{
    static const char *const families[] = {"strong_program_value", "strong_program_value_lowest", "strong_program_value_highest"};
    static const char *const helps[] = {"what strong_gauge was given last", "the lowest it was given",
                                        "the highest it was given"};
    const struct segment_table *table = &segment->tables[TABLE_GAUGES];
    bool ready = __atomic_load_n(&table->used, __ATOMIC_RELAXED) >= table->capacity && table->capacity;
    for (unsigned i = 0; i < 3; i++) {
        metrics_family(out, families[i], "gauge", helps[i]);
        for (uint32_t at = 1; ready && at < table->capacity; at++) {
            const struct gauge_record *row = segment_record(TABLE_GAUGES, at);
            if (!__atomic_load_n(&row->count, __ATOMIC_ACQUIRE)) /* pairs with gauge_set */
                continue;
            double last;
            __atomic_load(&row->last, &last, __ATOMIC_RELAXED);
            uint32_t target = (uint32_t)__atomic_load_n(&row->key, __ATOMIC_RELAXED); /* gauge_record_target */
            struct string_ref text = ((const struct target_record *)segment_record(TABLE_TARGETS, target))->text;
            const double values[] = {last, gauge_value(~__atomic_load_n(&row->lowest, __ATOMIC_RELAXED)),
                                     gauge_value(__atomic_load_n(&row->highest, __ATOMIC_RELAXED))};
            metrics_name(out, families[i], "name", segment_record(TABLE_STRINGS, text.offset), text.len);
            metrics_value(out, values[i]);
        }
    }
}

static void write_classes(struct metrics_text *out, const struct facts *facts)
{
    static const char *const names[CLASS_CUSTOM] = {
        [CLASS_MEMORY] = "memory", [CLASS_FILE] = "file", [CLASS_NETWORK] = "network", [CLASS_RESOLVE] = "resolve",
        [CLASS_LOCK] = "lock",     [CLASS_WAIT] = "wait", [CLASS_SLEEP] = "sleep",     [CLASS_PROCESS] = "process",
    };
    static const struct {
        const char *family, *help;
        size_t figure;
    } families[] = {
        {"strong_class_calls_total", "calls of libc by what they wait for", offsetof(struct class_sums, calls)},
        {"strong_class_errors_total", "calls that failed", offsetof(struct class_sums, errors)},
        {"strong_class_bytes_total", "bytes they moved, or asked the allocator for", offsetof(struct class_sums, bytes)},
        {"strong_class_seconds_total", "time in them", offsetof(struct class_sums, ticks)},
    };
    for (unsigned i = 0; i < sizeof families / sizeof *families; i++) {
        metrics_family(out, families[i].family, "counter", families[i].help);
        for (unsigned class = 0; class < CLASS_CUSTOM; class ++) {
            uint64_t figure = *(const uint64_t *)((const char *)&facts->classes[class] + families[i].figure);
            metrics_name(out, families[i].family, "class", names[class], (unsigned)strlen(names[class]));
            if (families[i].figure == offsetof(struct class_sums, ticks))
                metrics_seconds(out, clock_ticks_to_ns(figure));
            else
                metrics_count(out, figure);
        }
    }
}

static void write_lost(struct metrics_text *out)
{
    static const struct {
        const char *family, *help;
        enum counter_id counter;
    } families[] = {
        {"strong_names_lost_total", "operations and counts under (other): more names than are kept",
         COUNTER_custom_names_full},
        {"strong_gauges_lost_total", "values of gauges left out: not finite, or no room for the name",
         COUNTER_custom_gauges_lost},
    };
    for (unsigned i = 0; i < sizeof families / sizeof *families; i++) {
        metrics_family(out, families[i].family, "counter", families[i].help);
        metrics_name(out, families[i].family, "", "", 0);
        metrics_count(out, counters[families[i].counter]);
    }
}

size_t metrics_get(char *buf, size_t size)
{
    struct metrics_text out = metrics_text_in(buf, size);
    struct facts facts;
    if (!api_enabled())
        return 0;
    add_up(&facts);
    write_operations(&out, &facts);
    write_names(&out, &facts, "strong_operation_errors_total", "operation", "operations that failed",
                offsetof(struct name_sums, errors), offsetof(struct name_sums, calls));
    write_names(&out, &facts, "strong_operation_bytes_total", "operation", "bytes they moved",
                offsetof(struct name_sums, bytes), offsetof(struct name_sums, calls));
    write_names(&out, &facts, "strong_program_events_total", "name", "what strong_count was given, summed up",
                offsetof(struct name_sums, sum), offsetof(struct name_sums, increments));
    write_names(&out, &facts, "strong_program_increments_total", "name", "how often",
                offsetof(struct name_sums, increments), offsetof(struct name_sums, increments));
    write_gauges(&out);
    write_classes(&out, &facts);
    write_lost(&out);
    return out.needed;
}
