/* export_pprof.c: the samples as a gzipped pprof profile (profile.proto): `go tool pprof`, Pyroscope, Parca and others.
 *
 * One sample for each stack, with the values that it has; a wait has a sample for each call and target, which are its
 * labels. The first value is the number of samples behind the others, of whatever kind; all others are estimates of the
 * whole (see model_sample), not counts to be scaled. libstrong's own frames are left out, but for the allocator's, as
 * in the profile; what is left of them in the program, the small functions of strong.h, drop_frames hides.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/export.h"
#include "render/pprof_tables.h"

/* What the values of a sample are. */
struct column {
    const char *type, *unit;
    enum calltree_cost cost;
    bool on_request; /* only with --cost */
};

static const struct column known_columns[] = {
    {"samples", "count", CALLTREE_COSTS, false},
    {"cpu", "nanoseconds", CALLTREE_CPU, false},
    {"blocked", "nanoseconds", CALLTREE_BLOCKED, false},
    {"lock", "nanoseconds", CALLTREE_LOCK, false},
    {"alloc_objects", "count", CALLTREE_ALLOCATED, false},
    {"alloc_space", "bytes", CALLTREE_ALLOCATED, false},
    {"inuse_objects", "count", CALLTREE_LIVE, false},
    {"inuse_space", "bytes", CALLTREE_LIVE, false},
    {"peak_objects", "count", CALLTREE_PEAK, true},
    {"peak_space", "bytes", CALLTREE_PEAK, true},
    {"temporary_objects", "count", CALLTREE_TEMPORARY, true},
    {"temporary_space", "bytes", CALLTREE_TEMPORARY, true},
};
enum { COLUMNS = sizeof(known_columns) / sizeof(known_columns[0]) };

struct row {
    uint32_t stack, hook, target; /* hook HOOK_NONE: not a wait */
    int64_t values[COLUMNS];      /* by known column, shown or not */
};

struct writer {
    const struct export_source *source;
    const struct model *model;
    struct pprof_tables tables;
    struct vector rows;
    struct lookup by_key;
    bool shown[COLUMNS];
    size_t deepest;
};

/* ---- rows ---- */

static struct row *row_of(struct writer *writer, uint32_t stack, uint32_t hook, uint32_t target)
{
    uint32_t facts[3] = {stack, hook, target};
    uint64_t key = lookup_hash(LOOKUP_SEED, facts, sizeof(facts));
    for (uint32_t found; (found = lookup_find(&writer->by_key, key)) != LOOKUP_NONE; key++) {
        struct row *known = (struct row *)writer->rows.items + found;
        if (known->stack == stack && known->hook == hook && known->target == target)
            return known;
    }
    struct row *row = vector_push(&writer->rows);
    if (row == NULL || lookup_add(&writer->by_key, key, (uint32_t)writer->rows.count - 1) != 0) {
        writer->tables.failed = true;
        return NULL;
    }
    row->stack = stack;
    row->hook = hook;
    row->target = target;
    return row;
}

static int64_t sum(int64_t a, uint64_t b)
{
    uint64_t all = (uint64_t)a + b;
    return all < INT64_MAX ? (int64_t)all : INT64_MAX;
}

/* `column` is the first of the cost's: the objects, where it has two. */
static void add_samples(struct writer *writer, size_t column, enum sample_cost cost)
{
    const struct model_samples *samples = &writer->model->samples[cost];
    bool waits = cost == SAMPLE_BLOCKED || cost == SAMPLE_LOCK_WAIT;
    bool in_bytes = cost == SAMPLE_ALLOCATED || cost == SAMPLE_TEMPORARY;
    for (size_t i = 0; i < samples->count; i++) {
        const struct model_sample *one = &samples->items[i];
        struct row *row = row_of(writer, one->stack, waits ? one->hook : HOOK_NONE,
                                 waits ? one->target : 0);
        if (row == NULL)
            return;
        row->values[0] = sum(row->values[0], one->count);
        if (in_bytes)
            row->values[column] = sum(row->values[column], units_whole(one->objects));
        row->values[column + in_bytes] = sum(row->values[column + in_bytes], one->weight);
    }
}

