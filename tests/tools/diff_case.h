/* diff_case.h: pairs of segments that differ in known ways, and the difference that strong-report finds. */
#ifndef STRONG_TESTS_DIFF_CASE_H
#define STRONG_TESTS_DIFF_CASE_H

#include "tools/render_case.h"

extern "C" {
#include "analyse/difference.h"
}

struct DiffCase {
    AnalyseCase a, b;
    explicit DiffCase(double a_seconds = 10, double b_seconds = 10, uint32_t pid = AnalyseCase::nobody())
        : a(a_seconds, 8 << 20, pid), b(b_seconds, 8 << 20, pid + 1)
    {
        b.segment.header().start_realtime_ns += 60000000000;
    }
    ~DiffCase()
    {
        difference_free(difference_);
    }

    const difference &finish()
    {
        difference_source left = {&a.finish(), nullptr, 0}, right = {&b.finish(), nullptr, 0};
        if (difference_new(&left, &right, &difference_) != 0)
            throw std::runtime_error("no difference");
        return *difference_;
    }

  private:
    difference *difference_ = nullptr;
};

inline const difference_row *target_of(const difference &made, const std::string &name, bool idle = false)
{
    for (size_t i = 0; i < made.target_count; i++)
        if (made.targets[i].name == name && made.targets[i].idle == idle)
            return &made.targets[i];
    return nullptr;
}

inline const difference_row *hook_of(const difference &made, unsigned hook)
{
    for (size_t i = 0; i < made.hook_count; i++)
        if (made.hooks[i].hook == hook)
            return &made.hooks[i];
    return nullptr;
}

inline const difference_finding *found_of(const difference &made, finding_id id)
{
    for (size_t i = 0; i < made.finding_count; i++)
        if (made.findings[i].of[0]->id == id)
            return &made.findings[i];
    return nullptr;
}

/* A client of one server: so many requests, each with a connect, a send and a read of these times, in ns. */
inline void client(AnalyseCase &c, unsigned requests, uint64_t connect_ns, uint64_t read_ns)
{
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    auto main = c.segment.thread(c.segment.header().pid, "main");
    main.calls(requests, HOOK_connect, redis, c.ticks(connect_ns));
    main.calls(requests, HOOK_send, redis, c.ticks(20000), 30);
    main.calls(requests, HOOK_recv, redis, c.ticks(read_ns), 100);
    main.calls(requests, HOOK_connection, redis, c.ticks(connect_ns + read_ns + 30000), 1);
}

/* The troubled client (render_case.h) with its connections reused, half as long, and a new lookup. */
inline void cured(AnalyseCase &c)
{
    auto t = AnalyseCase::ticks;
    constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs, kSecond = AnalyseCase::kSecond;
    c.segment.header().command = c.segment.string(std::string("python3\0app.py\0--verbose\0", 25));
    c.segment.header().threads_started = 4;
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t file = c.segment.target(TARGET_FILE, "/var/lib/app/journal.db");
    uint32_t fresh = c.segment.target(TARGET_FILE, "/var/lib/app/audit.log");
    uint64_t take = c.function("queue_take"), put = c.function("queue_put");
    uint32_t lock = c.segment.site(TARGET_LOCK, take, put);
    auto main = c.segment.thread(c.segment.header().pid, "main");
    main.calls(12034, HOOK_connect, redis, t(20 * kUs)).calls(12034, HOOK_connection, redis, t(400 * kUs), 1);
    main.calls(12034, HOOK_recv, redis, t(kMs), 120);
    auto worker = c.segment.thread(5000012, "worker");
    worker.calls(3000, HOOK_pthread_mutex_lock, lock, t(4 * kMs + 200 * kUs))
        .counted(HOOK_pthread_mutex_lock, 50000);
    worker.calls(900, HOOK_fsync, file, t(8 * kMs)).counted(HOOK_malloc, 4000000, 1 << 30);
    worker.calls(400, HOOK_fsync, fresh, t(5 * kMs));
    c.segment.thread(5000013, "pool").call(HOOK_epoll_wait, 0, t(25 * kSecond));
    c.segment.counter(COUNTER_memory_pool_active) = 1;
    c.segment.counter(COUNTER_connections_watched) = 12034;
    c.segment.counter(COUNTER_connections_parked) = 12033;
    c.segment.counter(COUNTER_connections_reused) = 12033;
    c.segment.counter(COUNTER_connections_saved_ns) = 10600 * kMs;
    c.cpu(11 * kSecond, 2 * kSecond);
}

#endif
