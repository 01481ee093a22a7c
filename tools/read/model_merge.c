/* model_merge.c: one model of the processes of a run.
 *
 * Modules, frames and stacks are put behind each other (each process has its own addresses); what has
 * a meaning beyond its process (targets, rows, hooks, errors, notes) is summed. A lock or a call site is
 * the same in two processes when it is at the same place of the same file. Long because each part of a
 * model needs its own rule and all of them share the merger's maps; a rule is a function of its own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read/decode.h"

struct merger {
    struct model *model;
    struct lookup target_index, row_index, error_index, note_index, sample_index, gauge_index;
    struct vector rows, errors, notes, gauges, events, threads, heap_rows, heap_owners;
    struct vector samples[MODEL_COSTS];
    /* of the source being added */
    const struct model *source;
    uint32_t process, module, frame, stack; /* where its arrays begin in the merged ones */
    uint64_t shift_ns;                      /* its start, since the earliest's */
    uint64_t earliest_ns;
    uint64_t highest_peak_bytes;
    uint32_t *target_map;
};

static uint64_t known_sum(uint64_t a, uint64_t b)
{
    if (a == MODEL_UNKNOWN || b == MODEL_UNKNOWN)
        return a == MODEL_UNKNOWN ? b : a;
    return decode_sum(a, b);
}

static const char *copy_text(struct merger *merger, const char *text)
{
    return arena_text(&merger->model->arena, text, strlen(text));
}

static struct model_frame moved(const struct merger *merger, struct model_frame frame)
{
    frame.process += merger->process;
    if (frame.module != MODEL_NO_MODULE)
        frame.module += merger->module;
    return frame;
}

static int add_processes(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->process_count; i++) {
        struct model_process *process = &merger->model->processes[merger->process + i];
        *process = merger->source->processes[i];
        process->executable = copy_text(merger, process->executable);
        process->name = copy_text(merger, process->name);
        process->command = copy_text(merger, process->command);
        process->run = copy_text(merger, process->run);
        process->library_version = copy_text(merger, process->library_version);
        process->path = copy_text(merger, process->path);
        if (!process->executable || !process->name || !process->command || !process->run ||
            !process->library_version || !process->path)
            return -ENOMEM;
    }
    return 0;
}

static int add_modules(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->module_count; i++) {
        struct model_module *module = &merger->model->modules[merger->module + i];
        *module = merger->source->modules[i];
        module->process += merger->process;
        module->path = copy_text(merger, module->path);
        module->file = copy_text(merger, module->file);
        module->name = copy_text(merger, module->name);
        if (!module->path || !module->file || !module->name)
            return -ENOMEM;
    }
    return 0;
}

static void add_stacks(struct merger *merger)
{
    struct model *model = merger->model;
    for (size_t i = 0; i < merger->source->frame_count; i++)
        model->frames[merger->frame + i] = moved(merger, merger->source->frames[i]);
    for (size_t i = 1; i < merger->source->stack_count; i++) {
        struct model_stack *stack = &model->stacks[merger->stack + i - 1];
        *stack = merger->source->stacks[i];
        stack->frame += merger->frame;
    }
}

static uint32_t moved_stack(const struct merger *merger, uint32_t stack)
{
    return stack ? merger->stack + stack - 1 : 0;
}

static bool same_site(const struct model *model, const struct model_frame *a,
                      const struct model_frame *b)
{
    if (a->module == MODEL_NO_MODULE || b->module == MODEL_NO_MODULE)
        return a->module == b->module && a->address == b->address && a->process == b->process;
    const struct model_module *left = &model->modules[a->module];
    const struct model_module *right = &model->modules[b->module];
    return a->address - left->bias == b->address - right->bias &&
           strcmp(left->file, right->file) == 0;
}

static uint64_t site_hash(const struct model *model, uint64_t key, const struct model_frame *site)
{
    uint64_t address = site->address;
    if (site->module != MODEL_NO_MODULE) {
        const struct model_module *module = &model->modules[site->module];
        key = lookup_hash(key, module->file, strlen(module->file));
        address -= module->bias;
    }
    return lookup_hash(key, &address, sizeof(address));
}

