/* decode_facts.c: who the process is, its clock, options, notes and counters. */
#include <errno.h>
#include <string.h>

#include "read/decode.h"
#include "read/process.h"
#include "read/text.h"

uint64_t decode_ns(const struct segment_header *header, uint64_t ticks)
{
    unsigned __int128 ns = (unsigned __int128)ticks * header->ns_per_tick_q40 >> 40;
    return ns > DECODE_MOST ? DECODE_MOST : (uint64_t)ns;
}

uint64_t decode_moment(const struct segment_header *header, uint64_t ticks)
{
    if (ticks >= header->clock_first_ticks)
        return decode_sum(header->clock_first_ns,
                          decode_ns(header, ticks - header->clock_first_ticks));
    uint64_t before = decode_ns(header, header->clock_first_ticks - ticks);
    uint64_t first = decode_bound(header->clock_first_ns);
    return before > first ? 0 : first - before;
}

static uint64_t later(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The last sign of life: resource records, calls begun, events. */
static uint64_t last_mark(const struct snapshot *snapshot)
{
    const struct segment_header *header = snapshot->header;
    uint64_t last = later(header->start_ticks, header->last_ticks);
    const struct resource_record *records = snapshot_table(snapshot, TABLE_RESOURCES);
    for (uint64_t i = 1; i < snapshot_count(snapshot, TABLE_RESOURCES); i++)
        last = later(last, records[i].ticks);
    const uint64_t *offsets = snapshot_table(snapshot, TABLE_THREADS);
    for (uint64_t i = 0; i < snapshot_count(snapshot, TABLE_THREADS); i++) {
        const struct thread_block *block =
            offsets[i] ? snapshot_pages(snapshot, offsets[i], sizeof(*block)) : NULL;
        if (!block)
            continue;
        last = later(later(last, block->start_ticks), block->now_ticks);
        for (int j = 0; j < BLOCK_EVENTS; j++) {
            const struct event_record *event = &block->events[j];
            if (event->start_ticks && event->duration_ticks <= UINT64_MAX - event->start_ticks)
                last = later(last, event->start_ticks + event->duration_ticks);
        }
    }
    return last;
}

uint64_t decode_end(const struct snapshot *snapshot, enum process_state state, int64_t clock_ahead_ns)
{
    const struct segment_header *header = snapshot->header;
    uint64_t start = decode_moment(header, header->start_ticks), end;
    if (state == PROCESS_RUNNING)
        end = snapshot->taken_monotonic_ns + (uint64_t)clock_ahead_ns;
    else if (header->end_ticks)
        end = decode_moment(header, header->end_ticks);
    else
        end = decode_moment(header, last_mark(snapshot));
    return end > start ? end : start;
}

const char *decode_text(struct decoder *decoder, struct string_ref reference)
{
    size_t len = 0;
    const char *text = snapshot_string(decoder->snapshot, reference, &len);
    if (!text) {
        decoder->model->damaged++;
        return "";
    }
    while (len && text[len - 1] == 0) /* argv ends with a NUL: no blank at the end */
        len--;
    return text_clean_copy(&decoder->model->arena, text, len);
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static int decode_process(struct decoder *decoder)
{
    const struct segment_header *header = decoder->snapshot->header;
    struct model *model = decoder->model;
    struct model_process *process = &model->processes[0];
    process->pid = (pid_t)header->pid;
    process->parent_pid = (pid_t)header->parent_pid;
    process->uid = header->uid;
    process->exit_status = header->exit_status;
    process->forked = header->forked != 0;
    process->executable = decode_text(decoder, header->executable);
    process->command = decode_text(decoder, header->command);
    process->run = decode_text(decoder, header->run);
    process->library_version = decode_text(decoder, header->library_version);
    process->path = text_clean_copy(&model->arena, decoder->snapshot->path,
                                    strlen(decoder->snapshot->path));
    if (!process->executable || !process->command || !process->run ||
        !process->library_version || !process->path)
        return -ENOMEM;
    process->name = last_part(process->executable);
    process->start_realtime_ns = decode_bound(header->start_realtime_ns);
    process->start_boottime_ns = decode_bound(header->start_boottime_ns);
    process->start_monotonic_ns = decode_moment(header, header->start_ticks);
    process->duration_ns = decoder->end_ns - process->start_monotonic_ns;
    process->ns_per_tick = (double)header->ns_per_tick_q40 / 0x1p40;
    process->threads_started = decode_bound(header->threads_started);
    process->threads_alive = decode_bound(header->threads_alive);
    process->threads_peak = decode_bound(header->threads_peak);
    process->descriptors_open = decode_bound(header->descriptors_open);
    process->descriptors_peak = decode_bound(header->descriptors_peak);
    process->cpu_period_ns = decode_bound(header->cpu_period_ns);
    process->alloc_period_bytes = decode_bound(header->alloc_period_bytes);
    process->block_period_ns = decode_ns(header, header->block_period_ticks);
    process->stopped = process->local_pid ? process_stopped(process->local_pid) : NULL;
    model->duration_ns = process->duration_ns;
    return 0;
}

static int decode_options(struct decoder *decoder)
{
    struct model *model = decoder->model;
    struct vector options = {.bytes = sizeof(struct model_option)};
    size_t len = 0;
    const char *text =
        snapshot_string(decoder->snapshot, decoder->snapshot->header->options, &len);
    int error = 0;
    if (!text) {
        decoder->model->damaged++;
        text = "";
        len = 0;
    }
    for (const char *at = text, *end = text + len; at < end && !error;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *stop = newline ? newline : end;
        const char *equals = memchr(at, '=', (size_t)(stop - at));
        if (equals) {
            struct model_option *option = vector_push(&options);
            const char *name = text_clean_copy(&model->arena, at, (size_t)(equals - at));
            const char *value =
                text_clean_copy(&model->arena, equals + 1, (size_t)(stop - equals - 1));
            if (option && name && value) {
                option->name = strncmp(name, "STRONG_", 7) == 0 ? name + 7 : name;
                option->value = value;
            } else {
                error = -ENOMEM;
            }
        }
        at = stop + 1;
    }
    model->option_count = options.count;
    model->options = vector_seal(&options, &model->arena);
    return error || !model->options ? -ENOMEM : 0;
}

static int decode_notes(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct segment_note *notes = snapshot_table(decoder->snapshot, TABLE_NOTES);
    uint64_t count = decoder->snapshot->header->tables[TABLE_NOTES].capacity;
    if (count > SEGMENT_NOTES)
        count = SEGMENT_NOTES;
    model->notes = arena_array(&model->arena, count, sizeof(*model->notes));
    if (!model->notes)
        return -ENOMEM;
    for (uint64_t i = 0; i < count; i++) {
        size_t len = strnlen(notes[i].text, sizeof(notes[i].text));
        if (len == 0)
            continue;
        struct model_note *note = &model->notes[model->note_count++];
        note->count = decode_bound(notes[i].count);
        note->text = text_clean_copy(&model->arena, notes[i].text, len);
        if (!note->text)
            return -ENOMEM;
    }
    return 0;
}

int decode_facts(struct decoder *decoder)
{
    int error = decode_process(decoder);
    if (!error)
        error = decode_options(decoder);
    if (!error)
        error = decode_notes(decoder);
    const uint64_t *counters = snapshot_table(decoder->snapshot, TABLE_COUNTERS);
    for (int i = 0; i < COUNTER_COUNT; i++)
        decoder->model->counters[i] = decode_bound(counters[i]);
    return error;
}
