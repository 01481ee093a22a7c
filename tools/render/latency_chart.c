/* latency_chart.c: see latency_chart.h. A call lies in the step that holds the middle of its bucket, so a step's count
 * is exact up to the bucket's width (1/16). */
#include "render/latency_chart.h"

#include <math.h>
#include <string.h>

#include "analyse/units.h"

enum { STEPS = 3 * 14 + 1, LINES_MOST = 16, COUNT_END = 30, SHARE_END = 39, BAR = 24, MARKS = 4 };

static const double mark_shares[MARKS] = {0.5, 0.9, 0.99, 1};
static const char *const mark_names[MARKS] = {"p50", "p90", "p99", "max"};

/* Upper end of a step, in ns: 1, 2, 5, 10, … or, coarse, 1, 10, 100, … */
static uint64_t limit_of(unsigned step, bool coarse)
{
    uint64_t limit = 1;
    for (unsigned i = 0; i < (coarse ? step : step / 3); i++)
        limit *= 10;
    return coarse || step % 3 == 0 ? limit : limit * (step % 3 == 1 ? 2 : 5);
}

struct chart {
    bool coarse;
    unsigned first, last; /* the steps that hold calls */
    uint64_t counts[STEPS];
    uint64_t most;
    char marks[STEPS][160];
};

static unsigned step_count(bool coarse)
{
    return coarse ? STEPS / 3 : STEPS;
}

static void count(struct chart *chart, const struct latency *latency, bool coarse)
{
    uint64_t low = 0;
    *chart = (struct chart){.coarse = coarse, .first = STEPS};
    for (unsigned step = 0; step < step_count(coarse); step++) {
        bool top = step + 1 == step_count(coarse);
        uint64_t high = top ? UINT64_MAX : limit_of(step, coarse);
        chart->counts[step] = latency_between(latency, low, high);
        low = high;
        if (chart->counts[step] == 0)
            continue;
        chart->first = chart->first < step ? chart->first : step;
        chart->last = step;
        if (chart->counts[step] > chart->most)
            chart->most = chart->counts[step];
    }
}

/* Which step holds the call of that rank; with its value, where there is room. */
static void mark(struct chart *chart, const struct calls *calls, bool values)
{
    const struct latency *latency = &calls->latency;
    for (unsigned i = 0; i < MARKS; i++) {
        uint64_t seen = 0;
        unsigned step = chart->first;
        double rank = ceil(mark_shares[i] * (double)latency->total);
        while (step < chart->last && (double)(seen += chart->counts[step]) < rank)
            step++;
        char *text = chart->marks[step];
        uint64_t ns = i + 1 == MARKS && calls->max_ns > 0
                          ? calls->max_ns
                          : latency_percentile_ns(latency, mark_shares[i]);
        /* "p50 p90 8.13 ms": a value that the next one has too is said once. */
        bool same = i + 2 < MARKS && latency_percentile_ns(latency, mark_shares[i + 1]) == ns;
        size_t len = strlen(text);
        snprintf(text + len, sizeof(chart->marks[step]) - len, "%s%s%s%s", mark_names[i],
                 values && !same ? " " : "", values && !same ? units_duration(ns).text : "",
                 i + 1 == MARKS    ? ""
                 : values && !same ? ", "
                                   : " ");
    }
}

/* Without the comma or space behind the last one. */
static size_t marks_len(const char *marks)
{
    size_t len = strlen(marks);
    while (len > 0 && (marks[len - 1] == ' ' || marks[len - 1] == ','))
        len--;
    return len;
}

static void step_line(struct screen *screen, const struct chart *chart, unsigned step,
                      uint64_t total)
{
    struct screen_line line;
    uint64_t found = chart->counts[step];
    screen_begin(&line, screen);
    screen_column(&line, 2);
    if (step + 1 == step_count(chart->coarse))
        screen_add(&line, STYLE_PLAIN, "longer");
    else
        screen_add(&line, STYLE_PLAIN, "below %s",
                   units_duration(limit_of(step, chart->coarse)).text);
    screen_right(&line, COUNT_END, STYLE_PLAIN, units_count(found).text);
    screen_right(&line, SHARE_END, STYLE_PLAIN,
                 found > 0 ? units_share((double)found / (double)total).text : "");
    screen_add(&line, STYLE_PLAIN, "  ");
    unsigned start = line.columns;
    if (found > 0)
        screen_bar(&line, log1p((double)found) / log1p((double)chart->most),
                   screen->width >= 80 ? BAR : BAR / 4);
    if (chart->marks[step][0] != '\0') {
        screen_column(&line, start + (screen->width >= 80 ? BAR : BAR / 4) + 1);
        screen_add(&line, STYLE_DIM, "%.*s", (int)marks_len(chart->marks[step]),
                   chart->marks[step]);
    }
    screen_end(&line, screen);
}

void latency_chart_print(struct screen *screen, const struct calls *calls)
{
    const struct latency *latency = &calls->latency;
    struct chart chart;
    struct screen_line line;
    if (latency->total == 0)
        return;
    count(&chart, latency, false);
    if (chart.last - chart.first >= LINES_MOST)
        count(&chart, latency, true);
    mark(&chart, calls, screen->width >= 80);
    screen_blank(screen);
    screen_begin(&line, screen);
    screen_add(&line, STYLE_BOLD, "Latency of %s%s%s", calls->name,
               calls->detail[0] != '\0' ? " " : "", calls->detail);
    if (calls->calls > latency->total)
        screen_add(&line, STYLE_DIM, "; %s of %s in the histogram",
                   units_count(latency->total).text, units_plural(calls->calls, "call").text);
    screen_add(&line, STYLE_DIM, " (logarithmic)");
    screen_end(&line, screen);
    for (unsigned step = chart.first; step <= chart.last; step++) {
        unsigned empty = step;
        while (chart.counts[empty] == 0)
            empty++;
        if (empty - step > 2) {
            screen_print(screen, STYLE_DIM, "  …");
            step = empty;
        }
        step_line(screen, &chart, step, latency->total);
    }
}

void latency_chart_worst(struct screen *screen, const struct calls *items, size_t count,
                         unsigned most)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all += items[i].ns;
    for (size_t i = 0; i < count && most > 0; i++) {
        if (items[i].latency.total < 2 || items[i].ns < all / 20)
            continue;
        latency_chart_print(screen, &items[i]);
        most--;
    }
}
