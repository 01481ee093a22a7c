/* json_report.c: see json_report.h. Owns the shape of the document. The lists are cut at LIST_MOST
 * rows (json_values.h), the heaviest first; "truncated" says how many rows of each list were left out.
 */
#include "render/json_report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "render/json_memory.h"
#include "render/json_operations.h"
#include "render/json_optimizers.h"
#include "render/json_values.h"
#include "render/text_blocks.h"

enum { FUNCTIONS_LOCATED = 40 };

/* ---- parts of rows ---- */

static void set_latency(json_t *object, const struct latency *latency)
{
    bool known = latency->total > 0;
    set(object, "p50_ns", known ? number(latency_percentile_ns(latency, 0.5)) : json_null());
    set(object, "p90_ns", known ? number(latency_percentile_ns(latency, 0.9)) : json_null());
    set(object, "p99_ns", known ? number(latency_percentile_ns(latency, 0.99)) : json_null());
}

/* ---- one section each ---- */

static json_t *process_of(const struct model_process *process)
{
    json_t *object = json_object();
    set(object, "pid", number((uint64_t)process->pid));
    set(object, "parent_pid", number((uint64_t)process->parent_pid));
    set(object, "name", text(process->name));
    set(object, "exe", text(process->executable));
    set(object, "cmdline", text(process->command));
    set(object, "run", text_or_null(process->run));
    set(object, "start", moment(process->start_realtime_ns));
    set(object, "duration_ns", number(process->duration_ns));
    set(object, "state", text(model_state_name(process->state)));
    set(object, "exit_status",
        process->state == PROCESS_EXITED ? json_integer(process->exit_status) : json_null());
    set(object, "threads_started", number(process->threads_started));
    set(object, "threads_peak", number(process->threads_peak));
    set(object, "descriptors_peak", number(process->descriptors_peak));
    set(object, "library_version", text(process->library_version));
    return object;
}

static json_t *self_of(const struct analysis *analysis)
{
    const struct analysis_self *self = &analysis->self;
    json_t *object = json_object(), *counters = json_object(), *notes = json_array();
    set(object, "cost_ns", number(self->sampling_ns + self->calls_ns));
    set(object, "sampling_ns", number(self->sampling_ns));
    set(object, "calls_estimated_ns", number(self->calls_ns));
    set(object, "share", real(self->share));
    set(object, "samples", number(self->samples));
    set(object, "dropped", number(self->dropped));
    set(object, "overflows", number(self->overflows));
    set(object, "damaged", number(analysis->model->damaged));
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        set(counters, counter_names[i], number(analysis->model->counters[i]));
    set(object, "counters", counters);
    for (size_t i = 0; i < analysis->model->note_count; i++) {
        json_t *note = json_object();
        set(note, "text", text(analysis->model->notes[i].text));
        set(note, "count", number(analysis->model->notes[i].count));
        append(notes, note);
    }
    set(object, "notes", notes);
    return object;
}

static json_t *time_of(const struct analysis *analysis)
{
    const struct accounting *time = &analysis->time;
    json_t *array = json_array();
    for (unsigned part = 0; part < PART_COUNT; part++) {
        bool known = part != PART_CPU || time->cpu_measured;
        json_t *row = json_object();
        set(row, "class", text(accounting_part_name((enum accounting_part)part)));
        set(row, "ns", known ? number(time->parts[part]) : json_null());
        set(row, "share",
            known && time->total_ns > 0 ? real((double)time->parts[part] / (double)time->total_ns)
                                        : json_null());
        append(array, row);
    }
    return array;
}

static json_t *hooks_of(const struct model *model)
{
    json_t *array = json_array();
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        const struct model_hook *one = &model->hooks[hook];
        if (one->calls == 0)
            continue;
        json_t *row = json_object();
        set(row, "name", text(hook_names[hook]));
        set(row, "class", text(class_names[hook_classes[hook]]));
        set(row, "calls", number(one->calls));
        set(row, "timed", number(one->timed));
        set(row, "errors", number(one->errors));
        set(row, "bytes", number(one->bytes));
        set(row, "total_ns", number(one->ns));
        set(row, "max_ns", number(one->max_ns));
        set_latency(row, &one->latency);
        append(array, row);
    }
    return array;
}

static int longer_first(const void *left, const void *right)
{
    const struct model_target *a = *(const struct model_target *const *)left;
    const struct model_target *b = *(const struct model_target *const *)right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a < b ? -1 : a > b;
}

