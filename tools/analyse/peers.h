/* peers.h: the network by what was talked to: connects, lives, requests, bytes and waits of each target, and the names
 * looked up.
 *
 * Exact sums of rows. A request is an exchange: a read that followed a write, counted when its connection closes (so those
 * of connections still open are not in it). `waits` are the answers: from the last write to the read that follows,
 * whichever calls waited in between; where there is none (a server that speaks first) the calls that read, or the polls
 * for it where those took longer. Histograms live in the arena that is passed. Single-threaded.
 */
#ifndef STRONG_ANALYSE_PEERS_H
#define STRONG_ANALYSE_PEERS_H

#include "analyse/calls.h"

struct peer {
    const char *name;
    enum target_kind kind;
    struct calls connects, accepts;
    struct calls
        lives; /* closed connections: latency is of their lives, bytes the requests, errors those without any */
    struct calls reads, writes, waits;
    bool answers;              /* waits are answers */
    uint64_t stalls, stall_ns; /* Nagle's algorithm against delayed acknowledgements */
    uint64_t ns, errors;       /* all calls */
    bool lookup;               /* a name: reads are the lookups */
};

struct peers {
    struct peer *out, *in, *names; /* most time first */
    size_t out_count, in_count, name_count;
};

/* False when memory is exhausted. */
bool peers_make(const struct analysis *analysis, struct arena *arena, struct peers *ret_peers);

bool peers_is_outbound(enum target_kind kind);
bool peers_is_inbound(enum target_kind kind);

#endif
