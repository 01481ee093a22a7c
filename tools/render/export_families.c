/* export_families.c: see export_families.h and .def. Owns which samples a family has; what a sample looks like is
 * exposition.c's, which series there are export_series.c's. Long because there is a small function a family.
 */
#include "render/export_families.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers ---- */

static void begin(struct exposition *to, const struct families_member *member)
{
    exposition_begin(to);
    exposition_label(to, "pid", member->pid);
    exposition_label(to, "command", member->process->name);
    exposition_label(to, "run", member->process->run);
    exposition_label(to, "image", member->image);
}

static void put(struct exposition *to, const struct families_member *member, uint64_t value)
{
    if (value == MODEL_UNKNOWN)
        return;
    begin(to, member);
    exposition_end(to, (double)value);
}

static void put_ns(struct exposition *to, const struct families_member *member, uint64_t ns)
{
    if (ns == MODEL_UNKNOWN)
        return;
    begin(to, member);
    exposition_end_ns(to, ns);
}

static void put_labelled(struct exposition *to, const struct families_member *member, const char *label,
                         const char *word, uint64_t value)
{
    if (value == MODEL_UNKNOWN)
        return;
    begin(to, member);
    exposition_label(to, label, word);
    exposition_end(to, (double)value);
}

static void put_labelled_ns(struct exposition *to, const struct families_member *member,
                            const char *label, const char *word, uint64_t ns)
{
    if (ns == MODEL_UNKNOWN)
        return;
    begin(to, member);
    exposition_label(to, label, word);
    exposition_end_ns(to, ns);
}

/* The last reading that has the field. */
static uint64_t last_reading(const struct model *model, size_t field)
{
    for (size_t i = model->resource_count; i > 0; i--) {
        uint64_t value = *(const uint64_t *)((const char *)&model->resources[i - 1] + field);
        if (value != MODEL_UNKNOWN)
            return value;
    }
    return MODEL_UNKNOWN;
}

#define READING(member, name) last_reading((member)->model, offsetof(struct model_resource, name))

/* ---- the process ---- */

static void families_process(struct exposition *to, const struct families_member *member)
{
    begin(to, member);
    exposition_label(to, "executable", member->process->executable);
    exposition_label(to, "version", member->process->library_version);
    exposition_label(to, "state", model_state_name(member->process->state));
    exposition_end(to, 1);
}

static void families_running(struct exposition *to, const struct families_member *member)
{
    if (member->process->state != PROCESS_UNKNOWN)
        put(to, member, member->process->state == PROCESS_RUNNING);
}

static void families_start(struct exposition *to, const struct families_member *member)
{
    put_ns(to, member, member->process->start_realtime_ns);
}

static void families_duration(struct exposition *to, const struct families_member *member)
{
    put_ns(to, member, member->process->duration_ns);
}

/* ---- calls ---- */

static bool is_call(const struct families_series *series)
{
    return hook_kinds[series->hook] != HOOK_KIND_PSEUDO;
}

static void begin_series(struct exposition *to, const struct families_member *member,
                         const struct families_series *series)
{
    begin(to, member);
    exposition_label(to, "hook", hook_names[series->hook]);
    exposition_label(to, "class", class_names[series->kind]);
    exposition_label(to, "target", series->target);
}

static void families_call_duration(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->series_count; i++) {
        const struct families_series *series = &member->series[i];
        if (!is_call(series) || series->latency.total == 0)
            continue;
        begin_series(to, member, series);
        exposition_end_latency(to, &series->latency, series->ns);
    }
}

static void families_call_errors(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->series_count; i++) {
        if (!is_call(&member->series[i]))
            continue;
        begin_series(to, member, &member->series[i]);
        exposition_end(to, (double)member->series[i].errors);
    }
}

static void families_call_bytes(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->series_count; i++) {
        if (!is_call(&member->series[i]) || member->series[i].bytes == 0)
            continue;
        begin_series(to, member, &member->series[i]);
        exposition_end(to, (double)member->series[i].bytes);
    }
}

static void begin_hook(struct exposition *to, const struct families_member *member, unsigned hook)
{
    begin(to, member);
    exposition_label(to, "hook", hook_names[hook]);
    exposition_label(to, "class", class_names[hook_classes[hook]]);
}

static bool was_called(const struct families_member *member, unsigned hook)
{
    return hook_kinds[hook] != HOOK_KIND_PSEUDO && member->model->hooks[hook].calls > 0;
}