static int add_target(struct merger *merger, const struct model_target *from, uint32_t *ret_index)
{
    struct model *model = merger->model;
    struct model_target target = {.kind = from->kind, .text = from->text};
    uint64_t key = lookup_hash(LOOKUP_SEED + target.kind, target.text, strlen(target.text));
    for (int i = 0; i < 2; i++) {
        target.has_site[i] = from->has_site[i];
        target.site[i] = moved(merger, from->site[i]);
        if (target.has_site[i])
            key = site_hash(model, key, &target.site[i]);
    }
    for (uint32_t found; (found = lookup_find(&merger->target_index, key)) != LOOKUP_NONE; key++) {
        const struct model_target *known = &model->targets[found];
        bool equal = known->kind == target.kind && strcmp(known->text, target.text) == 0;
        for (int i = 0; i < 2 && equal; i++)
            equal = known->has_site[i] == target.has_site[i] &&
                    (!target.has_site[i] || same_site(model, &known->site[i], &target.site[i]));
        if (equal) {
            *ret_index = found;
            return 0;
        }
    }
    target.text = copy_text(merger, target.text);
    if (!target.text)
        return -ENOMEM;
    *ret_index = (uint32_t)model->target_count;
    model->targets[model->target_count++] = target;
    return lookup_add(&merger->target_index, key, *ret_index);
}

static int add_targets(struct merger *merger)
{
    int error = 0;
    free(merger->target_map);
    merger->target_map = calloc(merger->source->target_count + 1, sizeof(uint32_t));
    if (!merger->target_map)
        return -ENOMEM;
    for (size_t i = 0; i < merger->source->target_count && !error; i++)
        error = add_target(merger, &merger->source->targets[i], &merger->target_map[i]);
    return error;
}

/* The item stored under key in a vector, made if it is new (*ret_new). */
static void *item_of(struct vector *vector, struct lookup *index, uint64_t key, bool *ret_new)
{
    uint32_t found = lookup_find(index, key);
    *ret_new = found == LOOKUP_NONE;
    if (!*ret_new)
        return (char *)vector->items + found * vector->bytes;
    void *item = vector_push(vector);
    if (item && lookup_add(index, key, (uint32_t)vector->count - 1) != 0)
        return NULL;
    return item;
}

static int add_rows(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->row_count; i++) {
        const struct model_row *from = &merger->source->rows[i];
        uint32_t target = merger->target_map[from->target];
        bool is_new;
        struct model_row *row =
            item_of(&merger->rows, &merger->row_index, cell_key(from->hook, target), &is_new);
        if (!row)
            return -ENOMEM;
        row->hook = from->hook;
        row->target = target;
        row->calls = decode_sum(row->calls, from->calls);
        row->errors = decode_sum(row->errors, from->errors);
        row->bytes = decode_sum(row->bytes, from->bytes);
        row->ns = decode_sum(row->ns, from->ns);
        row->max_ns = from->max_ns > row->max_ns ? from->max_ns : row->max_ns;
        if (latency_merge(&row->latency, &merger->model->arena, &from->latency) != 0)
            return -ENOMEM;
    }
    return 0;
}

static int add_hooks(struct merger *merger)
{
    for (int i = 0; i < HOOK_COUNT; i++) {
        struct model_hook *hook = &merger->model->hooks[i];
        const struct model_hook *from = &merger->source->hooks[i];
        hook->calls = decode_sum(hook->calls, from->calls);
        hook->timed = decode_sum(hook->timed, from->timed);
        hook->errors = decode_sum(hook->errors, from->errors);
        hook->bytes = decode_sum(hook->bytes, from->bytes);
        hook->ns = decode_sum(hook->ns, from->ns);
        hook->max_ns = from->max_ns > hook->max_ns ? from->max_ns : hook->max_ns;
        if (latency_merge(&hook->latency, &merger->model->arena, &from->latency) != 0)
            return -ENOMEM;
    }
    return 0;
}

static bool is_shared_counter(int counter)
{
    return counter == COUNTER_cgroup_start_throttled_periods ||
           counter == COUNTER_cgroup_start_throttled_ns ||
           counter == COUNTER_cgroup_end_throttled_periods ||
           counter == COUNTER_cgroup_end_throttled_ns || counter == COUNTER_cgroup_periods;
}

