/* locks.c: waits for locks by place, from the rows of lock hooks. */
#include "analyse/locks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

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
