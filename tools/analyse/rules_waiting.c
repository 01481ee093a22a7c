/* rules_waiting.c: the rules about time given away on purpose: sleeping in a loop, threads that
 * live too short.
 */
#include "analyse/rules.h"

static const uint16_t sleep_hooks[] = {HOOK_sleep,           HOOK_usleep,     HOOK_nanosleep,
                                       HOOK_clock_nanosleep, HOOK_thrd_sleep, HOOK_NONE};

/* ---- sleeping in a loop ---- */

enum { SLEEP_CALLS = 10, SLEEP_LONG_NS = 200000000 };

const struct finding_about rules_sleep_loop_about = {
    .looks_for =
        "Sleeps that are repeated at one place: looking again and again for something that could "
        "tell by itself.",
    .precondition =
        "Applies where it slept (sleep, usleep, nanosleep and their kin), at least 10 times at "
        "one place.",
    .formula =
        "Found where these sleeps are at least 1 % of the thread time; a note where they last 0.2 "
        "s or more each. Bound: their time.",
    .fix = "Wait for the event itself: a condition variable, eventfd, poll, inotify or waitpid.",
    .risk = "A sleep that paces requests to others on purpose must stay.",
};

void rules_sleep_loop(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, sleep_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it never slept");
        return;
    }
    finding->evidence = rules_text(analysis, "%s, %s in all", units_plural(all.calls, "sleep").text,
                                   units_duration(all.ns).text);
    uint32_t top = 0, sites = 0;
    uint64_t gain = 0, calls = 0, top_ns = 0;
    for (uint32_t t = 0; t < model->target_count; t++) {
        struct rules_sum one = rules_sum(analysis, sleep_hooks, t);
        if (one.calls < SLEEP_CALLS)
            continue;
        gain += one.ns;
        calls += one.calls;
        sites++;
        if (one.ns > top_ns) {
            top_ns = one.ns;
            top = t;
        }
    }
    if (sites == 0 || !rules_found(analysis, finding, gain, calls))
        return;
    struct rules_sum one = rules_sum(analysis, sleep_hooks, top);
    uint64_t mean = one.ns / one.calls;
    /* Looking once in a while costs nobody much; and where the rest of the process is busy all the
     * time, a sleeper beside it is not what it waits for. */
    uint64_t busy = analysis->time.parts[PART_CPU];
    if (mean >= SLEEP_LONG_NS)
        rules_limit(finding, SEVERITY_NOTE);
    else if (model->process_count == 1 && busy * 10 >= analysis->time.wall_ns * 7)
        rules_limit(finding, SEVERITY_WARNING);
    struct latency latency = rules_latency(analysis, sleep_hooks, top);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, sleep_hooks, top);
    if (site[0] == '\0')
        site = rules_target_name(analysis, top);
    rules_percentiles(finding, &latency);
    finding->where = site;
    finding->evidence = rules_text(
        analysis, "%s: %s of %s on average, %s a second, %s of the wall time%s", site,
        units_plural(one.calls, "sleep").text, units_duration(mean).text,
        units_number((double)one.calls / rules_seconds(analysis)).text,
        units_share((double)one.ns / (double)(analysis->time.wall_ns + 1)).text,
        sites > 1 ? rules_text(analysis, "; %s like it", units_plural(sites - 1, "more place").text)
                  : "");
    finding->assumption = "what it waits for is there at once each time";
    finding->fix =
        rules_text(analysis,
                   "wait for the event itself instead of looking again (called at %s): a condition "
                   "variable, eventfd, poll, inotify or waitpid, whichever tells of it",
                   site);
    finding->risk = "a sleep that paces requests to others on purpose must stay";
}

/* ---- thread churn ---- */

static const uint16_t life_hooks[] = {HOOK_thread_life, HOOK_NONE};
static const uint16_t create_hooks[] = {HOOK_pthread_create, HOOK_thrd_create, HOOK_NONE};
static const uint16_t join_hooks[] = {HOOK_pthread_join, HOOK_pthread_timedjoin_np,
                                      HOOK_pthread_clockjoin_np, HOOK_thrd_join, HOOK_NONE};

enum { CHURN_THREADS = 50, CHURN_LIFE_NS = 100000000, CHURN_RATE = 10 };

const struct finding_about rules_thread_churn_about = {
    .looks_for = "Threads that end soon after they were started, many a second.",
    .precondition = "Applies where it started threads.",
    .formula =
        "Found for 50 threads or more, 10 a second, with a median life below 0.1 s, where "
        "starting them costs 5 % of their lives. Bound: the time in pthread_create, and in "
        "pthread_join beyond the threads' lives.",
    .fix = "Keep a few threads and hand them the work through a queue.",
    .risk = "Thread-local state then lives on from one piece of work to the next.",
};

void rules_thread_churn(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum created = rules_sum(analysis, create_hooks, RULES_ANY_TARGET);
    struct rules_sum lives = rules_sum(analysis, life_hooks, RULES_ANY_TARGET);
    if (created.calls == 0 && lives.calls == 0) {
        rules_not_applicable(finding, "it started no thread");
        return;
    }
    struct latency life = rules_latency(analysis, life_hooks, RULES_ANY_TARGET);
    uint64_t median = latency_percentile_ns(&life, 0.5);
    double rate = (double)lives.calls / rules_seconds(analysis);
    finding->evidence = rules_text(analysis, "%s started, %s ended, median life %s",
                                   units_plural(created.calls, "thread").text,
                                   units_count(lives.calls).text, units_duration(median).text);
    if (lives.calls < CHURN_THREADS || median > CHURN_LIFE_NS || rate < CHURN_RATE)
        return;
    /* What starting and ending costs: the calls that start them, and what waiting for their end
     * takes beyond their life. */
    struct rules_sum joins = rules_sum(analysis, join_hooks, RULES_ANY_TARGET);
    uint64_t gain = created.ns + (joins.ns > lives.ns ? joins.ns - lives.ns : 0);
    /* Starting a thread that then works for long is no waste. */
    if (gain * 20 < lives.ns)
        return;
    if (!rules_found(analysis, finding, gain, lives.calls))
        return;
    rules_percentiles(finding, &life);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, create_hooks, RULES_ANY_TARGET);
    for (size_t i = 0; site[0] == '\0' && i < model->row_count; i++)
        if (rules_has(create_hooks, model->rows[i].hook))
            site = rules_target_name(analysis, model->rows[i].target);
    finding->where = site;
    finding->evidence = rules_text(
        analysis, "%s started (%s a second), median life %s, %s to start one",
        units_plural(created.calls > lives.calls ? created.calls : lives.calls, "thread").text,
        units_number(rate).text, units_duration(median).text,
        units_duration(created.calls > 0 ? created.ns / created.calls : 0).text);
    finding->assumption = "the threads exist already: only their work remains";
    finding->fix =
        rules_text(analysis, "keep a few threads and hand them the work through a queue%s",
                   rules_called_at(analysis, site));
    finding->risk = "thread-local state then lives on from one piece of work to the next";
}
