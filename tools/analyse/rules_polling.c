/* rules_polling.c: the rules about waiting in too small steps: polls that find nothing, hand-overs between threads. */
#include "analyse/rules.h"

static const uint16_t accept_hooks[] = {HOOK_accept, HOOK_accept4, HOOK_NONE};
static const uint16_t handover_hooks[] = {HOOK_pthread_cond_wait, HOOK_pthread_cond_timedwait,
                                          HOOK_pthread_cond_clockwait, HOOK_cnd_wait, HOOK_cnd_timedwait,
                                          HOOK_sem_wait, HOOK_sem_timedwait, HOOK_sem_clockwait, HOOK_NONE};

/* ---- busy polling ---- */

enum { POLLS_LEAST = 1000, POLLS_RATE = 500, POLL_SHORT_NS = 20000 };

static uint64_t succeeded(struct analysis *analysis, const uint16_t *hooks)
{
    struct rules_sum sum = rules_sum(analysis, hooks, RULES_ANY_TARGET);
    return sum.calls - (sum.errors < sum.calls ? sum.errors : sum.calls);
}

const struct finding_about rules_busy_polling_about = {
    .looks_for =
        "A loop that asks whether something is ready and does not wait for it: poll, select or "
        "epoll_wait that come back at once with nothing.",
    .precondition =
        "Applies where it polled. Whether a poll found something is taken from the reads, writes "
        "and accepts that moved data after it.",
    .formula =
        "Found for 1,000 polls or more, 500 a second, with a median below 20 us, at least half of "
        "which no such call followed. Bound: their share of the time in polls; the code between "
        "them is not counted.",
    .fix =
        "Wait with a timeout that covers the time to the next event, or none, instead of 0; deal "
        "with an event that comes back at once, or take its descriptor out.",
    .risk = "A loop that waits reacts a wake-up later than one that spins.",
};

void rules_busy_polling(struct analysis *analysis, struct finding *finding)
{
    struct rules_sum polls = rules_sum(analysis, rules_poll_hooks, RULES_ANY_TARGET);
    if (polls.calls == 0) {
        rules_not_applicable(finding, "it never waited for readiness");
        return;
    }
    uint64_t used = succeeded(analysis, rules_read_hooks) + succeeded(analysis, rules_write_hooks) +
                    succeeded(analysis, accept_hooks);
    uint64_t empty = polls.calls > used ? polls.calls - used : 0;
    struct latency latency = rules_latency(analysis, rules_poll_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->evidence = rules_text(analysis, "%s for %s that moved data, p50 %s",
                                   units_plural(polls.calls, "poll").text, units_plural(used, "call").text,
                                   units_duration(finding->p50_ns).text);
    double share = (double)empty / (double)polls.calls;
    if (polls.calls < POLLS_LEAST || share < 0.5 || finding->p50_ns > POLL_SHORT_NS ||
        (double)empty / rules_seconds(analysis) < POLLS_RATE ||
        !rules_found(analysis, finding, units_whole(share * (double)polls.ns), empty))
        return;
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, rules_poll_hooks, RULES_ANY_TARGET);
    if (site[0] == '\0')
        site = rules_site(analysis, SAMPLE_CPU, rules_poll_hooks, RULES_ANY_TARGET);
    finding->where = site;
    finding->evidence = rules_text(
        analysis, "%s, %s a second, and only %s that moved data after them: at least %s found nothing",
        units_plural(polls.calls, "poll").text,
        units_number((double)polls.calls / rules_seconds(analysis)).text, units_plural(used, "call").text,
        units_share(share).text);
    finding->assumption = "no poll is made that finds nothing; the code between them is not counted";
    finding->fix = rules_text(analysis,
                              "wait with a timeout that covers the time to the next event, or none (-1), "
                              "instead of 0%s; where an event comes back at once, deal with it or take the "
                              "descriptor out",
                              rules_called_at(analysis, site));
    finding->risk = "a loop that waits reacts a wake-up (some 10 us) later than one that spins";
}

/* ---- hand-overs ---- */

enum { HANDOVER_RATE = 5000, HANDOVER_SHORT_NS = 200000, HANDOVERS_LEAST = 5000 };

const struct finding_about rules_handovers_about = {
    .looks_for =
        "Threads that wait for each other thousands of times a second: one piece of work a "
        "hand-over.",
    .precondition = "Applies where threads waited for condition variables or semaphores.",
    .formula = "Found for 5,000 such waits a second with a median below 0.2 ms. Bound: the time in them.",
    .fix =
        "Hand over many pieces at once, signal one thread instead of all, or do small pieces in "
        "the thread that has them.",
    .risk = "A batch waits until it is full: bound its size and its age.",
};

void rules_handovers(struct analysis *analysis, struct finding *finding)
{
    struct rules_sum waits = rules_sum(analysis, handover_hooks, RULES_ANY_TARGET);
    if (waits.calls == 0) {
        rules_not_applicable(finding, "its threads never waited for each other's signals");
        return;
    }
    struct latency latency = rules_latency(analysis, handover_hooks, RULES_ANY_TARGET);
    double rate = (double)waits.calls / rules_seconds(analysis);
    rules_percentiles(finding, &latency);
    finding->evidence = rules_text(analysis, "%s, %s a second, p50 %s", units_plural(waits.calls, "wait").text,
                                   units_number(rate).text, units_duration(finding->p50_ns).text);
    if (waits.calls < HANDOVERS_LEAST || rate < HANDOVER_RATE || finding->p50_ns > HANDOVER_SHORT_NS ||
        !rules_found(analysis, finding, waits.ns, waits.calls))
        return;
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, handover_hooks, RULES_ANY_TARGET);
    uint64_t switches = analysis->model->usage.voluntary_switches;
    rules_rests_on_more(finding);
    finding->where = site;
    finding->evidence = rules_text(
        analysis, "%s for another thread's signal, %s a second, p50 %s%s%s",
        units_plural(waits.calls, "wait").text, units_number(rate).text, units_duration(finding->p50_ns).text,
        switches != MODEL_UNKNOWN ? "; context switches: " : "",
        switches != MODEL_UNKNOWN ? units_count(switches).text : "");
    finding->assumption = "no thread waits for another one to hand it the next piece";
    finding->fix = rules_text(analysis,
                              "hand over many pieces at once (a batch for each signal), signal one thread "
                              "instead of all, or do small pieces in the thread that has them%s",
                              rules_called_at(analysis, site));
    finding->risk = "a batch waits until it is full: bound its size and its age";
}