static void add_totals(struct merger *merger)
{
    struct model *model = merger->model;
    const struct model *source = merger->source;
    for (int i = 0; i < CLASS_COUNT; i++) {
        model->classes[i].ns = decode_sum(model->classes[i].ns, source->classes[i].ns);
        model->classes[i].unfinished_ns =
            decode_sum(model->classes[i].unfinished_ns, source->classes[i].unfinished_ns);
        model->classes[i].cpu_ns = decode_sum(model->classes[i].cpu_ns, source->classes[i].cpu_ns);
    }
    for (int i = 0; i <= CLASS_COUNT; i++)
        model->cpu_ns[i] = decode_sum(model->cpu_ns[i], source->cpu_ns[i]);
    for (int i = 0; i < COUNTER_COUNT; i++)
        if (!is_shared_counter(i) || merger->process == 0)
            model->counters[i] = decode_sum(model->counters[i], source->counters[i]);
    model->thread_ns = decode_sum(model->thread_ns, source->thread_ns);
    model->events_overwritten = decode_sum(model->events_overwritten, source->events_overwritten);
    model->damaged = decode_sum(model->damaged, source->damaged);
    struct model_usage *usage = &model->usage;
    const struct model_usage *from = &source->usage;
    if (usage->window_ns == MODEL_UNKNOWN ||
        (from->window_ns != MODEL_UNKNOWN && from->window_ns > usage->window_ns))
        usage->window_ns = from->window_ns;
#define ADD(name) usage->name = known_sum(usage->name, from->name)
    ADD(cpu_user_ns);
    ADD(cpu_system_ns);
    ADD(minor_faults);
    ADD(major_faults);
    ADD(voluntary_switches);
    ADD(involuntary_switches);
    ADD(run_delay_ns);
    ADD(read_bytes);
    ADD(written_bytes);
    ADD(allocated_bytes);
    ADD(peak_rss_bytes);
    ADD(rss_bytes);
    ADD(threads);
    ADD(descriptors);
#undef ADD
    if (!model->live.looked)
        model->live = source->live;
}

static int add_errors(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->error_count; i++) {
        const struct model_error *from = &merger->source->errors[i];
        bool is_new;
        struct model_error *error =
            item_of(&merger->errors, &merger->error_index,
                    (uint64_t)from->hook << 32 | (uint32_t)from->error, &is_new);
        if (!error)
            return -ENOMEM;
        error->hook = from->hook;
        error->error = from->error;
        error->count = decode_sum(error->count, from->count);
    }
    return 0;
}

static int add_gauges(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->gauge_count; i++) {
        struct model_gauge from = merger->source->gauges[i];
        from.target = merger->target_map[from.target];
        from.last_ns = decode_sum(from.last_ns, merger->shift_ns);
        bool is_new;
        struct model_gauge *gauge =
            item_of(&merger->gauges, &merger->gauge_index, from.target, &is_new);
        if (!gauge)
            return -ENOMEM;
        gauge->target = from.target;
        model_gauge_add(gauge, &from);
    }
    return 0;
}

static int add_notes(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->note_count; i++) {
        const struct model_note *from = &merger->source->notes[i];
        bool is_new;
        struct model_note *note =
            item_of(&merger->notes, &merger->note_index,
                    lookup_hash(LOOKUP_SEED, from->text, strlen(from->text)), &is_new);
        if (!note || (is_new && !(note->text = copy_text(merger, from->text))))
            return -ENOMEM;
        note->count = decode_sum(note->count, from->count);
    }
    return 0;
}

static int add_samples(struct merger *merger)
{
    for (int cost = SAMPLE_ALLOCATED; cost < MODEL_COSTS; cost++) {
        const struct model_samples *source = &merger->source->samples[cost];
        for (size_t i = 0; i < source->count; i++) {
            const struct model_sample *from = &source->items[i];
            uint32_t target = merger->target_map[from->target];
            uint64_t key[] = {(uint64_t)cost << 32 | from->hook,
                              (uint64_t)target << 32 | moved_stack(merger, from->stack)};
            struct model_sample *sample;
            bool is_new = true;
            if (from->stack == 0)
                sample = item_of(&merger->samples[cost], &merger->sample_index,
                                 lookup_hash(LOOKUP_SEED, key, sizeof(key)), &is_new);
            else /* no other process has this stack */
                sample = vector_push(&merger->samples[cost]);
            if (!sample)
                return -ENOMEM;
            sample->hook = from->hook;
            sample->target = target;
            sample->stack = moved_stack(merger, from->stack);
            sample->count = decode_sum(sample->count, from->count);
            sample->weight = decode_sum(sample->weight, from->weight);
            sample->variance += from->variance;
            sample->objects += from->objects;
        }
        struct model_samples *sums = &merger->model->samples[cost];
        sums->weight = decode_sum(sums->weight, source->weight);
        sums->samples = decode_sum(sums->samples, source->samples);
        sums->variance += source->variance;
    }
    return 0;
}

