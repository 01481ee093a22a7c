/* peers.c: see peers.h. */
#include "analyse/peers.h"

#include <stdlib.h>
#include <string.h>

#include "analyse/operations.h"

bool peers_is_outbound(enum target_kind kind)
{
    return kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP;
}

bool peers_is_inbound(enum target_kind kind)
{
    return kind == TARGET_TCP_IN || kind == TARGET_UNIX_IN;
}

static void add_row(struct peer *peer, struct calls *polls, struct arena *arena,
                    const struct model_row *row)
{
    if (row->hook == HOOK_connection) {
        calls_add_row(&peer->lives, arena, row);
        return;
    }
    if (row->hook == HOOK_response) {
        calls_add_row(&peer->waits, arena, row);
        peer->answers = true;
        return;
    }
    if (row->hook == HOOK_nagle_stall) {
        peer->stalls += row->calls;
        peer->stall_ns += row->ns;
        return;
    }
    peer->ns += row->ns;
    peer->errors += row->errors;
    switch (operations_of(row->hook)) {
    case OPERATION_CONNECT:
        calls_add_row(&peer->connects, arena, row);
        break;
    case OPERATION_ACCEPT:
        calls_add_row(&peer->accepts, arena, row);
        break;
    case OPERATION_READ:
    case OPERATION_LOOKUP:
        calls_add_row(&peer->reads, arena, row);
        break;
    case OPERATION_WRITE:
        calls_add_row(&peer->writes, arena, row);
        break;
    case OPERATION_READY:
        calls_add_row(polls, arena, row);
        break;
    default:
        break;
    }
}

static int most_time_first(const void *left, const void *right)
{
    const struct peer *a = left, *b = right;
    return a->ns < b->ns ? 1 : a->ns > b->ns ? -1 : strcmp(a->name, b->name);
}

static void add_target(const struct analysis *analysis, struct arena *arena, uint32_t target,
                       struct peer *peer)
{
    const struct model *model = analysis->model;
    struct calls polls = {0};
    *peer = (struct peer){.name = calls_target_name(analysis, target),
                          .kind = model->targets[target].kind};
    peer->lookup = peer->kind == TARGET_HOST;
    for (uint32_t i = analysis->first_of[target]; i < analysis->first_of[target + 1]; i++)
        add_row(peer, &polls, arena, &model->rows[analysis->by_target[i]]);
    if (!peer->answers)
        peer->waits = polls.ns > peer->reads.ns ? polls : peer->reads;
    peer->waits.name = peer->waits.detail = "";
}

bool peers_make(const struct analysis *analysis, struct arena *arena, struct peers *ret_peers)
{
    const struct model *model = analysis->model;
    struct peers peers = {0};
    struct peer **const lists[] = {&peers.out, &peers.in, &peers.names};
    size_t *const counts[] = {&peers.out_count, &peers.in_count, &peers.name_count};
    for (unsigned list = 0; list < 3; list++) {
        *lists[list] = arena_array(arena, model->target_count + 1, sizeof(struct peer));
        if (*lists[list] == NULL)
            return false;
    }
    for (uint32_t t = 1; t < model->target_count; t++) {
        enum target_kind kind = model->targets[t].kind;
        unsigned list = peers_is_outbound(kind)  ? 0
                        : peers_is_inbound(kind) ? 1
                        : kind == TARGET_HOST    ? 2
                                                 : 3;
        if (list < 3 && analysis->first_of[t] < analysis->first_of[t + 1])
            add_target(analysis, arena, t, &(*lists[list])[(*counts[list])++]);
    }
    for (unsigned list = 0; list < 3; list++)
        if (*counts[list] > 1)
            qsort(*lists[list], *counts[list], sizeof(struct peer), most_time_first);
    *ret_peers = peers;
    return true;
}
