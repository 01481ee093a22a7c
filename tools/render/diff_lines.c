/* diff_lines.c: see diff_lines.h. Owns the columns and the words for a judgement. */
#include "render/diff_lines.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyse/units.h"
#include "render/text_blocks.h"

enum { WIDE = 80, FIGURE = 11, CHANGE = 9, INTERVAL = 24 };

/* Where the columns end: A, B, change; the rest is the noise's. */
struct columns {
    unsigned a, b, change;
    bool interval;
};

static struct columns columns_of(const struct screen *screen)
{
    bool wide = screen->width >= WIDE;
    unsigned change = wide ? screen->width - INTERVAL : screen->width;
    return (struct columns){change - CHANGE - FIGURE, change - CHANGE, change, wide};
}

static struct units_text figure_text(double value, enum diff_unit unit)
{
    struct units_text ret;
    if (!isfinite(value))
        snprintf(ret.text, sizeof(ret.text), "-");
    else if (unit == DIFF_TIME)
        ret = units_duration(units_whole(value + 0.5));
    else if (value > 0 && value < 0.95)
        snprintf(ret.text, sizeof(ret.text), "%.2g", value);
    else
        ret = units_number(value);
    return ret;
}

/* "-41.2 %", "new", "gone", "×3.1". */
static struct units_text change_text(const struct noise_figure *figure)
{
    struct units_text ret = {""};
    double change = noise_change(figure);
    /* Not a number: that side has no such call. */
    if (!(figure->a > 0))
        snprintf(ret.text, sizeof(ret.text), "%s", figure->b > 0 ? "new" : "");
    else if (figure->a == figure->b)
        snprintf(ret.text, sizeof(ret.text), "0 %%");
    else if (!(figure->b > 0))
        snprintf(ret.text, sizeof(ret.text), "gone");
    else if (change >= 1)
        snprintf(ret.text, sizeof(ret.text), change < 1e5 ? "×%.*f" : "×%.*e", change < 9 ? 1 : 0, change + 1);
    else
        snprintf(ret.text, sizeof(ret.text), "%+.1f %%", change * 100);
    return ret;
}

static struct units_text interval_text(const struct noise_figure *figure)
{
    struct units_text ret = {"within noise"};
    if (figure->judgement == NOISE_UNKNOWN)
        snprintf(ret.text, sizeof(ret.text), "too few to tell");
    if (figure->judgement == NOISE_UNKNOWN || figure->judgement == NOISE_WITHIN)
        return ret;
    if (!(figure->a > 0) || !(figure->b > 0))
        snprintf(ret.text, sizeof(ret.text), "beyond noise");
    else if (isfinite(figure->low) && isfinite(figure->high) && figure->high < 10 * figure->a)
        snprintf(ret.text, sizeof(ret.text), "%+.0f to %+.0f %%",
                 fmax(figure->low / figure->a * 100, -100), figure->high / figure->a * 100);
    else if (isfinite(figure->low) && figure->low > 0 && figure->low < 1000 * figure->a)
        snprintf(ret.text, sizeof(ret.text), "at least ×%.1f", 1 + figure->low / figure->a);
    else
        snprintf(ret.text, sizeof(ret.text), "beyond noise");
    return ret;
}

static enum screen_style judgement_style(enum noise_judgement judgement)
{
    return judgement == NOISE_LESS   ? STYLE_NOTE
           : judgement == NOISE_MORE ? STYLE_WARNING
                                     : STYLE_DIM;
}

static void begin_row(struct screen_line *line, const struct screen *screen, unsigned indent,
                      const char *name, const char *detail)
{
    struct columns at = columns_of(screen);
    unsigned room = at.a > FIGURE + indent ? at.a - FIGURE - indent : 8;
    unsigned behind = screen_columns(detail);
    screen_begin(line, screen);
    screen_column(line, indent);
    bool whole = screen_columns(name) + behind + 1 <= room;
    bool fits = behind > 0 && (whole || (screen->width >= WIDE && room > behind + 16));
    screen_add_text(line, STYLE_PLAIN, name, strlen(name), fits ? room - behind - 1 : room);
    if (fits)
        screen_add(line, STYLE_DIM, " %s", detail);
}

