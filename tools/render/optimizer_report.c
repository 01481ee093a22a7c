/* optimizer_report.c: see optimizer_report.h. The words come from analyse/optimizers. */
#include "render/optimizer_report.h"

#include "analyse/units.h"

enum { INDENT = 2, LABEL = 13 };

static const char *text_of(const struct analysis *analysis, const struct optimizer *one,
                           struct arena *arena)
{
    return optimizers_text(analysis->model, one, arena);
}

unsigned optimizer_report_height(const struct analysis *analysis)
{
    unsigned active = 0;
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++)
        active += analysis->optimizers[id].state == OPTIMIZER_ACTIVE;
    return active > 0 ? active + 2 : 0; /* the heading, and the blank line behind */
}

void optimizer_report_lines(struct screen *screen, const struct analysis *analysis)
{
    if (optimizer_report_height(analysis) == 0)
        return;
    struct arena arena = {0};
    screen_print(screen, STYLE_BOLD, "What the optimizers did");
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct optimizer *one = &analysis->optimizers[id];
        if (one->state == OPTIMIZER_ACTIVE)
            screen_wrap(screen, INDENT, one->name, LABEL, text_of(analysis, one, &arena), 1);
    }
    screen_blank(screen);
    arena_done(&arena);
}

static void counters(struct screen *screen, const struct analysis *analysis,
                     const struct optimizer *one)
{
    for (unsigned counter = 0; counter < COUNTER_COUNT; counter++) {
        uint64_t count = analysis->model->counters[counter];
        if (count == 0 || !optimizers_owns(one->id, (enum counter_id)counter))
            continue;
        struct screen_line line;
        screen_begin(&line, screen);
        /* The counters' names end with their unit where it is time. */
        bool time = counter == COUNTER_tcp_saved_ns || counter == COUNTER_connections_saved_ns ||
                    counter == COUNTER_resolver_saved_ns;
        screen_right(&line, 20, STYLE_PLAIN,
                     time ? units_duration(count).text : units_count(count).text);
        screen_add(&line, STYLE_PLAIN, "  ");
        screen_add(&line, STYLE_DIM, "%s", counter_meanings[counter]);
        screen_end(&line, screen);
    }
}

void optimizer_report_table(struct screen *screen, const struct analysis *analysis)
{
    struct arena arena = {0};
    screen_blank(screen);
    screen_print(screen, STYLE_BOLD, "What the optimizers did");
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct optimizer *one = &analysis->optimizers[id];
        screen_wrap(screen, INDENT, one->name, LABEL, text_of(analysis, one, &arena), 3);
        counters(screen, analysis, one);
    }
    arena_done(&arena);
}
