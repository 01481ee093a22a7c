/* The rules about what the optimizers did, and libstrong itself: found, not found, not applicable, and not measured where that can be. */
#include "tools/rule_case.h"

#include <cerrno>

using namespace rule_case;

namespace
{

/* 1,000 connects of a millisecond, of which so many were kept and reused. */
void pool(AnalyseCase &c, uint64_t parked, uint64_t reused)
{
    connections(c, 1000, kMs, 1, kMs);
    c.segment.header().options = c.segment.string(
        "OPTIMIZE=safe\nPOOL_MAX=16\nPOOL_TOTAL=256\nPOOL_IDLE=5000000000ns\n");
    c.segment.counter(COUNTER_connections_watched) = 1000;
    c.segment.counter(COUNTER_connections_parked) = parked;
    c.segment.counter(COUNTER_connections_reused) = reused;
}

void lookups(AnalyseCase &c, unsigned count, uint64_t each_ns, unsigned names)
{
    auto main = c.segment.thread(1, "main");
    for (unsigned i = 0; i < names; i++) {
        uint32_t host = c.segment.target(TARGET_HOST, "host" + std::to_string(i) + ".example");
        main.calls(count, HOOK_getaddrinfo, host, t(each_ns));
    }
}

void resolver(AnalyseCase &c, unsigned count, unsigned names, uint64_t hits, uint64_t misses)
{
    lookups(c, count, kMs, names);
    c.segment.header().options =
        c.segment.string("OPTIMIZE=safe\nRESOLVER_TTL=5000000000ns\nRESOLVER_SIZE=512\n");
    c.segment.counter(COUNTER_resolver_hits) = hits;
    c.segment.counter(COUNTER_resolver_misses) = misses;
}

const RuleCase kCases[] = {
    {"ClosesThatWereRefusedAreFoundByReason", FINDING_pool_refusals, FINDING_FOUND,
     [](AnalyseCase &c) {
         pool(c, 100, 0);
         c.segment.counter(COUNTER_connections_refused_close) = 700;
         c.segment.counter(COUNTER_connections_refused_state) = 200;
     },
     SEVERITY_NOTE /* follows from reconnecting */,
     "900 of 1,000 closes not kept: 700 close, 200 state"},
    {"AFewRefusedClosesAmongManyAreFine", FINDING_pool_refusals, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 980, 970);
         c.segment.counter(COUNTER_connections_refused_close) = 25;
     }},
    {"RefusalsForWantOfRoomAreNotRefusals", FINDING_pool_refusals, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 100, 0);
         c.segment.counter(COUNTER_connections_refused_crowded) = 900;
     }},
    {"RefusalsAreNotApplicableWithoutThePool", FINDING_pool_refusals, FINDING_NOT_APPLICABLE,
     [](AnalyseCase &c) {
         connections(c, 1000, kMs, 1, kMs);
         c.segment.header().options = c.segment.string("OPTIMIZE=none\n");
     }},
    {"RefusalsAreNotMeasuredWithoutSettings", FINDING_pool_refusals, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         connections(c, 1000, kMs, 1, kMs);
         c.segment.header().options = {0, 0};
     }},
    {"APoolTooSmallIsFound", FINDING_pool_small, FINDING_FOUND,
     [](AnalyseCase &c) {
         pool(c, 500, 200);
         c.segment.counter(COUNTER_connections_refused_crowded) = 300;
         c.segment.counter(COUNTER_connections_evicted) = 100;
     },
     SEVERITY_WARNING, "300 closes found no room, 100 gave way: 500 closes, with room for 16"},
    {"APoolWithRoomIsFine", FINDING_pool_small, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 990, 980);
         c.segment.counter(COUNTER_connections_evicted) = 10;
     }},
    {"APoolThatFollowedNothingIsNotTooSmall", FINDING_pool_small, FINDING_NOT_APPLICABLE, nothing},
    {"KeptConnectionsThatDieAreFound", FINDING_pool_dead, FINDING_FOUND,
     [](AnalyseCase &c) {
         pool(c, 1000, 100);
         c.segment.counter(COUNTER_connections_dead) = 900;
     },
     SEVERITY_WARNING, "1,000 connections kept, 900 found closed by the server"},
    {"KeptConnectionsThatLiveAreFine", FINDING_pool_dead, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         pool(c, 1000, 970);
         c.segment.counter(COUNTER_connections_dead) = 30;
     }},
    {"KeptConnectionsAreNotApplicableWithoutAny", FINDING_pool_dead, FINDING_NOT_APPLICABLE,
     nothing},
    {"NamesForgottenTooSoonAreFound", FINDING_resolver_forgets, FINDING_FOUND,
     [](AnalyseCase &c) { resolver(c, 1000, 2, 10, 1990); },
     SEVERITY_NOTE /* follows from repeated_lookups */,
     "10 lookups answered, 1,990 went on to libc, for 2 names"},
    {"NamesThatAreRememberedAreFine", FINDING_resolver_forgets, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { resolver(c, 1000, 2, 1996, 4); }},
    {"ManyNamesAskedForOnceAreNotForgotten", FINDING_resolver_forgets, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { resolver(c, 1, 100, 0, 100); }},
    {"ForgettingIsNotApplicableWithoutLookups", FINDING_resolver_forgets, FINDING_NOT_APPLICABLE,
     nothing},

    {"AnOptimizerThatIsOffIsFoundWhereItWouldHelp", FINDING_optimizers_off, FINDING_FOUND,
     [](AnalyseCase &c) {
         connections(c, 10000, 300 * kUs, 1, kMs);
         c.segment.header().options = c.segment.string("OPTIMIZE=none\n");
     },
     SEVERITY_NOTE, "connections is off"},
    {"AnOptimizerThatIsOffIsFineWhereItIsNotNeeded", FINDING_optimizers_off, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.header().options = c.segment.string("OPTIMIZE=none\n");
     }},
    {"OptimizersAreNotApplicableWhereNoneIsOff", FINDING_optimizers_off, FINDING_NOT_APPLICABLE, nothing},
    {"OptimizersAreNotMeasuredWithoutSettings", FINDING_optimizers_off, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.header().options = {0, 0};
     }},

    {"LibstrongsOwnCostIsFound", FINDING_measuring_costs, FINDING_FOUND,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.counter(COUNTER_self_ticks) = t(500 * kMs);
         c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, 0, 5000, 5000000);
     },
     SEVERITY_NOTE, "5.0 % (estimated)"},
    {"AHighCostOfLibstrongIsAWarning", FINDING_measuring_costs, FINDING_FOUND,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.counter(COUNTER_self_ticks) = t(2000 * kMs);
     },
     SEVERITY_WARNING},
    {"ALowCostOfLibstrongIsFine", FINDING_measuring_costs, FINDING_NOT_FOUND, nothing},

    {"DroppedSamplesAreFound", FINDING_samples_lost, FINDING_FOUND,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.counter(COUNTER_samples_taken) = 1000;
         c.segment.counter(COUNTER_samples_dropped) = 500;
     },
     SEVERITY_WARNING, "500 samples_dropped"},
    {"ATableThatWasFullIsANote", FINDING_samples_lost, FINDING_FOUND,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.counter(COUNTER_target_table_full) = 7;
     },
     SEVERITY_NOTE, "7 target_table_full"},
    {"NothingLostIsFine", FINDING_samples_lost, FINDING_NOT_FOUND, nothing},

    {"CpuSamplingThatSteppedAsideIsANote", FINDING_cpu_sampling_aside, FINDING_FOUND,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.counter(COUNTER_cpu_signal_taken) = 1;
     },
     SEVERITY_NOTE, "SIGPROF"},
    {"CpuSamplingThatWorksIsFine", FINDING_cpu_sampling_aside, FINDING_NOT_FOUND, nothing},
    {"CpuSamplingIsNotApplicableWhereItIsOff", FINDING_cpu_sampling_aside, FINDING_NOT_APPLICABLE,
     [](AnalyseCase &c) {
         nothing(c);
         c.segment.header().cpu_period_ns = 0;
     }},
};

RULE_CASES(Optimizers, kCases)

} // namespace
