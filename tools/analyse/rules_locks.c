/* rules_locks.c: the rule about waiting for locks. A wait is a contended acquisition: libstrong
 * tries first and times only what did not succeed at once.
 */
#include "analyse/rules.h"

/* With fewer waits there is no p99 to speak of, and one lost CPU decides the sum. */
enum { WAITS_LEAST = 200 };

const struct finding_about rules_lock_contention_about = {
    .looks_for = "Waiting for locks that another thread holds: mutexes, rwlocks, spin locks.",
    .precondition = "Applies where locks were taken. Only acquisitions that had to wait are timed.",
    .formula =
        "Found where the waits are at least 1 % of the thread time; a note below 200 waits. "
        "Bound: all of the waiting.",
    .fix =
        "Do less while holding the lock: move work and system calls out, or split the lock so "
        "that independent work does not share it.",
    .risk = "Data that the lock protects must stay protected.",
};

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
