/* The rules about locks, threads, processes and sleeping: found, not found, not applicable, and not measured where that can be. */
#include "tools/rule_case.h"

#include <cerrno>
#include <cstring>

using namespace rule_case;

namespace
{

void sleeps(AnalyseCase &c, unsigned count, uint64_t each_ns)
{
    uint32_t site = c.segment.site(TARGET_SITE, c.function("wait_for_job"));
    c.segment.thread(1, "main").calls(count, HOOK_nanosleep, site, t(each_ns));
}

void churn(AnalyseCase &c, unsigned count, uint64_t life_ns, uint64_t create_ns)
{
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_pthread_create, c.segment.site(TARGET_SITE, c.function("serve")),
               t(create_ns));
    main.calls(count, HOOK_thread_life, 0, t(life_ns));
}

void polls(AnalyseCase &c, unsigned count, uint64_t each_ns, unsigned reads)
{
    uint32_t loop = c.segment.target(TARGET_DEVICE, "epoll");
    uint32_t client = c.segment.target(TARGET_TCP_IN, "tcp://0.0.0.0:80");
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_epoll_wait, loop, t(each_ns));
    main.calls(reads, HOOK_read, client, t(2 * kUs), 100);
}

/* A lock that save_state holds while others wait for it, and what it does itself. */
void held(AnalyseCase &c, unsigned hook, const char *function)
{
    uint64_t holder = c.function("save_state");
    uint32_t lock = c.segment.site(TARGET_LOCK, c.function("take_job"), holder);
    auto main = c.segment.thread(1, "main");
    main.calls(1000, HOOK_pthread_mutex_lock, lock, t(5 * kMs)).counted(HOOK_pthread_mutex_lock, 5000);
    uint64_t site = strcmp(function, "save_state") == 0 ? holder : c.function(function);
    c.segment.sample(SAMPLE_BLOCKED, hook, 0, c.segment.stack({c.function("flush_file"), site}), 400, 4 * kSecond * 2);
}

void rwlock(AnalyseCase &c, unsigned writes, uint64_t write_ns, unsigned reads)
{
    uint32_t lock = c.segment.site(TARGET_LOCK, c.function("update"), 0);
    auto main = c.segment.thread(1, "main");
    main.calls(writes, HOOK_pthread_rwlock_wrlock, lock, t(write_ns)).counted(HOOK_pthread_rwlock_wrlock, writes);
    main.counted(HOOK_pthread_rwlock_rdlock, reads);
}

void python(AnalyseCase &c, uint64_t wait_ns)
{
    c.segment.module("/usr/bin/python3.11", 0x400000, 0x900000, 0);
    c.segment.thread(1, "main").calls(1000, HOOK_pthread_cond_timedwait, 0, t(wait_ns));
    if (wait_ns > 0)
        c.segment.sample(SAMPLE_BLOCKED, HOOK_pthread_cond_timedwait, 0, c.segment.stack({0x500000}), 500,
                         2000 * wait_ns);
}

void handovers(AnalyseCase &c, unsigned count, uint64_t each_ns)
{
    for (uint32_t tid : {1, 2})
        c.segment.thread(tid, "stage").calls(count, HOOK_pthread_cond_wait, 0, t(each_ns));
}

void workers(AnalyseCase &c, uint64_t first_ns, uint64_t others_ns)
{
    for (uint32_t tid = 1; tid <= 4; tid++)
        c.segment.thread(tid, tid == 1 ? "busy" : "worker").block().class_cpu_ns[CLASS_COUNT] =
            tid == 1 ? first_ns : others_ns;
    c.cpu(first_ns + 3 * others_ns);
}

void processes(AnalyseCase &c, unsigned count, uint64_t start_ns, uint64_t wait_ns)
{
    auto main = c.segment.thread(1, "main");
    main.calls(count, HOOK_posix_spawn, c.segment.target(TARGET_PROGRAM, "/bin/date"), t(start_ns));
    main.calls(count, HOOK_waitpid, 0, t(wait_ns));
}