void diff_lines_heading(struct screen *screen, const char *title)
{
    struct columns at = columns_of(screen);
    struct screen_line line;
    screen_begin(&line, screen);
    screen_add_text(&line, STYLE_BOLD, title, strlen(title), at.a - 2);
    screen_right(&line, at.a, STYLE_DIM, "A");
    screen_right(&line, at.b, STYLE_DIM, "B");
    screen_right(&line, at.change, STYLE_DIM, "change");
    if (at.interval)
        screen_add(&line, STYLE_DIM, "   99 %% interval");
    screen_end(&line, screen);
}

void diff_lines_figure(struct screen *screen, unsigned indent, const char *name, const char *detail,
                       const struct noise_figure *figure, enum diff_unit unit)
{
    struct columns at = columns_of(screen);
    struct screen_line line;
    begin_row(&line, screen, indent, name, detail);
    bool beyond = figure->judgement == NOISE_LESS || figure->judgement == NOISE_MORE;
    screen_right(&line, at.a, STYLE_PLAIN, figure_text(figure->a, unit).text);
    screen_right(&line, at.b, STYLE_PLAIN, figure_text(figure->b, unit).text);
    /* Without the last column the change itself has to say that it is none. */
    struct units_text change = change_text(figure);
    if (!at.interval && !beyond)
        snprintf(change.text, sizeof(change.text), "%s",
                 figure->judgement == NOISE_WITHIN ? "noise" : "?");
    screen_right(&line, at.change, judgement_style(figure->judgement), change.text);
    if (at.interval) {
        screen_add(&line, STYLE_PLAIN, "   ");
        screen_add(&line, judgement_style(figure->judgement), "%s", interval_text(figure).text);
    }
    screen_end(&line, screen);
}

void diff_lines_total(struct screen *screen, unsigned indent, const char *name, uint64_t a, uint64_t b,
                      enum diff_unit unit)
{
    struct columns at = columns_of(screen);
    struct screen_line line;
    begin_row(&line, screen, indent, name, "");
    screen_right(&line, at.a, STYLE_PLAIN, unit == DIFF_TIME ? units_duration(a).text : units_count(a).text);
    screen_right(&line, at.b, STYLE_PLAIN, unit == DIFF_TIME ? units_duration(b).text : units_count(b).text);
    screen_end(&line, screen);
}

/* ---- header and footer ---- */

static void side_line(struct screen *screen, const struct difference_side *side, char letter)
{
    const struct model *model = side->analysis->model;
    const char *command = text_blocks_command(&model->processes[0]);
    char facts[200];
    int len = snprintf(facts, sizeof(facts), "   pid %d", (int)model->processes[0].pid);
    if (model->process_count > 1)
        len += snprintf(facts + len, sizeof(facts) - (size_t)len, " and %zu more",
                        model->process_count - 1);
    snprintf(facts + len, sizeof(facts) - (size_t)len, "   %s%s%s%s",
             units_duration(units_whole(side->seconds * 1e9)).text, side->requests > 0 ? ", " : "",
             side->requests > 0 ? units_plural(side->requests, "request").text : "",
             model->processes[0].state == PROCESS_EXITED ? "" : ", not finished");
    struct screen_line line;
    unsigned room = screen->width > screen_columns(facts) + 4 ? screen->width - screen_columns(facts) - 4 : 10;
    screen_begin(&line, screen);
    screen_add(&line, STYLE_BOLD, "%c  ", letter);
    screen_add_text(&line, STYLE_PLAIN, command, strlen(command), room < 10 ? 10 : room);
    screen_add(&line, STYLE_DIM, "%s", facts);
    screen_end(&line, screen);
}

