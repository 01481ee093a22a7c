/* live.c: the list of views, and the lines that stand above each of them. */
#include "render/live.h"

#include <stdio.h>
#include <string.h>

#include "analyse/units.h"
#include "render/text_blocks.h"

const struct live_kind live_kinds[LIVE_VIEW_COUNT] = {
#define LIVE_VIEW(name, key, label, needs, sort, meaning)                                          \
    {#name, label, meaning, key, needs, sort, live_##name##_view},
#include "render/live_views.def"
#undef LIVE_VIEW
};

void live_make(enum live_view view, const struct live_input *input, struct live_table *ret_table)
{
    live_table_init(ret_table, NULL, 0, input->totals);
    live_kinds[view].fill(input, ret_table);
    ret_table->sort = live_kinds[view].sort;
}

struct units_text live_wait_text(const struct rates *rates)
{
    const struct model *model = &rates->model;
    struct units_text ret = {""};
    uint64_t most = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (model->classes[i].ns <= most)
            continue;
        most = model->classes[i].ns;
        /* of all threads' time: a pool that waits is one wait, however many threads it has */
        double share = model->thread_ns ? (double)most / (double)model->thread_ns : 0;
        snprintf(ret.text, sizeof(ret.text), "%s %.0f%%", class_names[i],
                 (share > 1 ? 1 : share) * 100);
    }
    return ret;
}

/* ---- the two lines about the process ---- */

static void add_part(struct screen_line *line, const char *label, const char *value)
{
    if (line->columns > 0)
        screen_add(line, STYLE_PLAIN, "  ");
    screen_add(line, STYLE_DIM, "%s ", label);
    screen_add(line, STYLE_BOLD, "%s", value);
}

/* Bytes asked of malloc and its kin. */
static uint64_t asked_for(const struct model *model)
{
    uint64_t bytes = 0;
    for (unsigned i = 1; i < HOOK_COUNTED_END; i++)
        if (hook_classes[i] == CLASS_MEMORY)
            bytes += model->hooks[i].bytes;
    return bytes;
}

static void use_line(struct screen *screen, const struct rates *rates)
{
    const struct model *model = &rates->model;
    const struct model_resource *last =
        model->resource_count ? &model->resources[model->resource_count - 1] : NULL;
    const char *each = rates->whole ? "" : "/s";
    struct screen_line line;
    char text[96];
    screen_begin(&line, screen);
    double cpu = rates_cpu(rates);
    add_part(&line, "cpu", cpu < 0 ? "-" : live_short(units_share(cpu)).text);
    add_part(&line, "rss",
             last && last->rss_bytes != MODEL_UNKNOWN ? live_short(units_bytes(last->rss_bytes)).text : "-");
    add_part(&line, "threads", units_count(model->processes[0].threads_alive).text);
    double calls = (double)rates_calls(rates), bytes = (double)asked_for(model);
    snprintf(text, sizeof(text), "%s%s",
             rates->whole ? live_count_text(calls, true).text
                          : live_count_text(rates_per_second(rates, calls), false).text, each);
    add_part(&line, "calls", text);
    if (!rates->whole)
        bytes = rates_per_second(rates, bytes);
    snprintf(text, sizeof(text), "%s%s", live_short(units_bytes(units_whole(bytes))).text, each);
    add_part(&line, "malloc", text);
    struct units_text wait = live_wait_text(rates);
    if (wait.text[0])
        add_part(&line, "in", wait.text);
    screen_end(&line, screen);
}

void live_head(struct screen *screen, const struct rates *rates, const char *state)
{
    const struct model_process *process = &rates->model.processes[0];
    const char *command = text_blocks_command(process);
    struct screen_line line;
    char tail[200];
    screen_begin(&line, screen);
    snprintf(tail, sizeof(tail), "  pid %d  %s  %s", (int)process->pid, state,
             units_duration(process->duration_ns).text);
    unsigned used = screen_columns(tail);
    unsigned room = screen->width > used + 12 ? screen->width - used : 12;
    screen_add_text(&line, STYLE_BOLD, command, strlen(command), room);
    screen_add(&line, process->state == PROCESS_RUNNING ? STYLE_PLAIN : STYLE_WARNING, "%s", tail);
    screen_end(&line, screen);
    use_line(screen, rates);
}
