/* rules_network.c: the rules about connections and peers: reconnecting, Nagle stalls. (lookups and
 * slow peers: rules_peers.c.) Reads the pseudo rows that libstrong derives for each connection.
 */
#include "analyse/rules_optimizers.h"

#include <string.h>

static const uint16_t connection_hooks[] = {HOOK_connection, HOOK_NONE};
static const uint16_t socket_hooks[] = {HOOK_socket, HOOK_NONE};
static const uint16_t stall_hooks[] = {HOOK_nagle_stall, HOOK_NONE};

static bool is_outbound(enum target_kind kind)
{
    return kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT;
}

/* ---- reconnecting ---- */

enum { RECONNECT_LEAST = 20 };

struct reconnects {
    uint32_t target; /* the one with most time */
    uint64_t top_ns;
    uint64_t connects, exchanges, gain_ns;
    uint32_t targets;
    struct rules_sum connect, life; /* of the top target */
};

/* Opening and closing, which a connection that is kept open would need once. */
static void add_target(struct analysis *analysis, uint32_t target, uint64_t socket_each_ns,
                       struct reconnects *reconnects)
{
    struct rules_sum connect = rules_sum(analysis, rules_connect_hooks, target);
    struct rules_sum life = rules_sum(analysis, connection_hooks, target);
    uint64_t served = life.calls - (life.errors < life.calls ? life.errors : life.calls);
    /* Only connections that were of use and were used up: at most three exchanges each. */
    if (connect.calls < RECONNECT_LEAST || life.calls < RECONNECT_LEAST ||
        served * 2 < life.calls || life.bytes > 3 * life.calls)
        return;
    struct rules_sum close = rules_sum(analysis, rules_close_hooks, target);
    uint64_t cost = connect.ns + close.ns + socket_each_ns * connect.calls;
    uint64_t gain = cost - cost / connect.calls;
    reconnects->connects += connect.calls;
    reconnects->exchanges += life.bytes;
    reconnects->gain_ns += gain;
    reconnects->targets++;
    if (reconnects->targets == 1 || gain > reconnects->top_ns) {
        reconnects->top_ns = gain;
        reconnects->target = target;
        reconnects->connect = connect;
        reconnects->life = life;
    }
}

const struct finding_about rules_reconnecting_about = {
    .looks_for = "Connections that are opened, used for a request or a few, and closed again.",
    .precondition = "Applies where it opened outbound connections over TCP or Unix sockets.",
    .formula =
        "Found for 20 connects or more to one peer with at most three exchanges each. Bound: the "
        "time in socket, connect and close of every connection but the first.",
    .fix =
        "Keep the connection open between requests, take it from a pool, or let libstrong keep "
        "it: STRONG_OPTIMIZE=safe (HTTP, Redis and memcached are recognised).",
    .risk =
        "The peer may close an idle connection: retry once on a fresh one where the request "
        "allows it.",
};

void rules_reconnecting(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum connects = rules_sum(analysis, rules_connect_hooks, RULES_ANY_TARGET);
    if (connects.calls == 0) {
        rules_not_applicable(finding, "it opened no connection");
        return;
    }
    struct rules_sum sockets = rules_sum(analysis, socket_hooks, RULES_ANY_TARGET);
    uint64_t socket_each_ns = sockets.calls > 0 ? sockets.ns / sockets.calls : 0;
    struct reconnects found = {0};
    for (uint32_t t = 1; t < model->target_count; t++)
        if (is_outbound(model->targets[t].kind))
            add_target(analysis, t, socket_each_ns, &found);
    if (found.targets == 0 || !rules_found(analysis, finding, found.gain_ns, found.connects)) {
        finding->evidence = rules_text(analysis, "%s, none wasteful enough to matter",
                                       units_plural(connects.calls, "connect").text);
        return;
    }
    const char *name = rules_target_name(analysis, found.target);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, rules_connect_hooks, found.target);
    struct latency connecting = rules_latency(analysis, rules_connect_hooks, found.target);
    struct latency life = rules_latency(analysis, connection_hooks, found.target);
    rules_percentiles(finding, &connecting);
    finding->where = name;
    finding->evidence = rules_text(
        analysis, "%s: %s, median life %s, %s request%s each%s", name,
        units_plural(found.connect.calls, "connect").text,
        units_duration(latency_percentile_ns(&life, 0.5)).text,
        units_number((double)found.life.bytes / (double)found.life.calls).text,
        found.life.bytes == found.life.calls ? "" : "s",
        found.targets > 1 ? rules_text(analysis, "; %s like it",
                                       units_plural(found.targets - 1, "more target").text)
                          : "");
    finding->assumption = "every connection after the first is avoided: its socket, connect and "
                          "close time comes back";
    finding->fix =
        rules_text(analysis, "%skeep the connection open between requests, or take it from a pool%s",
                   rules_reuse_fix(analysis), rules_called_at(analysis, site));
    finding->risk = "the peer may close an idle connection: retry once on a fresh one where the "
                    "request allows it";
}

/* ---- Nagle stalls ---- */

const struct finding_about rules_nagle_stall_about = {
    .looks_for =
        "Reads that took 35 to 60 ms after two or more small writes in a row: Nagle's algorithm "
        "waits for an acknowledgement that the peer delays.",
    .precondition = "Applies where it used TCP.",
    .formula = "Found for 3 such reads or more. Bound: their time.",
    .fix =
        "Send a request with one write, set TCP_NODELAY before the second, or "
        "STRONG_OPTIMIZE=safe, which includes tcp.",
    .risk = "TCP_NODELAY alone sends more, smaller packets; one write has no cost.",
};

void rules_nagle_stall(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, stall_hooks, RULES_ANY_TARGET);
    bool tcp = false;
    uint32_t top = 0;
    uint64_t top_ns = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        tcp |= model->targets[t].kind == TARGET_TCP_OUT || model->targets[t].kind == TARGET_TCP_IN;
        struct rules_sum one = rules_sum(analysis, stall_hooks, t);
        if (one.ns > top_ns) {
            top_ns = one.ns;
            top = t;
        }
    }
    if (!tcp && all.calls == 0) {
        rules_not_applicable(finding, "it used no TCP connection");
        return;
    }
    if (all.calls < 3 || !rules_found(analysis, finding, all.ns, all.calls)) {
        finding->evidence = rules_text(analysis, "%s after split writes",
                                       units_plural(all.calls, "slow read").text);
        return;
    }
    struct latency stalls = rules_latency(analysis, stall_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &stalls);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, rules_write_hooks, top);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(
        analysis, "%s: %s of about %s (p99 %s), each after two or more small writes in a row",
        finding->where, units_plural(all.calls, "read").text, units_duration(finding->p50_ns).text,
        units_duration(finding->p99_ns).text);
    finding->assumption = "the answers themselves take no time";
    finding->fix =
        rules_text(analysis,
                   "%ssend a request with one write (writev, or a buffer)%s, or set TCP_NODELAY "
                   "on the socket before the second write",
                   rules_nodelay_fix(analysis), rules_called_at(analysis, site));
    finding->risk = "TCP_NODELAY alone sends more, smaller packets; one write has no cost";
}
