/* export_chrome.c: the flight recorder as Chrome trace events, for chrome://tracing and ui.perfetto.dev
 * (https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU: "Trace Event Format").
 *
 * A recorded call is a complete event ("X") of its thread; a call that a thread is still inside of ends with what was
 * seen last. What the kernel and the allocator say over time are counters ("C") of their process. Times are µs
 * with the ns behind the point, since the start of the earliest process; events are in the order of their starts, of
 * two that start together the longer first, as nesting wants it. The recorder keeps the last calls only, and of the fast
 * ones a share: otherData says how many are gone.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "read/lookup.h"
#include "render/export.h"
#include "render/json_stream.h"

/* Threads that ended are not known by number any more: their calls are laid in as many lanes as they overlap, and
 * left out where that would be more than LANES. */
enum { LANES = 512, LANE_FIRST = 1 << 30 };

enum kind { KIND_CALL, KIND_INSIDE, KIND_COUNTERS };

struct mark {
    uint64_t at_ns, duration_ns;
    enum kind kind;
    uint32_t index;         /* into events, threads, or resources of `of` */
    const struct model *of; /* whose resource it is */
    uint32_t process;
    uint32_t tid;
};

struct writer {
    FILE *out;
    const struct analysis *analysis;
    const struct model *model;
    uint64_t earliest_ns;
    struct mark *marks;
    size_t count, left_out;
    const char *before; /* what parts the next event from the last */
};

/* ---- gathering ---- */

static uint64_t shift_of(const struct writer *writer, const struct model_process *process)
{
    return process->start_monotonic_ns - writer->earliest_ns;
}

static void add_calls(struct writer *writer)
{
    const struct model *model = writer->model;
    uint64_t lane_end[LANES] = {0};
    for (size_t i = 0; i < model->event_count; i++) {
        const struct model_event *event = &model->events[i];
        uint32_t tid = (uint32_t)event->tid;
        if (event->tid <= 0) {
            uint32_t lane = 0;
            while (lane < LANES && lane_end[lane] > event->start_ns)
                lane++;
            if (lane == LANES) {
                writer->left_out++;
                continue;
            }
            lane_end[lane] = event->start_ns + event->duration_ns;
            tid = LANE_FIRST + lane;
        }
        writer->marks[writer->count++] = (struct mark){
            .at_ns = event->start_ns,
            .duration_ns = event->duration_ns,
            .kind = KIND_CALL,
            .index = (uint32_t)i,
            .process = event->process,
            .tid = tid,
        };
    }
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        const struct model_process *process = &model->processes[thread->process];
        uint64_t end = shift_of(writer, process) + process->duration_ns;
        if (thread->now_hook == HOOK_NONE)
            continue;
        writer->marks[writer->count++] = (struct mark){
            .at_ns = end > thread->now_ns ? end - thread->now_ns : 0,
            .duration_ns = thread->now_ns < end ? thread->now_ns : end,
            .kind = KIND_INSIDE,
            .index = (uint32_t)i,
            .process = thread->process,
            .tid = (uint32_t)thread->tid,
        };
    }
}

static void add_counters(struct writer *writer, const struct model *of, uint32_t process)
{
    for (size_t i = 0; i < of->resource_count; i++)
        writer->marks[writer->count++] = (struct mark){
            .at_ns = of->resources[i].at_ns + shift_of(writer, &of->processes[0]),
            .kind = KIND_COUNTERS,
            .index = (uint32_t)i,
            .of = of,
            .process = process,
        };
}

