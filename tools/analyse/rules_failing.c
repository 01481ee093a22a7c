/* rules_failing.c: the rules about peers and names that cannot be reached: connects and lookups that fail, lookups that
 * wait for a name server.
 */
#include "analyse/rules.h"

#include <errno.h>
#include <string.h>

enum { CONNECTS_FAILED = 10, LOOKUPS_FAILED = 10, SLOW_LOOKUPS = 3 };
#define SLOW_LOOKUP_NS UINT64_C(500000000)

/* ---- connects ---- */

static const struct {
    int error;
    const char *fix;
} connect_fixes[] = {
    {ECONNREFUSED, "nobody listens there: start the service or correct the address, and wait longer after each failure"},
    {ETIMEDOUT, "nothing answers there: correct the address or the firewall, and connect with a timeout of your own "
                "(a non-blocking connect and poll)"},
    {EHOSTUNREACH, "there is no route to it: correct the address, or the route"},
    {ENETUNREACH, "there is no route to it: correct the address, or the route (IPv6 without a network?)"},
    {EADDRNOTAVAIL, "all local ports to it are taken: keep connections open instead of opening new ones, or widen "
                    "net.ipv4.ip_local_port_range"},
    {EAGAIN, "its queue of connections is full: a larger backlog in listen(), or more workers that accept"},
    {ENOENT, "nobody listens there: start the service or correct the path"},
    {0, "look at the first failure: the connect cannot succeed as it is made"},
};

static bool is_failed_connect(const struct model_error *error)
{
    return rules_has(rules_connect_hooks, error->hook) && error->error != EINPROGRESS &&
           error->error != EALREADY && error->error != EISCONN && error->error != EINTR;
}

/* The target with most failures, and the failures' share of the time. */
static uint32_t failing_target(struct analysis *analysis, const uint16_t *hooks, double *ret_ns)
{
    const struct model *model = analysis->model;
    uint32_t top = 0;
    uint64_t most = 0;
    *ret_ns = 0;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (!rules_has(hooks, row->hook) || row->errors == 0 || row->calls == 0)
            continue;
        *ret_ns += (double)row->ns * (double)row->errors / (double)row->calls;
        if (row->errors > most) {
            most = row->errors;
            top = row->target;
        }
    }
    return top;
}

const struct finding_about rules_connect_failures_about = {
    .looks_for = "Connects that fail.",
    .precondition =
        "Applies where it opened connections. How a connect in progress (EINPROGRESS) ended is "
        "not seen.",
    .formula =
        "Found for 10 failures or more that are a tenth of all connects. Bound: the failing "
        "connects' share of the time.",
    .fix = "Depends on the error, which the finding names.",
    .risk = "None known.",
};

void rules_connect_failures(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, rules_connect_hooks, RULES_ANY_TARGET);
    const struct model_error *most = NULL;
    uint64_t failed = 0;
    for (size_t i = 0; i < model->error_count; i++) {
        if (!is_failed_connect(&model->errors[i]))
            continue;
        failed += model->errors[i].count;
        if (most == NULL || model->errors[i].count > most->count)
            most = &model->errors[i];
    }
    if (all.calls == 0 && failed == 0) {
        rules_not_applicable(finding, "it opened no connection");
        return;
    }
    finding->evidence = rules_text(analysis, "%s of %s failed", units_count(failed).text,
                                   units_plural(all.calls, "connect").text);
    if (failed < CONNECTS_FAILED || failed < all.calls / 10)
        return;
    double gain;
    uint32_t top = failing_target(analysis, rules_connect_hooks, &gain);
    const char *facts = finding->evidence, *name = strerrorname_np(most->error);
    if (!rules_found(analysis, finding, units_whole(gain), failed))
        rules_found_anyway(analysis, finding, units_whole(gain), failed, SEVERITY_NOTE);
    if (finding->severity < SEVERITY_WARNING)
        finding->severity = SEVERITY_WARNING;
    unsigned fix = 0;
    while (connect_fixes[fix].error != 0 && connect_fixes[fix].error != most->error)
        fix++;
    struct latency latency = rules_latency(analysis, rules_connect_hooks, top);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(analysis, "%s, most with %s, most to %s", facts,
                                   name != NULL ? name : "an unknown error", finding->where);
    finding->assumption = "no connect is made that fails, and failing takes as long as succeeding";
    finding->fix = rules_text(
        analysis, "%s%s", connect_fixes[fix].fix,
        rules_called_at(analysis, rules_site(analysis, SAMPLE_BLOCKED, rules_connect_hooks, top)));
    finding->risk = "none known";
}