static void families_calls(struct exposition *to, const struct families_member *member)
{
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        if (!was_called(member, hook))
            continue;
        begin_hook(to, member, hook);
        exposition_end(to, (double)member->model->hooks[hook].calls);
    }
}

static void families_call_time(struct exposition *to, const struct families_member *member)
{
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        if (!was_called(member, hook))
            continue;
        begin_hook(to, member, hook);
        exposition_end_ns(to, member->model->hooks[hook].ns);
    }
}

static void put_error(struct exposition *to, const struct families_member *member, unsigned hook,
                      const char *name, uint64_t count)
{
    begin(to, member);
    exposition_label(to, "hook", hook_names[hook]);
    exposition_label(to, "errno", name);
    exposition_end(to, (double)count);
}

/* Some errors are only counted: those of threads that found no room for more. */
static void families_errors(struct exposition *to, const struct families_member *member)
{
    const struct model *model = member->model;
    uint64_t rest[HOOK_COUNT];
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        rest[hook] = hook_kinds[hook] == HOOK_KIND_PSEUDO ? 0 : model->hooks[hook].errors;
    for (size_t i = 0; i < model->error_count; i++) {
        const struct model_error *error = &model->errors[i];
        const char *name = strerrorname_np(error->error);
        char number[16];
        if (hook_kinds[error->hook] == HOOK_KIND_PSEUDO)
            continue;
        snprintf(number, sizeof(number), "%d", error->error);
        put_error(to, member, error->hook, name ? name : number, error->count);
        rest[error->hook] -= error->count < rest[error->hook] ? error->count : rest[error->hook];
    }
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        if (rest[hook])
            put_error(to, member, hook, "(other)", rest[hook]);
}

/* ---- time ---- */

static void families_time(struct exposition *to, const struct families_member *member)
{
    const struct accounting *time = &member->analysis->time;
    for (unsigned part = 0; part < PART_COUNT; part++)
        if (part != PART_CPU || time->cpu_measured)
            put_labelled_ns(to, member, "part", accounting_part_name((enum accounting_part)part),
                            time->parts[part]);
}

static void families_cpu(struct exposition *to, const struct families_member *member)
{
    put_labelled_ns(to, member, "mode", "user", READING(member, cpu_user_ns));
    put_labelled_ns(to, member, "mode", "system", READING(member, cpu_system_ns));
}

static void families_cpu_sampled(struct exposition *to, const struct families_member *member)
{
    if (member->process->cpu_period_ns == 0)
        return;
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        if (class != CLASS_CUSTOM)
            put_labelled_ns(to, member, "class", class < CLASS_COUNT ? class_names[class] : "program",
                            member->model->cpu_ns[class]);
}

/* ---- memory ---- */

static void families_allocations(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->analysis->heap.calls);
}

static void families_frees(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->analysis->heap.free_calls);
}

static void families_allocated(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->analysis->heap.bytes);
}

static void families_live(struct exposition *to, const struct families_member *member)
{
    if (member->analysis->heap.measured)
        put(to, member, member->analysis->heap.total.live.bytes);
}

static void families_peak(struct exposition *to, const struct families_member *member)
{
    if (member->analysis->heap.measured)
        put(to, member, member->analysis->heap.total.peak.bytes);
}

static void families_heap(struct exposition *to, const struct families_member *member)
{
    put_labelled(to, member, "state", "allocated", READING(member, heap_allocated_bytes));
    put_labelled(to, member, "state", "active", READING(member, heap_active_bytes));
    put_labelled(to, member, "state", "resident", READING(member, heap_resident_bytes));
    put_labelled(to, member, "state", "retained", READING(member, heap_retained_bytes));
    put_labelled(to, member, "state", "metadata", READING(member, heap_metadata_bytes));
}

/* ---- locks ---- */

static size_t named_locks(const struct families_member *member)
{
    size_t count = member->analysis->lock_count;
    return count < FAMILIES_LOCKS ? count : FAMILIES_LOCKS;
}

static void begin_lock(struct exposition *to, const struct families_member *member,
                       const struct analysis_lock *lock)
{
    begin(to, member);
    exposition_label(to, "waiter", lock ? lock->waiter[0] ? lock->waiter : "(unknown)" : "(other)");
    exposition_label(to, "holder", lock ? lock->holder[0] ? lock->holder : "(unknown)" : "(other)");
}

