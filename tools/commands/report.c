/* report.c: `strong-report [report]`, and `strong-report report VIEW`: one part of it in tables. */
#include "commands/report.h"

#include <stdlib.h>
#include <string.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/subject.h"
#include "read/text.h"
#include "render/full_report.h"
#include "render/json_report.h"
#include "render/memory_report.h"
#include "render/screen.h"
#include "render/text_report.h"
#include "render/tree_report.h"

enum { WIDTH_LOWEST = 40, WIDTH_HIGHEST = 500, TREE_LINES = 24, TREE_LINES_FULL = 100000 };

static bool as_json, full, tree, merge;
static const char *width_text;

static const struct argument arguments[] = {
    {"full", NULL, NULL, &full, "everything that was measured, in tables", 0},
    {"json", NULL, NULL, &as_json, "the same facts for programs", 0},
    {"merge", NULL, NULL, &merge, "the whole run as one, children included", 0},
    {"tree", NULL, NULL, &tree, "the processes of the run, one line each", 0},
    {"width", "COLUMNS", &width_text, NULL, "line length (default: the terminal's)", 0},
    {0},
};

/* Parts of the report, each in its own tables. The place of a line is its enum report_view, from 1. */
static const struct command_word views[] = {
    {"memory", "what was allocated where, what lives, what lived at the peak, the allocator over time"},
    {0},
};

const struct argument *report_arguments(void)
{
    return arguments;
}

const struct command_word *report_words(void)
{
    return views;
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
    else if (form->view == REPORT_MEMORY)
        memory_report_print(&screen, shown);
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
        code = print_all(out, form, count > 1 ? whole.analysis : subjects[0].analysis, members,
                         count);
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

/* "strong-report runn -- ./app" is a mistyped command, not two things to report. */
static int too_many(const struct arguments *rest)
{
    const char *nearest = commands_nearest(rest->rest[0]);
    if (nearest)
        return arguments_wrong("", "unknown command '%s'; nearest: %s", rest->rest[0], nearest);
    return arguments_wrong("", "one process, file or run at a time; not '%s' too", rest->rest[1]);
}

int report_command(int argc, char **argv)
{
    struct arguments rest;
    struct selection selection;
    if (arguments_parse("report", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    struct report_form form = {.json = as_json, .full = full, .tree = tree};
    /* Only after the word `report`: alone, a word is something to report. */
    const struct command_word *view = strcmp(argv[0], "report") == 0 && rest.count
                                          ? commands_word(views, rest.rest[0])
                                          : NULL;
    if (view) {
        form.view = (enum report_view)(view - views + 1);
        rest.rest++;
        rest.count--;
    }
    if (rest.count > 1)
        return too_many(&rest);
    if (width_text) {
        long width =
            arguments_number("report", "width", width_text, WIDTH_LOWEST, WIDTH_HIGHEST);
        if (width < 0)
            return EXIT_USAGE;
        form.width = (unsigned)width;
    }
    int code = select_word(rest.count ? rest.rest[0] : NULL, merge || tree, &selection);
    if (code != EXIT_OK)
        return code;
    code = report_print(stdout, &selection, &form);
    select_done(&selection);
    return code;
}
