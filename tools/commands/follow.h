/* follow.h: one process looked at again and again.
 *
 * Keeps the last look and what happened since the one before. A look reads the segment once, bounded by its size,
 * and never waits for its process. When the process ends, the figures of the last interval stay as they were
 * and those since the start are the final ones; when it replaces itself by exec, the new image is followed.
 * Single-threaded.
 */
#ifndef STRONG_COMMANDS_FOLLOW_H
#define STRONG_COMMANDS_FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "analyse/analysis.h"
#include "analyse/rates.h"
#include "read/directory.h"
#include "read/naming.h"

enum { FOLLOW_NOTE = 200, FOLLOW_LOOKS = 120 };

struct follow {
    char *path;
    char command[1024]; /* clean; known before the first look */
    pid_t pid;
    enum process_state state;
    bool lost;              /* the segment cannot be read any more */
    char note[FOLLOW_NOTE]; /* the last thing worth telling: it ended, was replaced; "" for nothing */
    struct model *after;  /* the last look at the running process */
    struct model *final;  /* once it has ended, or NULL */
    struct rates *rates;  /* of the last interval; since the start until there are two looks */
    struct rates *totals; /* since the start */
    struct model_resource looks[FOLLOW_LOOKS]; /* what the last looks read from outside, oldest first */
    size_t look_count;
    struct naming *naming;
    struct naming *judging; /* the findings' own: their texts live in its symbols */
    struct model *judged;   /* what they are about */
    struct analysis *findings;
    uint64_t judged_at_ns, judged_cost_ns; /* CLOCK_MONOTONIC; CPU time */
    uint64_t seen;                         /* for the owner: in which round it was found last */
};

/* NULL when memory is exhausted. */
struct follow *follow_new(const struct directory_entry *entry);
void follow_free(struct follow *follow);

/* Looks once. 0; -ENOMEM; or what snapshot_open said, then the figures stay and note says why. */
int follow_look(struct follow *follow);

/* It will not change any more, unless another image appears under its pid. */
bool follow_ended(const struct follow *follow);

/* "running", "stopped", "exited with status 3", "killed", "replaced by exec". */
void follow_state(const struct follow *follow, char *buf, size_t size);

/* The interval, or all since the start; NULL before the first look. */
const struct rates *follow_rates(const struct follow *follow, bool totals);

/* Symbols for the model of those rates; NULL when memory is exhausted. */
struct symbols *follow_symbols(struct follow *follow, const struct rates *rates);

/* The analysis of the whole life: made when there is none, when it has ended, and else not before `pause_ns` have
 * passed, nor so often that it would take more than a part of 300 of the time. NULL when memory is exhausted. */
const struct analysis *follow_findings(struct follow *follow, uint64_t pause_ns);

#endif
