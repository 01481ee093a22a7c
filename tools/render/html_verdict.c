/* html_verdict.c: the page's first screen, as data: what ran, what was found, where the time went. */
#include "render/html_parts.h"

#include "analyse/units.h"
#include "render/json_values.h"
#include "render/text_blocks.h"

static json_t *process_of(struct html_document *document, const struct model *model)
{
    const struct model_process *process = &model->processes[0];
    json_t *object = json_object();
    uint64_t threads = 0;
    for (size_t i = 0; i < model->process_count; i++)
        threads += model->processes[i].threads_started;
    set(object, "command", html_word(document, text_blocks_command(process)));
    set(object, "pid", number((uint64_t)process->pid));
    set(object, "others", number(model->process_count - 1));
    set(object, "threads", number(threads));
    set(object, "state", text(process->stopped != NULL ? process->stopped : model_state_name(process->state)));
    set(object, "exit_status", json_integer(process->state == PROCESS_EXITED ? process->exit_status : 0));
    set(object, "library", html_word(document, process->library_version));
    return object;
}

static json_t *self_of(const struct analysis_self *self)
{
    json_t *object = json_object();
    set(object, "share", real(self->share));
    set(object, "sampling_ns", number(self->sampling_ns));
    set(object, "calls_ns", number(self->calls_ns));
    set(object, "samples", number(self->samples));
    set(object, "dropped", number(self->dropped));
    set(object, "overflows", number(self->overflows));
    return object;
}

/* ---- where the time went ---- */

static json_t *cpu_detail(const struct analysis *analysis)
{
    char detail[120];
    const struct heap_cost *cost = &analysis->heap.cost;
    if (!cost->known || cost->share <= 0.01)
        return json_null();
    snprintf(detail, sizeof(detail), "of which malloc and free %s",
             units_duration(units_whole(cost->share * (double)analysis->time.parts[PART_CPU])).text);
    return text(detail);
}

static json_t *time_of(struct html_document *document, const struct analysis *analysis)
{
    const struct accounting *time = &analysis->time;
    json_t *array = json_array();
    for (unsigned part = 0; part < PART_COUNT; part++) {
        bool known = part != PART_CPU || time->cpu_measured;
        uint32_t top = time->top_target[part];
        json_t *row = json_object();
        set(row, "id", text(accounting_part_name((enum accounting_part)part)));
        set(row, "title", text(accounting_part_title((enum accounting_part)part)));
        set(row, "ns", known ? number(time->parts[part]) : json_null());
        set(row, "calls", number(time->calls[part]));
        set(row, "top", top != 0 ? html_path(document, text_blocks_target(analysis, top)) : json_null());
        set(row, "top_ns", number(time->top_ns[part]));
        set(row, "detail", part == PART_CPU && known ? cpu_detail(analysis) : json_null());
        append(array, row);
    }
    return array;
}

/* ---- findings ---- */

static json_t *finding_of(const struct finding *finding)
{
    json_t *object = json_object();
    set(object, "id", text(finding->name));
    set(object, "title", text(finding->title));
    set(object, "severity", text(finding_severity_name(finding->severity)));
    set(object, "confidence", text(finding_confidence_name(finding->confidence)));
    set(object, "gain_ns", number(finding->gain_ns));
    set(object, "evidence", text(finding->evidence));
    set(object, "where", text_or_null(finding->where));
    set(object, "count", number(finding->count));
    set(object, "window_ns", number(finding->window_ns));
    set(object, "p50_ns", number(finding->p50_ns));
    set(object, "p99_ns", number(finding->p99_ns));
    set(object, "assumption", text_or_null(finding->assumption));
    set(object, "fix", text_or_null(finding->fix));
    set(object, "risk", text_or_null(finding->risk));
    set(object, "verify", text_or_null(finding->verify));
    set(object, "explained_by", finding->explained_by != NULL ? text(finding->explained_by->title) : json_null());
    return object;
}

void html_verdict_add(struct html_document *document, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    json_t *findings = json_array(), *notes = json_array();
    for (unsigned i = 0; i < FINDING_COUNT; i++)
        if (analysis->findings[i].state == FINDING_FOUND)
            append(findings, finding_of(&analysis->findings[i]));
    for (size_t i = 0; i < model->note_count; i++) {
        json_t *note = json_array();
        append(note, html_word(document, model->notes[i].text));
        append(note, number(model->notes[i].count));
        append(notes, note);
    }
    set(document->root, "version", text(STRONG_VERSION));
    set(document->root, "process", process_of(document, model));
    set(document->root, "program", text(model->processes[0].name));
    set(document->root, "self", self_of(&analysis->self));
    set(document->root, "notes", notes);
    set(document->root, "wall_ns", number(model->duration_ns));
    set(document->root, "thread_ns", number(analysis->time.total_ns));
    set(document->root, "time", time_of(document, analysis));
    set(document->root, "findings", findings);
}
