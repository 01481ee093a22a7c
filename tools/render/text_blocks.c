/* text_blocks.c: see text_blocks.h. Only formats; decides nothing about what is a problem. */
#include "render/text_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "analyse/calls.h"
#include "analyse/units.h"

const char *text_blocks_target(const struct analysis *analysis, uint32_t target)
{
    return calls_target_name(analysis, target);
}

const char *text_blocks_command(const struct model_process *process)
{
    const char *command = process->command;
    if (command[0] == '\0')
        return process->name;
    for (const char *at = command; *at != '\0' && *at != ' '; at++)
        if (*at == '/' && at[1] != ' ' && at[1] != '\0')
            command = at + 1;
    return command;
}

void text_blocks_functions(struct screen *screen, const struct analysis *analysis, unsigned most)
{
    const struct profile *profile = &analysis->profile;
    enum { SAMPLES_LEAST = 20 }; /* fewer say nothing about who is hot */
    if (profile->count == 0 || profile->cpu_samples < SAMPLES_LEAST ||
        profile->functions[0].cpu_self_ns == 0)
        return;
    screen_print(screen, STYLE_BOLD, "Hottest functions, by CPU time of their own%s",
                 screen->width >= 80 ? " (± is the 95 % interval)" : "");
    for (size_t i = 0; i < profile->count && i < most && profile->functions[i].cpu_self_ns > 0;
         i++) {
        struct profile_function *function = &profile->functions[i];
        double self = (double)function->cpu_self_ns / (double)profile->cpu_ns;
        struct screen_line line;
        screen_begin(&line, screen);
        screen_right(&line, 9, STYLE_PLAIN, units_share(self).text);
        if (screen->width >= 80)
            screen_add(&line, STYLE_DIM, " ± %.1f %%",
                       100 * (double)profile_margin(function->cpu_self_variance) / (double)profile->cpu_ns);
        screen_add(&line, STYLE_PLAIN, "   ");
        unsigned room = screen->width - line.columns - 1;
        screen_add_text(&line, STYLE_PLAIN, function->name, strlen(function->name),
                        room > 50 ? 50 : room);
        profile_locate(function, analysis->symbols);
        if (screen->width >= 80) {
            screen_add(&line, STYLE_DIM, "  ");
            if (function->file != NULL) {
                const char *base = strrchr(function->file, '/');
                base = base != NULL ? base + 1 : function->file;
                screen_add(&line, STYLE_DIM, "%s:%u", base, function->line);
            } else if (function->named) {
                screen_add(&line, STYLE_DIM, "%s", function->module);
            }
        }
        screen_end(&line, screen);
    }
}

static int slower_first(const void *left, const void *right)
{
    const struct model_target *a = *(const struct model_target *const *)left;
    const struct model_target *b = *(const struct model_target *const *)right;
    if (a->ns != b->ns)
        return a->ns < b->ns ? 1 : -1;
    return a < b ? -1 : a > b;
}

void text_blocks_targets(struct screen *screen, const struct analysis *analysis, unsigned most)
{
    const struct model *model = analysis->model;
    const struct model_target **order =
        calloc(model->target_count + 1, sizeof(const struct model_target *));
    if (order == NULL)
        return;
    for (size_t i = 0; i < model->target_count; i++)
        order[i] = &model->targets[i];
    qsort(order, model->target_count, sizeof(const struct model_target *), slower_first);
    bool heading = false;
    for (size_t i = 0, shown = 0; i < model->target_count && shown < most; i++) {
        /* "(other)" mixes everything without a target of its own: not a place to look at. */
        if (order[i] == &model->targets[0] || order[i]->ns == 0 || order[i]->kind == TARGET_CUSTOM)
            continue;
        if (!heading)
            screen_print(screen, STYLE_BOLD, "Most time in calls, by what they touched");
        heading = true;
        shown++;
        struct screen_line line;
        screen_begin(&line, screen);
        screen_right(&line, 11, STYLE_PLAIN, units_duration(order[i]->ns).text);
        screen_add(&line, STYLE_PLAIN, "   ");
        const char *name = text_blocks_target(analysis, (uint32_t)(order[i] - model->targets));
        unsigned room = screen->width > 50 ? screen->width - 50 : screen->width - line.columns - 1;
        screen_add_text(&line, STYLE_PLAIN, name, strlen(name), room);
        if (screen->width >= 60) {
            screen_add(&line, STYLE_DIM, "  %s", units_plural(order[i]->calls, "call").text);
            if (order[i]->bytes > 0)
                screen_add(&line, STYLE_DIM, ", %s", units_bytes(order[i]->bytes).text);
        }
        screen_end(&line, screen);
    }
    free(order);
}

