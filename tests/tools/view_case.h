/* view_case.h: a service with something in every table of every view: clients, peers, names, locks and meetings, files in
 * many folders, readings over time.
 */
#ifndef STRONG_TESTS_VIEW_CASE_H
#define STRONG_TESTS_VIEW_CASE_H

#include "tools/render_case.h"

namespace view_case
{

constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs, kSecond = AnalyseCase::kSecond;

inline uint64_t t(uint64_t ns)
{
    return AnalyseCase::ticks(ns);
}

/* Answers spread over three decades, with one outlier. */
inline void answers(ThreadBuilder &thread, uint32_t peer, unsigned count, uint64_t each_ns)
{
    thread.calls(count, HOOK_response, peer, t(each_ns))
        .calls(count / 10 + 1, HOOK_response, peer, t(each_ns * 9))
        .call(HOOK_response, peer, t(each_ns * 400));
}

inline void network(AnalyseCase &c, ThreadBuilder &main)
{
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t database = c.segment.target(TARGET_TCP_OUT, "tcp://10.0.0.7:5432");
    uint32_t clients = c.segment.target(TARGET_TCP_IN, "tcp://0.0.0.0:8080");
    uint32_t name = c.segment.target(TARGET_HOST, "cache.internal.example");
    main.calls(900, HOOK_connect, redis, t(90 * kUs)).calls(20, HOOK_connect, redis, t(kMs), 0, ECONNREFUSED);
    main.calls(900, HOOK_connection, redis, t(1400 * kUs), 1);
    main.calls(900, HOOK_send, redis, t(5 * kUs), 60).calls(900, HOOK_recv, redis, t(300 * kUs), 200);
    main.calls(12, HOOK_nagle_stall, redis, t(40 * kMs));
    answers(main, redis, 800, 300 * kUs);
    main.call(HOOK_connect, database, t(2 * kMs)).calls(3000, HOOK_write, database, t(8 * kUs), 100);
    main.calls(3000, HOOK_read, database, t(700 * kUs), 4000);
    answers(main, database, 3000, 700 * kUs);
    main.calls(400, HOOK_accept4, clients, t(3 * kMs)).calls(400, HOOK_recv, clients, t(20 * kUs), 300);
    main.calls(400, HOOK_send, clients, t(9 * kUs), 900);
    main.calls(50, HOOK_getaddrinfo, name, t(6 * kMs)).calls(2, HOOK_getaddrinfo, name, t(900 * kMs), 0, EAGAIN);
    c.segment.counter(COUNTER_resolver_hits) = 40;
    c.segment.counter(COUNTER_resolver_misses) = 12;
    c.segment.counter(COUNTER_connections_watched) = 921;
    c.segment.counter(COUNTER_connections_refused_state) = 800;
    c.segment.counter(COUNTER_connections_refused_close) = 100;
}

inline void locks(AnalyseCase &c, ThreadBuilder &worker)
{
    uint64_t take = c.function("queue_take"), put = c.function("queue_put"), wait = c.function("wait_for_work");
    uint32_t queue = c.segment.site(TARGET_LOCK, take, put), table = c.segment.site(TARGET_LOCK, put);
    uint32_t place = c.segment.site(TARGET_SITE, wait);
    worker.calls(600, HOOK_pthread_mutex_lock, queue, t(4 * kMs))
        .calls(30, HOOK_pthread_mutex_lock, queue, t(60 * kMs))
        .calls(25, HOOK_pthread_rwlock_wrlock, table, t(2 * kMs))
        .counted(HOOK_pthread_mutex_lock, 50000)
        .counted(HOOK_pthread_rwlock_wrlock, 900)
        .counted(HOOK_pthread_rwlock_rdlock, 77000);
    worker.calls(40, HOOK_pthread_cond_wait, place, t(100 * kMs)).calls(10, HOOK_sem_wait, place, t(5 * kMs));
    c.segment.sample(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, queue, c.segment.stack({take, wait}), 900, t(4 * kSecond));
    c.segment.sample(SAMPLE_LOCK_WAIT, HOOK_pthread_rwlock_wrlock, table, c.segment.stack({put, wait}), 20, t(50 * kMs));
}

inline void files(AnalyseCase &c, ThreadBuilder &worker)
{
    uint32_t journal = c.segment.target(TARGET_FILE, "/var/lib/app/journal.db");
    uint32_t config = c.segment.target(TARGET_FILE, "/etc/app/app.conf");
    worker.call(HOOK_open64, journal, t(30 * kUs))
        .calls(300, HOOK_pwrite64, journal, t(40 * kUs), 4096)
        .calls(300, HOOK_fsync, journal, t(8 * kMs))
        .calls(4, HOOK_fsync, journal, t(90 * kMs));
    worker.call(HOOK_open, config, t(9 * kUs)).call(HOOK_read, config, t(7 * kUs), 1800).call(HOOK_close, config, t(kUs));
    worker.calls(40, HOOK_open64, 0, t(3 * kUs), 0, ENOENT);
    worker.counted(HOOK_fgets, 70000, 70000 * 40);
}

inline void readings(AnalyseCase &c, unsigned seconds)
{
    for (unsigned s = 0; s <= seconds; s++) {
        resource_record &r = c.segment.resource(s * kSecond);
        r.cpu_user_ns = s * 200 * kMs + (s > seconds / 2 ? (s - seconds / 2) * 500 * kMs : 0);
        r.cpu_system_ns = s * 90 * kMs;
        r.peak_rss_bytes = (20 + s) << 20;
        r.minor_faults = s * 300;
        r.major_faults = 0;
        r.voluntary_switches = s * 1500;
        r.involuntary_switches = s * s;
        r.threads = s == 0 ? 1 : 3;
        r.descriptors = 4 + s % 7;
        r.heap_allocated_bytes = (10 + s) << 20;
        r.heap_resident_bytes = (14 + s) << 20;
    }
}

/* Lives a minute. */
inline void service(AnalyseCase &c)
{
    c.segment.header().command = c.segment.string(std::string("service\0--port=8080\0", 20));
    c.segment.header().threads_started = 40;
    c.segment.header().threads_peak = 3;
    auto main = c.segment.thread(5000001, "main");
    auto worker = c.segment.thread(5000002, "worker");
    auto idle = c.segment.thread(5000003, "pool");
    network(c, main);
    locks(c, worker);
    files(c, worker);
    idle.calls(20, HOOK_epoll_wait, 0, t(2500 * kMs)).inside(HOOK_epoll_wait, 0, c.segment.kStartTicks + t(51 * kSecond));
    main.calls(37, HOOK_thread_life, 0, t(30 * kMs));
    main.call(HOOK_open, 0, t(kUs), 0, EMFILE);
    readings(c, 60);
    uint64_t parse = c.function("parse_row"), handle = c.function("handle_request"), serve = c.function("serve"),
             loop = c.function("event_loop"), start = c.function("start"), malloc_ = c.function("malloc");
    for (auto *thread : {&main, &worker}) {
        thread->block().class_cpu_ns[CLASS_COUNT] = 12 * kSecond;
        thread->block().class_cpu_ns[CLASS_FILE] = kSecond;
    }
    c.cpu_sample(1400, {parse, handle, serve, loop, start});
    c.cpu_sample(500, {malloc_, parse, handle, serve, loop, start});
    c.cpu_sample(400, {handle, serve, loop, start});
    for (int i = 0; i < 30; i++)
        c.cpu_sample(2, {c.function("small_" + std::to_string(i)), loop, start});
    uint32_t redis = 1;
    c.segment.sample(SAMPLE_BLOCKED, HOOK_recv, redis, c.segment.stack({handle, serve, loop, start}), 2000, t(3 * kSecond));
    c.segment.sample(SAMPLE_BLOCKED, HOOK_fsync, 0, c.segment.stack({serve, loop, start}), 3000, t(2 * kSecond));
}

/* Nothing is sampled, and nothing was done. */
inline void unmeasured(AnalyseCase &c)
{
    c.segment.header().command = c.segment.string("quiet");
    c.segment.header().options = c.segment.string("CPU_HZ=0\nBLOCK_PERIOD=0ns\nALLOC_PERIOD=0\n");
    c.segment.header().cpu_period_ns = c.segment.header().alloc_period_bytes = c.segment.header().block_period_ticks = 0;
    c.segment.thread(1, "main");
}

} // namespace view_case

#endif