static void add_heap(struct writer *writer, size_t column, bool peak)
{
    const struct model_heap *heap = &writer->model->heap;
    for (size_t i = 0; i < heap->row_count; i++) {
        const struct model_heap_row *one = &heap->rows[i];
        uint64_t bytes = peak ? one->peak_bytes : one->live_bytes;
        double objects = peak ? one->peak_objects : one->live_objects;
        struct row *row = bytes > 0 ? row_of(writer, one->stack, HOOK_NONE, 0) : NULL;
        if (row == NULL)
            continue;
        row->values[column] = sum(row->values[column], units_whole(objects));
        row->values[column + 1] = sum(row->values[column + 1], bytes);
    }
}

static void add_all(struct writer *writer)
{
    static const enum sample_cost sampled[CALLTREE_COSTS] = {
        [CALLTREE_CPU] = SAMPLE_CPU,
        [CALLTREE_BLOCKED] = SAMPLE_BLOCKED,
        [CALLTREE_LOCK] = SAMPLE_LOCK_WAIT,
        [CALLTREE_ALLOCATED] = SAMPLE_ALLOCATED,
        [CALLTREE_TEMPORARY] = SAMPLE_TEMPORARY,
    };
    for (size_t i = 1; i < COLUMNS; i++) {
        enum calltree_cost cost = known_columns[i].cost;
        if (!writer->shown[i] || cost == known_columns[i - 1].cost)
            continue;
        if (cost == CALLTREE_LIVE || cost == CALLTREE_PEAK)
            add_heap(writer, i, cost == CALLTREE_PEAK);
        else
            add_samples(writer, i, sampled[cost]);
    }
}

/* ---- messages ---- */

static size_t places_of(struct writer *writer, const struct row *row, uint64_t *places)
{
    const struct model *model = writer->model;
    const struct model_stack *stack = &model->stacks[row->stack];
    const struct model_frame *pool =
        row->hook == HOOK_NONE && row->values[1] > 0
            ? profile_pool_frame(model, writer->tables.symbols, row->stack)
            : NULL;
    size_t count = 0;
    if (pool != NULL)
        places[count++] = pprof_tables_place(&writer->tables, pool);
    for (uint32_t i = stack->skip; i < stack->depth; i++) {
        const struct model_frame *frame = &model->frames[stack->frame + i];
        bool ours = frame->module != MODEL_NO_MODULE && model->modules[frame->module].is_libstrong;
        if (!ours)
            places[count++] = pprof_tables_place(&writer->tables, frame);
    }
    const char *end = stack->depth == 0              ? "(no stack)"
                      : stack->end != STACK_COMPLETE ? "(cut)"
                      : count == 0                   ? "(libstrong)"
                                                     : NULL;
    if (end != NULL)
        places[count++] = pprof_tables_words(&writer->tables, end);
    return count;
}

static size_t labels_of(struct writer *writer, const struct row *row, Pprof__Label *labels)
{
    const struct model_target *target = &writer->model->targets[row->target];
    struct pprof_tables *tables = &writer->tables;
    struct {
        const char *key, *text;
    } facts[] = {
        {"hook", hook_names[row->hook]},
        {"class", class_names[model_class(row->hook, target->kind)]},
        {"target", row->target != 0 ? target->text : ""},
        {"holder", target->has_site[1]
                       ? symbols_function(tables->symbols, &target->site[1])->function
                       : ""},
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
        if (facts[i].text[0] == '\0')
            continue;
        pprof__label__init(&labels[count]);
        labels[count].key = pprof_tables_text(tables, facts[i].key);
        labels[count++].str = pprof_tables_text(tables, facts[i].text);
    }
    return count;
}

static void put_row(struct writer *writer, const struct row *row, uint64_t *places)
{
    Pprof__Sample message = PPROF__SAMPLE__INIT, *messages[] = {&message};
    Pprof__Label labels[4], *label_list[] = {&labels[0], &labels[1], &labels[2], &labels[3]};
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    int64_t values[COLUMNS];
    for (size_t i = 0; i < COLUMNS; i++)
        if (writer->shown[i])
            values[message.n_value++] = row->values[i];
    message.value = values;
    message.n_location_id = places_of(writer, row, places);
    message.location_id = places;
    if (row->hook != HOOK_NONE)
        message.n_label = labels_of(writer, row, labels);
    message.label = label_list;
    piece.n_sample = 1;
    piece.sample = messages;
    pprof_tables_put(&writer->tables, &piece);
}