static int add_heap(struct merger *merger)
{
    const struct model_heap *from = &merger->source->heap;
    model_heap_add(&merger->model->heap, from, merger->shift_ns, &merger->highest_peak_bytes);
    for (size_t i = 0; i < from->row_count; i++) {
        struct model_heap_row *row = vector_push(&merger->heap_rows);
        if (!row)
            return -ENOMEM;
        *row = from->rows[i];
        row->stack = moved_stack(merger, row->stack);
    }
    for (size_t i = 0; i < from->owner_count; i++) {
        struct model_heap_owner *owner = vector_push(&merger->heap_owners);
        if (!owner)
            return -ENOMEM;
        *owner = from->owners[i];
        owner->process += merger->process;
        owner->name = copy_text(merger, owner->name);
        if (!owner->name)
            return -ENOMEM;
    }
    return 0;
}

static struct model_call *copy_calls(struct merger *merger, const struct model_thread *thread)
{
    struct model_call *copy =
        arena_array(&merger->model->arena, thread->call_count + 1, sizeof(*copy));
    if (copy)
        memcpy(copy, thread->calls, thread->call_count * sizeof(*copy));
    return copy;
}

static int add_threads_and_events(struct merger *merger)
{
    for (size_t i = 0; i < merger->source->thread_count; i++) {
        struct model_thread *thread = vector_push(&merger->threads);
        if (!thread)
            return -ENOMEM;
        *thread = merger->source->threads[i];
        thread->process += merger->process;
        thread->start_ns = decode_sum(thread->start_ns, merger->shift_ns);
        thread->now_target = merger->target_map[thread->now_target];
        thread->name = copy_text(merger, thread->name);
        thread->stack = NULL;
        thread->depth = 0;
        thread->calls = copy_calls(merger, thread);
        if (!thread->name || !thread->calls)
            return -ENOMEM;
    }
    for (size_t i = 0; i < merger->source->event_count; i++) {
        struct model_event *event = vector_push(&merger->events);
        if (!event)
            return -ENOMEM;
        *event = merger->source->events[i];
        event->process += merger->process;
        event->start_ns = decode_sum(event->start_ns, merger->shift_ns);
        event->target = merger->target_map[event->target];
        event->stack = moved_stack(merger, event->stack);
    }
    return 0;
}

static int add_source(struct merger *merger, const struct model *source)
{
    static int (*const steps[])(struct merger *) = {
        add_processes, add_modules, add_targets, add_rows,
        add_hooks,     add_errors,  add_notes,   add_samples,
        add_threads_and_events, add_heap, add_gauges,
    };
    merger->source = source;
    merger->shift_ns = source->processes[0].start_monotonic_ns - merger->earliest_ns;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int error = steps[i](merger);
        if (error)
            return error;
    }
    add_stacks(merger);
    add_totals(merger);
    merger->process += (uint32_t)source->process_count;
    merger->module += (uint32_t)source->module_count;
    merger->frame += (uint32_t)source->frame_count;
    merger->stack += (uint32_t)source->stack_count - 1;
    return 0;
}

static int reserve(struct model *model, const struct model *const *models, size_t count)
{
    size_t targets = 1, frames = 1, stacks = 1;
    for (size_t i = 0; i < count; i++) {
        model->process_count += models[i]->process_count;
        model->module_count += models[i]->module_count;
        targets += models[i]->target_count;
        frames += models[i]->frame_count;
        stacks += models[i]->stack_count;
    }
    model->frame_count = frames - 1;
    model->stack_count = stacks - count;
    model->processes = arena_array(&model->arena, model->process_count, sizeof(*model->processes));
    model->modules = arena_array(&model->arena, model->module_count, sizeof(*model->modules));
    model->targets = arena_array(&model->arena, targets, sizeof(*model->targets));
    model->frames = arena_array(&model->arena, frames, sizeof(*model->frames));
    model->stacks = arena_array(&model->arena, stacks, sizeof(*model->stacks));
    memset(&model->usage, 0xff, sizeof(model->usage));
    return model->processes && model->modules && model->targets && model->frames && model->stacks
               ? 0
               : -ENOMEM;
}

