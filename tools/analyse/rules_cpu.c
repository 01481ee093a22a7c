/* rules_cpu.c: the rules about the processor: what is hot, the cgroup's quota. */
#include "analyse/rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bound by the CPU ---- */

/* Threads that are busy: at least 70 % of their life on a CPU, for at least half of the wall time.
 */
static unsigned busy_threads(const struct model *model, uint64_t wall_ns)
{
    unsigned busy = 0;
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        uint64_t cpu = 0;
        for (unsigned class = 0; class <= CLASS_COUNT; class ++)
            cpu += thread->class_cpu_ns[class];
        busy += thread->life_ns * 2 >= wall_ns && cpu * 10 >= thread->life_ns * 7;
    }
    return busy;
}

const struct finding_about rules_cpu_bound_about = {
    .looks_for = "Threads that are on a CPU nearly all the time, and the function that takes most of it.",
    .precondition =
        "Applies to every program; its CPU time has to be known from two readings of the kernel's "
        "account or from CPU samples (STRONG_CPU_HZ).",
    .formula =
        "Found where 0.7 CPUs were wanted on average, or a thread was on a CPU for 70 % of its "
        "life. Bound: the share of the CPU samples in the hottest function, of the CPU time.",
    .fix =
        "Make the hottest function do less, or spread the work over more threads. No setting of "
        "libstrong helps.",
    .risk = "None known.",
};

void rules_cpu_bound(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    const struct accounting *time = &analysis->time;
    struct profile *profile = &analysis->profile;
    if (!time->cpu_measured) {
        rules_not_measured(finding, "its CPU time is not known");
        return;
    }
    uint64_t cpu = time->parts[PART_CPU];
    double of_wall = time->wall_ns > 0 ? (double)cpu / (double)time->wall_ns : 0;
    unsigned busy = busy_threads(model, time->wall_ns);
    finding->evidence = rules_text(analysis, "%.2f CPUs busy on average", of_wall);
    /* On a crowded machine a thread that wants the CPU does not always have it. */
    double wanted = time->wall_ns > 0 ? (double)time->runnable_ns / (double)time->wall_ns : 0;
    if (wanted < 0.7 && busy == 0)
        return;
    double hot_share = 0;
    const char *hot = "";
    if (profile->count > 0 && profile->cpu_ns > 0) {
        struct profile_function *top = &profile->functions[0];
        hot_share = (double)top->cpu_self_ns / (double)profile->cpu_ns;
        finding->where = top->name;
        hot = rules_text(analysis, "; %s of it in %s", units_share(hot_share).text, top->name);
        for (size_t i = 1; i < 3 && i < profile->count; i++)
            if (profile->functions[i].cpu_self_ns * 20 > profile->cpu_ns)
                hot = rules_text(
                    analysis, "%s, %s in %s", hot,
                    units_share((double)profile->functions[i].cpu_self_ns / (double)profile->cpu_ns)
                        .text,
                    profile->functions[i].name);
    }
    uint64_t gain = (uint64_t)(hot_share * (double)time->runnable_ns);
    char crowded[80] = "";
    if (time->crowded && wanted > of_wall * 1.2)
        snprintf(crowded, sizeof(crowded), " of %.2f wanted (others use the CPUs too)", wanted);
    rules_found_anyway(analysis, finding, gain, profile->cpu_samples, SEVERITY_NOTE);
    if (profile->cpu_samples > 0)
        rules_rests_on_samples(analysis, finding, profile->cpu_samples);
    else
        finding->confidence = CONFIDENCE_MEDIUM; /* exact, but nothing is known of what runs */
    finding->evidence = rules_text(
        analysis, "%.2f CPUs busy on average%s%s%s", of_wall, crowded,
        busy > 1 ? rules_text(analysis, " (%u threads busy throughout)", busy) : "", hot);
    finding->assumption =
        hot_share > 0 ? "its hottest function takes no time" : "nothing is known of what runs";
    finding->fix =
        hot_share > 0
            ? rules_text(analysis,
                         "no setting helps: make %s do less (strong-report --full lists the hot "
                         "functions), or spread the work over more threads",
                         finding->where)
            : "no setting helps; run with STRONG_CPU_HZ=99 to see what is hot";
    finding->risk = "none known";
}

/* ---- the cgroup's quota ---- */

const struct finding_about rules_cpu_throttled_about = {
    .looks_for =
        "Time during which the kernel kept the process from running because its cgroup had used "
        "up its CPU quota.",
    .precondition =
        "Applies where the cgroup has a quota (cpu.max); nr_throttled and the throttled time are "
        "read at start and at the last reading.",
    .formula = "Found where the throttled time is at least 1 % of the thread time. Bound: that time.",
    .fix = "Raise cpu.max (Kubernetes: limits.cpu), or run fewer threads than CPUs granted.",
    .risk = "What this process gains, others on the machine may lose.",
};

void rules_cpu_throttled(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    const uint64_t *counters = model->counters;
    uint64_t periods = counters[COUNTER_cgroup_periods];
    uint64_t start = counters[COUNTER_cgroup_start_throttled_ns];
    uint64_t end = counters[COUNTER_cgroup_end_throttled_ns];
    uint64_t times = counters[COUNTER_cgroup_end_throttled_periods] -
                     counters[COUNTER_cgroup_start_throttled_periods];
    const struct model_live *live = &model->live;
    if (live->looked && live->throttled_ns != MODEL_UNKNOWN && live->throttled_ns > end) {
        end = live->throttled_ns;
        if (live->throttled_periods != MODEL_UNKNOWN)
            times = live->throttled_periods - counters[COUNTER_cgroup_start_throttled_periods];
    }
    if (end <= start) {
        if (periods == 0)
            rules_not_applicable(finding, "no CPU quota was seen");
        else
            finding->evidence =
                rules_text(analysis, "%s, never held back", units_plural(periods, "period").text);
        return;
    }
    uint64_t held = end - start;
    if (!rules_found(analysis, finding, held, times))
        return;
    finding->evidence =
        rules_text(analysis, "held back %s times, %s in all, by the quota of its cgroup",
                   units_count(times).text, units_duration(held).text);
    finding->where = "cpu.max";
    finding->assumption = "all of the cgroup's throttled time was this process's";
    finding->fix = "raise the cgroup's cpu.max (Kubernetes: limits.cpu), or run fewer threads than "
                   "CPUs granted";
    finding->risk = "what this process gains, others on the machine may lose";
}