void diff_lines_header(struct screen *screen, const struct difference *difference)
{
    screen_wrap(screen, 0, NULL, 0, difference->verdict, screen->width < WIDE ? 6 : 2);
    screen_blank(screen);
    side_line(screen, &difference->side[0], 'A');
    side_line(screen, &difference->side[1], 'B');
    if (!difference->same_command)
        screen_print(screen, STYLE_WARNING, "They are different commands: what they do may differ too");
}

void diff_lines_footer(struct screen *screen, const struct difference *difference, bool full)
{
    char text[400], runs[120] = "One run each says nothing of what differs from run to run.";
    unsigned a = difference->side[0].runs, b = difference->side[1].runs;
    if (a > 1 || b > 1)
        snprintf(runs, sizeof(runs), "The intervals hold what differs between the runs (%u of A, %u of B).",
                 a, b);
    snprintf(text, sizeof(text), "Within noise: inside the %.0f %% interval, or below %.0f %%. %s%s",
             NOISE_CONFIDENCE * 100, NOISE_FLOOR * 100, runs, full ? "" : " All figures: --full");
    screen_blank(screen);
    screen_wrap(screen, 0, NULL, 0, text, screen->width < WIDE ? 5 : 2);
}

/* ---- findings and optimizers ---- */

void diff_lines_finding(struct screen *screen, const struct difference_finding *one,
                        enum difference_basis basis)
{
    static const char *const words[] = {"within noise", "gone", "appeared", "smaller",
                                        "larger", "in both", "not measured in both"};
    static const enum screen_style styles[] = {STYLE_DIM,  STYLE_NOTE, STYLE_WARNING, STYLE_NOTE,
                                               STYLE_WARNING, STYLE_DIM, STYLE_DIM};
    struct columns at = columns_of(screen);
    struct screen_line line;
    (void)basis;
    begin_row(&line, screen, 2, one->of[0]->title, "");
    for (int i = 0; i < 2; i++) {
        const struct finding *of = one->of[i];
        double gain = i == 0 ? one->gain.a : one->gain.b;
        bool found = of->state == FINDING_FOUND;
        screen_right(&line, i == 0 ? at.a : at.b, STYLE_PLAIN,
                     !found ? "-" : of->gain_ns > 0 ? figure_text(gain, DIFF_TIME).text : "found");
    }
    if (at.interval) {
        bool both = one->of[0]->state == FINDING_FOUND && one->of[1]->state == FINDING_FOUND;
        bool compared = both && one->change != CHANGE_KEPT;
        screen_right(&line, at.change, styles[one->change], compared ? change_text(&one->gain).text : "");
        screen_add(&line, STYLE_PLAIN, "   ");
        screen_add(&line, styles[one->change], "%s", words[one->change]);
    } else {
        screen_right(&line, at.change, styles[one->change],
                     one->change == CHANGE_NONE      ? "noise"
                     : one->change == CHANGE_UNKNOWN ? "?"
                                                     : words[one->change]);
    }
    screen_end(&line, screen);
}

void diff_lines_optimizer(struct screen *screen, const struct difference_optimizer *one,
                          enum difference_basis basis)
{
    struct columns at = columns_of(screen);
    char name[80], detail[40];
    const char *a = optimizers_state_name(one->of[0]->state), *b = optimizers_state_name(one->of[1]->state);
    bool counted = isfinite(one->acted.a) && isfinite(one->acted.b);
    snprintf(detail, sizeof(detail), "a %s", difference_basis_name(basis));
    if (counted && (one->of[0]->acted > 0 || one->of[1]->acted > 0)) {
        snprintf(name, sizeof(name), "%s: %s", one->of[0]->name, optimizers_unit(one->id));
        diff_lines_figure(screen, 2, name, detail, &one->acted, DIFF_NUMBER);
        snprintf(name, sizeof(name), "%s: time saved", one->of[0]->name);
        diff_lines_figure(screen, 2, name, detail, &one->saved, DIFF_TIME);
        return;
    }
    struct screen_line line;
    begin_row(&line, screen, 2, one->of[0]->name, "");
    screen_right(&line, at.a, STYLE_PLAIN, a);
    screen_right(&line, at.b, STYLE_PLAIN, b);
    screen_end(&line, screen);
}
