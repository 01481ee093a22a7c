/* report.c: `strong-report [report]`, and `strong-report report PART`: one part of it, in tables or as a tree. */
#include "commands/report.h"

#include <stdlib.h>
#include <string.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/subject.h"
#include "read/text.h"
#include "render/full_report.h"
#include "render/json_report.h"
#include "render/screen.h"
#include "render/text_report.h"
#include "render/tree_report.h"
#include "render/view.h"

enum {
    WIDTH_LOWEST = 40,
    WIDTH_HIGHEST = 500,
    ROWS_HIGHEST = 100000,
    TREE_LINES = 24,
    TREE_LINES_FULL = 100000,
    WORDS_MOST = 64,
};

static bool as_json, full, tree, merge, callers, callees;
static const char *width_text, *lines_text, *cost_text;

static const struct argument arguments[] = {
    {"full", NULL, NULL, &full, "everything that was measured, in tables; of a PART, every row", 0},
    {"json", NULL, NULL, &as_json, "the same facts for programs; of a PART too, the whole document",
     0},
    {"merge", NULL, NULL, &merge, "the whole run as one, children included", 0},
    {"tree", NULL, NULL, &tree, "the processes of the run, one line each", 0},
    {"callers", NULL, NULL, &callers, "of a PART, a tree: what costs, and below it who called it",
     0},
    {"callees", NULL, NULL, &callees,
     "of a PART, a tree: who calls what, from the first function down", 0},
    {"cost", "COST", &cost_text, NULL,
     "of memory, what the tree is of: allocated, live, peak, temporary", 0},
    {"lines", "N", &lines_text, NULL, "of a PART, rows of each table, or lines of the tree", 0},
    {"width", "COLUMNS", &width_text, NULL, "line length (default: the terminal's)", 0},
    {0},
};

const struct argument *report_arguments(void)
{
    return arguments;
}

const struct command_word *report_words(void)
{
    static struct command_word words[WORDS_MOST + 1];
    for (size_t i = 0; views[i].name && i < WORDS_MOST; i++)
        words[i] = (struct command_word){views[i].name, views[i].meaning};
    return words;
}

static int print_all(FILE *out, const struct report_form *form, const struct analysis *shown,
                     const struct analysis *const *members, size_t count)
{
    struct screen screen;
    if (form->json)
        return json_report_print(out, shown, count > 1 ? members : NULL, count > 1 ? count : 0) == 0
                   ? EXIT_OK
                   : EXIT_FAILED;
    screen_init(&screen, out);
    if (form->width)
        screen.width = form->width;
    if (form->tree)
        tree_report_print(&screen, members, count, form->full ? TREE_LINES_FULL : TREE_LINES);
    else if (form->view)
        view_print(form->view, &screen, shown, &form->part);
    else if (form->full)
        full_report_print(&screen, shown);
    else
        text_report_print(&screen, shown);
    return EXIT_OK;
}

static int report_subjects(FILE *out, const struct report_form *form, struct subject *subjects,
                           size_t count)
{
    struct subject whole = {0};
    /* single processes are analysed only where somebody sees that: each reads symbols of its own */
    bool wants_members = form->tree || (form->json && count > 1) || count == 1;
    const struct analysis **members = calloc(count, sizeof(*members));
    int code = members ? EXIT_OK : EXIT_FAILED;
    for (size_t i = 0; i < count && wants_members && code == EXIT_OK; i++) {
        code = subject_analyse(&subjects[i]);
        if (code == EXIT_OK)
            members[i] = subjects[i].analysis;
    }
    if (code == EXIT_OK && count > 1)
        code = subject_merge(subjects, count, &whole);
    if (code == EXIT_OK)
        code =
            print_all(out, form, count > 1 ? whole.analysis : subjects[0].analysis, members, count);
    else
        fprintf(stderr, "strong-report: not enough memory\n");
    subject_done(&whole);
    free(members);
    return code;
}

int report_print(FILE *out, const struct selection *selection, const struct report_form *form)
{
    struct subject *subjects = calloc(selection->count, sizeof(*subjects));
    int code = EXIT_FAILED;
    size_t count = subjects ? subject_read(selection, subjects) : 0;
    if (count)
        code = report_subjects(out, form, subjects, count);
    for (size_t i = 0; i < count; i++)
        subject_done(&subjects[i]);
    free(subjects);
    return code;
}

