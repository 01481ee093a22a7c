/* view_text.c: see view_text.h. Keeps no state. */
#include "render/view_text.h"

#include <math.h>

#include "analyse/units.h"

enum { VALUE_END = 40 };

const char *view_text_margin(char *buf, size_t size, double variance, bool bytes)
{
    uint64_t half = variance > 0 ? units_whole(1.96 * sqrt(variance)) : 0;
    buf[0] = '\0';
    if (half > 0)
        snprintf(buf, size, "± %s", bytes ? units_bytes(half).text : units_duration(half).text);
    return buf;
}

void view_text_not_measured(struct screen *screen, const struct analysis *analysis,
                            enum calltree_cost cost)
{
    const uint64_t *counters = analysis->model->counters;
    const char *setting = cost == CALLTREE_CPU                                ? "CPU_HZ"
                          : cost == CALLTREE_BLOCKED || cost == CALLTREE_LOCK ? "BLOCK_PERIOD"
                                                                              : "ALLOC_PERIOD";
    const char *standard = cost == CALLTREE_CPU                                ? "99"
                           : cost == CALLTREE_BLOCKED || cost == CALLTREE_LOCK ? "1ms"
                                                                               : "512KiB";
    const char *value = model_option(analysis->model, setting);
    if (cost == CALLTREE_CPU && counters[COUNTER_cpu_signal_taken] > 0)
        screen_print(screen, STYLE_DIM,
                     "  not measured: the program uses the sampling signal itself");
    else if (cost == CALLTREE_CPU && counters[COUNTER_cpu_timers_failed] > 0)
        screen_print(screen, STYLE_DIM, "  not measured: no timer could be created");
    else if (value != NULL && value[0] != '\0')
        screen_print(screen, STYLE_DIM, "  not measured: STRONG_%s was %s; %s turns it on", setting,
                     value, standard);
    else
        screen_print(screen, STYLE_DIM, "  not measured: STRONG_%s=%s turns it on", setting,
                     standard);
}

void view_text_fact(struct screen *screen, const char *label, const char *value, const char *detail)
{
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add(&line, STYLE_PLAIN, "%s", label);
    screen_right(&line, VALUE_END, STYLE_BOLD, value);
    screen_add(&line, STYLE_PLAIN, "  ");
    screen_add(&line, STYLE_DIM, "%s", detail); /* cut where the screen ends */
    screen_end(&line, screen);
}
