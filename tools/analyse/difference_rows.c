/* difference_rows.c: calls by hook and by target on both sides, matched, compared and put in order.
 *
 * Targets are matched by kind and name: an address, a path, a host, or for locks and call sites the place in the
 * source, so that a rebuilt program still matches. What is idle (waiting for work) of a target has a row of its own,
 * and so have a peer's answers.
 */
#include "analyse/difference_parts.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/rules.h"
#include "read/lookup.h"
#include "read/vector.h"

/* A side's connections must have closed for their exchanges to be known; where sends for each exchange differ by
 * more than this between the sides, some had not. */
enum { SENDS_FACTOR = 2, REQUESTS_LEAST = 20 };

struct gatherer {
    struct difference *difference;
    struct vector rows;
    struct lookup index;
};

static bool is_idle(enum accounting_part part)
{
    return part == PART_IDLE || part == PART_JOIN;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
    return a + b < UINT64_C(1) << 62 ? a + b : UINT64_C(1) << 62;
}

/* ---- targets ---- */

static const char *name_of(struct gatherer *gatherer, const struct analysis *analysis, uint32_t target)
{
    const struct model_target *found = &analysis->model->targets[target];
    if (found->text[0] != '\0')
        return found->text;
    if (!found->has_site[0])
        return "(unknown)";
    const char *place = symbols_place(analysis->symbols, &found->site[0]);
    if (found->kind != TARGET_LOCK || !found->has_site[1])
        return place;
    const char *holder = symbols_place(analysis->symbols, &found->site[1]);
    size_t len = strlen(place) + strlen(holder) + sizeof(" held by ");
    char *both = arena_take(&gatherer->difference->arena, len);
    if (both == NULL)
        return place;
    memcpy(both, place, strlen(place));
    strcat(strcat(both, " held by "), holder);
    return both;
}

/* The row of that kind and name, made if it is new; NULL when memory is exhausted. */
static struct difference_row *row_of(struct gatherer *gatherer, enum target_kind kind, unsigned hook,
                                     const char *name)
{
    bool answers = hook == HOOK_response;
    bool idle = hook_kinds[hook] != HOOK_KIND_PSEUDO && is_idle(accounting_part_of(hook, kind));
    uint64_t key = lookup_hash(LOOKUP_SEED + (unsigned)kind * 4 + idle + answers * 2, name, strlen(name));
    struct difference_row *rows = gatherer->rows.items;
    for (uint32_t found; (found = lookup_find(&gatherer->index, key)) != LOOKUP_NONE; key++)
        if (rows[found].kind == kind && rows[found].idle == idle && rows[found].answers == answers &&
            strcmp(rows[found].name, name) == 0)
            return &rows[found];
    struct difference_row *row = vector_push(&gatherer->rows);
    if (row == NULL || lookup_add(&gatherer->index, key, (uint32_t)gatherer->rows.count - 1) != 0)
        return NULL;
    row->name = name;
    row->kind = kind;
    row->idle = idle;
    row->answers = answers;
    return row;
}

static bool is_left_out(unsigned hook)
{
    return model_is_derived(hook) && hook != HOOK_connection && hook != HOOK_response;
}

static int add_row(struct gatherer *gatherer, int side, const struct model_row *from)
{
    struct difference *difference = gatherer->difference;
    const struct analysis *analysis = difference->side[side].analysis;
    enum target_kind kind = analysis->model->targets[from->target].kind;
    if (from->target == 0 || is_left_out(from->hook))
        return 0;
    struct difference_row *row =
        row_of(gatherer, kind, from->hook, name_of(gatherer, analysis, from->target));
    if (row == NULL)
        return -ENOMEM;
    if (from->hook == HOOK_connection) { /* bytes: its exchanges */
        row->exchanges[side] = sum(row->exchanges[side], from->bytes);
        return 0;
    }
    row->calls[side] = sum(row->calls[side], from->calls);
    row->errors[side] = sum(row->errors[side], from->errors);
    row->bytes[side] = sum(row->bytes[side], from->bytes);
    row->ns[side] = sum(row->ns[side], from->ns);
    if (rules_has(rules_write_hooks, from->hook))
        row->writes[side] = sum(row->writes[side], from->calls);
    return latency_merge(&row->latency[side], &difference->arena, &from->latency);
}

