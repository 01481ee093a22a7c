/* The rules about descriptors, memory and pages: found, not found, not applicable, and not measured where that can be. */
#include "tools/rule_case.h"

#include <cerrno>

using namespace rule_case;

namespace
{

void faults(AnalyseCase &c, uint64_t minor, uint64_t major, uint64_t system_ns)
{
    c.segment.thread(1, "main");
    c.cpu(5 * kSecond, system_ns);
    resource_record *readings = c.segment.records<resource_record>(TABLE_RESOURCES);
    for (int i : {1, 2}) {
        readings[i].minor_faults = i == 2 ? minor : 0;
        readings[i].major_faults = i == 2 ? major : 0;
        readings[i].peak_rss_bytes = 64 << 20;
    }
}

const RuleCase kCases[] = {
    {"DescriptorGrowthIsFound", FINDING_descriptor_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         series(c, 60, [](unsigned s, resource_record &r) { r.descriptors = 10 + 5 * s; });
     },
     SEVERITY_WARNING, "5.0 more each second"},
    {"DescriptorGrowthIsFoundThoughAllAreClosedAtExit", FINDING_descriptor_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         series(c, 60,
                [](unsigned s, resource_record &r) { r.descriptors = s < 60 ? 10 + 5 * s : 3; });
     }},
    {"DescriptorGrowthIsNotFoundAfterAStart", FINDING_descriptor_growth, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         series(c, 60, [](unsigned s, resource_record &r) {
             r.descriptors = s < 20 ? 10 + 50 * s : 1010;
         });
     }},
    {"DescriptorGrowthIsNotMeasuredInAShortRun", FINDING_descriptor_growth, FINDING_NOT_MEASURED,
     nothing},
    {"MemoryGrowthIsFound", FINDING_memory_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         uint64_t keep = c.function("remember");
         c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, c.segment.stack({keep}), 100,
                          600000000);
         series(c, 60,
                [](unsigned s, resource_record &r) { r.peak_rss_bytes = (50ull + 10 * s) << 20; });
     },
     SEVERITY_WARNING, "remember"},
    {"MemoryGrowthOfAShortRunIsANote", FINDING_memory_growth, FINDING_FOUND,
     [](AnalyseCase &c) {
         series(c, 10,
                [](unsigned s, resource_record &r) { r.peak_rss_bytes = (50ull + 40 * s) << 20; });
     },
     SEVERITY_NOTE},
    {"MemoryGrowthIsNotFoundOnAPlateau", FINDING_memory_growth, FINDING_NOT_FOUND,
     [](AnalyseCase &c) {
         series(c, 60, [](unsigned s, resource_record &r) {
             r.peak_rss_bytes = (s < 30 ? 50ull + 10 * s : 350ull) << 20;
         });
     }},
    {"MemoryGrowthIsNotMeasuredInAShortRun", FINDING_memory_growth, FINDING_NOT_MEASURED, nothing},

    {"PagesThatAreFaultedInAgainAndAgainAreFound", FINDING_page_faults, FINDING_FOUND,
     [](AnalyseCase &c) { faults(c, 2000000, 0, 3 * kSecond); }, SEVERITY_CRITICAL, "2,000,000 page faults"},
    {"PagesThatAreFaultedInOnceAreFine", FINDING_page_faults, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { faults(c, 17000, 0, 3 * kSecond); }},
    {"PageFaultsAreNotMeasuredWithoutReadings", FINDING_page_faults, FINDING_NOT_MEASURED, nothing},

    {"PagesFromDiskAreFound", FINDING_major_faults, FINDING_FOUND,
     [](AnalyseCase &c) { faults(c, 1000, 5000, kSecond); }, SEVERITY_CRITICAL, "5,000 page faults"},
    {"AColdStartIsANote", FINDING_major_faults, FINDING_FOUND,
     [](AnalyseCase &c) {
         c.segment.lasts(2);
         faults(c, 1000, 500, 100 * kMs);
         c.segment.records<resource_record>(TABLE_RESOURCES)[2].cpu_user_ns = 100 * kMs;
     },
     SEVERITY_NOTE},
    {"AFewPagesFromDiskAreFine", FINDING_major_faults, FINDING_NOT_FOUND,
     [](AnalyseCase &c) { faults(c, 1000, 50, kSecond); }},
    {"PagesFromDiskAreNotMeasuredWithoutReadings", FINDING_major_faults, FINDING_NOT_MEASURED, nothing},
};

RULE_CASES(Resources, kCases)

} // namespace
