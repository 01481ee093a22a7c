/* rules_opening.c: the rules about opening: the same file again and again, files that are not there, no descriptor
 * left.
 */
#include "analyse/rules.h"

#include <errno.h>

static const uint16_t file_close_hooks[] = {HOOK_close, HOOK___close, HOOK_fclose, HOOK_NONE};

enum { REOPEN_LEAST = 200, REOPEN_RATE = 20, MISSING_LEAST = 200, MISSING_RATE = 50 };

/* ---- the same file again ---- */

const struct finding_about rules_reopening_files_about = {
    .looks_for = "A file that is opened and closed again and again.",
    .precondition = "Applies where it opened files by open, openat or fopen.",
    .formula =
        "Found for a file opened 200 times or more, 20 times a second. Bound: the time of all "
        "opens and closes of these files but one each.",
    .fix =
        "Keep it open and read it with pread, or keep what it says and look again when it "
        "changes.",
    .risk = "An open file stays the old one when a new one is renamed over it.",
};

void rules_reopening_files(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, rules_open_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it opened no file by itself");
        return;
    }
    uint32_t top = 0, files = 0;
    uint64_t gain = 0, top_gain = 0, opens = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        struct rules_sum one = rules_sum(analysis, rules_open_hooks, t);
        if (model->targets[t].kind != TARGET_FILE || one.calls < REOPEN_LEAST || one.errors * 2 > one.calls ||
            (double)one.calls / rules_seconds(analysis) < REOPEN_RATE)
            continue;
        uint64_t cost = one.ns + rules_sum(analysis, file_close_hooks, t).ns;
        cost -= cost / one.calls;
        gain += cost;
        opens += one.calls;
        files++;
        if (cost >= top_gain) {
            top_gain = cost;
            top = t;
        }
    }
    finding->evidence = rules_text(analysis, "%s, %s in all", units_plural(all.calls, "open").text,
                                   units_duration(all.ns).text);
    if (files == 0 || !rules_found(analysis, finding, gain, opens))
        return;
    struct rules_sum one = rules_sum(analysis, rules_open_hooks, top);
    struct latency latency = rules_latency(analysis, rules_open_hooks, top);
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, rules_open_hooks, top);
    rules_percentiles(finding, &latency);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(
        analysis, "%s opened %s times, %s a second, p50 %s%s", finding->where, units_count(one.calls).text,
        units_number((double)one.calls / rules_seconds(analysis)).text, units_duration(finding->p50_ns).text,
        files > 1 ? rules_text(analysis, "; %s like it", units_plural(files - 1, "more file").text) : "");
    finding->assumption = "each file is opened once: the time of all other opens and closes comes back";
    finding->fix = rules_text(analysis,
                              "keep it open and read it with pread or lseek, or keep what it says and look at it "
                              "again when it changes (inotify, or its time once a second)%s",
                              rules_called_at(analysis, site));
    finding->risk = "an open file stays the old one when a new one is renamed over it";
}

/* ---- files that are not there ---- */

const struct finding_about rules_missing_files_about = {
    .looks_for =
        "Opens that find no file (ENOENT, ENOTDIR): a search path in the wrong order, a file that "
        "is looked for again and again.",
    .precondition = "Applies where it opened files by open, openat or fopen.",
    .formula =
        "Found for 200 of them or more, 50 a second, and half of all opens. Bound: the failing "
        "opens' share of the time.",
    .fix = "Put the directory that has it first in the search path, or remember what was not found.",
    .risk = "A file that appears later is not seen while its absence is remembered.",
};

void rules_missing_files(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct rules_sum all = rules_sum(analysis, rules_open_hooks, RULES_ANY_TARGET);
    if (all.calls == 0) {
        rules_not_applicable(finding, "it opened no file by itself");
        return;
    }
    uint64_t missing = 0, most = 0;
    for (size_t i = 0; i < model->error_count; i++)
        if (rules_has(rules_open_hooks, model->errors[i].hook) &&
            (model->errors[i].error == ENOENT || model->errors[i].error == ENOTDIR))
            missing += model->errors[i].count;
    finding->evidence = rules_text(analysis, "%s of %s found no file", units_count(missing).text,
                                   units_plural(all.calls, "open").text);
    uint32_t top = 0;
    double gain = 0;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (!rules_has(rules_open_hooks, row->hook) || row->errors == 0 || row->calls == 0)
            continue;
        gain += (double)row->ns * (double)row->errors / (double)row->calls;
        if (row->target != 0 && row->errors > most) {
            most = row->errors;
            top = row->target;
        }
    }
    if (missing < MISSING_LEAST || (double)missing / rules_seconds(analysis) < MISSING_RATE ||
        missing * 2 < all.calls || !rules_found(analysis, finding, units_whole(gain), missing))
        return;
    const char *site = rules_site(analysis, SAMPLE_BLOCKED, rules_open_hooks, top != 0 ? top : RULES_ANY_TARGET);
    finding->where = rules_target_name(analysis, top);
    finding->evidence = rules_text(analysis, "%s of %s found no file, %s a second, most often %s",
                                   units_count(missing).text, units_plural(all.calls, "open").text,
                                   units_number((double)missing / rules_seconds(analysis)).text, finding->where);
    finding->assumption = "no file is looked for that is not there, and failing takes as long as succeeding";
    finding->fix = rules_text(analysis,
                              "put the directory that has it first in the search path, or remember what was not "
                              "found%s",
                              rules_called_at(analysis, site));
    finding->risk = "a file that appears later is not seen while its absence is remembered";
}

/* ---- no descriptor left ---- */

const struct finding_about rules_descriptors_exhausted_about = {
    .looks_for = "Calls that failed because no descriptor was left (EMFILE, ENFILE).",
    .precondition = "Applies to every program.",
    .formula = "Found for one such failure. No time is promised.",
    .fix = "Close descriptors that are no longer used, or raise the limit (ulimit -n).",
    .risk = "A higher limit only delays it where descriptors are not closed.",
};

void rules_descriptors_exhausted(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    uint64_t failed = 0, most = 0;
    uint32_t hook = HOOK_NONE;
    bool system = false;
    for (size_t i = 0; i < model->error_count; i++) {
        const struct model_error *one = &model->errors[i];
        if ((one->error != EMFILE && one->error != ENFILE) || one->hook >= HOOK_COUNT)
            continue;
        failed += one->count;
        system |= one->error == ENFILE;
        if (one->count > most) {
            most = one->count;
            hook = one->hook;
        }
    }
    uint64_t peak = model->processes[0].descriptors_peak;
    finding->evidence = rules_text(analysis, "%s open at most, none refused", units_plural(peak, "descriptor").text);
    if (failed == 0)
        return;
    rules_found_anyway(analysis, finding, 0, failed, SEVERITY_WARNING);
    finding->confidence = CONFIDENCE_HIGH; /* one refusal is a fact */
    finding->where = hook_names[hook];
    finding->evidence = rules_text(analysis, "%s for want of descriptors (most: %s), with %s open at most",
                                   units_plural(failed, "failed call").text, finding->where,
                                   units_count(peak).text);
    finding->assumption = "no time is gained; what needed a descriptor failed";
    finding->fix = system ? "raise fs.file-max: the whole system has none left"
                          : "close descriptors that are no longer used, or raise the limit (ulimit -n, LimitNOFILE=)";
    finding->risk = "a higher limit only delays it where descriptors are not closed";
}