/* The same row's share of each run, from the members; places in the source are told apart only in the whole. */
static int add_member_row(struct gatherer *gatherer, int side, unsigned run, const struct model *model,
                          const struct model_row *from)
{
    const struct model_target *target = &model->targets[from->target];
    if (from->target == 0 || target->text[0] == '\0' || is_left_out(from->hook))
        return 0;
    struct difference_row *row = row_of(gatherer, target->kind, from->hook, target->text);
    if (row == NULL)
        return -ENOMEM;
    if (row->run[side] == NULL)
        row->run[side] = arena_array(&gatherer->difference->arena,
                                     gatherer->difference->side[side].runs, sizeof(*row->run[side]));
    if (row->run[side] == NULL)
        return -ENOMEM;
    struct difference_run *sums = &row->run[side][run];
    if (from->hook == HOOK_connection) {
        sums->exchanges += (double)from->bytes;
    } else {
        sums->ns += (double)from->ns;
        sums->calls += (double)from->calls;
    }
    return 0;
}

static int add_members(struct gatherer *gatherer, int side)
{
    const struct difference_side *of = &gatherer->difference->side[side];
    for (size_t m = 0; of->runs > 1 && m < of->member_count; m++)
        for (size_t i = 0; i < of->members[m]->row_count; i++) {
            int error = add_member_row(gatherer, side, of->run_of[m], of->members[m],
                                       &of->members[m]->rows[i]);
            if (error != 0)
                return error;
        }
    return 0;
}

/* Requests where both sides know them, else what one call is. */
static void choose_unit(struct difference_row *row)
{
    bool connection = row->kind == TARGET_TCP_OUT || row->kind == TARGET_UNIX_OUT;
    row->unit = row->kind == TARGET_HOST     ? "lookup"
                : row->kind == TARGET_LOCK   ? "wait"
                : row->kind == TARGET_CUSTOM ? "operation"
                : row->answers               ? "answer"
                                             : "call";
    for (int i = 0; i < 2; i++) {
        row->timed[i] = row->calls[i];
        row->units[i] = (double)row->calls[i];
    }
    if (!connection || row->idle || row->answers || row->exchanges[0] < REQUESTS_LEAST ||
        row->exchanges[1] < REQUESTS_LEAST)
        return;
    double a = (double)row->writes[0] / (double)row->exchanges[0];
    double b = (double)row->writes[1] / (double)row->exchanges[1];
    if (a > SENDS_FACTOR * b || b > SENDS_FACTOR * a)
        return;
    row->unit = "request";
    for (int i = 0; i < 2; i++)
        row->units[i] = (double)row->exchanges[i];
}

static void add_requests(struct difference_side *side, const struct difference_row *row, int index)
{
    side->requests = sum(side->requests, row->exchanges[index]);
    for (unsigned run = 0; row->run[index] != NULL && run < side->runs; run++)
        side->run_requests[run] += row->run[index][run].exchanges;
}

static int gather_targets(struct gatherer *gatherer)
{
    struct difference *difference = gatherer->difference;
    for (int side = 0; side < 2; side++) {
        const struct model *model = difference->side[side].analysis->model;
        for (size_t i = 0; i < model->row_count; i++) {
            int error = add_row(gatherer, side, &model->rows[i]);
            if (error != 0)
                return error;
        }
        int error = add_members(gatherer, side);
        if (error != 0)
            return error;
    }
    size_t kept = 0;
    struct difference_row *rows = gatherer->rows.items;
    for (size_t i = 0; i < gatherer->rows.count; i++) {
        if (rows[i].calls[0] == 0 && rows[i].calls[1] == 0)
            continue; /* only its connection is known */
        rows[kept] = rows[i];
        choose_unit(&rows[kept]);
        for (int side = 0; side < 2 && strcmp(rows[kept].unit, "request") == 0; side++)
            add_requests(&difference->side[side], &rows[kept], side);
        kept++;
    }
    gatherer->rows.count = kept;
    difference->target_count = kept;
    difference->targets = vector_seal(&gatherer->rows, &difference->arena);
    return difference->targets != NULL ? 0 : -ENOMEM;
}

/* ---- hooks ---- */

static bool hook_is_idle(const struct model *model, unsigned hook)
{
    uint64_t idle = 0, all = 0;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (row->hook != hook)
            continue;
        all = sum(all, row->ns);
        if (is_idle(accounting_part_of(hook, model->targets[row->target].kind)))
            idle = sum(idle, row->ns);
    }
    return idle > all / 2;
}