static unsigned main_class(const struct model_target *target)
{
    unsigned most = 0;
    for (unsigned class = 1; class < CLASS_COUNT; class ++)
        if (target->class_ns[class] > target->class_ns[most])
            most = class;
    return most;
}

static json_t *target_of(const struct analysis *analysis, uint32_t index)
{
    const struct model_target *target = &analysis->model->targets[index];
    json_t *row = json_object(), *hooks = json_array();
    set(row, "target", text(text_blocks_target(analysis, index)));
    set(row, "kind", text(target_kind_name(target->kind)));
    set(row, "class", text(class_names[main_class(target)]));
    set(row, "calls", number(target->calls));
    set(row, "errors", number(target->errors));
    set(row, "bytes", number(target->bytes));
    set(row, "total_ns", number(target->ns));
    set(row, "max_ns", number(target->max_ns));
    for (uint32_t i = analysis->first_of[index]; i < analysis->first_of[index + 1]; i++) {
        const struct model_row *one = &analysis->model->rows[analysis->by_target[i]];
        json_t *call = json_object();
        set(call, "name", text(hook_names[one->hook]));
        set(call, "calls", number(one->calls));
        set(call, "errors", number(one->errors));
        set(call, "bytes", number(one->bytes));
        set(call, "total_ns", number(one->ns));
        set(call, "max_ns", number(one->max_ns));
        set_latency(call, &one->latency);
        append(hooks, call);
    }
    set(row, "hooks", hooks);
    return row;
}

static json_t *targets_of(const struct analysis *analysis, json_t *truncated)
{
    const struct model *model = analysis->model;
    json_t *array = json_array();
    const struct model_target **order =
        calloc(model->target_count + 1, sizeof(const struct model_target *));
    size_t shown = 0, left_out = 0;
    for (size_t i = 0; order != NULL && i < model->target_count; i++)
        order[i] = &model->targets[i];
    if (order != NULL)
        qsort(order, model->target_count, sizeof(const struct model_target *), longer_first);
    for (size_t i = 0; order != NULL && i < model->target_count; i++) {
        if (order[i]->calls == 0 || order[i]->kind == TARGET_CUSTOM) /* those are operations */
            continue;
        if (shown++ < LIST_MOST)
            append(array, target_of(analysis, (uint32_t)(order[i] - model->targets)));
        else
            left_out++;
    }
    free(order);
    set(truncated, "targets", number(left_out));
    return array;
}

static json_t *functions_of(const struct analysis *analysis, json_t *truncated)
{
    const struct profile *profile = &analysis->profile;
    json_t *array = json_array();
    size_t count = profile->count < LIST_MOST ? profile->count : LIST_MOST;
    for (size_t i = 0; i < count; i++) {
        struct profile_function *one = &profile->functions[i];
        if (i < FUNCTIONS_LOCATED)
            profile_locate(one, analysis->symbols);
        json_t *row = json_object();
        set(row, "function", text(one->name));
        set(row, "module", text(one->module));
        set(row, "file", text_or_null(one->file));
        set(row, "line", one->line > 0 ? number(one->line) : json_null());
        set(row, "cpu_ns", number(one->cpu_ns));
        set(row, "cpu_margin_ns", number(profile_margin(one->cpu_variance)));
        set(row, "cpu_self_ns", number(one->cpu_self_ns));
        set(row, "cpu_self_margin_ns", number(profile_margin(one->cpu_self_variance)));
        set(row, "blocked_ns", number(one->blocked_ns));
        set(row, "blocked_margin_ns", number(profile_margin(one->blocked_variance)));
        set(row, "alloc_bytes", number(one->alloc_bytes));
        set(row, "alloc_margin_bytes", number(profile_margin(one->alloc_variance)));
        set(row, "live_bytes", number(one->live_bytes > 0 ? (uint64_t)one->live_bytes : 0));
        append(array, row);
    }
    set(truncated, "functions", number(profile->count - count));
    return array;
}

static json_t *locks_of(const struct analysis *analysis, json_t *truncated)
{
    json_t *array = json_array();
    size_t count = analysis->lock_count < LIST_MOST ? analysis->lock_count : LIST_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct analysis_lock *one = &analysis->locks[i];
        json_t *row = json_object();
        set(row, "waiter", text_or_null(one->waiter));
        set(row, "holder", text_or_null(one->holder));
        set(row, "waits", number(one->waits));
        set(row, "total_ns", number(one->ns));
        set(row, "max_ns", number(one->max_ns));
        set_latency(row, &one->latency);
        append(array, row);
    }
    set(truncated, "locks", number(analysis->lock_count - count));
    return array;
}

