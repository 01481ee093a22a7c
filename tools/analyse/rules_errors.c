/* rules_errors.c: the rule about calls that keep failing. Failing is often normal (EAGAIN ends a
 * round of reading, a search path gives ENOENT): the table says how much of it is too much.
 */
#include "analyse/rules.h"

#include <errno.h>
#include <string.h>

struct storm_rule {
    int error;
    uint64_t least;     /* that many failures */
    double least_rate;  /* and that many a second */
    double least_share; /* and that share of the hook's calls */
    enum finding_severity least_severity;
    const char *fix;
};

/* The first line that fits decides; error 0 is every other one. */
static const struct storm_rule storm_rules[] = {
    {EAGAIN, 10000, 1000, 0.9, SEVERITY_NOTE,
     "wait until the descriptor is ready (poll, epoll) instead of trying again at once"},
    {EINTR, 10000, 1000, 0.5, SEVERITY_NOTE,
     "find who sends the signals; SA_RESTART where the call may go on"},
    {ECONNRESET, 20, 1, 0.2, SEVERITY_WARNING, "the peer drops the connections: see its log"},
    {ENOSPC, 1, 0, 0, SEVERITY_WARNING, "the file system is full: make room"},
    {ENOMEM, 1, 0, 0, SEVERITY_WARNING,
     "the system refuses memory: look at the limits of the process (ulimit -v) and of its cgroup"},
    {0, 1000, 100, 0.5, SEVERITY_NOTE,
     "look at the first failure: the call cannot succeed as it is made"},
};

/* Results that only look like failures. */
static bool is_harmless(unsigned hook, int error)
{
    if (error == EINPROGRESS || error == EALREADY || error == EISCONN)
        return true;
    if (error == ETIMEDOUT &&
        (hook_classes[hook] == CLASS_WAIT || hook_classes[hook] == CLASS_LOCK))
        return true;
    if (error == EBUSY && hook_classes[hook] == CLASS_LOCK)
        return true;
    if (error == EAGAIN && (hook_classes[hook] == CLASS_LOCK || hook == HOOK_sem_trywait))
        return true;
    return hook_kinds[hook] == HOOK_KIND_PSEUDO || hook == HOOK_ioctl;
}

/* Connects, lookups, files that are not there and descriptors that ran out have rules of their own. */
static bool is_anothers(unsigned hook, int error)
{
    return rules_has(rules_connect_hooks, hook) || rules_has(rules_lookup_hooks, hook) || error == EMFILE ||
           error == ENFILE || (rules_has(rules_open_hooks, hook) && (error == ENOENT || error == ENOTDIR));
}

static const struct storm_rule *rule_of(int error)
{
    const struct storm_rule *rule = storm_rules;
    while (rule->error != 0 && rule->error != error)
        rule++;
    return rule;
}

/* Time of the failing calls: the share of calls that fail, on each target where they do. Calls that
 * succeed may take longer, so this is a bound from above only where failing is not much quicker; it
 * is also at most the time of those targets' calls. */
static uint64_t failing_ns(struct analysis *analysis, unsigned hook, uint32_t *ret_top)
{
    const struct model *model = analysis->model;
    uint64_t most = 0;
    double ns = 0;
    *ret_top = 0;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (row->hook != hook || row->errors == 0 || row->calls == 0)
            continue;
        ns += (double)row->ns * (double)row->errors / (double)row->calls;
        if (row->errors > most) {
            most = row->errors;
            *ret_top = row->target;
        }
    }
    return (uint64_t)ns;
}

static bool is_storm(const struct analysis *analysis, const struct model_error *error,
                     const struct storm_rule *rule)
{
    uint64_t calls = analysis->model->hooks[error->hook].calls;
    double share = calls > 0 ? (double)error->count / (double)calls : 1;
    return error->count >= rule->least &&
           (double)error->count / rules_seconds(analysis) >= rule->least_rate &&
           share >= rule->least_share;
}

static void report_storm(struct analysis *analysis, struct finding *finding,
                         const struct model_error *error, const struct storm_rule *rule)
{
    const struct model *model = analysis->model;
    uint32_t top;
    uint64_t gain = failing_ns(analysis, error->hook, &top);
    if (!rules_found(analysis, finding, gain, error->count))
        rules_found_anyway(analysis, finding, gain, error->count, SEVERITY_NOTE);
    if (finding->severity < rule->least_severity)
        finding->severity = rule->least_severity;
    const uint16_t hooks[] = {(uint16_t)error->hook, HOOK_NONE};
    const char *name = strerrorname_np(error->error);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, hooks, top);
    if (site[0] == '\0')
        site = rules_site(analysis, SAMPLE_CPU, hooks, RULES_ANY_TARGET);
    struct latency latency = rules_latency(analysis, hooks, RULES_ANY_TARGET);
    uint64_t calls = model->hooks[error->hook].calls;
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(
        analysis, "%s failed %s times with %s (%s of its calls, %s a second), most on %s",
        hook_names[error->hook], units_count(error->count).text,
        name != NULL ? name : "an unknown error",
        units_share(calls > error->count ? (double)error->count / (double)calls : 1).text,
        units_number((double)error->count / rules_seconds(analysis)).text, finding->where);
    finding->assumption = "no call is made that fails, and failing takes as long as succeeding";
    finding->fix = rules_text(analysis, "%s%s", rule->fix, rules_called_at(analysis, site));
    finding->risk = "none known";
}

const struct finding_about rules_error_storm_about = {
    .looks_for = "Calls that fail again and again with the same error.",
    .precondition =
        "Applies to every program. Errors that are part of normal work (EINPROGRESS, timeouts of "
        "waits, trylock) are left out, and those that rules of their own look at.",
    .formula =
        "Found where an error exceeds the count, the rate and the share of its calls that the "
        "table of errors gives for it. Bound: the failing calls' share of their time.",
    .fix = "Look at the first failure: the call cannot succeed as it is made.",
    .risk = "None known.",
};

void rules_error_storm(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    uint64_t failures = 0;
    struct finding best = *finding;
    for (size_t i = 0; i < model->error_count; i++) {
        const struct model_error *error = &model->errors[i];
        if (error->hook == HOOK_NONE || error->hook >= HOOK_COUNT)
            continue;
        failures += error->count;
        const struct storm_rule *rule = rule_of(error->error);
        if (is_harmless(error->hook, error->error) || is_anothers(error->hook, error->error) ||
            !is_storm(analysis, error, rule))
            continue;
        struct finding one = *finding;
        report_storm(analysis, &one, error, rule);
        if (best.state != FINDING_FOUND || one.severity > best.severity ||
            (one.severity == best.severity && one.gain_ns > best.gain_ns))
            best = one;
    }
    if (best.state != FINDING_FOUND)
        best.evidence = rules_text(analysis, "%s, none of them in a storm",
                                   units_plural(failures, "failed call").text);
    *finding = best;
}