/* Locks are sorted by time, so the first are the longest; all others are one series. */
static void put_locks(struct exposition *to, const struct families_member *member, bool time)
{
    size_t named = named_locks(member);
    uint64_t rest = 0;
    for (size_t i = 0; i < member->analysis->lock_count; i++) {
        const struct analysis_lock *lock = &member->analysis->locks[i];
        if (i >= named) {
            rest += time ? lock->ns : lock->waits;
            continue;
        }
        begin_lock(to, member, lock);
        if (time)
            exposition_end_ns(to, lock->ns);
        else
            exposition_end(to, (double)lock->waits);
    }
    if (named == member->analysis->lock_count)
        return;
    begin_lock(to, member, NULL);
    if (time)
        exposition_end_ns(to, rest);
    else
        exposition_end(to, (double)rest);
}

static void families_lock_waits(struct exposition *to, const struct families_member *member)
{
    put_locks(to, member, false);
}

static void families_lock_time(struct exposition *to, const struct families_member *member)
{
    put_locks(to, member, true);
}

/* ---- resources ---- */

static void families_threads(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->process->threads_alive);
}

static void families_threads_peak(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->process->threads_peak);
}

static void families_threads_started(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->process->threads_started);
}

static void families_descriptors(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->process->descriptors_open);
}

static void families_descriptors_peak(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->process->descriptors_peak);
}

static void families_resident(struct exposition *to, const struct families_member *member)
{
    put(to, member, READING(member, rss_bytes));
}

static void families_resident_peak(struct exposition *to, const struct families_member *member)
{
    put(to, member, READING(member, peak_rss_bytes));
}

static void families_faults(struct exposition *to, const struct families_member *member)
{
    put_labelled(to, member, "kind", "minor", READING(member, minor_faults));
    put_labelled(to, member, "kind", "major", READING(member, major_faults));
}

static void families_switches(struct exposition *to, const struct families_member *member)
{
    put_labelled(to, member, "kind", "voluntary", READING(member, voluntary_switches));
    put_labelled(to, member, "kind", "involuntary", READING(member, involuntary_switches));
}

static void families_run_delay(struct exposition *to, const struct families_member *member)
{
    put_ns(to, member, READING(member, run_delay_ns));
}

static void families_storage(struct exposition *to, const struct families_member *member)
{
    put_labelled(to, member, "direction", "read", READING(member, read_bytes));
    put_labelled(to, member, "direction", "written", READING(member, written_bytes));
}

static void families_throttled(struct exposition *to, const struct families_member *member)
{
    if (member->model->live.looked)
        put_ns(to, member, member->model->live.throttled_ns);
}

/* ---- optimizers, libstrong itself ---- */

static void families_optimizer_active(struct exposition *to, const struct families_member *member)
{
    for (unsigned i = 0; i < OPTIMIZER_COUNT; i++) {
        const struct optimizer *one = &member->analysis->optimizers[i];
        if (one->state != OPTIMIZER_UNKNOWN)
            put_labelled(to, member, "optimizer", one->name, one->state == OPTIMIZER_ACTIVE);
    }
}

static void families_optimizer_acted(struct exposition *to, const struct families_member *member)
{
    for (unsigned i = 0; i < OPTIMIZER_COUNT; i++)
        put_labelled(to, member, "optimizer", member->analysis->optimizers[i].name,
                     member->analysis->optimizers[i].acted);
}

static void families_optimizer_saved(struct exposition *to, const struct families_member *member)
{
    for (unsigned i = 0; i < OPTIMIZER_COUNT; i++)
        put_labelled_ns(to, member, "optimizer", member->analysis->optimizers[i].name,
                        member->analysis->optimizers[i].saved_ns);
}

static void families_optimizer_refused(struct exposition *to, const struct families_member *member)
{
    for (unsigned i = 0; i < OPTIMIZER_COUNT; i++) {
        const struct optimizer *one = &member->analysis->optimizers[i];
        for (unsigned j = 0; j < one->reason_count; j++) {
            begin(to, member);
            exposition_label(to, "optimizer", one->name);
            exposition_label(to, "reason", one->reasons[j].name);
            exposition_end(to, (double)one->reasons[j].count);
        }
    }
}

static void families_self_time(struct exposition *to, const struct families_member *member)
{
    put_labelled_ns(to, member, "part", "sampling", member->analysis->self.sampling_ns);
    put_labelled_ns(to, member, "part", "calls", member->analysis->self.calls_ns);
}

