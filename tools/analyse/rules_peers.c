/* rules_peers.c: the rules that compare what was asked of peers: the same name looked up again, one
 * target that is slower than its siblings.
 */
#include "analyse/rules_optimizers.h"

#include <stdlib.h>

/* ---- repeated lookups ---- */

enum { LOOKUP_LEAST = 10 };

const struct finding_about rules_repeated_lookups_about = {
    .looks_for = "Names that are looked up again and again.",
    .precondition = "Applies where it looked up names (getaddrinfo and its kin).",
    .formula =
        "Found for names asked for 10 times or more. Bound: the time of all lookups of these "
        "names but one each.",
    .fix =
        "Keep the addresses for some seconds, or let libstrong remember them: "
        "STRONG_OPTIMIZE=safe, which includes resolver.",
    .risk = "Kept addresses go stale: look up again after a failed connect.",
};

void rules_repeated_lookups(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, rules_lookup_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it looked up no name");
        return;
    }
    uint64_t gain = 0, repeated = 0, top_gain = 0;
    uint32_t names = 0, top = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        struct rules_sum one = rules_sum(analysis, rules_lookup_hooks, t);
        if (one.calls < LOOKUP_LEAST)
            continue;
        uint64_t name_gain = one.ns - one.ns / one.calls;
        gain += name_gain;
        repeated += one.calls;
        names++;
        if (name_gain >= top_gain) {
            top_gain = name_gain;
            top = t;
        }
    }
    if (names == 0 || !rules_found(analysis, finding, gain, repeated)) {
        finding->evidence =
            rules_text(analysis, "%s, %s in all", units_plural(all.calls, "lookup").text,
                       units_duration(all.ns).text);
        return;
    }
    struct rules_sum one = rules_sum(analysis, rules_lookup_hooks, top);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, rules_lookup_hooks, top);
    struct latency lookups = rules_latency(analysis, rules_lookup_hooks, top);
    rules_percentiles(finding, &lookups);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(
        analysis, "%s looked up %s times, p50 %s, p99 %s%s", finding->where,
        units_count(one.calls).text, units_duration(finding->p50_ns).text,
        units_duration(finding->p99_ns).text,
        names > 1 ? rules_text(analysis, "; %s like it", units_plural(names - 1, "more name").text)
                  : "");
    finding->assumption = "only the first lookup of each name is made";
    finding->fix = rules_text(
        analysis,
        "%slook the name up once and keep the addresses for some seconds%s; or keep the connection "
        "open; or run a caching resolver on this host (systemd-resolved, nscd, unbound)",
        rules_remember_fix(analysis), rules_called_at(analysis, site));
    finding->risk = "kept addresses go stale: look up again after a failed connect";
}

/* ---- one slow target among many ---- */

enum { SLOW_SIBLINGS = 3, SLOW_CALLS = 10, SLOW_FACTOR = 5, SLOW_LEAST_NS = 200000 };

/* What answering costs at one target: waiting reads, polls of it included. */
struct peer {
    uint32_t target;
    uint64_t answers;
    uint64_t ns;
    double mean_ns;
};

static int faster_first(const void *left, const void *right)
{
    const struct peer *a = left, *b = right;
    return a->mean_ns < b->mean_ns ? -1 : a->mean_ns > b->mean_ns;
}

static size_t gather_peers(struct analysis *analysis, enum target_kind kind, struct peer *peers)
{
    const struct model *model = analysis->model;
    size_t count = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        if (model->targets[t].kind != kind)
            continue;
        struct rules_sum reads =
            rules_sum(analysis, kind == TARGET_HOST ? rules_lookup_hooks : rules_read_hooks, t);
        struct rules_sum polls = rules_sum(analysis, rules_poll_hooks, t);
        uint64_t answers = reads.calls - (reads.errors < reads.calls ? reads.errors : reads.calls);
        if (answers < SLOW_CALLS)
            continue;
        uint64_t ns = reads.ns + polls.ns;
        peers[count++] = (struct peer){t, answers, ns, (double)ns / (double)answers};
    }
    qsort(peers, count, sizeof(*peers), faster_first);
    return count;
}

static void report_slow(struct analysis *analysis, struct finding *finding, const struct peer *slow,
                        double median_ns, size_t siblings)
{
    double excess = ((double)slow->mean_ns - median_ns) * (double)slow->answers;
    if (!rules_found(analysis, finding, (uint64_t)excess, slow->answers))
        return;
    bool host = analysis->model->targets[slow->target].kind == TARGET_HOST;
    const uint16_t *hooks = host ? rules_lookup_hooks : rules_read_hooks;
    struct rules_sum reads = rules_sum(analysis, hooks, slow->target);
    struct rules_sum polls = rules_sum(analysis, rules_poll_hooks, slow->target);
    struct latency answers =
        rules_latency(analysis, reads.ns >= polls.ns ? hooks : rules_poll_hooks, slow->target);
    rules_percentiles(finding, &answers);
    finding->where = rules_target_name(analysis, slow->target);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, hooks, slow->target);
    finding->evidence = rules_text(
        analysis, "%s answers in %s (p99 %s), the median of its %s in %s: %.0f times slower%s",
        finding->where, units_duration((uint64_t)slow->mean_ns).text,
        units_duration(finding->p99_ns).text, units_plural(siblings, "sibling").text,
        units_duration((uint64_t)median_ns).text, slow->mean_ns / (median_ns > 1 ? median_ns : 1),
        rules_called_at(analysis, site));
    finding->assumption = "it answers as fast as the median of its siblings";
    finding->fix =
        rules_text(analysis,
                   "look at %s itself: it is the slow part, not this program; "
                   "until then send it fewer requests or ask it in parallel with the others",
                   finding->where);
    finding->risk = "it may be asked for more expensive things than its siblings";
}

const struct finding_about rules_slow_target_about = {
    .looks_for = "One peer that answers much slower than its siblings of the same kind.",
    .precondition = "Applies where three peers of one kind or more were asked 10 times each.",
    .formula =
        "Found where one is five times as slow as the median, and by 0.2 ms. Bound: its answers' "
        "time above the median.",
    .fix =
        "Look at that peer: it is the slow part. Until then send it fewer requests, or ask it in "
        "parallel with the others.",
    .risk = "It may be asked for more expensive things than its siblings.",
};

void rules_slow_target(struct analysis *analysis, struct finding *finding)
{
    static const enum target_kind kinds[] = {TARGET_TCP_OUT, TARGET_UNIX_OUT, TARGET_UDP,
                                             TARGET_HOST};
    const struct model *model = analysis->model;
    struct peer *peers = calloc(model->target_count + 1, sizeof(*peers));
    bool compared = false;
    struct finding best = *finding;
    for (size_t k = 0; peers != NULL && k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        size_t count = gather_peers(analysis, kinds[k], peers);
        if (count < SLOW_SIBLINGS)
            continue;
        compared = true;
        const struct peer *slow = &peers[count - 1];
        double median = peers[(count - 1) / 2].mean_ns;
        if (slow->mean_ns < SLOW_FACTOR * median || slow->mean_ns - median < SLOW_LEAST_NS)
            continue;
        struct finding one = *finding;
        report_slow(analysis, &one, slow, median, count - 1);
        if (one.state == FINDING_FOUND && one.gain_ns >= best.gain_ns)
            best = one;
    }
    free(peers);
    if (!compared)
        rules_not_applicable(&best, "fewer than three peers of one kind were asked often enough");
    else if (best.state != FINDING_FOUND)
        best.evidence = "no peer is much slower than its siblings";
    *finding = best;
}
