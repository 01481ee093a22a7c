/* top_screen.c: the full screen of top: drawing, keys, and leaving the terminal as it was.
 *
 * The lines come from top_print; this only cuts them to the terminal's height and turns the screen's styles into
 * attributes. Signals that end us are taken only while we wait for a key: a flag is set, and the loop leaves by its
 * one exit, where the terminal is restored. SIGTSTP, SIGCONT and SIGWINCH are curses' own.
 */
#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/top.h"

enum { LEAST_COLUMNS = 40, LEAST_LINES = 6, FIRST_PAUSE_MS = 500, KEY_ESCAPE = 27 };

static volatile sig_atomic_t ending;

static void on_end(int number)
{
    ending = number;
}

struct view {
    struct top *top;
    bool colour, help, typing; /* typing: the filter */
    uint64_t next_look_ns;
    sigset_t waiting; /* signals that are held back, but for the wait */
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- drawing ---- */

static attr_t attributes_of(const struct view *view, enum screen_style style)
{
    static const attr_t plain[] = {
        [STYLE_PLAIN] = A_NORMAL,   [STYLE_BOLD] = A_BOLD,    [STYLE_DIM] = A_DIM,
        [STYLE_CRITICAL] = A_BOLD,  [STYLE_WARNING] = A_BOLD, [STYLE_NOTE] = A_BOLD | A_UNDERLINE,
        [STYLE_BAR] = A_NORMAL,
    };
    if (!view->colour || style < STYLE_CRITICAL)
        return plain[style];
    return COLOR_PAIR(style) | (style == STYLE_CRITICAL || style == STYLE_NOTE ? A_BOLD : A_NORMAL);
}

static void init_colours(struct view *view)
{
    const char *unwanted = getenv("NO_COLOR");
    view->colour = has_colors() && !(unwanted && *unwanted);
    if (!view->colour)
        return;
    start_color();
    use_default_colors();
    init_pair(STYLE_CRITICAL, COLOR_RED, -1);
    init_pair(STYLE_WARNING, COLOR_YELLOW, -1);
    init_pair(STYLE_NOTE, COLOR_CYAN, -1);
    init_pair(STYLE_BAR, COLOR_BLUE, -1);
}

/* One line as the screen printed it, without its newline. */
static void draw_line(const struct view *view, int y, char *line, bool marked)
{
    enum screen_style style = STYLE_PLAIN;
    move(y, 0);
    for (char *at = line, *from = line;; at++) {
        enum screen_style next = style;
        size_t code = *at ? screen_style_at(at, &next) : 0;
        if (*at && code == 0)
            continue;
        attrset(marked ? A_REVERSE : attributes_of(view, style));
        addnstr(from, (int)(at - from));
        if (!*at)
            break;
        style = next;
        from = at + code;
        at += code - 1;
    }
    if (marked)
        mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
    attrset(A_NORMAL);
}

/* Text of our own, in the terminal's characters, cut at its width. */
static void put(const struct view *view, int y, enum screen_style style, const char *text)
{
    struct screen screen;
    struct screen_line line;
    screen_init(&screen, stdout);
    screen.width = (unsigned)COLS;
    screen.colour = false;
    screen_begin(&line, &screen);
    screen_add(&line, style, "%s", text);
    line.text[line.len] = 0;
    attrset(attributes_of(view, style));
    mvaddstr(y, 0, line.text);
    attrset(A_NORMAL);
}

static void draw_tabs(const struct view *view)
{
    move(LINES - 1, 0);
    for (unsigned i = 0; i < LIVE_VIEW_COUNT; i++) {
        const struct live_kind *kind = &live_kinds[i];
        int left = COLS - getcurx(stdscr);
        if (left < (int)strlen(kind->label) + 3)
            break;
        attrset(i == view->top->view ? A_REVERSE : A_NORMAL);
        addch((chtype)kind->key | A_BOLD);
        addstr(kind->label);
        attrset(A_NORMAL);
        addch(' ');
    }
    char right[40];
    int len = snprintf(right, sizeof(right), "%gs ?help q", view->top->interval_ms / 1000.0);
    if (COLS - getcurx(stdscr) > len)
        mvaddstr(LINES - 1, COLS - len - 1, right);
}

/* What is unusual about what is shown; false where nothing is. */
static bool draw_status(const struct view *view)
{
    const struct top *top = view->top;
    char text[512], filter[TOP_FILTER + 16] = "";
    if (view->typing || *top->filter)
        snprintf(filter, sizeof(filter), "  /%s%s", top->filter, view->typing ? "_" : "");
    bool all = live_kinds[top->view].needs & LIVE_PROCESSES;
    const char *note = all ? "" : top_note(top);
    snprintf(text, sizeof(text), "%s%s%s%s%s", *note ? "  " : "", note,
             top->paused ? "  paused: space goes on" : "",
             top->totals ? "  since the start: t for rates" : "", filter);
    if (!*text)
        return false;
    put(view, LINES - 2, STYLE_WARNING, text + 2);
    return true;
}

static void draw_help(const struct view *view)
{
    static const char *const text[] = {
        "Keys\n" TOP_KEYS "\n",
        "Times are shares of one thread's; P50 and P99 of the calls that ended meanwhile.\n\n",
    };
    int y = 0;
    for (size_t i = 0; i < sizeof(text) / sizeof(text[0]); i++)
        for (const char *at = text[i]; *at && y < LINES - 1; at += strcspn(at, "\n") + 1) {
            char line[120];
            snprintf(line, sizeof(line), "%.*s", (int)strcspn(at, "\n"), at);
            put(view, y, y ? STYLE_PLAIN : STYLE_BOLD, line);
            y++;
        }
    for (unsigned i = 0; i < LIVE_VIEW_COUNT && y < LINES - 1; i++) {
        char line[160];
        snprintf(line, sizeof(line), "  %c %-11s %s", live_kinds[i].key, live_kinds[i].name,
                 live_kinds[i].meaning);
        put(view, y++, STYLE_PLAIN, line);
    }
    put(view, LINES - 1, STYLE_DIM, "any key goes on");
}

static void draw_rows(const struct view *view, unsigned height)
{
    struct top *top = view->top;
    struct screen screen;
    char *text = NULL, *next;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return;
    screen_init(&screen, stdout);
    screen.out = out;
    screen.width = (unsigned)COLS;
    screen.colour = true; /* its styles become attributes, coloured or not */
    unsigned above = top_print(top, &screen, height, 0);
    if (fclose(out) == 0) {
        unsigned y = 0;
        for (char *line = text; *line && y < height; line = next, y++) {
            next = line + strcspn(line, "\n");
            if (*next)
                *next++ = 0;
            draw_line(view, (int)y, line,
                      top->row_count && y == above + top->selected - top->first);
        }
    }
    free(text);
}

static void draw(const struct view *view)
{
    erase();
    if (COLS < LEAST_COLUMNS || LINES < LEAST_LINES) {
        char text[64];
        snprintf(text, sizeof(text), "too small: %dx%d", LEAST_COLUMNS, LEAST_LINES);
        mvaddnstr(0, 0, text, COLS > 1 ? COLS - 1 : 0);
    } else if (view->help) {
        draw_help(view);
    } else {
        bool status = draw_status(view);
        draw_rows(view, (unsigned)LINES - 1 - status);
        draw_tabs(view);
    }
    refresh();
}

/* ---- keys ---- */

static void move_mark(struct top *top, long step)
{
    long to = (long)top->selected + step, last = top->row_count ? (long)top->row_count - 1 : 0;
    top->selected = (size_t)(to < 0 ? 0 : to > last ? last : to);
    top->marked_anew = true;
}

static void show(struct view *view, enum live_view which)
{
    if (!top_show(view->top, which)) {
        beep();
        return;
    }
    if (live_kinds[which].needs & LIVE_SYMBOLS) { /* for the first time that may take a moment */
        erase();
        put(view, 0, STYLE_DIM, "reading symbols…");
        refresh();
    }
    if (live_kinds[which].needs & LIVE_PROCESSES || !follow_rates(view->top->subject, false))
        view->next_look_ns = 0;
}

static void change_interval(struct top *top, bool longer)
{
    static const unsigned steps[] = {100, 200, 500, 1000, 2000, 5000, 10000, 30000, 60000};
    enum { STEPS = sizeof(steps) / sizeof(steps[0]) };
    unsigned at = 0;
    while (at + 1 < STEPS && steps[at] < top->interval_ms)
        at++;
    if (longer && at + 1 < STEPS && steps[at] <= top->interval_ms)
        at++;
    else if (!longer && at > 0)
        at--;
    top->interval_ms = steps[at];
}

/* While the filter is typed; every other key ends that. */
static bool type_key(struct view *view, int key)
{
    char *filter = view->top->filter;
    size_t len = strlen(filter);
    if (key == '\n' || key == '\r' || key == KEY_ENTER) {
        view->typing = false;
    } else if (key == KEY_ESCAPE) {
        view->typing = false;
        *filter = 0;
    } else if (key == KEY_BACKSPACE || key == 127 || key == 8) {
        filter[len ? len - 1 : 0] = 0;
    } else if (key >= ' ' && key < 256 && len + 1 < TOP_FILTER) {
        filter[len] = (char)key;
        filter[len + 1] = 0;
    } else {
        return false;
    }
    return true;
}

static void go_back(struct view *view)
{
    struct top *top = view->top;
    if (*top->filter)
        *top->filter = 0;
    else if (!(live_kinds[top->view].needs & LIVE_PROCESSES))
        show(view, LIVE_processes);
}

static void follow_marked(struct view *view)
{
    struct top *top = view->top;
    if (!(live_kinds[top->view].needs & LIVE_PROCESSES) || !top->selected_id)
        return;
    top_choose(top, top->selected_id);
    show(view, LIVE_calls);
}

static void move_key(struct view *view, int key)
{
    struct top *top = view->top;
    long page = LINES > 8 ? LINES - 6 : 1;
    long most = (long)top->row_count;
    move_mark(top, key == KEY_UP      ? -1
                   : key == KEY_DOWN  ? 1
                   : key == KEY_PPAGE ? -page
                   : key == KEY_NPAGE ? page
                   : key == KEY_HOME  ? -most
                                      : most);
}

/* false: quit */
static bool take_key(struct view *view, int key)
{
    struct top *top = view->top;
    if (view->help && key != KEY_RESIZE) { /* goes away; the key of a view still means that */
        view->help = false;
        if (key < '0' || key > '9')
            return true;
    }
    if (view->typing && type_key(view, key))
        return true;
    for (unsigned i = 0; i < LIVE_VIEW_COUNT; i++)
        if (key == live_kinds[i].key)
            show(view, (enum live_view)i);
    switch (key) {
    case 'q':
        return false;
    case 'h':
    case '?':
    case KEY_F(1):
        view->help = true;
        break;
    case '\t':
        show(view, (top->view + 1) % LIVE_VIEW_COUNT);
        break;
    case ' ':
        top->paused = !top->paused;
        break;
    case 't':
        top->totals = !top->totals;
        break;
    case 'r':
        top->reverse[top->view] = !top->reverse[top->view];
        break;
    case '<':
    case '>':
        top_sort_next(top, key == '<' ? -1 : 1);
        break;
    case '+':
    case '-':
        change_interval(top, key == '+');
        break;
    case '/':
        view->typing = true;
        break;
    case '\n':
    case '\r':
    case KEY_ENTER:
        follow_marked(view);
        break;
    case KEY_ESCAPE:
    case KEY_BACKSPACE:
        go_back(view);
        break;
    case KEY_UP:
    case KEY_DOWN:
    case KEY_PPAGE:
    case KEY_NPAGE:
    case KEY_HOME:
    case KEY_END:
        move_key(view, key);
        break;
    default:
        break;
    }
    return true;
}

/* ---- the loop ---- */

/* Waits for a key until the next look is due. false: the terminal is gone. */
static bool wait_for_key(struct view *view)
{
    uint64_t now = now_ns();
    uint64_t left = view->next_look_ns > now ? view->next_look_ns - now : 0;
    struct timespec pause = {(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready = ppoll(&in, 1, view->top->paused ? NULL : &pause, &view->waiting);
    return ready <= 0 || !(in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

static int run(struct view *view)
{
    struct top *top = view->top;
    unsigned looks = 0;
    for (bool on = true; on && !ending;) {
        if (now_ns() >= view->next_look_ns && !top->paused) {
            if (top_look(top) == -ENOMEM)
                return -ENOMEM;
            /* the first figures a second are soon there */
            unsigned pause = looks++ == 0 && top->interval_ms > FIRST_PAUSE_MS ? FIRST_PAUSE_MS
                                                                                : top->interval_ms;
            view->next_look_ns = now_ns() + pause * 1000000ull;
        }
        draw(view);
        on = wait_for_key(view);
        for (int key; on && !ending && (key = getch()) != ERR;)
            on = take_key(view, key);
    }
    return 0;
}

static void catch_signals(struct view *view, sigset_t *ret_before)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT};
    struct sigaction action = {.sa_handler = on_end};
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        sigaction(numbers[i], &action, NULL);
        sigaddset(&held, numbers[i]);
    }
    sigprocmask(SIG_BLOCK, &held, ret_before);
    view->waiting = *ret_before;
}

int top_screen_run(struct top *top)
{
    struct view view = {.top = top};
    sigset_t before;
    int code = top_terminal_check();
    if (code != EXIT_OK)
        return code;
    catch_signals(&view, &before);
    set_escdelay(50);
    SCREEN *terminal = newterm(NULL, stdout, stdin);
    if (!terminal)
        return arguments_wrong("top", "cannot draw on this terminal: --batch prints lines");
    cbreak();
    noecho();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    curs_set(0);
    init_colours(&view);
    int error = run(&view);
    endwin();
    delscreen(terminal);
    if (error)
        fprintf(stderr, "strong-report top: not enough memory\n");
    if (ending) { /* end as the signal would have ended us, with the terminal restored */
        signal(ending, SIG_DFL);
        sigprocmask(SIG_SETMASK, &before, NULL);
        raise(ending);
    }
    return error ? EXIT_FAILED : EXIT_OK;
}
