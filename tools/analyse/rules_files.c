/* rules_files.c: the rules about input and output: waiting for the disk, tiny reads and writes. */
#include "analyse/rules.h"

#include <stdlib.h>

static const uint16_t sync_hooks[] = {HOOK_fsync, HOOK_fdatasync,       HOOK_sync, HOOK_syncfs,
                                      HOOK_msync, HOOK_sync_file_range, HOOK_NONE};

/* ---- fsync ---- */

const struct finding_about rules_fsync_bound_about = {
    .looks_for = "Waiting for data to be on disk (fsync, fdatasync, msync, sync_file_range).",
    .precondition = "Applies where it asked for that.",
    .formula = "Found for 5 syncs or more; a note below 20. Bound: their time but one's.",
    .fix =
        "Make several changes durable together: one transaction, one sync for a batch; fdatasync "
        "where the size does not change.",
    .risk = "A crash loses what was not synced yet: batch only what may be lost together.",
};

void rules_fsync_bound(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, sync_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it never asked for data to be on disk");
        return;
    }
    finding->evidence = rules_text(analysis, "%s, %s in all", units_plural(all.calls, "sync").text,
                                   units_duration(all.ns).text);
    /* A few at the end of a job cannot be made fewer. */
    if (all.calls < 5 || !rules_found(analysis, finding, all.ns - all.ns / all.calls, all.calls))
        return;
    if (all.calls < 20)
        rules_limit(finding, SEVERITY_NOTE);
    uint32_t top = 0;
    uint64_t top_ns = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        struct rules_sum one = rules_sum(analysis, sync_hooks, t);
        if (one.ns > top_ns) {
            top_ns = one.ns;
            top = t;
        }
    }
    struct latency latency = rules_latency(analysis, sync_hooks, RULES_ANY_TARGET);
    const char *site =
        rules_site(analysis, SAMPLE_BLOCKED, sync_hooks, top != 0 ? top : RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, top);
    finding->evidence =
        rules_text(analysis, "%s, p50 %s, p99 %s, %.1f a second; most for %s",
                   units_plural(all.calls, "sync").text, units_duration(finding->p50_ns).text,
                   units_duration(finding->p99_ns).text,
                   (double)all.calls / rules_seconds(analysis), finding->where);
    finding->assumption = "all of it is made durable by one sync";
    finding->fix =
        rules_text(analysis,
                   "make several changes durable together: one transaction or one sync for a "
                   "batch%s; fdatasync where the size does not change",
                   rules_called_at(analysis, site));
    finding->risk = "a crash loses what was not synced yet: batch only what may be lost together";
}

/* ---- tiny reads and writes ---- */

enum {
    TINY_CALLS = 1000,
    TINY_BYTES = 256,
    TINY_CALL_NS = 10000, /* more than this a call is waiting, which its size does not explain */
    GOOD_BYTES = 16384,
};

struct tiny {
    uint32_t target;
    bool reading;
    uint64_t calls, bytes, gain_ns;
};

/* Time that the same bytes in large pieces would not have cost; 0 where the calls are not tiny. */
static struct tiny tiny_of(struct analysis *analysis, uint32_t target, bool reading)
{
    struct tiny tiny = {.target = target, .reading = reading};
    enum target_kind kind = analysis->model->targets[target].kind;
    const uint16_t *hooks = reading ? rules_read_hooks : rules_write_hooks;
    struct rules_sum sum = rules_sum(analysis, hooks, target);
    uint64_t good = sum.calls - (sum.errors < sum.calls ? sum.errors : sum.calls);
    if (good < TINY_CALLS || sum.bytes > good * TINY_BYTES || sum.bytes == 0)
        return tiny;
    /* Events are tiny by nature; so are the messages of a dialogue: then there is about one write a
     * read. */
    bool dialogue = kind != TARGET_FILE && kind != TARGET_PIPE;
    struct rules_sum other =
        rules_sum(analysis, reading ? rules_write_hooks : rules_read_hooks, target);
    if (kind == TARGET_UNKNOWN || kind == TARGET_OTHER || kind == TARGET_UDP ||
        (kind == TARGET_DEVICE && reading) || (dialogue && good < 4 * other.calls))
        return tiny;
    struct latency latency = rules_latency(analysis, hooks, target);
    uint64_t each = latency_percentile_ns(&latency, 0.5);
    uint64_t mean = sum.ns / sum.calls;
    if (each == 0 || each > mean)
        each = mean;
    if (each > TINY_CALL_NS)
        return tiny;
    /* Reading may have to wait now and then, whatever its size: that does not come back. */
    uint64_t ns = reading && kind != TARGET_FILE ? good * each : sum.ns;
    double mean_bytes = (double)sum.bytes / (double)good;
    tiny.calls = good;
    tiny.bytes = sum.bytes;
    tiny.gain_ns = (uint64_t)((double)ns * (1 - mean_bytes / GOOD_BYTES));
    return tiny;
}

const struct finding_about rules_tiny_io_about = {
    .looks_for = "Many reads or writes of few bytes each, where a buffer could move them at once.",
    .precondition =
        "Applies where it read or wrote. Events, datagrams and dialogues (a write for each read) "
        "are left out: they are small by nature.",
    .formula =
        "Found for 1,000 calls or more on one target with at most 256 bytes and 10 us each. "
        "Bound: their time less what the same bytes cost in pieces of 16 KiB.",
    .fix =
        "Read into, or collect in, a buffer of 16 KiB or more (stdio, a buffered reader or "
        "writer, writev).",
    .risk =
        "What is still in the buffer is lost when the process is killed; reading ahead takes "
        "bytes another reader may want.",
};

void rules_tiny_io(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum reads = rules_sum(analysis, rules_read_hooks, RULES_ANY_TARGET);
    struct rules_sum writes = rules_sum(analysis, rules_write_hooks, RULES_ANY_TARGET);
    if (reads.calls + writes.calls == 0) {
        rules_not_applicable(finding, "it read and wrote nothing by itself");
        return;
    }
    struct tiny top = {0};
    uint64_t gain = 0, calls = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        for (int reading = 0; reading < 2; reading++) {
            struct tiny one = tiny_of(analysis, t, reading != 0);
            gain += one.gain_ns;
            calls += one.calls;
            if (one.gain_ns > top.gain_ns)
                top = one;
        }
    }
    if (gain == 0 || !rules_found(analysis, finding, gain, calls)) {
        finding->evidence = rules_text(analysis, "%s, %s", units_plural(reads.calls, "read").text,
                                       units_plural(writes.calls, "write").text);
        return;
    }
    const uint16_t *hooks = top.reading ? rules_read_hooks : rules_write_hooks;
    struct latency latency = rules_latency(analysis, hooks, top.target);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, hooks, top.target);
    if (site[0] == '\0')
        site = rules_site(analysis, SAMPLE_CPU, hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, top.target);
    finding->evidence =
        rules_text(analysis, "%s: %s of %s bytes on average, p50 %s each", finding->where,
                   units_plural(top.calls, top.reading ? "read" : "write").text,
                   units_number((double)top.bytes / (double)top.calls).text,
                   units_duration(finding->p50_ns).text);
    finding->assumption = "the same bytes move in pieces of 16 KiB";
    finding->fix = rules_text(
        analysis,
        top.reading ? "read into a buffer of 16 KiB or more (stdio, a buffered reader)%s"
                    : "collect in a buffer of 16 KiB or more and write it whole (stdio, writev)%s",
        rules_called_at(analysis, site));
    finding->risk =
        top.reading
            ? "reading ahead takes bytes that another reader of the same descriptor may want"
            : "what is still in the buffer is lost when the process is killed";
}
