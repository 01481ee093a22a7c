/* rules_answers.c: the rules about what a peer's answers take, whoever waits for them: the calls themselves, poll, or an
 * event loop. Both read the rows that libstrong derives for each exchange (HOOK_response).
 */
#include "analyse/rules.h"

static const uint16_t answer_hooks[] = {HOOK_response, HOOK_NONE};
static const uint16_t output_hooks[] = {HOOK_write,  HOOK___write, HOOK_writev, HOOK_send,
                                        HOOK___send, HOOK_sendto,  HOOK_sendmsg, HOOK_NONE};

enum {
    SLOW_ANSWERS = 20,
    SLOW_ANSWER_NS = 5000000, /* slower than a round trip in a data centre, and than a busy CPU makes it */
    TRIPS_LEAST = 1000,
    TRIPS_RATE = 500,
};
#define SLOW_ANSWERS_SHARE 0.05
#define TRIPS_SHARE 0.20

struct answers {
    uint32_t top, peers;
    uint64_t count, ns, top_ns;
};

/* Answers of the peers whose median is at least SLOW_ANSWER_NS, or of the others. */
static struct answers answers_of(struct analysis *analysis, bool slow)
{
    const struct model *model = analysis->model;
    struct answers all = {0};
    for (uint32_t t = 1; t < model->target_count; t++) {
        struct rules_sum one = rules_sum(analysis, answer_hooks, t);
        if (one.calls == 0)
            continue;
        struct latency latency = rules_latency(analysis, answer_hooks, t);
        if ((latency_percentile_ns(&latency, 0.5) >= SLOW_ANSWER_NS) != slow)
            continue;
        all.peers++;
        all.count += one.calls;
        all.ns += one.ns;
        if (one.ns >= all.top_ns) {
            all.top_ns = one.ns;
            all.top = t;
        }
    }
    return all;
}

/* Waits for several answers overlap, and while one was due the thread may have worked: no more than it waited. */
static uint64_t waited_for(const struct analysis *analysis, const struct answers *answers)
{
    uint64_t waited = analysis->time.parts[PART_NETWORK] + analysis->time.parts[PART_EVENT];
    return answers->ns < waited ? answers->ns : waited;
}

/* False, and the finding says so, where nothing was asked. */
static bool asked(struct analysis *analysis, struct finding *finding)
{
    struct rules_sum all = rules_sum(analysis, answer_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "no outbound connection had an answer");
        return false;
    }
    struct latency latency = rules_latency(analysis, answer_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->evidence = rules_text(analysis, "%s, p50 %s, p99 %s", units_plural(all.calls, "answer").text,
                                   units_duration(finding->p50_ns).text, units_duration(finding->p99_ns).text);
    return true;
}

static const char *others_text(struct analysis *analysis, const struct answers *answers)
{
    return answers->peers > 1
               ? rules_text(analysis, "; %s like it", units_plural(answers->peers - 1, "more peer").text)
               : "";
}

const struct finding_about rules_slow_answers_about = {
    .looks_for = "Peers whose answers take long, whether a call waits for them or an event loop.",
    .precondition =
        "Applies where an outbound connection was read after it was written; libstrong times each "
        "such answer.",
    .formula =
        "Found for 20 answers or more of peers with a median of 5 ms or more that are 5 % of the "
        "thread time. Bound: their time, at most what was waited on the network and in event "
        "loops while answers were due.",
    .fix =
        "Look at the peer: it is the slow part. Until it is faster keep answers, ask for several "
        "at once, or spread the requests.",
    .risk =
        "A cached answer may be out of date; more requests at once may make the peer slower "
        "still.",
};

void rules_slow_answers(struct analysis *analysis, struct finding *finding)
{
    if (!asked(analysis, finding))
        return;
    struct answers slow = answers_of(analysis, true);
    uint64_t gain = waited_for(analysis, &slow);
    if (slow.count < SLOW_ANSWERS || (double)gain < SLOW_ANSWERS_SHARE * (double)analysis->time.work_ns ||
        !rules_found(analysis, finding, gain, slow.count))
        return;
    struct latency latency = rules_latency(analysis, answer_hooks, slow.top);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, output_hooks, slow.top);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, slow.top);
    finding->evidence = rules_text(analysis, "%s: %s, p50 %s, p99 %s%s", finding->where,
                                   units_plural(rules_sum(analysis, answer_hooks, slow.top).calls, "answer").text,
                                   units_duration(finding->p50_ns).text, units_duration(finding->p99_ns).text,
                                   others_text(analysis, &slow));
    finding->assumption = "every answer is there at once";
    finding->fix = rules_text(analysis,
                              "look at %s: it is the slow part; until it is faster keep answers that can be used "
                              "again (a cache), ask for several at once, or spread the requests over more servers%s",
                              finding->where, rules_called_at(analysis, site));
    finding->risk = "a cached answer may be out of date; more requests at once may make the peer slower still";
}

const struct finding_about rules_round_trips_about = {
    .looks_for = "Many quick answers, each waited for by itself.",
    .precondition =
        "Applies where an outbound connection was read after it was written; libstrong times each "
        "such answer.",
    .formula =
        "Found for 1,000 answers or more, 500 a second, of peers with a median below 5 ms, that "
        "are 20 % of the thread time. Bound: their time, at most what was waited.",
    .fix = "Ask for many things in one round trip: pipelining, MGET, one query for many rows.",
    .risk = "Questions that depend on the answer before them cannot be asked with it.",
};

void rules_round_trips(struct analysis *analysis, struct finding *finding)
{
    if (!asked(analysis, finding))
        return;
    struct answers quick = answers_of(analysis, false);
    uint64_t gain = waited_for(analysis, &quick);
    double rate = (double)quick.count / rules_seconds(analysis);
    if (quick.count < TRIPS_LEAST || rate < TRIPS_RATE ||
        (double)gain < TRIPS_SHARE * (double)analysis->time.work_ns ||
        !rules_found(analysis, finding, gain, quick.count))
        return;
    rules_limit(finding, SEVERITY_WARNING);
    struct latency latency = rules_latency(analysis, answer_hooks, quick.top);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, output_hooks, quick.top);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, quick.top);
    finding->evidence = rules_text(analysis, "%s: %s, %s a second, p50 %s%s", finding->where,
                                   units_plural(rules_sum(analysis, answer_hooks, quick.top).calls, "answer").text,
                                   units_number(rate).text, units_duration(finding->p50_ns).text,
                                   others_text(analysis, &quick));
    finding->assumption = "all questions are asked at once and no answer is waited for by itself";
    finding->fix = rules_text(analysis,
                              "ask for many things in one round trip (pipelining, MGET, a query for many rows), ask "
                              "from several threads, or keep what was answered%s",
                              rules_called_at(analysis, site));
    finding->risk = "questions that depend on the answer before them cannot be asked with it";
}