const RuleCase kCases[] = {
    {"LockContentionNamesWaiterAndHolder", FINDING_lock_contention, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t lock = c.segment.site(TARGET_LOCK, c.function("take_job"), c.function("put_job"));
         c.segment.thread(1, "main")
             .calls(3000, HOOK_pthread_mutex_lock, lock, t(kMs))
             .counted(HOOK_pthread_mutex_lock, 100000);
     },
     SEVERITY_CRITICAL, "take_job held by put_job"},
    {"AHandfulOfLongLockWaitsIsANote", FINDING_lock_contention, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint32_t lock = c.segment.site(TARGET_LOCK, c.function("take_job"));
         c.segment.thread(1, "main")
             .calls(9, HOOK_pthread_mutex_lock, lock, t(300 * kMs))
             .counted(HOOK_pthread_mutex_lock, 300);
     },
     SEVERITY_NOTE},
    {"LockContentionIsNotFoundWhereLocksAreFree", FINDING_lock_contention, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { c.segment.thread(1, "main").counted(HOOK_pthread_mutex_lock, 100000); }},
    {"LockContentionIsNotApplicableWithoutLocks", FINDING_lock_contention, FINDING_NOT_APPLICABLE,
     nothing},
    {"SleepingInALoopIsFoundWithItsPlace", FINDING_sleep_loop, FINDING_FOUND,
     [](AnalyseCase &c) { sleeps(c, 5000, kMs); }, SEVERITY_CRITICAL, "wait_for_job"},
    {"LongSleepsOfAPollerAreANote", FINDING_sleep_loop, FINDING_FOUND,
     [](AnalyseCase &c) { sleeps(c, 18, 500 * kMs); }, SEVERITY_NOTE},
    {"SleepingOnceIsNoLoop", FINDING_sleep_loop, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { sleeps(c, 1, 10 * kSecond); }},
    {"SleepingIsNotApplicableWithoutSleeps", FINDING_sleep_loop, FINDING_NOT_APPLICABLE, nothing},
    {"ThreadChurnIsFoundForShortThreads", FINDING_thread_churn, FINDING_FOUND,
     [](AnalyseCase &c) { churn(c, 50000, 20 * kUs, 60 * kUs); }, SEVERITY_CRITICAL,
     "50,000 threads"},
    {"ThreadsThatWorkMuchLongerThanTheyTakeToStartAreFine", FINDING_thread_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { churn(c, 5000, 20 * kMs, 300 * kUs); }},
    {"ThreadChurnIsNotFoundForAFewLongThreads", FINDING_thread_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { churn(c, 8, 5 * kSecond, 60 * kUs); }},
    {"ThreadChurnIsNotApplicableForOneThread", FINDING_thread_churn, FINDING_NOT_APPLICABLE,
     nothing},

    {"PollsThatFindNothingAreFound", FINDING_busy_polling, FINDING_FOUND,
     [](AnalyseCase &c) { polls(c, 400000, 2 * kUs, 100); }, SEVERITY_WARNING, "400,000 polls"},
    {"PollsThatFindSomethingAreFine", FINDING_busy_polling, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { polls(c, 400000, 2 * kUs, 390000); }},
    {"PollsThatWaitAreFine", FINDING_busy_polling, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { polls(c, 5000, kMs, 100); }},
    {"BusyPollingIsNotApplicableWithoutPolls", FINDING_busy_polling, FINDING_NOT_APPLICABLE, nothing},

    {"ALockThatIsHeldAcrossAWaitIsFound", FINDING_lock_held_blocking, FINDING_FOUND,
     [](AnalyseCase &c) { held(c, HOOK_fsync, "save_state"); }, SEVERITY_CRITICAL,
     "save_state held the locks others waited 5.0 s for; it waited 4.0 s itself, most of it in fsync"},
    {"AWaitOfAnotherFunctionIsNotTheHolders", FINDING_lock_held_blocking, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { held(c, HOOK_fsync, "load_state"); }},
    {"WaitingForWorkIsNotHoldingALock", FINDING_lock_held_blocking, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { held(c, HOOK_pthread_cond_wait, "save_state"); }},
    {"AHolderIsNotMeasuredWithoutSamples", FINDING_lock_held_blocking, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         held(c, HOOK_fsync, "save_state");
         c.segment.header().block_period_ticks = 0;
     }},
    {"AHolderIsNotApplicableWithoutWaits", FINDING_lock_held_blocking, FINDING_NOT_APPLICABLE, nothing},

    {"WritersThatReadersKeepOutAreFound", FINDING_writer_starvation, FINDING_FOUND,
     [](AnalyseCase &c) { rwlock(c, 100, 40 * kMs, 100000); }, SEVERITY_CRITICAL, "100 writers waited 40"},
    {"WritersThatWaitAMomentAreFine", FINDING_writer_starvation, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { rwlock(c, 100, 40 * kUs, 100000); }},
    {"AsManyWritersAsReadersAreNotStarved", FINDING_writer_starvation, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { rwlock(c, 100, 40 * kMs, 300); }},
    {"StarvedWritersAreNotApplicableWithoutRwlocks", FINDING_writer_starvation, FINDING_NOT_APPLICABLE, nothing},

    {"WaitingForPythonsLockIsFound", FINDING_interpreter_lock, FINDING_FOUND,
     [](AnalyseCase &c) { python(c, 5 * kMs); }, SEVERITY_CRITICAL, "waited 5"},
    {"PythonOfOneThreadDoesNotWaitForItsLock", FINDING_interpreter_lock, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { python(c, 0); }},
    {"PythonsLockIsNotMeasuredWithoutSamples", FINDING_interpreter_lock, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         python(c, 5 * kMs);
         c.segment.header().block_period_ticks = 0;
     }},
    {"PythonsLockIsNotApplicableWithoutPython", FINDING_interpreter_lock, FINDING_NOT_APPLICABLE, nothing},

    {"ThreadsThatHandOverOnePieceAtATimeAreFound", FINDING_handovers, FINDING_FOUND,
     [](AnalyseCase &c) { handovers(c, 200000, 40 * kUs); }, SEVERITY_WARNING, "400,000 waits"},
    {"ThreadsThatWaitForWorkAreFine", FINDING_handovers, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { handovers(c, 5000, 2 * kMs); }},
    {"HandOversAreNotApplicableWithoutSignals", FINDING_handovers, FINDING_NOT_APPLICABLE, nothing},

    {"OneThreadThatDoesTheWorkOfAllIsFound", FINDING_thread_imbalance, FINDING_FOUND,
     [](AnalyseCase &c) { workers(c, 9 * kSecond, 200 * kMs); }, SEVERITY_NOTE, "busy was on a CPU for 9"},
    {"ThreadsThatShareTheWorkAreFine", FINDING_thread_imbalance, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { workers(c, 9 * kSecond, 4 * kSecond); }},
    {"HelpersThatAreNotMeantToWorkAreFine", FINDING_thread_imbalance, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { workers(c, 9 * kSecond, 0); }},
    {"ImbalanceIsNotMeasuredWithoutSamples", FINDING_thread_imbalance, FINDING_NOT_MEASURED,
     [](AnalyseCase &c) {
         workers(c, 9 * kSecond, 200 * kMs);
         c.segment.header().cpu_period_ns = 0;
     }},
    {"ImbalanceIsNotApplicableForOneThread", FINDING_thread_imbalance, FINDING_NOT_APPLICABLE, nothing},

    {"HundredsOfIdleThreadsAreANote", FINDING_too_many_threads, FINDING_FOUND,
     [](AnalyseCase &c) {
         c.cpu(kSecond);
         c.segment.thread(1, "main");
         c.segment.header().threads_peak = 500;
     },
     SEVERITY_NOTE, "500 threads at most"},
    {"AFewThreadsAreFine", FINDING_too_many_threads, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         c.segment.thread(1, "main");
         c.segment.header().threads_peak = 64;
     }},
    {"TooManyThreadsAreNotApplicableForOne", FINDING_too_many_threads, FINDING_NOT_APPLICABLE, nothing},

    {"AProcessForEveryPieceOfWorkIsFound", FINDING_process_churn, FINDING_FOUND,
     [](AnalyseCase &c) { processes(c, 1000, 500 * kUs, 2 * kMs); }, SEVERITY_WARNING, "1,000 process starts"},
    {"AFewProcessesAreFine", FINDING_process_churn, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { processes(c, 10, 500 * kUs, 900 * kMs); }},
    {"ProcessesAreNotApplicableWithoutAny", FINDING_process_churn, FINDING_NOT_APPLICABLE, nothing},
};

RULE_CASES(Threads, kCases)

} // namespace