static int gather_hooks(struct difference *difference)
{
    difference->hooks = arena_array(&difference->arena, HOOK_COUNT, sizeof(*difference->hooks));
    if (difference->hooks == NULL)
        return -ENOMEM;
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        struct difference_row *row = &difference->hooks[difference->hook_count];
        if (hook_classes[hook] == CLASS_CUSTOM) /* each operation has a row of its own among the targets */
            continue;
        bool lives = hook == HOOK_connection || hook == HOOK_thread_life || hook == HOOK_response;
        *row = (struct difference_row){.name = hook_names[hook], .hook = hook, .unit = "call"};
        for (int side = 0; side < 2; side++) {
            const struct model *model = difference->side[side].analysis->model;
            const struct model_hook *one = &model->hooks[hook];
            row->calls[side] = one->calls;
            row->timed[side] = one->timed;
            row->errors[side] = one->errors;
            row->bytes[side] = one->bytes;
            row->ns[side] = one->ns;
            row->units[side] = (double)one->timed;
            row->latency[side] = one->latency; /* the model outlives us */
            if (hook_kinds[hook] != HOOK_KIND_PSEUDO)
                difference->side[side].calls = sum(difference->side[side].calls, one->timed);
            row->idle |= lives || (one->ns > 0 && hook_is_idle(model, hook));
        }
        if (row->calls[0] > 0 || row->calls[1] > 0)
            difference->hook_count++;
    }
    return 0;
}

int difference_rows_gather(struct difference *difference)
{
    struct gatherer gatherer = {.difference = difference,
                                .rows = {.bytes = sizeof(struct difference_row)}};
    int error = gather_targets(&gatherer);
    lookup_done(&gatherer.index);
    vector_done(&gatherer.rows);
    return error != 0 ? error : gather_hooks(difference);
}

/* ---- figures ---- */

static void judge(struct difference *difference, struct difference_row *row)
{
    const struct difference_side *side = difference->side;
    struct noise_calls calls[2];
    for (int i = 0; i < 2; i++)
        calls[i] = noise_spread(row->timed[i], row->ns[i], &row->latency[i]);
    bool by_call = row->units[0] == (double)row->timed[0] && row->units[1] == (double)row->timed[1];
    row->each = by_call ? noise_mean(&calls[0], &calls[1])
                        : noise_time(&calls[0], row->units[0], &calls[1], row->units[1]);
    row->p50 = noise_quantile(&row->latency[0], &row->latency[1], 0.5);
    row->p99 = noise_quantile(&row->latency[0], &row->latency[1], 0.99);
    row->calls_a_second =
        noise_rate(row->calls[0], side[0].seconds, row->calls[1], side[1].seconds);
    row->time_a_second = noise_time(&calls[0], side[0].seconds, &calls[1], side[1].seconds);
    row->weight = difference_weight(difference, row->each.a, row->units[0], row->each.b, row->units[1]);
}

/* Beyond noise: its time, or where only one side has any, that it has none on the other. */
static bool is_beyond(const struct difference_row *row)
{
    bool both = row->timed[0] > 0 && row->timed[1] > 0;
    return difference_beyond(both ? row->each.judgement : row->calls_a_second.judgement);
}

static int by_weight(const void *left, const void *right)
{
    const struct difference_row *a = left, *b = right;
    if (is_beyond(a) != is_beyond(b))
        return is_beyond(a) ? -1 : 1;
    if (a->idle != b->idle)
        return a->idle ? 1 : -1;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    if (a->ns[0] + a->ns[1] != b->ns[0] + b->ns[1])
        return a->ns[0] + a->ns[1] < b->ns[0] + b->ns[1] ? 1 : -1;
    int order = strcmp(a->name, b->name);
    return order != 0 ? order : (int)a->kind - (int)b->kind;
}

void difference_rows_judge(struct difference *difference)
{
    for (size_t i = 0; i < difference->target_count; i++)
        judge(difference, &difference->targets[i]);
    for (size_t i = 0; i < difference->hook_count; i++)
        judge(difference, &difference->hooks[i]);
}

void difference_rows_order(struct difference *difference)
{
    if (difference->target_count > 1)
        qsort(difference->targets, difference->target_count, sizeof(struct difference_row), by_weight);
    if (difference->hook_count > 1)
        qsort(difference->hooks, difference->hook_count, sizeof(struct difference_row), by_weight);
}
