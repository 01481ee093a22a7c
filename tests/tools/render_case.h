/* render_case.h: segments that fill every part of a report, and a screen that writes to a string.
 */
#ifndef STRONG_TESTS_RENDER_CASE_H
#define STRONG_TESTS_RENDER_CASE_H

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <sstream>

#include "tools/analyse_case.h"

extern "C" {
#include "render/screen.h"
}

inline std::string render_on(unsigned width, bool unicode, bool colour,
                             const std::function<void(screen *)> &print)
{
    char *text = nullptr;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    screen screen_ = {out, width, unicode, colour, 0};
    print(&screen_);
    fclose(out);
    std::string result(text, len);
    free(text);
    return result;
}

inline unsigned line_count(const std::string &text)
{
    return static_cast<unsigned>(std::count(text.begin(), text.end(), '\n'));
}

inline unsigned widest(const std::string &text)
{
    std::istringstream lines(text);
    std::string line;
    unsigned most = 0;
    while (std::getline(lines, line))
        most = std::max(most, screen_columns(line.c_str()));
    return most;
}

/* STRONG_UPDATE_GOLDEN=1 writes the file instead. */
inline void expect_golden(const std::string &name, const std::string &text)
{
    std::string path = std::string(STRONG_SOURCE_DIR) + "/tests/golden/" + name;
    if (getenv("STRONG_UPDATE_GOLDEN")) {
        std::ofstream(path) << text;
        return;
    }
    std::ifstream file(path);
    std::stringstream wanted;
    wanted << file.rdbuf();
    ASSERT_TRUE(file.good() || !wanted.str().empty()) << path;
    EXPECT_EQ(wanted.str(), text);
}

/* A client with several problems and every table in use. */
inline void troubled(AnalyseCase &c)
{
    auto t = AnalyseCase::ticks;
    constexpr uint64_t kMs = AnalyseCase::kMs, kUs = AnalyseCase::kUs,
                       kSecond = AnalyseCase::kSecond;
    c.segment.header().command = c.segment.string(std::string("python3\0app.py\0--verbose\0", 25));
    c.segment.header().threads_started = 4;
    uint32_t redis = c.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t file = c.segment.target(TARGET_FILE, "/var/lib/app/journal.db");
    uint32_t host = c.segment.target(TARGET_HOST, "cache.internal.example");
    uint64_t request = c.function("send_request"), take = c.function("queue_take");
    uint64_t put = c.function("queue_put"), parse = c.function("parse_row"),
             malloc_ = c.function("malloc");
    uint32_t lock = c.segment.site(TARGET_LOCK, take, put);
    auto main = c.segment.thread(5000001, "main");
    main.calls(12034, HOOK_connect, redis, t(900 * kUs))
        .calls(12034, HOOK_connection, redis, t(1400 * kUs), 1);
    main.calls(12034, HOOK_recv, redis, t(kMs), 120);
    main.calls(500, HOOK_getaddrinfo, host, t(6 * kMs));
    main.calls(40, HOOK_recv, redis, t(10 * kUs), 0, ECONNRESET);
    auto worker = c.segment.thread(5000002, "worker");
    worker.calls(3000, HOOK_pthread_mutex_lock, lock, t(4 * kMs))
        .counted(HOOK_pthread_mutex_lock, 50000);
    worker.calls(900, HOOK_fsync, file, t(8 * kMs)).counted(HOOK_malloc, 4000000, 1 << 30);
    auto idle = c.segment.thread(5000003, "pool");
    idle.call(HOOK_epoll_wait, 0, t(55 * kSecond)).event(HOOK_fsync, file, 2000000, t(8 * kMs));
    for (auto *thread : {&main, &worker})
        thread->block().class_cpu_ns[CLASS_COUNT] = 7 * kSecond;
    c.cpu_sample(900, {parse, request});
    c.cpu_sample(300, {malloc_, parse, request});
    c.cpu_sample(200, {take});
    c.segment.sample(SAMPLE_BLOCKED, HOOK_connect, redis, c.segment.stack({request}), 10000,
                     t(10 * kSecond));
    c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, c.segment.stack({parse}), 900, 900 << 20);
    c.segment.size_row(1 << 20) = {900 << 20, 900 << 8, 0, 0, 0, 0, 0, 0, {}, {}};
    c.segment.owner_row(1) = c.segment.size_row(1 << 20);
    c.segment.counter(COUNTER_samples_taken) = 25000;
    c.segment.counter(COUNTER_self_ticks) = t(80 * kMs);
    c.segment.counter(COUNTER_memory_pool_active) = 1;
    c.segment.counter(COUNTER_connections_watched) = 12034;
    c.segment.counter(COUNTER_connections_parked) = 32;
    c.segment.counter(COUNTER_connections_reused) = 31;
    c.segment.counter(COUNTER_connections_saved_ns) = 26 * kMs;
    c.segment.counter(COUNTER_connections_refused_state) = 11900;
    c.segment.counter(COUNTER_connections_refused_unfinished) = 102;
    c.segment.note("CPU sampling stepped aside: the program uses the signal");
    c.cpu(11 * kSecond, 3 * kSecond);
}

/* Nothing wrong with it. */
inline void healthy(AnalyseCase &c)
{
    auto t = AnalyseCase::ticks;
    constexpr uint64_t kMs = AnalyseCase::kMs, kSecond = AnalyseCase::kSecond;
    c.segment.header().command = c.segment.string(std::string("sort\0-n\0numbers.txt\0", 20));
    uint32_t file = c.segment.target(TARGET_FILE, "numbers.txt");
    auto main = c.segment.thread(5000001, "sort");
    main.calls(200, HOOK_read, file, t(kMs), 131072);
    main.block().class_cpu_ns[CLASS_FILE] = 100 * kMs;
    main.block().class_cpu_ns[CLASS_COUNT] = 6 * kSecond;
    c.cpu_sample(500, {c.function("compare"), c.function("sortlines")});
    c.cpu_sample(100, {c.function("fillbuf")});
    c.cpu(6 * kSecond, 100 * kMs);
}

#endif
