/* rules_paging.c: the rules about pages: memory taken from the system over and over, pages that come from disk. */
#include "analyse/rules_allocator.h"
#include "analyse/rules_optimizers.h"

enum { PAGE_BYTES = 4096, REFAULTS = 8, FAULT_RATE = 5000, MAJOR_LEAST = 100, MAJOR_RATE = 20 };
#define MAJOR_WARNING_NS UINT64_C(5000000000) /* shorter than this it may be a cold start */

static double window_seconds(const struct model_usage *usage)
{
    double seconds = usage->window_ns == MODEL_UNKNOWN ? 0 : (double)usage->window_ns / 1e9;
    return seconds > 1e-3 ? seconds : 1e-3;
}

const struct finding_about rules_page_faults_about = {
    .looks_for =
        "Memory that is taken from the system, given back and taken again: each page costs a "
        "fault and is cleared.",
    .precondition =
        "Applies to every program; two readings of its page faults, CPU time and resident memory "
        "are needed.",
    .formula =
        "Found for 5,000 faults a second that make eight times the pages it had at most. Bound: "
        "its CPU time in the kernel.",
    .fix =
        "Keep large buffers for the next use, or have the allocator keep the pages (the memory "
        "pool; glibc: mmap_threshold, trim_threshold).",
    .risk = "Memory that is kept is not there for other programs.",
};

void rules_page_faults(struct analysis *analysis, struct finding *finding)
{
    const struct model_usage *usage = &analysis->model->usage;
    if (usage->minor_faults == MODEL_UNKNOWN || usage->cpu_system_ns == MODEL_UNKNOWN ||
        usage->peak_rss_bytes == MODEL_UNKNOWN || usage->peak_rss_bytes == 0) {
        rules_not_measured(finding, "there are not two readings of its page faults");
        return;
    }
    double rate = (double)usage->minor_faults / window_seconds(usage);
    double times = (double)usage->minor_faults * PAGE_BYTES / (double)usage->peak_rss_bytes;
    finding->evidence = rules_text(
        analysis, "%s, %s a second: %s times the pages it had at most (%s); %s of CPU time in the kernel",
        units_plural(usage->minor_faults, "page fault").text, units_number(rate).text,
        units_number(times).text, units_bytes(usage->peak_rss_bytes).text,
        units_duration(usage->cpu_system_ns).text);
    const char *facts = finding->evidence;
    if (rate < FAULT_RATE || times < REFAULTS ||
        !rules_found(analysis, finding, usage->cpu_system_ns, usage->minor_faults))
        return;
    rules_rests_on_more(finding); /* not all of the kernel's time was for faults */
    const struct heap *heap = &analysis->heap;
    bool known = heap->site_count > 0 && heap->sites[0].allocated.bytes > 0;
    finding->where = known ? heap_site_place(analysis, &heap->sites[0]) : "";
    finding->evidence = rules_text(analysis, "%s%s%s", facts, known ? "; most allocated by " : "",
                                   known ? heap_site_name(analysis, &heap->sites[0]) : "");
    finding->assumption = "all CPU time in the kernel was spent on page faults";
    bool pooled = analysis->optimizers[OPTIMIZER_MEMORY].state == OPTIMIZER_ACTIVE;
    finding->fix = rules_text(
        analysis, "keep large buffers for the next use instead of giving them back%s; or %s",
        known ? rules_text(analysis, " (%s)", heap_site_name(analysis, &heap->sites[0])) : "",
        pooled ? rules_pool_conf(analysis, "dirty_decay_ms:60000")
               : rules_text(analysis,
                            "%s; with glibc's malloc GLIBC_TUNABLES=glibc.malloc.mmap_threshold=1073741824:"
                            "glibc.malloc.trim_threshold=1073741824",
                            rules_optimizer_setting(analysis, OPTIMIZER_MEMORY)));
    finding->risk = "memory that is kept is not there for other programs";
}

const struct finding_about rules_major_faults_about = {
    .looks_for = "Pages that had to be read from disk: swapped out, or of mapped files.",
    .precondition = "Applies to every program; two readings of its page faults are needed.",
    .formula =
        "Found for 100 such faults, 20 a second; a note in the first 5 s. Bound: the time that no "
        "call explains.",
    .fix =
        "More memory for it or less use of it; for mapped files madvise(MADV_WILLNEED) before "
        "use.",
    .risk = "Memory that is given to it is not there for other programs.",
};

void rules_major_faults(struct analysis *analysis, struct finding *finding)
{
    const struct model_usage *usage = &analysis->model->usage;
    if (usage->major_faults == MODEL_UNKNOWN) {
        rules_not_measured(finding, "there are not two readings of its page faults");
        return;
    }
    double rate = (double)usage->major_faults / window_seconds(usage);
    finding->evidence = rules_text(analysis, "%s that had to wait for the disk, %s a second",
                                   units_plural(usage->major_faults, "page fault").text,
                                   units_number(rate).text);
    const char *facts = finding->evidence;
    if (usage->major_faults < MAJOR_LEAST || rate < MAJOR_RATE ||
        !rules_found(analysis, finding, analysis->time.parts[PART_UNACCOUNTED], usage->major_faults))
        return;
    if (analysis->time.wall_ns < MAJOR_WARNING_NS)
        rules_limit(finding, SEVERITY_NOTE);
    rules_rests_on_more(finding);
    finding->evidence = facts;
    finding->assumption = "all the time that no call explains was waiting for these pages";
    finding->fix = "give it more memory or let it use less (swapped pages: look at vmstat si); for mapped files "
                   "madvise(MADV_WILLNEED) before use, or read them in large pieces";
    finding->risk = "memory that is given to it is not there for other programs";
}
