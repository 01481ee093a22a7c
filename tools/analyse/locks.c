/* locks.c: waits for locks by place, and the rule about them. A wait is a contended acquisition:
 * libstrong tries first and times only what did not succeed at once.
 */
#include "analyse/locks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/rules.h"

static int longest_first(const void *left, const void *right)
{
    const struct analysis_lock *a = left, *b = right;
    return a->ns < b->ns ? 1 : a->ns > b->ns ? -1 : strcmp(a->waiter, b->waiter);
}

static struct analysis_lock *lock_at(struct analysis *analysis, const char *waiter,
                                     const char *holder)
{
    for (size_t i = 0; i < analysis->lock_count; i++)
        if (strcmp(analysis->locks[i].waiter, waiter) == 0 &&
            strcmp(analysis->locks[i].holder, holder) == 0)
            return &analysis->locks[i];
    analysis->locks[analysis->lock_count] =
        (struct analysis_lock){.waiter = waiter, .holder = holder};
    return &analysis->locks[analysis->lock_count++];
}

int locks_make(struct analysis *analysis)
{
    const struct model *model = analysis->model;
    enum {
        PLACES_MOST = 2000
    }; /* looked up linearly; rows are sorted, so the rest weighs little */
    size_t rows = 0;
    for (size_t i = 0; i < model->row_count; i++)
        rows += hook_classes[model->rows[i].hook] == CLASS_LOCK;
    if (rows > PLACES_MOST)
        rows = PLACES_MOST;
    analysis->locks = arena_array(&analysis->arena, rows + 1, sizeof(*analysis->locks));
    if (analysis->locks == NULL)
        return -ENOMEM;
    for (size_t i = 0; i < model->row_count && rows > 0; i++) {
        const struct model_row *row = &model->rows[i];
        if (hook_classes[row->hook] != CLASS_LOCK || row->calls == 0)
            continue;
        rows--;
        const struct model_target *target = &model->targets[row->target];
        const char *waiter =
            target->has_site[0] ? symbols_place(analysis->symbols, &target->site[0]) : "";
        const char *holder =
            target->has_site[1] ? symbols_place(analysis->symbols, &target->site[1]) : "";
        struct analysis_lock *lock = lock_at(analysis, waiter, holder);
        lock->waits += row->calls;
        lock->ns += row->ns;
        if (row->max_ns > lock->max_ns)
            lock->max_ns = row->max_ns;
        if (latency_merge(&lock->latency, &analysis->arena, &row->latency) != 0)
            return -ENOMEM;
    }
    qsort(analysis->locks, analysis->lock_count, sizeof(*analysis->locks), longest_first);
    return 0;
}

enum { WAITS_LEAST = 50 };

void rules_lock_contention(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    uint64_t taken = 0, waits = 0, ns = 0;
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        if (hook_classes[hook] == CLASS_LOCK)
            taken += model->hooks[hook].calls;
    for (size_t i = 0; i < analysis->lock_count; i++) {
        waits += analysis->locks[i].waits;
        ns += analysis->locks[i].ns;
    }
    if (taken == 0 && waits == 0) {
        rules_not_applicable(finding, "it took no lock");
        return;
    }
    if (waits == 0 || !rules_found(analysis, finding, ns, waits)) {
        finding->evidence =
            rules_text(analysis, "%s taken, %s waited, %s in all", units_plural(taken, "lock").text,
                       units_count(waits).text, units_duration(ns).text);
        return;
    }
    /* A handful of long waits is a thread that lost the CPU while it held the lock. */
    if (waits < WAITS_LEAST)
        rules_limit(finding, SEVERITY_NOTE);
    const struct analysis_lock *top = &analysis->locks[0];
    const char *waiter = top->waiter[0] != '\0'
                             ? top->waiter
                             : rules_site(analysis, SAMPLE_LOCK_WAIT, NULL, RULES_ANY_TARGET);
    rules_percentiles(finding, &top->latency);
    finding->where = waiter;
    finding->evidence = rules_text(
        analysis,
        "%s%s%s: %s of the waiting, %s waits, p50 %s, p99 %s; %s of %s locks taken had to wait",
        waiter[0] != '\0' ? waiter : "unknown place", top->holder[0] != '\0' ? " held by " : "",
        top->holder, units_share((double)top->ns / (double)ns).text, units_count(top->waits).text,
        units_duration(finding->p50_ns).text, units_duration(finding->p99_ns).text,
        units_share((double)waits / (double)(taken > waits ? taken : waits)).text,
        units_count(taken).text);
    finding->assumption = "no thread ever waits for a lock";
    const char *holder = top->holder[0] != '\0' ? top->holder : waiter;
    finding->fix =
        rules_text(analysis,
                   "do less while holding the lock taken at %s: move work and system calls out, "
                   "or split the lock so that independent work does not share it",
                   holder);
    finding->risk = "data that the lock protects must stay protected";
}
