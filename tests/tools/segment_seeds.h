/* segment_seeds.h: small valid segments that between them use every part of the format: where the
 * fuzzer starts from, and what the reader's tests spoil. */
#ifndef STRONG_TESTS_SEGMENT_SEEDS_H
#define STRONG_TESTS_SEGMENT_SEEDS_H

#include <vector>

#include "tools/segment_builder.h"

static const size_t kSeedBytes = 256 << 10;

/* A client: calls of many kinds, histograms in both forms, samples, events, readings. */
inline SegmentBuilder seed_client()
{
    SegmentBuilder segment(kSeedBytes);
    segment.header().run = segment.string("seed-run");
    segment.module("/nonexistent/victim", 0x400000, 0x500000, 0, {1, 2, 3, 4});
    segment.module("/nonexistent/libstrong.so", 0x7f0000000000, 0x7f0000100000, 0x7f0000000000);
    uint32_t redis = segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t file = segment.target(TARGET_FILE, "/tmp/\x1b[31mred");
    uint32_t lock = segment.site(TARGET_LOCK, 0x401000, 0x402000);
    uint32_t stack = segment.stack({0x7f0000000010, 0x401010, 0x402020});
    uint32_t odd = segment.stack({0x999}, 1, STACK_INCOMPLETE);
    ThreadBuilder thread = segment.thread(segment.header().pid, "main");
    thread.calls(60, HOOK_connect, redis, 400000).calls(60, HOOK_read, redis, 80000, 12);
    thread.calls(3, HOOK_connection, redis, 900000, 1).calls(2, HOOK_fsync, file, 9000000);
    thread.call(HOOK_pthread_mutex_lock, lock, 5000000).counted(HOOK_pthread_mutex_lock, 9);
    thread.counted(HOOK_malloc, 5000, 640000);
    thread.call(HOOK_open, file, 4000, 0, 2).call(HOOK_nagle_stall, redis, 80000000);
    thread.event(HOOK_read, redis, SegmentBuilder::kStartTicks + 5, 800, stack, 0, 12);
    segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack, 5, 640000);
    segment.sample(SAMPLE_FREED, HOOK_free, 0, stack, 2, 200000);
    segment.sample(SAMPLE_TEMPORARY, HOOK_free, 0, stack, 1, 100000);
    segment.sample(SAMPLE_REMOTE, HOOK_free, 0, stack, 1, 100000);
    segment.sample(SAMPLE_GROWN, HOOK_realloc, 0, odd, 3, 300000);
    segment.live(stack, 440000, 4, 500000, 5).lifetime_q8[3] = 512;
    segment.live(odd, 9000, 1, 7000, 1, 0).largest_bytes = 9000;
    segment.header().heap_peak_ticks = SegmentBuilder::kStartTicks + 9000000;
    segment.size_row(128) = {640000, 1280, 200000, 512, 100000, 256, 100000, 256, {0, 0, 0, 512}, {}};
    segment.owner_row(0) = segment.size_row(128);
    thread.block().timed_calls[0] = thread.block().timed_calls[1] = 4;
    thread.block().timed_ticks[0] = 400;
    segment.sample(SAMPLE_CPU, 0, 0, stack, 20, 200000000);
    segment.sample(SAMPLE_BLOCKED, HOOK_read, redis, odd, 5, 10000000);
    segment.sample(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, lock, stack, 1, 5000000);
    for (int i = 0; i < 4; i++) {
        resource_record &record = segment.resource(i * 300000000ull);
        record.cpu_user_ns = i * 100000000ull;
        record.cpu_system_ns = i * 10000000ull;
        record.rss_bytes = record.peak_rss_bytes = (i + 1) << 20;
        record.descriptors = 3 + i;
        record.heap_allocated_bytes = (i + 1) << 18;
        record.heap_active_bytes = record.heap_resident_bytes = (i + 2) << 18;
        record.heap_retained_bytes = record.heap_metadata_bytes = 1 << 16;
    }
    segment.crowd(HOOK_write) = {3, 1, 300, 9000};
    segment.counter(COUNTER_samples_taken) = 33;
    uint32_t checkout = segment.target(TARGET_CUSTOM, "checkout \"1\"");
    thread.calls(45, HOOK_operation, checkout, 600000, 10).call(HOOK_operation, checkout, 90000000, 0, 5);
    thread.increments(checkout, 7, 700).event(HOOK_operation, checkout, SegmentBuilder::kStartTicks + 9, 90000000);
    segment.gauge(checkout, {1.5, -2, 1e300}, SegmentBuilder::kStartTicks + 1000);
    segment.note("cpu sampling is off: no timers");
    return segment;
}

/* Killed in the middle of things: threads inside calls, no end, a block that has had two owners. */
inline SegmentBuilder seed_killed()
{
    SegmentBuilder segment(kSeedBytes);
    segment.header().state = SEGMENT_RUNNING;
    segment.header().end_ticks = 0;
    uint32_t host = segment.target(TARGET_HOST, "db.internal");
    uint32_t site = segment.site(TARGET_SITE, 0x12345);
    ThreadBuilder worker = segment.thread(77, "worker");
    worker.calls(50, HOOK_getaddrinfo, host, 3000000).calls(50, HOOK_usleep, site, 2000000);
    worker.block().owners = 2;
    worker.block().lived_ticks = 1000;
    worker.inside(HOOK_getaddrinfo, host, SegmentBuilder::kStartTicks + 500);
    segment.thread(78, "gone").call(HOOK_thread_life, site, 100).exited(2000);
    return segment;
}

inline SegmentBuilder seed_empty()
{
    return SegmentBuilder(kSeedBytes);
}

inline std::vector<SegmentBuilder> segment_seeds()
{
    return {seed_client(), seed_killed(), seed_empty()};
}

#endif