/* ---- where the threads stand ---- */

static bool same_place(const struct model_thread *a, const struct model_thread *b)
{
    return a->now_hook == b->now_hook && a->now_target == b->now_target;
}

static void now_line(struct screen *screen, const struct analysis *analysis,
                     const struct model_thread *thread, unsigned alike, uint64_t longest_ns)
{
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    if (alike > 1)
        screen_add(&line, STYLE_PLAIN, "%u threads", alike);
    else
        screen_add(&line, STYLE_PLAIN, "%d %s", (int)thread->tid, thread->name);
    screen_column(&line, 28);
    if (thread->now_hook == HOOK_NONE || thread->now_hook >= HOOK_COUNT) {
        screen_add(&line, STYLE_DIM, "in its own code");
    } else {
        screen_add(&line, STYLE_PLAIN, "in %s for %s", hook_names[thread->now_hook],
                   units_duration(longest_ns).text);
        if (thread->now_target != 0) {
            const char *name = text_blocks_target(analysis, thread->now_target);
            screen_add(&line, STYLE_PLAIN, "  ");
            if (line.columns + 12 < screen->width)
                screen_add_text(&line, STYLE_DIM, name, strlen(name),
                                screen->width - line.columns - 1);
        }
    }
    screen_end(&line, screen);
}

void text_blocks_now(struct screen *screen, const struct analysis *analysis, unsigned most)
{
    const struct model *model = analysis->model;
    if (model->thread_count == 0 || most == 0)
        return;
    bool running = model->processes[0].state == PROCESS_RUNNING;
    screen_blank(screen);
    screen_print(screen, STYLE_BOLD,
                 running ? "Where its threads are now" : "Where its threads were at the end");
    unsigned shown = 1; /* the heading */
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = same_place(thread, &model->threads[j]);
        if (seen)
            continue;
        unsigned alike = 0;
        uint64_t longest = 0;
        for (size_t j = i; j < model->thread_count; j++) {
            if (!same_place(thread, &model->threads[j]))
                continue;
            alike++;
            if (model->threads[j].now_ns > longest)
                longest = model->threads[j].now_ns;
        }
        if (++shown > most) {
            screen_print(screen, STYLE_DIM, "  and more: strong-report --full");
            return;
        }
        now_line(screen, analysis, thread, alike, longest);
    }
}

/* ---- what the numbers do not include ---- */

void text_blocks_notes(struct screen *screen, const struct analysis *analysis, unsigned most)
{
    const struct model *model = analysis->model;
    const struct accounting *time = &analysis->time;
    bool scaled = time->excess_ns * 50 > time->total_ns;
    size_t notes =
        model->note_count + (model->damaged > 0) + (analysis->self.overflows > 0) + scaled;
    if (notes == 0 || most < 2)
        return;
    screen_blank(screen);
    unsigned left = most - 1;
    if (model->damaged > 0 && left-- > 0)
        screen_print(screen, STYLE_WARNING,
                     "  note  %s of the segment led nowhere and were left out",
                     units_plural(model->damaged, "record").text);
    if (analysis->self.overflows > 0 && left > 0 && left-- > 0)
        screen_print(screen, STYLE_NOTE,
                     "  note  tables were full %s times: what found no room is under (other)",
                     units_count(analysis->self.overflows).text);
    if (scaled && left > 0 && left-- > 0)
        screen_print(screen, STYLE_NOTE,
                     "  note  waits overlapped CPU time by %s: scaled down to fit",
                     units_duration(time->excess_ns).text);
    for (size_t i = 0; i < model->note_count && left > 0; i++, left--) {
        char text[400];
        if (model->notes[i].count > 1)
            snprintf(text, sizeof(text), "%s (%s times)", model->notes[i].text,
                     units_count(model->notes[i].count).text);
        else
            snprintf(text, sizeof(text), "%s", model->notes[i].text);
        screen_wrap(screen, 2, "note", 6, text, left > 1 ? 2 : 1);
    }
}
