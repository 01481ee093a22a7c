/* top.c: `strong-report top`: its options, and --batch, which prints a block of lines an interval. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/top.h"
#include "read/text.h"

enum { WIDTH_LOWEST = 40, WIDTH_HIGHEST = 400, BATCH_WIDTH = 400, BATCH_ROWS = 20 };

static bool batch, totals;
static const char *interval_text = "1s", *count_text, *view_text, *sort_text, *width_text,
                  *rows_text;

static const struct argument arguments[] = {
    {"interval", "TIME", &interval_text, NULL, "time between two looks (default: 1s)", 0},
    {"view", "VIEW", &view_text, NULL, "what to show first, see below", 0},
    {"sort", "COLUMN", &sort_text, NULL, "order the view by a column's title, as in --sort=P99", 0},
    {"totals", NULL, NULL, &totals, "figures since the start instead of the last interval's", 0},
    {"batch", NULL, NULL, &batch, "print lines instead of filling the screen", 0},
    {"count", "N", &count_text, NULL, "with --batch: stop after N blocks", 0},
    {"rows", "N", &rows_text, NULL, "with --batch: most rows of a block (default: 20; 0: all)", 0},
    {"width", "COLUMNS", &width_text, NULL, "with --batch: line length (default: the terminal's, or 400)", 0},
    {0},
};

const char top_notes[] =
    "Keys:\n"
    "\n" TOP_KEYS
    "\n"
    "Views:\n"
    "\n"
#define LIVE_VIEW(name, key, label, needs, sort, meaning) "  " #name "\n      " meaning "\n"
#include "render/live_views.def"
#undef LIVE_VIEW
    "\n"
    "Figures are those of the last interval: times as a share of one thread's, 100% for one thread all the\n"
    "time; P50 and P99 of the calls that ended in it.\n";

const struct argument *top_arguments(void)
{
    return arguments;
}

/* ---- options ---- */

/* Index of the view, or -1 after a message. */
static int view_of(const char *word)
{
    const char *names[LIVE_VIEW_COUNT + 1] = {0};
    for (int i = 0; i < LIVE_VIEW_COUNT; i++) {
        names[i] = live_kinds[i].name;
        if (strcmp(word, names[i]) == 0)
            return i;
    }
    const char *nearest = text_nearest(word, names);
    if (nearest)
        arguments_wrong("top", "unknown view '%s'; nearest: %s", word, nearest);
    else
        arguments_wrong("top", "unknown view '%s'; see strong-report help top", word);
    return -1;
}

/* The columns of a view come with its table. */
static int column_of(enum live_view view, const char *word)
{
    struct live_table table;
    struct screen screen = {.width = WIDTH_LOWEST};
    struct rates *rates = calloc(1, sizeof(*rates));
    struct model_process process = {.state = PROCESS_RUNNING};
    struct live_input input = {.rates = rates, .screen = &screen};
    const char *names[2 * LIVE_COLUMNS + 1] = {0};
    int found = -1, count = 0;
    if (!rates)
        return -1;
    rates->model.processes = &process;
    live_make(view, &input, &table);
    for (unsigned i = 0; i < table.column_count && found < 0; i++) {
        const char *titles[] = {table.columns[i].title, table.columns[i].total};
        for (int j = 0; j < 2 && titles[j]; j++) {
            names[count++] = titles[j];
            if (strcasecmp(word, titles[j]) == 0)
                found = (int)i;
        }
    }
    const char *nearest = found < 0 ? text_nearest(word, names) : NULL;
    if (found < 0 && nearest)
        arguments_wrong("top", "no column '%s' in the view of %s; nearest: %s", word,
                        live_kinds[view].name, nearest);
    else if (found < 0)
        arguments_wrong("top", "no column '%s' in the view of %s", word, live_kinds[view].name);
    live_table_done(&table);
    free(rates);
    return found;
}

struct form {
    long interval_ms, count, rows, width;
    int view, sort; /* -1: not said */
};

static int parse_form(struct form *form)
{
    *form = (struct form){.count = 0, .rows = BATCH_ROWS, .view = -1, .sort = -1};
    form->interval_ms = arguments_milliseconds("top", "interval", interval_text,
                                               TOP_INTERVAL_LEAST_MS, TOP_INTERVAL_MOST_MS);
    if (count_text)
        form->count = arguments_number("top", "count", count_text, 1, 1000000000);
    if (rows_text)
        form->rows = arguments_number("top", "rows", rows_text, 0, 1000000);
    if (width_text)
        form->width = arguments_number("top", "width", width_text, WIDTH_LOWEST, WIDTH_HIGHEST);
    if (form->interval_ms < 0 || form->count < 0 || form->rows < 0 || form->width < 0)
        return EXIT_USAGE;
    if (view_text && (form->view = view_of(view_text)) < 0)
        return EXIT_USAGE;
    return EXIT_OK;
}

