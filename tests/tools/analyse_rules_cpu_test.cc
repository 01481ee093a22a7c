/* The rules about CPU time and the allocator: found, not found, not applicable, and not measured where that can be. */
#include "tools/rule_case.h"

#include <cerrno>

using namespace rule_case;

namespace
{

void busy(AnalyseCase &c, uint64_t cpu_ns)
{
    uint64_t hot = c.function("crunch"), cold = c.function("sweep");
    c.segment.thread(1, "main");
    c.cpu_sample(700, {hot});
    c.cpu_sample(300, {cold});
    c.cpu(cpu_ns);
}

/* A reading of a process that the kernel took the CPU from: CPU-bound all the same. */
void crowded(AnalyseCase &c)
{
    busy(c, 3 * kSecond);
    resource_record *readings = c.segment.records<resource_record>(TABLE_RESOURCES);
    readings[1].voluntary_switches = readings[1].involuntary_switches = 0;
    readings[2].voluntary_switches = 10;
    readings[2].involuntary_switches = 5000;
}

void switches(AnalyseCase &c, uint64_t cpu_ns, uint64_t taken)
{
    for (uint32_t tid = 1; tid <= 8; tid++)
        c.segment.thread(tid, "worker");
    c.cpu(cpu_ns);
    resource_record *readings = c.segment.records<resource_record>(TABLE_RESOURCES);
    readings[1].voluntary_switches = readings[1].involuntary_switches = 0;
    readings[2].voluntary_switches = 100;
    readings[2].involuntary_switches = taken;
}

const RuleCase kCases[] = {
    {"AllocationPressureIsFoundWithItsTopSite", FINDING_allocation_pressure, FINDING_FOUND,
     [](AnalyseCase &c) { allocations(c, 400, 500); }, SEVERITY_CRITICAL, "parse_row"},
    {"ATenthInTheAllocatorIsANote", FINDING_allocation_pressure, FINDING_FOUND,
     [](AnalyseCase &c) { allocations(c, 100, 900); }, SEVERITY_NOTE},
    {"AllocationPressureIsNotFoundWhereItIsSmall", FINDING_allocation_pressure, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { allocations(c, 30, 900); }},
    {"AllocationPressureIsNotMeasuredWithoutSamples", FINDING_allocation_pressure,
     FINDING_NOT_MEASURED, [](AnalyseCase &c) { allocations(c, 3, 3); }},
    {"AllocationPressureIsNotApplicableWithoutAllocations", FINDING_allocation_pressure,
     FINDING_NOT_APPLICABLE, nothing},
    {"CpuBoundNamesTheHotFunctionAndIsANote", FINDING_cpu_bound, FINDING_FOUND,
     [](AnalyseCase &c) { busy(c, 10 * kSecond); }, SEVERITY_NOTE, "70.0 % of it in crunch"},
    {"CpuBoundIsFoundWhereOthersTookTheCpu", FINDING_cpu_bound, FINDING_FOUND, crowded,
     SEVERITY_NOTE, "others use the CPUs too"},
    {"CpuBoundIsNotFoundForAnIdleProgram", FINDING_cpu_bound, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { busy(c, 2 * kSecond); }},
    {"CpuBoundIsNotMeasuredWithoutReadingsOrSamples", FINDING_cpu_bound, FINDING_NOT_MEASURED,
     nothing},
    {"ThrottlingIsFound", FINDING_cpu_throttled, FINDING_FOUND,
     [](AnalyseCase &c) {
         c.segment.thread(1, "main");
         c.segment.counter(COUNTER_cgroup_periods) = 100;
         c.segment.counter(COUNTER_cgroup_start_throttled_ns) = 500 * kMs;
         c.segment.counter(COUNTER_cgroup_end_throttled_ns) = 4500 * kMs;
         c.segment.counter(COUNTER_cgroup_end_throttled_periods) = 80;
     },
     SEVERITY_CRITICAL, "80 times"},
    {"ThrottlingIsNotFoundWhereTheQuotaSuffices", FINDING_cpu_throttled, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         c.segment.thread(1, "main");
         c.segment.counter(COUNTER_cgroup_periods) = 100;
     }},
    {"ThrottlingIsNotApplicableWithoutAQuota", FINDING_cpu_throttled, FINDING_NOT_APPLICABLE,
     nothing},

    {"MoreThreadsThanCpusAreANote", FINDING_cpu_oversubscribed, FINDING_FOUND,
     [](AnalyseCase &c) { switches(c, 20 * kSecond, 9000); }, SEVERITY_NOTE, "2.00 CPUs had, 8.00 wanted"},
    {"ThreadsThatGiveTheCpuUpThemselvesAreFine", FINDING_cpu_oversubscribed, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { switches(c, 20 * kSecond, 10); }},
    {"OneThreadThatOthersTakeTheCpuFromDoesNotWaitForItself", FINDING_cpu_oversubscribed, FINDING_NOT_FOUND,
     crowded},
    {"OversubscriptionIsNotMeasuredWithoutReadings", FINDING_cpu_oversubscribed, FINDING_NOT_MEASURED, nothing},
};

RULE_CASES(Cpu, kCases)

} // namespace
