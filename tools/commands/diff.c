/* diff.c: `strong-report diff A B`: what changed from one measurement to another. */
#include <errno.h>
#include <stdio.h>

#include "analyse/difference.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/subject.h"
#include "render/diff_report.h"
#include "render/html_diff.h"
#include "render/json_diff.h"
#include "render/screen.h"

enum { WIDTH_LOWEST = 40, WIDTH_HIGHEST = 500 };

static bool as_json, as_html, full;
static const char *width_text, *output_path;

static const struct argument arguments[] = {
    {"full", NULL, NULL, &full, "every figure of every row: mean, p50, p99, a second, in all", 0},
    {"html", NULL, NULL, &as_html, "a page for a browser, with red and blue flame graphs", 0},
    {"json", NULL, NULL, &as_json, "the same facts for programs (render/diff.schema.json)", 0},
    {"output", "FILE", &output_path, NULL, "write to FILE, whole or not at all (default: standard output)", 'o'},
    {"width", "COLUMNS", &width_text, NULL, "line length (default: the terminal's)", 0},
    {0},
};

const struct argument *diff_arguments(void)
{
    return arguments;
}

const char diff_notes[] =
    "A and B are each a segment file, a folder of segment files, a pid, a program's name or the name of\n"
    "a run (strong-report run --name=NAME); folders and runs count as one, merged.\n\n"
    "  STRONG_OPTIMIZE=none strong-report run --name=before -- ./app\n"
    "  strong-report run --name=after -- ./app\n"
    "  strong-report diff before after\n\n"
    "Times are for each call, or for each request where both sides made some; the whole run's time is\n"
    "for each request, else for each run where both ran the same command to its end, else for each\n"
    "second. What lies inside its 99 % interval, or below 10 %, is called within noise. The intervals\n"
    "take calls as independent of each other. What differs from run to run they know only where A or B is\n"
    "several runs: three or more under one name, or in one folder, make them honest.\n";

static int print(FILE *out, const struct difference *difference, unsigned width)
{
    struct screen screen;
    if (as_html || as_json) {
        int error = as_html ? html_diff_write(out, difference) : json_diff_print(out, difference);
        if (error == -ENOMEM)
            fprintf(stderr, "strong-report: not enough memory\n");
        return error == 0 ? EXIT_OK : EXIT_FAILED;
    }
    screen_init(&screen, out);
    if (width)
        screen.width = width;
    if (full)
        diff_report_full(&screen, difference);
    else
        diff_report_print(&screen, difference);
    return EXIT_OK;
}

/* The file is opened last: what cannot be compared leaves none. */
static int write_to(const char *path, const struct difference *difference, unsigned width)
{
    struct output output;
    int code = output_open("diff", path, &output);
    if (code != EXIT_OK)
        return code;
    return output_close(&output, print(output.file, difference, width));
}

/* The word's segments as one. */
static int read_side(const char *word, struct subject *ret_subject)
{
    struct selection selection;
    int code = select_word(word, false, &selection);
    if (code != EXIT_OK)
        return code;
    code = subject_whole(&selection, ret_subject);
    select_done(&selection);
    return code;
}

static int compare(const char *const words[2], unsigned width)
{
    struct subject side[2] = {{0}};
    struct difference *difference = NULL;
    int code = read_side(words[0], &side[0]);
    if (code == EXIT_OK)
        code = read_side(words[1], &side[1]);
    struct difference_source source[2];
    for (int i = 0; i < 2; i++)
        source[i] = (struct difference_source){side[i].analysis,
                                               (const struct model *const *)side[i].members,
                                               side[i].member_count};
    if (code == EXIT_OK && difference_new(&source[0], &source[1], &difference) != 0) {
        fprintf(stderr, "strong-report: not enough memory\n");
        code = EXIT_FAILED;
    }
    if (code == EXIT_OK)
        code = write_to(output_path, difference, width);
    difference_free(difference);
    subject_done(&side[1]);
    subject_done(&side[0]);
    return code;
}

int diff_command(int argc, char **argv)
{
    struct arguments rest;
    long width = 0;
    if (arguments_parse("diff", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count < 2)
        return arguments_wrong("diff", "what with what? strong-report diff A B");
    if (rest.count > 2)
        return arguments_wrong("diff", "two at a time; not '%s' too", rest.rest[2]);
    if (width_text) {
        width = arguments_number("diff", "width", width_text, WIDTH_LOWEST, WIDTH_HIGHEST);
        if (width < 0)
            return EXIT_USAGE;
    }
    if (as_html && as_json)
        return arguments_wrong("diff", "one form at a time: --html or --json");
    const char *const words[2] = {rest.rest[0], rest.rest[1]};
    return compare(words, (unsigned)width);
}