/* ---- batch ---- */

static void print_block(struct top *top, const struct form *form)
{
    struct screen screen;
    char clock[16] = "";
    time_t now = time(NULL);
    struct tm local;
    screen_init(&screen, stdout);
    if (form->width)
        screen.width = (unsigned)form->width;
    else if (!isatty(fileno(stdout)))
        screen.width = BATCH_WIDTH;
    if (localtime_r(&now, &local))
        strftime(clock, sizeof(clock), "%H:%M:%S", &local);
    screen_print(&screen, STYLE_DIM, "%s  %s%s", clock, live_kinds[top->view].name,
                 top->totals ? ", since the start" : "");
    top_print(top, &screen, UINT32_MAX, (size_t)form->rows);
    if (form->rows && top->row_count > (size_t)form->rows)
        screen_print(&screen, STYLE_DIM, "and %zu more: --rows=0", top->row_count - (size_t)form->rows);
    screen_blank(&screen);
}

static void pause_ms(long ms)
{
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        ;
}

/* Whoever reads our lines may go away between two of them: then we do not write the next one. */
static bool reader_is_gone(void)
{
    struct pollfd out = {.fd = fileno(stdout)};
    errno = 0;
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed && errno == EPIPE)
        clearerr(stdout); /* not worth a word; main tells of all other errors */
    return failed || (poll(&out, 1, 0) == 1 && out.revents & POLLERR);
}

static int run_batch(struct top *top, const struct form *form)
{
    int error = top_look(top);
    for (long printed = 0; !error && (form->count == 0 || printed < form->count); printed++) {
        bool ended = top_ended(top);
        if (ended)
            top->totals = true; /* there will be no interval */
        else if (printed > 0 || !top->totals) {
            pause_ms(form->interval_ms);
            error = top_look(top);
        }
        if (error)
            break;
        print_block(top, form);
        if (reader_is_gone())
            return EXIT_OK;
        if (ended) {
            fprintf(stderr, "strong-report top: %s\n",
                    *top_note(top) ? top_note(top) : "all of them have ended");
            return EXIT_OK;
        }
    }
    if (error)
        fprintf(stderr, "strong-report top: not enough memory\n");
    return error ? EXIT_FAILED : EXIT_OK;
}

/* ---- the command ---- */

static int apply(struct top *top, const struct form *form)
{
    top->totals = totals;
    if (form->view >= 0 && !(live_kinds[form->view].needs & LIVE_PROCESSES) && !top->subject) {
        if (top->follow_count > 1)
            return arguments_wrong("top", "%zu processes run: name one by its pid for the view of %s",
                                   top->follow_count, live_kinds[form->view].name);
        if (top->follow_count == 0) {
            fprintf(stderr, "strong-report top: no measured process runs; start one: strong-report run "
                            "-- COMMAND\n");
            return EXIT_NO_DATA;
        }
        top->subject = top->follows[0];
    }
    if (form->view >= 0)
        top_show(top, (enum live_view)form->view);
    if (sort_text) {
        int column = column_of(top->view, sort_text);
        if (column < 0)
            return EXIT_USAGE;
        top->sort[top->view] = (unsigned)column;
    }
    return EXIT_OK;
}

int top_command(int argc, char **argv)
{
    struct arguments rest;
    struct form form;
    struct top top;
    if (arguments_parse("top", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count > 1)
        return arguments_wrong("top", "one process, file or run at a time; not '%s' too", rest.rest[1]);
    if (parse_form(&form) != EXIT_OK)
        return EXIT_USAGE;
    if (!batch && (count_text || rows_text || width_text))
        return arguments_wrong("top", "--%s goes with --batch",
                               count_text ? "count" : rows_text ? "rows" : "width");
    int code = top_init(&top, rest.count ? rest.rest[0] : NULL, (unsigned)form.interval_ms);
    if (code != EXIT_OK)
        return code;
    code = apply(&top, &form);
    if (code == EXIT_OK && batch)
        code = run_batch(&top, &form);
    else if (code == EXIT_OK)
        code = top_screen_run(&top);
    top_done(&top);
    return code;
}
