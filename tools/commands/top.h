/* top.h: what `top` shows and how keys change it, without a terminal; for top*.c only.
 *
 * A round: top_look reads what the view needs, top_print writes its lines to a screen. Both the
 * lines of --batch and the full screen come from there. Single-threaded.
 */
#ifndef STRONG_COMMANDS_TOP_H
#define STRONG_COMMANDS_TOP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "commands/follow.h"
#include "render/live.h"

enum { TOP_FILTER = 64, TOP_INTERVAL_LEAST_MS = 100, TOP_INTERVAL_MOST_MS = 3600000 };

struct top {
    const char *word;        /* what the processes are chosen by; NULL: all of ours */
    bool file;               /* the word is a segment's path */
    struct follow **follows; /* those that run, and a while longer those that ended */
    size_t follow_count;
    struct follow *subject; /* one of them, or NULL in the view of processes */
    uint64_t round;
    unsigned interval_ms;
    enum live_view view;
    unsigned sort[LIVE_VIEW_COUNT];
    bool reverse[LIVE_VIEW_COUNT];
    bool totals, paused;
    char filter[TOP_FILTER];
    size_t selected, first; /* row that is marked, and the first that is shown */
    uint64_t selected_id; /* what is there, in the view of processes */
    bool marked_anew;     /* the mark was moved: not back to what it was on */
    size_t row_count; /* of the last print */
    unsigned column_count;
    size_t next; /* whose turn it is where not all can be looked at in one round */
};

/* word NULL: all processes. EXIT_OK, or another exit code after a message on stderr. */
int top_init(struct top *top, const char *word, unsigned interval_ms);
void top_done(struct top *top);

/* Looks at the processes there are, or at the one that is shown. -ENOMEM or 0. */
int top_look(struct top *top);

/* Follows the process of that id (live_process.id) in the view of calls; 0: back to all of them. */
void top_choose(struct top *top, uint64_t id);

/* Changes the view; one of a single process is only taken where there is one, which the marked row says where several
 * run. False where there is none. */
bool top_show(struct top *top, enum live_view view);

/* One line about what happened ("it has ended …"), or "". */
const char *top_note(const struct top *top);

/* Nothing that is watched can change any more. */
bool top_ended(const struct top *top);

/* Prints what is shown: head, heading and rows, together at most `height` lines where there is room for the heading, and
 * at most `most` rows (0: any number). Returns the number of lines above the rows. */
unsigned top_print(struct top *top, struct screen *screen, unsigned height, size_t most);

/* Orders the view by the column that many after (or before) the present one. */
void top_sort_next(struct top *top, int step);

/* The keys of the full screen, a line each: for its help and the command's. */
#define TOP_KEYS                                                                                   \
    "  1 to 0, Tab    views, see below: all but the first are about one process\n"                  \
    "  arrows, PgUp…  move; Enter follows the marked process, Esc goes back to all\n"               \
    "  < >            order by the column before or after; r the other way round\n"                \
    "  /              show only lines with a word (Esc: all again)\n"                              \
    "  t              since the start, or rates of the last interval\n"                            \
    "  space          pause;  + - longer or shorter interval;  q quit\n"

/* Can this terminal be drawn on at all? EXIT_OK, or EXIT_USAGE after a message. */
int top_terminal_check(void);

/* The full screen. EXIT_OK or EXIT_FAILED after a message. */
int top_screen_run(struct top *top);

#endif
