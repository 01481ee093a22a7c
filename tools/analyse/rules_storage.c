/* rules_storage.c: the rules about files whose reads and writes wait for the disk. Moving bytes between the page cache
 * and the program takes time, too: a nanosecond a byte is taken off, more than any machine of this time needs.
 */
#include "analyse/rules.h"

enum { STORAGE_CALLS = 20, READ_SLOW_NS = 50000, WRITE_SLOW_NS = 200000, COPY_BYTES_PER_NS = 1 };

#define STORAGE_SHARE 0.05

struct slow {
    uint64_t calls, bytes, waited_ns, top_ns;
    uint32_t top;
};

/* Files whose calls take at least least_ns each, with their time beyond copying. */
static struct slow slow_files(struct analysis *analysis, const uint16_t *hooks, uint64_t least_ns)
{
    const struct model *model = analysis->model;
    struct slow slow = {0};
    for (uint32_t t = 1; t < model->target_count; t++) {
        if (model->targets[t].kind != TARGET_FILE)
            continue;
        struct rules_sum one = rules_sum(analysis, hooks, t);
        uint64_t copied = one.bytes / COPY_BYTES_PER_NS;
        if (one.calls == 0 || one.ns <= copied || (one.ns - copied) / one.calls < least_ns)
            continue;
        slow.calls += one.calls;
        slow.bytes += one.bytes;
        slow.waited_ns += one.ns - copied;
        if (one.ns - copied >= slow.top_ns) {
            slow.top_ns = one.ns - copied;
            slow.top = t;
        }
    }
    return slow;
}

/* What both rules have in common: the evidence. False where nothing is found. */
static bool found_slow(struct analysis *analysis, struct finding *finding, const uint16_t *hooks,
                       const char *what, uint64_t least_ns, struct slow *ret_slow)
{
    struct rules_sum all = rules_sum(analysis, hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, rules_text(analysis, "it made no %s by itself", what));
        return false;
    }
    struct slow slow = slow_files(analysis, hooks, least_ns);
    finding->evidence = rules_text(analysis, "%s of files that took %s or more each",
                                   units_plural(slow.calls, what).text, units_duration(least_ns).text);
    /* A part of it is CPU time, the copy's and the kernel's. */
    uint64_t files_ns = analysis->time.parts[PART_FILE];
    uint64_t gain = slow.waited_ns < files_ns ? slow.waited_ns : files_ns;
    if (slow.calls < STORAGE_CALLS || (double)gain < STORAGE_SHARE * (double)analysis->time.work_ns ||
        !rules_found(analysis, finding, gain, slow.calls))
        return false;
    struct latency latency = rules_latency(analysis, hooks, slow.top);
    struct rules_sum top = rules_sum(analysis, hooks, slow.top);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, slow.top);
    finding->evidence =
        rules_text(analysis, "%s: %s of %s on average, p50 %s, p99 %s", finding->where,
                   units_plural(top.calls, what).text, units_bytes(top.bytes / top.calls).text,
                   units_duration(finding->p50_ns).text, units_duration(finding->p99_ns).text);
    *ret_slow = slow;
    return true;
}

const struct finding_about rules_slow_reads_about = {
    .looks_for = "Reads of files that wait for the disk.",
    .precondition = "Applies where it read.",
    .formula =
        "Found for 20 reads or more of files whose reads take 50 us each beyond a nanosecond "
        "a byte, where that is 5 % of the thread time. Bound: that time, at most what was waited in "
        "calls on files.",
    .fix =
        "Ask for it before it is needed, have several reads under way at once, or keep it in "
        "memory.",
    .risk = "What is read ahead in vain takes the place of what is needed.",
};

void rules_slow_reads(struct analysis *analysis, struct finding *finding)
{
    struct slow slow;
    if (!found_slow(analysis, finding, rules_read_hooks, "read", READ_SLOW_NS, &slow))
        return;
    uint64_t stored = analysis->model->usage.read_bytes;
    if (stored == MODEL_UNKNOWN)
        rules_rests_on_more(finding);
    else
        finding->evidence = rules_text(analysis, "%s; %s came from the disk in all", finding->evidence,
                                       units_bytes(stored).text);
    finding->assumption = "what is read is in memory already";
    finding->fix = rules_text(analysis,
                              "ask for it before it is needed (posix_fadvise WILLNEED, larger reads), have several "
                              "reads under way at once (threads, io_uring), or keep it in memory%s",
                              rules_called_at(analysis, rules_site(analysis, SAMPLE_BLOCKED, rules_read_hooks,
                                                                   slow.top)));
    finding->risk = "what is read ahead in vain takes the place of what is needed";
}

const struct finding_about rules_slow_writes_about = {
    .looks_for =
        "Writes to files that wait for the disk: O_SYNC, O_DSYNC, O_DIRECT, or a disk that cannot "
        "keep up.",
    .precondition = "Applies where it wrote.",
    .formula =
        "Found for 20 writes or more to files whose writes take 0.2 ms each beyond a nanosecond "
        "a byte, where that is 5 % of the thread time. Bound: that time, at most what was waited in "
        "calls on files.",
    .fix =
        "Write without O_SYNC and make a batch durable with one fdatasync, or write in a thread "
        "of its own.",
    .risk = "A crash loses what was written since the last sync.",
};

void rules_slow_writes(struct analysis *analysis, struct finding *finding)
{
    struct slow slow;
    if (!found_slow(analysis, finding, rules_write_hooks, "write", WRITE_SLOW_NS, &slow))
        return;
    finding->assumption = "writing takes only the copy into the page cache";
    finding->fix = rules_text(analysis,
                              "open it without O_SYNC, O_DSYNC and O_DIRECT and make a batch durable with one "
                              "fdatasync, or write it in a thread of its own%s",
                              rules_called_at(analysis, rules_site(analysis, SAMPLE_BLOCKED, rules_write_hooks,
                                                                   slow.top)));
    finding->risk = "a crash loses what was written since the last sync";
}