/* ---- lookups ---- */

const struct finding_about rules_lookup_failures_about = {
    .looks_for = "Names that have no address.",
    .precondition = "Applies where it looked up names (getaddrinfo and its kin).",
    .formula =
        "Found for 10 failures or more that are a fifth of all lookups. Bound: the failing "
        "lookups' share of the time.",
    .fix =
        "Correct the name, end it with a dot where it is complete, and remember for a second or "
        "more that it was not found.",
    .risk = "A name that appears is not seen while its absence is remembered.",
};

void rules_lookup_failures(struct analysis *analysis, struct finding *finding)
{
    struct rules_sum all = rules_sum(analysis, rules_lookup_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it looked up no name");
        return;
    }
    finding->evidence = rules_text(analysis, "%s of %s failed", units_count(all.errors).text,
                                   units_plural(all.calls, "lookup").text);
    if (all.errors < LOOKUPS_FAILED || all.errors < all.calls / 5)
        return;
    double gain;
    const char *facts = finding->evidence;
    uint32_t top = failing_target(analysis, rules_lookup_hooks, &gain);
    if (!rules_found(analysis, finding, units_whole(gain), all.errors))
        rules_found_anyway(analysis, finding, units_whole(gain), all.errors, SEVERITY_NOTE);
    struct latency latency = rules_latency(analysis, rules_lookup_hooks, top);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(analysis, "%s, most often for %s, p50 %s", facts, finding->where,
                                   units_duration(finding->p50_ns).text);
    finding->assumption = "no name is looked up that has no address, and failing takes as long as succeeding";
    finding->fix = rules_text(
        analysis, "correct the name, or end it with a dot where it is complete (else each domain of resolv.conf's "
                  "search list is asked first), and remember for a second or more that it was not found%s",
        rules_called_at(analysis, rules_site(analysis, SAMPLE_BLOCKED, rules_lookup_hooks, top)));
    finding->risk = "a name that appears is not seen while its absence is remembered";
}

const struct finding_about rules_slow_lookups_about = {
    .looks_for = "Lookups that wait for a name server that does not answer.",
    .precondition = "Applies where it looked up names (getaddrinfo and its kin).",
    .formula =
        "Found where a tenth of the lookups took half a second or more. Bound: the time of all "
        "lookups.",
    .fix =
        "Put a server first in /etc/resolv.conf that answers, shorten its timeout, or run a "
        "caching resolver on this host.",
    .risk = "Short timeouts give up on servers that are slow but alive.",
};

void rules_slow_lookups(struct analysis *analysis, struct finding *finding)
{
    struct rules_sum all = rules_sum(analysis, rules_lookup_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it looked up no name");
        return;
    }
    struct latency latency = rules_latency(analysis, rules_lookup_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->evidence =
        rules_text(analysis, "%s, p50 %s, at most %s", units_plural(all.calls, "lookup").text,
                   units_duration(finding->p50_ns).text, units_duration(all.max_ns).text);
    const char *facts = finding->evidence;
    if (all.calls < SLOW_LOOKUPS || latency_percentile_ns(&latency, 0.9) < SLOW_LOOKUP_NS ||
        !rules_found(analysis, finding, all.ns, all.calls))
        return;
    finding->where = "/etc/resolv.conf";
    finding->evidence = facts;
    finding->assumption = "a name server answers at once";
    finding->fix = "a lookup of half a second or more waits for a server that does not answer: put one first in "
                   "/etc/resolv.conf that does, set options timeout:1 attempts:2, or run a caching resolver on this "
                   "host (systemd-resolved, unbound)";
    finding->risk = "short timeouts give up on servers that are slow but alive";
}
