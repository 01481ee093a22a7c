/* follow.c: see follow.h. */
#include "commands/follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "read/snapshot.h"

enum { JUDGE_PART = 300 };

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void name_it(struct follow *follow, const struct directory_entry *entry)
{
    const struct snapshot_summary *summary = &entry->summary;
    snprintf(follow->command, sizeof(follow->command), "%s",
             summary->command[0] ? summary->command : summary->executable);
    follow->pid = (pid_t)summary->header.pid;
    follow->state = entry->state;
}

struct follow *follow_new(const struct directory_entry *entry)
{
    struct follow *follow = calloc(1, sizeof(*follow));
    if (!follow)
        return NULL;
    follow->path = strdup(entry->path);
    follow->naming = naming_new();
    follow->judging = naming_new();
    if (!follow->path || !follow->naming || !follow->judging) {
        follow_free(follow);
        return NULL;
    }
    name_it(follow, entry);
    return follow;
}

/* Everything that was looked at. */
static void forget(struct follow *follow)
{
    analysis_free(follow->findings);
    rates_free(follow->rates);
    rates_free(follow->totals);
    model_free(follow->after);
    model_free(follow->final);
    model_free(follow->judged);
    follow->look_count = 0;
    follow->findings = NULL;
    follow->rates = follow->totals = NULL;
    follow->after = follow->final = follow->judged = NULL;
}

void follow_free(struct follow *follow)
{
    if (!follow)
        return;
    forget(follow);
    naming_free(follow->naming);
    naming_free(follow->judging);
    free(follow->path);
    free(follow);
}

bool follow_ended(const struct follow *follow)
{
    return follow->lost || (follow->state != PROCESS_RUNNING && follow->final);
}

static int read_model(const char *path, bool superseded, struct model **ret_model, char *message)
{
    struct snapshot *snapshot = NULL;
    int error = snapshot_open(path, &snapshot, message);
    if (error)
        return error;
    error = model_new(snapshot, superseded, ret_model);
    if (error)
        snprintf(message, SNAPSHOT_MESSAGE, "not enough memory");
    snapshot_free(snapshot);
    return error;
}

/* ---- when it ended ---- */

/* Is there a newer image of the same process? Then that is followed from now on. */
static bool take_next_image(struct follow *follow, struct directory *directory, size_t index)
{
    size_t next = directory->entries[index].next_image;
    if (next == DIRECTORY_NONE)
        return false;
    while (directory->entries[next].next_image != DIRECTORY_NONE)
        next = directory->entries[next].next_image;
    char *path = strdup(directory->entries[next].path);
    if (!path)
        return false;
    forget(follow);
    free(follow->path);
    follow->path = path;
    follow->lost = false;
    name_it(follow, &directory->entries[next]);
    snprintf(follow->note, sizeof(follow->note), "replaced by exec: now %.150s", follow->command);
    return true;
}

static bool follow_exec(struct follow *follow)
{
    struct directory directory = {0};
    bool taken = false;
    if (directory_read(&directory, true) != 0)
        return false;
    for (size_t i = 0; i < directory.count && !taken; i++)
        if (strcmp(directory.entries[i].path, follow->path) == 0)
            taken = take_next_image(follow, &directory, i);
    directory_done(&directory);
    return taken;
}

void follow_state(const struct follow *follow, char *buf, size_t size)
{
    const struct model *model = follow->final ? follow->final : follow->after;
    if (follow->lost)
        snprintf(buf, size, "segment gone");
    else if (follow->state == PROCESS_EXITED && model)
        snprintf(buf, size, "exited with status %d", model->processes[0].exit_status);
    else if (follow->state == PROCESS_EXECED)
        snprintf(buf, size, "replaced by exec");
    else if (follow->state == PROCESS_RUNNING && model && model->processes[0].stopped)
        snprintf(buf, size, "%s", model->processes[0].stopped);
    else
        snprintf(buf, size, "%s", model_state_name(follow->state));
}

static void tell_end(struct follow *follow)
{
    char state[64];
    follow_state(follow, state, sizeof(state));
    snprintf(follow->note, sizeof(follow->note), "it has ended (%s): these are its last figures",
             state);
}

