/* rules_processes.c: the rule about processes that are started for every piece of work. */
#include "analyse/rules.h"

static const uint16_t start_hooks[] = {
    HOOK_fork,   HOOK___fork, HOOK__Fork,       HOOK_vfork,       HOOK___vfork, HOOK_forkpty, HOOK_clone,
    HOOK___clone, HOOK_posix_spawn, HOOK_posix_spawnp, HOOK_system, HOOK_popen, HOOK_NONE};
static const uint16_t end_hooks[] = {HOOK_wait,  HOOK_waitpid, HOOK_waitid, HOOK_wait3,
                                     HOOK_wait4, HOOK_pclose,  HOOK_NONE};

enum { STARTS_LEAST = 20, STARTS_RATE = 5 };

const struct finding_about rules_process_churn_about = {
    .looks_for = "Processes that are started for every piece of work.",
    .precondition = "Applies where it started processes.",
    .formula =
        "Found for 20 starts or more, 5 a second. Bound: the time to start them and to wait for "
        "their ends, their work included.",
    .fix =
        "Do the work in the process itself, or start a few processes that stay and hand them the "
        "work.",
    .risk = "A crash in what was a process of its own then ends all of it.",
};

void rules_process_churn(struct analysis *analysis, struct finding *finding)
{
    struct rules_sum starts = rules_sum(analysis, start_hooks, RULES_ANY_TARGET);
    struct rules_sum ends = rules_sum(analysis, end_hooks, RULES_ANY_TARGET);
    if (starts.calls == 0) {
        rules_not_applicable(finding, "it started no process");
        return;
    }
    double rate = (double)starts.calls / rules_seconds(analysis);
    finding->evidence = rules_text(analysis, "%s, %s a second", units_plural(starts.calls, "process start").text,
                                   units_number(rate).text);
    if (starts.calls < STARTS_LEAST || rate < STARTS_RATE ||
        !rules_found(analysis, finding, starts.ns + ends.ns, starts.calls))
        return;
    struct latency latency = rules_latency(analysis, start_hooks, RULES_ANY_TARGET);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, start_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    rules_rests_on_more(finding); /* the children's work is in it */
    finding->where = site;
    finding->evidence = rules_text(
        analysis, "%s, %s a second, %s to start one (p99 %s); %s spent waiting for their ends",
        units_plural(starts.calls, "process start").text, units_number(rate).text,
        units_duration(finding->p50_ns).text, units_duration(finding->p99_ns).text, units_duration(ends.ns).text);
    finding->assumption = "the work of these processes takes no time in this one";
    finding->fix = rules_text(analysis,
                              "do the work in the process itself (a library instead of a command), or start a few "
                              "processes that stay and hand them the work%s",
                              rules_called_at(analysis, site));
    finding->risk = "a crash in what was a process of its own then ends all of it";
}
