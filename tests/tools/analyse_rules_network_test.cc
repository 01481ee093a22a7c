/* The rules about connections, peers and names: found, not found, not applicable, and not measured where that can be. */
#include "tools/rule_case.h"

#include <cerrno>

using namespace rule_case;

namespace
{

void lookups(AnalyseCase &c, unsigned count, uint64_t each_ns, unsigned names)
{
    auto main = c.segment.thread(1, "main");
    for (unsigned i = 0; i < names; i++) {
        uint32_t host = c.segment.target(TARGET_HOST, "host" + std::to_string(i) + ".example");
        main.calls(count, HOOK_getaddrinfo, host, t(each_ns));
    }
}

void peers(AnalyseCase &c, unsigned count, uint64_t slow_ns, uint64_t fast_ns)
{
    auto main = c.segment.thread(1, "main");
    for (unsigned i = 0; i < count; i++) {
        uint32_t peer =
            c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0." + std::to_string(i) + ":80");
        main.calls(100, HOOK_recv, peer, t(i == 1 ? slow_ns : fast_ns), 4096);
    }
}

/* Answers of one peer, waited for in an event loop. */
void answers(AnalyseCase &c, unsigned count, uint64_t each_ns, uint64_t loop_ns)
{
    uint32_t upstream = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:8080");
    uint32_t loop = c.segment.target(TARGET_DEVICE, "epoll");
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_epoll_wait, loop, t(loop_ns));
    main.calls(count, HOOK_response, upstream, t(each_ns));
    main.calls(count, HOOK_recv, upstream, t(5 * kUs), 100);
}

void failures(AnalyseCase &c, unsigned hook, target_kind kind, int error, unsigned good, unsigned bad, uint64_t each_ns)
{
    uint32_t target = c.segment.target(kind, kind == TARGET_HOST ? "db.example" : "tcp://127.0.0.1:9");
    auto main = c.segment.thread(1, "main");
    main.calls(bad, hook, target, t(each_ns), 0, error);
    main.calls(good, hook, target, t(each_ns));
}