/* ---- looking ---- */

static void keep_look(struct follow *follow, const struct model *model)
{
    if (model->resource_count == 0)
        return;
    if (follow->look_count == FOLLOW_LOOKS)
        memmove(follow->looks, follow->looks + 1, --follow->look_count * sizeof(*follow->looks));
    follow->looks[follow->look_count++] = model->resources[model->resource_count - 1];
}

/* Rates borrow from the model they end at: all that is new is made before anything old is freed. */
static int take_running(struct follow *follow, struct model *model)
{
    struct rates *rates = NULL, *totals = NULL;
    int error = rates_new(NULL, model, &totals);
    if (!error)
        error = rates_new(follow->after, model, &rates);
    if (error) {
        rates_free(totals);
        model_free(model);
        return error;
    }
    rates_free(follow->rates);
    rates_free(follow->totals);
    model_free(follow->after);
    follow->rates = rates;
    follow->totals = totals;
    follow->after = model;
    keep_look(follow, model);
    return 0;
}

static int take_final(struct follow *follow, struct model *model)
{
    struct rates *totals = NULL, *rates = NULL;
    int error = rates_new(NULL, model, &totals);
    if (!error && !follow->rates)
        error = rates_new(NULL, model, &rates);
    if (error) {
        rates_free(totals);
        model_free(model);
        return error;
    }
    rates_free(follow->totals);
    follow->totals = totals;
    if (rates)
        follow->rates = rates;
    model_free(follow->final);
    follow->final = model;
    tell_end(follow);
    return 0;
}

int follow_look(struct follow *follow)
{
    char message[SNAPSHOT_MESSAGE];
    struct model *model = NULL;
    if (follow_ended(follow) && !follow_exec(follow))
        return 0;
    int error = read_model(follow->path, false, &model, message);
    if (error) {
        follow->lost = error == -ENOENT;
        snprintf(follow->note, sizeof(follow->note), "%.190s", message);
        return error;
    }
    follow->state = model->processes[0].state;
    if (follow->state == PROCESS_RUNNING)
        return take_running(follow, model);
    if (follow_exec(follow)) {
        model_free(model);
        return follow_look(follow);
    }
    return take_final(follow, model);
}

const struct rates *follow_rates(const struct follow *follow, bool totals)
{
    return totals ? follow->totals : follow->rates;
}

struct symbols *follow_symbols(struct follow *follow, const struct rates *rates)
{
    return naming_symbols(follow->naming, &rates->model);
}

/* ---- the verdict ---- */

static bool too_early(const struct follow *follow, uint64_t pause_ns)
{
    uint64_t since = now_ns(CLOCK_MONOTONIC) - follow->judged_at_ns;
    return since < pause_ns || since < follow->judged_cost_ns * JUDGE_PART;
}

const struct analysis *follow_findings(struct follow *follow, uint64_t pause_ns)
{
    char message[SNAPSHOT_MESSAGE];
    bool last = follow->final && follow->judged &&
                follow->judged->processes[0].state != PROCESS_RUNNING;
    bool ended = follow->final != NULL;
    if (follow->findings && (last || follow->lost || (!ended && too_early(follow, pause_ns))))
        return follow->findings;
    struct model *model = NULL;
    uint64_t begin = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    /* a look of its own: the analysis keeps its model for longer than the looks are kept */
    if (read_model(follow->path, follow->state == PROCESS_EXECED, &model, message) != 0)
        return follow->findings;
    analysis_free(follow->findings); /* first: it uses the symbols that may now be replaced */
    model_free(follow->judged);
    follow->findings = NULL;
    follow->judged = model;
    struct symbols *symbols = naming_symbols(follow->judging, model);
    if (symbols && analysis_new(model, symbols, &follow->findings) != 0)
        follow->findings = NULL;
    follow->judged_at_ns = now_ns(CLOCK_MONOTONIC);
    follow->judged_cost_ns = now_ns(CLOCK_PROCESS_CPUTIME_ID) - begin;
    return follow->findings;
}