static int by_start(const void *left, const void *right)
{
    const struct mark *a = left, *b = right;
    if (a->at_ns != b->at_ns)
        return a->at_ns < b->at_ns ? -1 : 1;
    if (a->duration_ns != b->duration_ns)
        return a->duration_ns > b->duration_ns ? -1 : 1;
    if (a->tid != b->tid)
        return a->tid < b->tid ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

/* ---- writing ---- */

static void print_time(FILE *out, const char *name, uint64_t ns)
{
    fprintf(out, ",\"%s\":%" PRIu64 ".%03u", name, ns / 1000, (unsigned)(ns % 1000));
}

static void begin(struct writer *writer, const char *phase, uint32_t process, uint32_t tid)
{
    fprintf(writer->out, "%s{\"ph\":\"%s\",\"pid\":%d,\"tid\":%" PRIu32, writer->before, phase,
            (int)writer->model->processes[process].pid, tid);
    writer->before = ",\n";
}

static void print_name(struct writer *writer, const char *what, uint32_t process, uint32_t tid,
                       const char *name)
{
    begin(writer, "M", process, tid);
    fprintf(writer->out, ",\"ts\":0,\"name\":\"%s\",\"args\":{\"name\":", what);
    json_stream_text(writer->out, name);
    fputs("}}", writer->out);
}

/* Each lane of each process once. */
static int print_lane_names(struct writer *writer)
{
    struct lookup named = {0};
    int error = 0;
    for (size_t i = 0; i < writer->count && error == 0; i++) {
        const struct mark *mark = &writer->marks[i];
        uint64_t key = (uint64_t)mark->process << 32 | mark->tid;
        if (mark->kind != KIND_CALL || mark->tid < LANE_FIRST ||
            lookup_find(&named, key) != LOOKUP_NONE)
            continue;
        error = lookup_add(&named, key, 0);
        print_name(writer, "thread_name", mark->process, mark->tid, "threads that ended");
    }
    lookup_done(&named);
    return error;
}

static int print_names(struct writer *writer)
{
    const struct model *model = writer->model;
    for (size_t i = 0; i < model->process_count; i++)
        print_name(writer, "process_name", (uint32_t)i, (uint32_t)model->processes[i].pid,
                   model->processes[i].command);
    for (size_t i = 0; i < model->thread_count; i++)
        print_name(writer, "thread_name", model->threads[i].process, (uint32_t)model->threads[i].tid,
                   model->threads[i].name);
    return print_lane_names(writer);
}

static void print_text(FILE *out, const char **before, const char *key, const char *text)
{
    if (text[0] == '\0')
        return;
    fprintf(out, "%s\"%s\":", *before, key);
    json_stream_text(out, text);
    *before = ",";
}

/* An operation of the program's own goes by its name, which is its target. */
static void print_call(struct writer *writer, const struct mark *mark, uint32_t hook,
                       uint32_t target_index)
{
    const struct model_target *target = &writer->model->targets[target_index];
    bool own = hook == HOOK_operation && target->text[0] != '\0';
    begin(writer, "X", mark->process, mark->tid);
    print_time(writer->out, "ts", mark->at_ns);
    print_time(writer->out, "dur", mark->duration_ns);
    fprintf(writer->out, ",\"cat\":\"%s\",\"name\":", class_names[model_class(hook, target->kind)]);
    json_stream_text(writer->out, own ? target->text : hook_names[hook]);
}

static const char *function_of(const struct writer *writer, const struct model_frame *frame)
{
    return symbols_function(writer->analysis->symbols, frame)->function;
}

static void print_event(struct writer *writer, const struct mark *mark)
{
    const struct model_event *event = &writer->model->events[mark->index];
    const char *before = "", *target = writer->model->targets[event->target].text;
    FILE *out = writer->out;
    uint32_t depth;
    const struct model_frame *frames = model_stack_frames(writer->model, event->stack, &depth);
    print_call(writer, mark, event->hook, event->target);
    fputs(",\"args\":{", out);
    if (event->hook != HOOK_operation)
        print_text(out, &before, "target", target);
    if (depth > 0)
        print_text(out, &before, "caller", function_of(writer, frames));
    if (writer->model->targets[event->target].has_site[1])
        print_text(out, &before, "holder",
                   function_of(writer, &writer->model->targets[event->target].site[1]));
    if (event->bytes != 0) {
        fprintf(out, "%s\"bytes\":%" PRIu32, before, event->bytes);
        before = ",";
    }
    if (event->error != 0) {
        const char *name = strerrorname_np(event->error);
        fprintf(out, "%s\"errno\":%d", before, event->error);
        before = ",";
        print_text(out, &before, "error", name != NULL ? name : "");
    }
    fputs("}}", out);
}

static void print_inside(struct writer *writer, const struct mark *mark)
{
    const struct model_thread *thread = &writer->model->threads[mark->index];
    const char *before = ",";
    print_call(writer, mark, thread->now_hook, thread->now_target);
    fputs(",\"args\":{\"unfinished\":true", writer->out);
    print_text(writer->out, &before, "target", writer->model->targets[thread->now_target].text);
    fputs("}}", writer->out);
}

struct series {
    const char *name;
    double value;
    bool known;
};

static void print_counter(struct writer *writer, const struct mark *mark, const char *name,
                          const struct series *series, size_t count)
{
    const char *before = "";
    bool any = false;
    for (size_t i = 0; i < count; i++)
        any |= series[i].known;
    if (!any)
        return;
    begin(writer, "C", mark->process, 0);
    print_time(writer->out, "ts", mark->at_ns);
    fprintf(writer->out, ",\"name\":\"%s\",\"args\":{", name);
    for (size_t i = 0; i < count; i++) {
        if (!series[i].known)
            continue;
        fprintf(writer->out, "%s\"%s\":%.15g", before, series[i].name, series[i].value);
        before = ",";
    }
    fputs("}}", writer->out);
}

static struct series level(const char *name, uint64_t value)
{
    return (struct series){name, (double)value, value != MODEL_UNKNOWN};
}

/* What was added a second until the next reading; in the last of them there is nothing to say any more. */
static struct series rate(const char *name, const struct model_resource *at, uint64_t now,
                          uint64_t then, double unit)
{
    uint64_t ns = at[1].at_ns - at->at_ns;
    bool known = now != MODEL_UNKNOWN && then != MODEL_UNKNOWN && then >= now && ns > 0;
    return (struct series){name, known ? (double)(then - now) * unit / ((double)ns / 1e9) : 0, known};
}

static void print_counters(struct writer *writer, const struct mark *mark)
{
    const struct model_resource *at = &mark->of->resources[mark->index];
    struct series memory[] = {level("resident", at->rss_bytes),
                              level("allocated", at->heap_allocated_bytes)};
    struct series threads = level("threads", at->threads);
    struct series descriptors = level("open", at->descriptors);
    print_counter(writer, mark, "memory (bytes)", memory, 2);
    print_counter(writer, mark, "threads", &threads, 1);
    print_counter(writer, mark, "descriptors", &descriptors, 1);
    if (mark->index + 1 == mark->of->resource_count)
        return;
    const double percent = 100 / 1e9; /* of one CPU */
    struct series cpu[] = {rate("user", at, at->cpu_user_ns, at[1].cpu_user_ns, percent),
                           rate("system", at, at->cpu_system_ns, at[1].cpu_system_ns, percent)};
    struct series faults[] = {rate("minor", at, at->minor_faults, at[1].minor_faults, 1),
                              rate("major", at, at->major_faults, at[1].major_faults, 1)};
    print_counter(writer, mark, "CPU (% of one)", cpu, 2);
    print_counter(writer, mark, "page faults (1/s)", faults, 2);
}

static void print_marks(struct writer *writer)
{
    static void (*const print[])(struct writer *, const struct mark *) = {
        [KIND_CALL] = print_event,
        [KIND_INSIDE] = print_inside,
        [KIND_COUNTERS] = print_counters,
    };
    for (size_t i = 0; i < writer->count; i++)
        print[writer->marks[i].kind](writer, &writer->marks[i]);
}

static int print_document(struct writer *writer)
{
    const struct model *model = writer->model;
    const char *slow = model_option(model, "SLOW"), *rate = model_option(model, "SAMPLE_RATE");
    fputs("{\"displayTimeUnit\":\"ms\",\n\"otherData\":{\"recorded by\":\"libstrong\",\"command\":", writer->out);
    json_stream_text(writer->out, model->processes[0].command);
    fprintf(writer->out, ",\"calls overwritten\":\"%" PRIu64 "\",\"calls left out\":\"%zu\"",
            model->events_overwritten, writer->left_out);
    const char *before = ",";
    print_text(writer->out, &before, "kept: all calls slower than", slow != NULL ? slow : "");
    print_text(writer->out, &before, "kept: share of the others", rate != NULL ? rate : "");
    fputs("},\n\"traceEvents\":[\n", writer->out);
    writer->before = "";
    int error = print_names(writer);
    print_marks(writer);
    fputs("\n]}\n", writer->out);
    return error;
}

int export_chrome(FILE *out, const struct export_source *source)
{
    const struct model *model = source->analysis->model;
    struct writer writer = {.out = out, .analysis = source->analysis, .model = model};
    size_t most = model->event_count + model->thread_count + 1;
    writer.earliest_ns = model->processes[0].start_monotonic_ns;
    for (size_t i = 1; i < model->process_count; i++)
        if (model->processes[i].start_monotonic_ns < writer.earliest_ns)
            writer.earliest_ns = model->processes[i].start_monotonic_ns;
    for (size_t i = 0; i < source->member_count; i++)
        most += source->members[i]->model->resource_count;
    writer.marks = calloc(most, sizeof(*writer.marks));
    if (writer.marks == NULL)
        return -ENOMEM;
    add_calls(&writer);
    for (size_t i = 0; i < source->member_count && i < model->process_count; i++)
        add_counters(&writer, source->members[i]->model, (uint32_t)i);
    qsort(writer.marks, writer.count, sizeof(*writer.marks), by_start);
    int error = print_document(&writer);
    free(writer.marks);
    return error;
}