const RuleCase kCases[] = {
    {"ReconnectingIsFoundWhereEachRequestOpensAConnection", FINDING_reconnecting, FINDING_FOUND,
     [](AnalyseCase &c) { connections(c, 10000, 300 * kUs, 1, kMs); }, SEVERITY_CRITICAL,
     "10,000 connects"},
    {"ReconnectingIsNotFoundWhereConnectionsAreUsedOften", FINDING_reconnecting, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { connections(c, 10000, 300 * kUs, 50, kMs); }},
    {"ReconnectingIsNotFoundWhereConnectingCostsNothing", FINDING_reconnecting, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { connections(c, 30, 100 * kUs, 1, kMs); }},
    {"ReconnectingIsNotApplicableWithoutConnections", FINDING_reconnecting, FINDING_NOT_APPLICABLE,
     nothing},
    {"RepeatedLookupsAreFoundForOneNameManyTimes", FINDING_repeated_lookups, FINDING_FOUND,
     [](AnalyseCase &c) { lookups(c, 1000, 5 * kMs, 1); }, SEVERITY_CRITICAL, "host0.example"},
    {"RepeatedLookupsAreNotFoundForManyNamesOnce", FINDING_repeated_lookups, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { lookups(c, 1, 50 * kMs, 100); }},
    {"RepeatedLookupsAreNotApplicableWithoutLookups", FINDING_repeated_lookups,
     FINDING_NOT_APPLICABLE, nothing},
    {"NagleStallsAreFound", FINDING_nagle_stall, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:5432");
         c.segment.thread(1, "main").calls(50, HOOK_nagle_stall, db, t(40 * kMs));
     },
     SEVERITY_CRITICAL, "10.0.0.1:5432"},
    {"NagleStallsAreNotFoundOnAQuietConnection", FINDING_nagle_stall, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { connections(c, 1, kMs, 100, kSecond); }},
    {"NagleStallsAreNotApplicableWithoutTcp", FINDING_nagle_stall, FINDING_NOT_APPLICABLE, nothing},
    {"OneSlowTargetIsFoundAmongItsSiblings", FINDING_slow_target, FINDING_FOUND,
     [](AnalyseCase &c) { peers(c, 5, 30 * kMs, kMs); }, SEVERITY_CRITICAL, "tcp://10.0.0.1:80"},
    {"OneSlowTargetIsNotFoundWhereAllAreAlike", FINDING_slow_target, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { peers(c, 5, 3 * kMs, 2 * kMs); }},
    {"OneSlowTargetIsNotApplicableForTwo", FINDING_slow_target, FINDING_NOT_APPLICABLE,
     [](AnalyseCase &c) { peers(c, 2, 30 * kMs, kMs); }},

    {"ASlowPeerIsFoundThoughOnlyAnEventLoopWaitsForIt", FINDING_slow_answers, FINDING_FOUND,
     [](AnalyseCase &c) { answers(c, 150, 50 * kMs, 51 * kMs); }, SEVERITY_CRITICAL,
     "tcp://10.0.0.1:8080: 150 answers, p50 "},
    {"ASlowPeerIsFoundWhereACallWaitsForIt", FINDING_slow_answers, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t db = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.1:5432");
         auto main = c.segment.thread(1, "main");
         main.calls(100, HOOK_recv, db, t(20 * kMs), 100).calls(100, HOOK_response, db, t(20 * kMs));
     },
     SEVERITY_CRITICAL},
    {"QuickAnswersAreNotSlow", FINDING_slow_answers, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { answers(c, 9000, kMs, kMs); }},
    {"AFewSlowAnswersAreNotWorthALine", FINDING_slow_answers, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { answers(c, 10, 20 * kMs, 20 * kMs); }},
    {"SlowAnswersAreNotApplicableWithoutAPeer", FINDING_slow_answers, FINDING_NOT_APPLICABLE, nothing},

    {"ManyRoundTripsAreFound", FINDING_round_trips, FINDING_FOUND,
     [](AnalyseCase &c) { answers(c, 50000, 150 * kUs, 140 * kUs); }, SEVERITY_WARNING, "50,000 answers, 5,000 a second"},
    {"FewRoundTripsAreFine", FINDING_round_trips, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { answers(c, 2000, 150 * kUs, 140 * kUs); }},
    {"SlowAnswersAreNoRoundTrips", FINDING_round_trips, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { answers(c, 150, 50 * kMs, 51 * kMs); }},
    {"RoundTripsAreNotApplicableWithoutAPeer", FINDING_round_trips, FINDING_NOT_APPLICABLE, nothing},

    {"RefusedConnectsAreAWarningWhateverTheyCost", FINDING_connect_failures, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, TARGET_TCP_OUT, ECONNREFUSED, 0, 100, 20 * kUs); },
     SEVERITY_WARNING, "100 of 100 connects failed, most with ECONNREFUSED, most to tcp://127.0.0.1:9"},
    {"ConnectsThatTimeOutAreCritical", FINDING_connect_failures, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, TARGET_TCP_OUT, ETIMEDOUT, 5, 10, 600 * kMs); },
     SEVERITY_CRITICAL, "ETIMEDOUT"},
    {"ConnectsThatGoOnInTheBackgroundDidNotFail", FINDING_connect_failures, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, TARGET_TCP_OUT, EINPROGRESS, 0, 50000, 20 * kUs); }},
    {"AFewFailedConnectsAmongManyAreFine", FINDING_connect_failures, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_connect, TARGET_TCP_OUT, ECONNREFUSED, 1000, 20, 20 * kUs); }},
    {"FailedConnectsAreNotApplicableWithoutAny", FINDING_connect_failures, FINDING_NOT_APPLICABLE, nothing},

    {"NamesWithoutAnAddressAreFound", FINDING_lookup_failures, FINDING_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_getaddrinfo, TARGET_HOST, ENOENT, 20, 400, 5 * kMs); },
     SEVERITY_NOTE /* asked for again and again: that is the cause */, "400 of 420 lookups failed"},
    {"NamesThatAreFoundAreFine", FINDING_lookup_failures, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { failures(c, HOOK_getaddrinfo, TARGET_HOST, ENOENT, 400, 20, 5 * kMs); }},
    {"FailedLookupsAreNotApplicableWithoutAny", FINDING_lookup_failures, FINDING_NOT_APPLICABLE, nothing},

    {"ANameServerThatDoesNotAnswerIsFound", FINDING_slow_lookups, FINDING_FOUND,
     [](AnalyseCase &c) { lookups(c, 1, 2000 * kMs, 4); }, SEVERITY_CRITICAL, "4 lookups"},
    {"AQuickNameServerIsFine", FINDING_slow_lookups, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { lookups(c, 1, 50 * kMs, 100); }},
    {"SlowLookupsAreNotApplicableWithoutAny", FINDING_slow_lookups, FINDING_NOT_APPLICABLE, nothing},
};

RULE_CASES(Network, kCases)

} // namespace