static void families_self_samples(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->analysis->self.samples);
}

static void families_self_dropped(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->analysis->self.dropped);
}

static void families_self_overflows(struct exposition *to, const struct families_member *member)
{
    put(to, member, member->analysis->self.overflows);
}

/* ---- findings ---- */

static void families_finding_severity(struct exposition *to, const struct families_member *member)
{
    for (unsigned id = 0; id < FINDING_COUNT; id++) {
        const struct finding *one = analysis_finding(member->analysis, (enum finding_id)id);
        if (one->state == FINDING_FOUND)
            put_labelled(to, member, "finding", one->name, (uint64_t)one->severity + 1);
        else if (one->state != FINDING_NOT_MEASURED)
            put_labelled(to, member, "finding", one->name, 0);
    }
}

static void families_finding_gain(struct exposition *to, const struct families_member *member)
{
    for (unsigned id = 0; id < FINDING_COUNT; id++) {
        const struct finding *one = analysis_finding(member->analysis, (enum finding_id)id);
        if (one->state != FINDING_NOT_MEASURED)
            put_labelled_ns(to, member, "finding", one->name,
                            one->state == FINDING_FOUND ? one->gain_ns : 0);
    }
}

/* ---- what the program measures itself ---- */

static void families_operation(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->series_count; i++) {
        const struct families_series *series = &member->series[i];
        if (series->hook != HOOK_operation)
            continue;
        begin(to, member);
        exposition_label(to, "operation", series->target);
        exposition_end_latency(to, &series->latency, series->ns);
    }
}

static void families_operation_errors(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->series_count; i++)
        if (member->series[i].hook == HOOK_operation)
            put_labelled(to, member, "operation", member->series[i].target, member->series[i].errors);
}

static void families_tally(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->series_count; i++)
        if (member->series[i].hook == HOOK_count)
            put_labelled(to, member, "name", member->series[i].target, member->series[i].bytes);
}

static void families_level(struct exposition *to, const struct families_member *member)
{
    for (size_t i = 0; i < member->model->gauge_count; i++) {
        begin(to, member);
        exposition_label(to, "name", member->model->targets[member->model->gauges[i].target].text);
        exposition_end(to, member->model->gauges[i].last);
    }
}

/* ---- the document ---- */

static const struct {
    const char *name;
    enum exposition_type type;
    const char *unit, *help;
    void (*write)(struct exposition *to, const struct families_member *member);
} families[] = {
#define FAMILY(id, name, type, unit, help) {name, EXPOSITION_##type, unit, help, families_##id},
#include "render/export_families.def"
#undef FAMILY
};

/* Images that replaced each other under one pid would have the same labels: the later ones are numbered. */
static void number_images(struct families_member *members, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        unsigned same = 1;
        for (size_t j = 0; j < i; j++)
            same += members[j].process->pid == members[i].process->pid &&
                    strcmp(members[j].process->name, members[i].process->name) == 0 &&
                    strcmp(members[j].process->run, members[i].process->run) == 0;
        if (same > 1)
            snprintf(members[i].image, sizeof(members[i].image), "%u", same);
    }
}

static int make_members(const struct export_source *source, struct families_named *named,
                        struct families_member *members)
{
    int error = 0;
    for (size_t i = 0; i < source->member_count && !error; i++) {
        members[i].analysis = source->members[i];
        members[i].model = source->members[i]->model;
        members[i].process = &members[i].model->processes[0];
        snprintf(members[i].pid, sizeof(members[i].pid), "%d", (int)members[i].process->pid);
        error = export_series_make(&members[i], named);
    }
    if (!error)
        number_images(members, source->member_count);
    return error;
}

int export_families(FILE *out, const struct export_source *source, enum exposition_format format,
                    struct families_named *named)
{
    struct exposition exposition = {.out = out, .format = format};
    struct families_member *members = calloc(source->member_count + 1, sizeof(*members));
    int error = members ? make_members(source, named, members) : -ENOMEM;
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && !error; i++) {
        exposition_family(&exposition, families[i].name, families[i].type, families[i].unit, families[i].help);
        for (size_t j = 0; j < source->member_count; j++)
            families[i].write(&exposition, &members[j]);
    }
    if (!error)
        exposition_finish(&exposition);
    for (size_t i = 0; members && i < source->member_count; i++)
        arena_done(&members[i].arena);
    free(members);
    return error;
}
