/* json_diff.c: see json_diff.h. Owns the shape of the document; lists are cut at LIST_MOST rows, those that changed
 * first, and "truncated" says how many were left out. */
#include "render/json_diff.h"

#include <errno.h>
#include <math.h>

#include "render/json_values.h"

static json_t *figure_of(const struct noise_figure *figure)
{
    json_t *object = json_object();
    set(object, "a", real(figure->a));
    set(object, "b", real(figure->b));
    set(object, "low", real(figure->low));
    set(object, "high", real(figure->high));
    set(object, "change", real(noise_change(figure)));
    set(object, "judgement", text(noise_judgement_name(figure->judgement)));
    return object;
}

static json_t *pair_of(const uint64_t value[2])
{
    json_t *object = json_object();
    set(object, "a", number(value[0]));
    set(object, "b", number(value[1]));
    return object;
}

static json_t *side_of(const struct difference_side *side)
{
    const struct model *model = side->analysis->model;
    const struct model_process *process = &model->processes[0];
    json_t *object = json_object();
    set(object, "pid", number((uint64_t)process->pid));
    set(object, "cmdline", text(process->command));
    set(object, "run", text_or_null(process->run));
    set(object, "path", text_or_null(process->path));
    set(object, "processes", number(model->process_count));
    set(object, "runs", number(side->runs));
    set(object, "state", text(model_state_name(process->state)));
    set(object, "start", moment(process->start_realtime_ns));
    set(object, "seconds", real(side->seconds));
    set(object, "units", real(side->units));
    set(object, "calls", number(side->calls));
    set(object, "requests", number(side->requests));
    set(object, "thread_ns", number(side->analysis->time.total_ns));
    return object;
}

static json_t *parts_of(const struct difference *difference)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < PART_COUNT; i++) {
        const struct difference_part *one = &difference->parts[i];
        json_t *row = json_object();
        set(row, "class", text(accounting_part_name(one->part)));
        set(row, "total_ns", pair_of(one->ns));
        set(row, "each_ns", figure_of(&one->time));
        set(row, "a_second_ns", figure_of(&one->time_a_second));
        append(array, row);
    }
    return array;
}

static json_t *rows_of(const struct difference_row *rows, size_t count, bool targets,
                       const char *name, json_t *truncated)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count && i < LIST_MOST; i++) {
        const struct difference_row *one = &rows[i];
        json_t *row = json_object();
        set(row, targets ? "target" : "name", text(one->name));
        if (targets)
            set(row, "kind", text(target_kind_name(one->kind)));
        else
            set(row, "class", text(class_names[hook_classes[one->hook]]));
        set(row, "idle", json_boolean(one->idle));
        set(row, "unit", text(one->unit));
        set(row, "calls", pair_of(one->calls));
        set(row, "errors", pair_of(one->errors));
        set(row, "bytes", pair_of(one->bytes));
        set(row, "total_ns", pair_of(one->ns));
        set(row, "each_ns", figure_of(&one->each));
        set(row, "p50_ns", figure_of(&one->p50));
        set(row, "p99_ns", figure_of(&one->p99));
        set(row, "calls_a_second", figure_of(&one->calls_a_second));
        set(row, "a_second_ns", figure_of(&one->time_a_second));
        append(array, row);
    }
    set(truncated, name, number(count > LIST_MOST ? count - LIST_MOST : 0));
    return array;
}

static json_t *findings_of(const struct difference *difference)
{
    json_t *array = json_array();
    for (size_t i = 0; i < difference->finding_count; i++) {
        const struct difference_finding *one = &difference->findings[i];
        json_t *row = json_object(), *states = json_object();
        uint64_t gain[2];
        for (int side = 0; side < 2; side++)
            gain[side] = one->of[side]->state == FINDING_FOUND ? one->of[side]->gain_ns : 0;
        set(states, "a", text(finding_state_name(one->of[0]->state)));
        set(states, "b", text(finding_state_name(one->of[1]->state)));
        set(row, "id", text(one->of[0]->name));
        set(row, "title", text(one->of[0]->title));
        set(row, "change", text(difference_change_name(one->change)));
        set(row, "state", states);
        set(row, "gain_ns", pair_of(gain));
        set(row, "each_ns", figure_of(&one->gain));
        append(array, row);
    }
    return array;
}

static json_t *optimizers_of(const struct difference *difference)
{
    json_t *array = json_array();
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct difference_optimizer *one = &difference->optimizers[id];
        json_t *row = json_object(), *states = json_object();
        uint64_t acted[2] = {one->of[0]->acted, one->of[1]->acted};
        uint64_t chances[2] = {one->of[0]->chances, one->of[1]->chances};
        uint64_t saved[2] = {one->of[0]->saved_ns, one->of[1]->saved_ns};
        uint64_t refused[2] = {one->of[0]->refused, one->of[1]->refused};
        set(states, "a", text(optimizers_state_name(one->of[0]->state)));
        set(states, "b", text(optimizers_state_name(one->of[1]->state)));
        set(row, "name", text(one->of[0]->name));
        set(row, "state", states);
        set(row, "acted", pair_of(acted));
        set(row, "chances", pair_of(chances));
        set(row, "saved_ns", pair_of(saved));
        set(row, "refused", pair_of(refused));
        set(row, "each_acted", figure_of(&one->acted));
        set(row, "each_saved_ns", figure_of(&one->saved));
        append(array, row);
    }
    return array;
}

json_t *json_diff_new(const struct difference *difference)
{
    json_t *document = json_object(), *noise = json_object(), *verdict = json_object();
    json_t *truncated = json_object();
    set(document, "schema", json_integer(JSON_DIFF_SCHEMA));
    set(verdict, "text", text(difference->verdict));
    set(verdict, "judgement", text(noise_judgement_name(difference->verdict_judgement)));
    set(verdict, "same_run", json_boolean(difference->same_run));
    set(verdict, "same_command", json_boolean(difference->same_command));
    set(document, "verdict", verdict);
    set(document, "a", side_of(&difference->side[0]));
    set(document, "b", side_of(&difference->side[1]));
    set(document, "basis", text(difference_basis_name(difference->basis)));
    set(noise, "confidence", real(NOISE_CONFIDENCE));
    set(noise, "floor", real(NOISE_FLOOR));
    set(document, "noise", noise);
    set(document, "time", parts_of(difference));
    set(document, "targets", rows_of(difference->targets, difference->target_count, true, "targets", truncated));
    set(document, "hooks", rows_of(difference->hooks, difference->hook_count, false, "hooks", truncated));
    set(document, "findings", findings_of(difference));
    set(document, "optimizers", optimizers_of(difference));
    set(document, "truncated", truncated);
    return document;
}

int json_diff_print(FILE *out, const struct difference *difference)
{
    json_t *document = json_diff_new(difference);
    if (document == NULL)
        return -ENOMEM;
    int failed = json_dumpf(document, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(document);
    return failed != 0 || fputc('\n', out) == EOF || fflush(out) != 0 ? -EIO : 0;
}