/* Resources and options of the first, and the span of all. */
static int add_first(struct merger *merger, const struct model *first)
{
    struct model *model = merger->model;
    model->resource_count = first->resource_count;
    model->option_count = first->option_count;
    model->resources =
        arena_array(&model->arena, first->resource_count, sizeof(*model->resources));
    model->options = arena_array(&model->arena, first->option_count, sizeof(*model->options));
    if (!model->resources || !model->options)
        return -ENOMEM;
    if (first->resource_count)
        memcpy(model->resources, first->resources,
               first->resource_count * sizeof(*model->resources));
    for (size_t i = 0; i < first->option_count; i++) {
        model->options[i].name = copy_text(merger, first->options[i].name);
        model->options[i].value = copy_text(merger, first->options[i].value);
        if (!model->options[i].name || !model->options[i].value)
            return -ENOMEM;
    }
    uint64_t start = UINT64_MAX, end = 0;
    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_process *process = &model->processes[i];
        uint64_t stop = decode_sum(process->start_monotonic_ns, process->duration_ns);
        start = process->start_monotonic_ns < start ? process->start_monotonic_ns : start;
        end = stop > end ? stop : end;
    }
    model->duration_ns = end > start ? end - start : 0;
    return 0;
}

static int seal(struct merger *merger)
{
    struct model *model = merger->model;
    model->row_count = merger->rows.count;
    model->error_count = merger->errors.count;
    model->note_count = merger->notes.count;
    model->gauge_count = merger->gauges.count;
    model->event_count = merger->events.count;
    model->thread_count = merger->threads.count;
    model->rows = vector_seal(&merger->rows, &model->arena);
    model->errors = vector_seal(&merger->errors, &model->arena);
    model->notes = vector_seal(&merger->notes, &model->arena);
    model->gauges = vector_seal(&merger->gauges, &model->arena);
    model->events = vector_seal(&merger->events, &model->arena);
    model->threads = vector_seal(&merger->threads, &model->arena);
    model->heap.row_count = merger->heap_rows.count;
    model->heap.owner_count = merger->heap_owners.count;
    model->heap.rows = vector_seal(&merger->heap_rows, &model->arena);
    model->heap.owners = vector_seal(&merger->heap_owners, &model->arena);
    bool complete = model->rows && model->errors && model->notes && model->events &&
                    model->threads && model->gauges && model->heap.rows &&
                    model->heap.owners;
    for (int cost = 0; cost < MODEL_COSTS; cost++) {
        model->samples[cost].count = merger->samples[cost].count;
        model->samples[cost].items = vector_seal(&merger->samples[cost], &model->arena);
        complete = complete && model->samples[cost].items;
    }
    return complete ? 0 : -ENOMEM;
}

static void merger_done(struct merger *merger)
{
    struct lookup *lookups[] = {&merger->target_index, &merger->row_index, &merger->error_index,
                                &merger->note_index, &merger->sample_index,
                                &merger->gauge_index};
    struct vector *vectors[] = {&merger->rows, &merger->errors, &merger->notes, &merger->events,
                                &merger->threads, &merger->heap_rows, &merger->heap_owners,
                                &merger->gauges};
    for (size_t i = 0; i < sizeof(lookups) / sizeof(lookups[0]); i++)
        lookup_done(lookups[i]);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        vector_done(vectors[i]);
    for (int cost = 0; cost < MODEL_COSTS; cost++)
        vector_done(&merger->samples[cost]);
    free(merger->target_map);
}

int model_merge(const struct model *const *models, size_t count, struct model **ret_model)
{
    if (count == 0)
        return -EINVAL;
    struct model *model = calloc(1, sizeof(*model));
    if (!model)
        return -ENOMEM;
    struct merger merger = {.model = model, .stack = 1, .earliest_ns = UINT64_MAX};
    for (size_t i = 0; i < count; i++)
        if (models[i]->processes[0].start_monotonic_ns < merger.earliest_ns)
            merger.earliest_ns = models[i]->processes[0].start_monotonic_ns;
    merger.rows.bytes = sizeof(struct model_row);
    merger.errors.bytes = sizeof(struct model_error);
    merger.notes.bytes = sizeof(struct model_note);
    merger.gauges.bytes = sizeof(struct model_gauge);
    merger.events.bytes = sizeof(struct model_event);
    merger.threads.bytes = sizeof(struct model_thread);
    merger.heap_rows.bytes = sizeof(struct model_heap_row);
    merger.heap_owners.bytes = sizeof(struct model_heap_owner);
    for (int cost = 0; cost < MODEL_COSTS; cost++)
        merger.samples[cost].bytes = sizeof(struct model_sample);
    int error = reserve(model, models, count);
    for (size_t i = 0; i < count && !error; i++)
        error = add_source(&merger, models[i]);
    if (!error)
        error = add_first(&merger, models[0]);
    if (!error)
        error = seal(&merger);
    merger_done(&merger);
    if (error) {
        model_free(model);
        return error;
    }
    model_total_targets(model);
    model_order(model);
    *ret_model = model;
    return 0;
}
