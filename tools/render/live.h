/* live.h: the views of `top`: what one process does, or all of them, as tables.
 *
 * A view turns facts into rows (live_table.h); it keeps nothing from look to look, reads no clock and no file but
 * through the symbols, and knows no terminal. Single-threaded.
 */
#ifndef STRONG_RENDER_LIVE_H
#define STRONG_RENDER_LIVE_H

#include "analyse/analysis.h"
#include "analyse/rates.h"
#include "render/live_table.h"
#include "render/screen.h"

enum live_view {
#define LIVE_VIEW(name, key, label, needs, sort, meaning) LIVE_##name,
#include "render/live_views.def"
#undef LIVE_VIEW
    LIVE_VIEW_COUNT,
};

enum live_needs { LIVE_PROCESSES = 1, LIVE_SYMBOLS = 2, LIVE_FINDINGS = 4 };

/* One line of the view of processes. */
struct live_process {
    uint64_t id;
    pid_t pid;
    const char *command;
    const char *ended;         /* "exited", "killed"; NULL: it runs */
    const char *stopped;       /* "stopped", "being traced", or NULL */
    uint64_t age_ns;           /* life so far, or how long it lived */
    const struct rates *rates; /* NULL: not looked at yet */
};

struct live_input {
    const struct rates *rates;   /* of the interval, or since the start; NULL in LIVE_PROCESSES */
    struct symbols *symbols;     /* for rates->model; NULL where the view needs none */
    const struct analysis *findings; /* since the start; NULL where the view needs none, or there is none yet */
    const struct model_resource *looks; /* readings from outside, oldest first, for a history beside the segment's own */
    size_t look_count;
    const struct live_process *processes;
    size_t process_count;
    bool totals;
    const struct screen *screen; /* its width and characters, for what is no plain cell */
};

struct live_kind {
    const char *name, *label, *meaning;
    char key;
    unsigned needs, sort;
    void (*fill)(const struct live_input *input, struct live_table *table);
};

extern const struct live_kind live_kinds[LIVE_VIEW_COUNT];

/* Makes the table of a view; live_table_done frees it. */
void live_make(enum live_view view, const struct live_input *input, struct live_table *ret_table);

/* Who it is and how it does, in two lines above every view of one process. state: "running", "killed", … */
void live_head(struct screen *screen, const struct rates *rates, const char *state);

/* The class that most thread time was spent waiting in: "network 82%"; "" for none. Waiting for work and sleeping count. */
struct units_text live_wait_text(const struct rates *rates);

#define LIVE_VIEW(name, key, label, needs, sort, meaning)                                          \
    void live_##name##_view(const struct live_input *input, struct live_table *table);
#include "render/live_views.def"
#undef LIVE_VIEW

#endif