/* The column to show where nobody says which: of the first cost that was measured, and of its two the bytes. */
static size_t shown_first(const struct writer *writer)
{
    for (size_t i = 1; i < COLUMNS; i++)
        if (writer->shown[i])
            return i + 1 < COLUMNS && known_columns[i + 1].cost == known_columns[i].cost ? i + 1 : i;
    return 0;
}

static void put_types(struct writer *writer)
{
    Pprof__ValueType types[COLUMNS], *type_list[COLUMNS];
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    for (size_t i = 0; i < COLUMNS; i++) {
        if (!writer->shown[i])
            continue;
        Pprof__ValueType *type = type_list[piece.n_sample_type] = &types[piece.n_sample_type];
        pprof__value_type__init(type);
        type->type = pprof_tables_text(&writer->tables, known_columns[i].type);
        type->unit = pprof_tables_text(&writer->tables, known_columns[i].unit);
        piece.n_sample_type++;
    }
    piece.sample_type = type_list;
    piece.default_sample_type =
        pprof_tables_text(&writer->tables, known_columns[shown_first(writer)].type);
    pprof_tables_put(&writer->tables, &piece);
}

/* The functions of strong.h, which are compiled into the program. */
static const char of_strong_h[] =
    "strong_(api|enabled|measure|count|gauge|get_metrics|site|scope)(_.*)?|strong::scope::.*";

static void put_facts(struct writer *writer)
{
    const struct model_process *process = &writer->model->processes[0];
    struct pprof_tables *tables = &writer->tables;
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    Pprof__ValueType period = PPROF__VALUE_TYPE__INIT;
    int64_t comments[] = {pprof_tables_text(tables, "strong-report " STRONG_VERSION),
                          pprof_tables_text(tables, process->command)};
    bool cpu = process->cpu_period_ns != 0;
    piece.time_nanos = (int64_t)process->start_realtime_ns;
    piece.duration_nanos = (int64_t)writer->model->duration_ns;
    if (cpu || process->alloc_period_bytes != 0) {
        period.type = pprof_tables_text(tables, cpu ? "cpu" : "space");
        period.unit = pprof_tables_text(tables, cpu ? "nanoseconds" : "bytes");
        piece.period = (int64_t)(cpu ? process->cpu_period_ns : process->alloc_period_bytes);
        piece.period_type = &period;
    }
    piece.drop_frames = pprof_tables_text(tables, of_strong_h);
    piece.n_comment = 2;
    piece.comment = comments;
    pprof_tables_put(tables, &piece);
}

static void put_lines_left_out(struct writer *writer)
{
    struct pprof_tables *tables = &writer->tables;
    char words[128];
    if (tables->without_lines == 0)
        return;
    snprintf(words, sizeof(words), "%llu of %zu places have no line: reading them all takes too long",
             (unsigned long long)tables->without_lines, tables->places.count);
    int64_t comment = pprof_tables_text(tables, words);
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    piece.n_comment = 1;
    piece.comment = &comment;
    pprof_tables_put(tables, &piece);
}

int export_pprof(FILE *out, const struct export_source *source)
{
    struct writer writer = {
        .source = source,
        .model = source->analysis->model,
        .rows = {.bytes = sizeof(struct row)},
        .shown = {true},
    };
    const struct model *model = writer.model;
    for (size_t i = 1; i < COLUMNS; i++) {
        const struct column *column = &known_columns[i];
        writer.shown[i] = calltree_measured(model, column->cost) &&
                          (source->cost_given ? column->cost == source->cost : !column->on_request);
    }
    for (size_t i = 0; i < model->stack_count; i++)
        if (model->stacks[i].depth > writer.deepest)
            writer.deepest = model->stacks[i].depth;
    uint64_t *places = calloc(writer.deepest + 2, sizeof(*places)); /* the pool and the end */
    pprof_tables_init(&writer.tables, out, model, source->analysis->symbols);
    put_types(&writer);
    put_facts(&writer);
    add_all(&writer);
    for (size_t i = 0; i < writer.rows.count && places != NULL; i++)
        put_row(&writer, (struct row *)writer.rows.items + i, places);
    put_lines_left_out(&writer);
    int error = pprof_tables_done(&writer.tables);
    vector_done(&writer.rows);
    lookup_done(&writer.by_key);
    bool done = places != NULL && error == 0;
    free(places);
    return done ? 0 : -ENOMEM;
}