/* "strong-report runn -- ./app" is a mistyped command, not two things to report; "report locs 42" a mistyped part. */
static int too_many(bool after_report, const struct arguments *rest)
{
    const char *names[WORDS_MOST + 1] = {0};
    for (size_t i = 0; views[i].name && i < WORDS_MOST; i++)
        names[i] = views[i].name;
    const char *part = after_report ? text_nearest(rest->rest[0], names) : NULL;
    if (part)
        return arguments_wrong("report", "no part '%s'; nearest: %s", rest->rest[0], part);
    const char *nearest = commands_nearest(rest->rest[0]);
    if (nearest)
        return arguments_wrong("", "unknown command '%s'; nearest: %s", rest->rest[0], nearest);
    return arguments_wrong("", "one process, file or run at a time; not '%s' too", rest->rest[1]);
}

/* Which cost the tree is of. */
static int take_cost(const struct view *view, enum calltree_cost *ret_cost)
{
    const char *names[CALLTREE_COSTS + 1] = {0};
    char all[200] = "";
    size_t count = 0;
    *ret_cost = view_cost(view);
    for (unsigned cost = 0; cost < CALLTREE_COSTS; cost++) {
        if (!(view->trees >> cost & 1))
            continue;
        const char *name = calltree_cost_name((enum calltree_cost)cost);
        if (cost_text && strcmp(cost_text, name) == 0) {
            *ret_cost = (enum calltree_cost)cost;
            return EXIT_OK;
        }
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", count ? ", " : "", name);
        names[count++] = name;
    }
    if (!cost_text)
        return EXIT_OK;
    const char *nearest = text_nearest(cost_text, names);
    if (nearest)
        return arguments_wrong("report", "%s has no cost '%s'; nearest: %s", view->name, cost_text,
                               nearest);
    return arguments_wrong("report", "%s has no cost '%s'; there is: %s", view->name, cost_text,
                           all);
}

/* The options that only a part of the report has. */
static int take_part(const struct view *view, struct view_form *ret_form)
{
    const char *option = callers ? "callers" : callees ? "callees" : cost_text ? "cost" : "lines";
    if (!callers && !callees && !cost_text && !lines_text)
        return EXIT_OK;
    if (!view && (lines_text == NULL || strcmp(option, "lines") != 0))
        return arguments_wrong("report",
                               "--%s needs a part that has trees: strong-report report cpu --%s",
                               option, callees ? "callees" : "callers");
    if (!view)
        return arguments_wrong(
            "report", "--lines needs a part: strong-report report cpu --lines=%s", lines_text);
    if (callers && callees)
        return arguments_wrong("report", "--callers or --callees, one at a time");
    if (cost_text && !callers && !callees)
        return arguments_wrong("report", "--cost goes with --callers or --callees");
    if ((callers || callees) && !view->trees)
        return arguments_wrong(
            "report", "%s has no tree of calls; cpu, blocked, locks and memory have", view->name);
    ret_form->tree = callers ? VIEW_CALLERS : callees ? VIEW_CALLEES : VIEW_TABLES;
    if (lines_text) {
        long lines = arguments_number("report", "lines", lines_text, 1, ROWS_HIGHEST);
        if (lines < 0)
            return EXIT_USAGE;
        ret_form->rows = (size_t)lines;
    }
    return take_cost(view, &ret_form->cost);
}

int report_command(int argc, char **argv)
{
    struct arguments rest;
    struct selection selection;
    if (arguments_parse("report", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    struct report_form form = {.json = as_json, .full = full, .tree = tree};
    /* Only after the word `report`: alone, a word is something to report. */
    bool after_report = strcmp(argv[0], "report") == 0;
    form.view = after_report && rest.count ? view_find(rest.rest[0]) : NULL;
    if (form.view) {
        rest.rest++;
        rest.count--;
    }
    form.part.whole = full;
    int code = rest.count > 1 ? too_many(after_report && !form.view, &rest)
                              : take_part(form.view, &form.part);
    if (code != EXIT_OK)
        return code;
    if (width_text) {
        long width = arguments_number("report", "width", width_text, WIDTH_LOWEST, WIDTH_HIGHEST);
        if (width < 0)
            return EXIT_USAGE;
        form.width = (unsigned)width;
    }
    code = select_word(rest.count ? rest.rest[0] : NULL, merge || tree, &selection);
    if (code != EXIT_OK)
        return code;
    code = report_print(stdout, &selection, &form);
    select_done(&selection);
    return code;
}