static json_t *threads_of(const struct analysis *analysis, json_t *truncated)
{
    const struct model *model = analysis->model;
    json_t *array = json_array();
    size_t count = model->thread_count < LIST_MOST ? model->thread_count : LIST_MOST;
    for (size_t i = 0; i < count; i++) {
        const struct model_thread *one = &model->threads[i];
        const struct accounting_thread *account = &analysis->threads[i];
        json_t *row = json_object(), *classes = json_object(), *now = json_null();
        json_t *parts = json_object();
        uint64_t cpu = 0;
        set(row, "tid", number((uint64_t)one->tid));
        set(row, "pid", number((uint64_t)model->processes[one->process].pid));
        set(row, "name", text(one->name));
        set(row, "start_ns", number(one->start_ns));
        set(row, "life_ns", number(one->life_ns));
        for (unsigned class = 0; class < CLASS_CUSTOM; class ++)
            set(classes, class_names[class], number(one->class_ns[class]));
        for (unsigned class = 0; class <= CLASS_COUNT; class ++)
            cpu += one->class_cpu_ns[class];
        set(row, "cpu_sampled_ns", number(cpu));
        set(row, "class_ns", classes);
        for (unsigned part = 0; part < PART_COUNT; part++)
            set(parts, accounting_part_name((enum accounting_part)part),
                part == PART_CPU && !account->cpu_sampled ? json_null() : number(account->parts[part]));
        set(row, "parts", parts);
        set(row, "parts_shared", json_boolean(account->shared));
        if (one->now_hook != HOOK_NONE && one->now_hook < HOOK_COUNT) {
            now = json_object();
            set(now, "hook", text(hook_names[one->now_hook]));
            set(now, "target",
                one->now_target != 0 ? text(text_blocks_target(analysis, one->now_target))
                                     : json_null());
            set(now, "ns", number(one->now_ns));
        }
        set(row, "now", now);
        append(array, row);
    }
    set(truncated, "threads", number(model->thread_count - count));
    return array;
}

static json_t *resources_of(const struct model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->resource_count; i++) {
        const struct model_resource *one = &model->resources[i];
        json_t *row = json_object();
        set(row, "at_ns", number(one->at_ns));
        set(row, "cpu_user_ns", number(one->cpu_user_ns));
        set(row, "cpu_system_ns", number(one->cpu_system_ns));
        set(row, "rss_bytes", number(one->rss_bytes));
        set(row, "peak_rss_bytes", number(one->peak_rss_bytes));
        set(row, "minor_faults", number(one->minor_faults));
        set(row, "major_faults", number(one->major_faults));
        set(row, "voluntary_switches", number(one->voluntary_switches));
        set(row, "involuntary_switches", number(one->involuntary_switches));
        set(row, "run_delay_ns", number(one->run_delay_ns));
        set(row, "threads", number(one->threads));
        set(row, "descriptors", number(one->descriptors));
        set(row, "read_bytes", number(one->read_bytes));
        set(row, "written_bytes", number(one->written_bytes));
        set(row, "allocated_bytes", number(one->allocated_bytes));
        set(row, "heap_allocated_bytes", number(one->heap_allocated_bytes));
        set(row, "heap_active_bytes", number(one->heap_active_bytes));
        set(row, "heap_resident_bytes", number(one->heap_resident_bytes));
        set(row, "heap_retained_bytes", number(one->heap_retained_bytes));
        set(row, "heap_metadata_bytes", number(one->heap_metadata_bytes));
        append(array, row);
    }
    return array;
}

static json_t *errors_of(const struct model *model)
{
    json_t *array = json_array();
    for (size_t i = 0; i < model->error_count && i < LIST_MOST; i++) {
        const struct model_error *one = &model->errors[i];
        const char *name = strerrorname_np(one->error);
        json_t *row = json_object();
        set(row, "hook", text(hook_names[one->hook]));
        set(row, "errno", json_integer(one->error));
        set(row, "name", text_or_null(name));
        set(row, "count", number(one->count));
        append(array, row);
    }
    return array;
}

static json_t *about_of(enum finding_id id)
{
    const struct finding_about *about = finding_about(id);
    json_t *object = json_object();
    set(object, "looks_for", text(about->looks_for));
    set(object, "precondition", text(about->precondition));
    set(object, "formula", text(about->formula));
    set(object, "fix", text(about->fix));
    set(object, "risk", text(about->risk));
    return object;
}

