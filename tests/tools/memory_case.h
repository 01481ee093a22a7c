/* memory_case.h: heaps for the tests of rules and reports: sites, timed calls, the allocator's account. */
#ifndef STRONG_TESTS_MEMORY_CASE_H
#define STRONG_TESTS_MEMORY_CASE_H

#include <functional>

#include "tools/analyse_case.h"

namespace memory_case
{

constexpr uint64_t kSecond = AnalyseCase::kSecond;

inline uint64_t t(uint64_t ns)
{
    return AnalyseCase::ticks(ns);
}

/* What a site does with its objects, in parts of what it allocates. */
struct Site {
    const char *name;
    uint64_t objects, bytes_each;
    double freed = 1, temporary = 0, remote = 0, grown = 0;
    uint64_t live = 0, peak = 0; /* objects */
    unsigned age = 2;            /* lifetimes[] */
};

inline void add_site(AnalyseCase &c, const Site &site)
{
    uint32_t stack = c.segment.stack({c.function(site.name)});
    auto sum = [&](sample_cost cost, double part) {
        uint64_t objects = static_cast<uint64_t>(double(site.objects) * part);
        if (objects > 0)
            c.segment.sample(cost, site.grown > 0 ? HOOK_realloc : HOOK_malloc, 0, stack, 400, objects * site.bytes_each, objects);
    };
    sum(SAMPLE_ALLOCATED, 1);
    sum(SAMPLE_FREED, site.freed);
    sum(SAMPLE_TEMPORARY, site.temporary);
    sum(SAMPLE_REMOTE, site.remote);
    sum(SAMPLE_GROWN, site.grown);
    c.segment.live(stack, site.live * site.bytes_each, site.live, site.peak * site.bytes_each,
                   site.peak)
        .lifetime_q8[site.age] = static_cast<uint64_t>(double(site.objects) * site.freed) * 256;
}

/* Ten seconds of CPU; one call of malloc and one of free take `each_ns`, by the timed calls, and 20 ns more that
 * timing adds. */
inline ThreadBuilder allocator(AnalyseCase &c, uint64_t calls, uint64_t each_ns, uint64_t cpu_ns = 10 * kSecond)
{
    auto main = c.segment.thread(1, "main");
    main.counted(HOOK_malloc, calls, calls * 64).counted(HOOK_free, calls);
    for (int i = 0; i < 2; i++) {
        main.block().timed_calls[i] = calls / 1024;
        main.block().timed_ticks[i] = t(each_ns + 20) * (calls / 1024);
    }
    c.cpu(cpu_ns);
    return main;
}

/* A reading a second; fill says what the allocator accounts for. */
inline void account(AnalyseCase &c, unsigned seconds, std::function<void(unsigned, resource_record &)> fill)
{
    c.segment.lasts(seconds);
    for (unsigned second = 0; second <= seconds; second++)
        fill(second, c.segment.resource(second * kSecond));
}

inline void set_account(resource_record &r, uint64_t allocated, uint64_t active, uint64_t resident)
{
    r.heap_allocated_bytes = allocated << 20;
    r.heap_active_bytes = active << 20;
    r.heap_resident_bytes = resident << 20;
    r.heap_retained_bytes = 0;
    r.heap_metadata_bytes = 1 << 20;
}

} // namespace memory_case

#endif