static json_t *finding_of(const struct finding *finding)
{
    bool found = finding->state == FINDING_FOUND;
    json_t *row = json_object(), *evidence = json_object();
    set(row, "id", text(finding->name));
    set(row, "title", text(finding->title));
    set(row, "state", text(finding_state_name(finding->state)));
    set(row, "severity", found ? text(finding_severity_name(finding->severity)) : json_null());
    set(row, "confidence",
        found ? text(finding_confidence_name(finding->confidence)) : json_null());
    set(row, "gain_ns", found ? number(finding->gain_ns) : json_null());
    set(row, "share", found ? real(finding->share) : json_null());
    set(evidence, "text", text_or_null(finding->evidence));
    set(evidence, "where", text_or_null(finding->where));
    set(evidence, "count", found ? number(finding->count) : json_null());
    set(evidence, "window_ns", found ? number(finding->window_ns) : json_null());
    set(evidence, "p50_ns", found && finding->p99_ns > 0 ? number(finding->p50_ns) : json_null());
    set(evidence, "p99_ns", found && finding->p99_ns > 0 ? number(finding->p99_ns) : json_null());
    set(row, "evidence", evidence);
    set(row, "assumption", found ? text_or_null(finding->assumption) : json_null());
    set(row, "fix", found ? text_or_null(finding->fix) : json_null());
    set(row, "risk", found ? text_or_null(finding->risk) : json_null());
    set(row, "verify", found ? text_or_null(finding->verify) : json_null());
    set(row, "about", about_of(finding->id));
    set(row, "explained_by",
        finding->explained_by != NULL ? text(finding->explained_by->name) : json_null());
    return row;
}

static json_t *findings_of(const struct analysis *analysis)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        append(array, finding_of(&analysis->findings[i]));
    return array;
}

static json_t *options_of(const struct model *model)
{
    json_t *object = json_object();
    for (size_t i = 0; i < model->option_count; i++)
        set(object, model->options[i].name, text(model->options[i].value));
    return object;
}

static json_t *processes_of(const struct analysis *const *members, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++) {
        json_t *row = process_of(&members[i]->model->processes[0]);
        const struct finding *first = analysis_first(members[i]);
        set(row, "cpu_ns",
            members[i]->time.cpu_measured ? number(members[i]->time.parts[PART_CPU]) : json_null());
        set(row, "first_finding", first != NULL ? text(first->name) : json_null());
        set(row, "severity",
            first != NULL ? text(finding_severity_name(first->severity)) : json_null());
        append(array, row);
    }
    return array;
}

/* ---- the document ---- */

json_t *json_report_new(const struct analysis *analysis, const struct analysis *const *members,
                        size_t count)
{
    const struct model *model = analysis->model;
    json_t *document = json_object(), *truncated = json_object();
    set(document, "schema", json_integer(JSON_REPORT_SCHEMA));
    set(document, "process", process_of(&model->processes[0]));
    set(document, "processes", processes_of(members, count));
    set(document, "thread_ns", number(analysis->time.total_ns));
    set(document, "wall_ns", number(analysis->time.wall_ns));
    set(document, "self", self_of(analysis));
    set(document, "time", time_of(analysis));
    set(document, "hooks", hooks_of(model));
    set(document, "targets", targets_of(analysis, truncated));
    json_operations_set(document, analysis);
    set(document, "functions", functions_of(analysis, truncated));
    set(document, "locks", locks_of(analysis, truncated));
    set(document, "threads", threads_of(analysis, truncated));
    set(document, "errors", errors_of(model));
    set(document, "resources", resources_of(model));
    set(document, "memory", json_memory_new(analysis, truncated));
    set(document, "options", options_of(model));
    set(document, "optimizers", json_optimizers_new(analysis));
    set(document, "findings", findings_of(analysis));
    set(document, "truncated", truncated);
    return document;
}

int json_report_print(FILE *out, const struct analysis *analysis,
                      const struct analysis *const *members, size_t count)
{
    json_t *document = json_report_new(analysis, members, count);
    if (document == NULL)
        return -ENOMEM;
    int failed = json_dumpf(document, out, JSON_INDENT(1) | JSON_REAL_PRECISION(9));
    json_decref(document);
    if (failed != 0 || fputc('\n', out) == EOF || fflush(out) != 0)
        return -EIO;
    return 0;
}
