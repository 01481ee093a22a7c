/* rules_scheduling.c: the rules about threads and CPUs: more that want to run than can, one that does the work of
 * many, too many altogether.
 */
#include "analyse/rules.h"

/* ---- more threads want a CPU than there are ---- */

#define OVERSUBSCRIBED_SHARE 0.10
#define OVERSUBSCRIBED_THREADS 2.5 /* fewer wait for other programs, not for each other */

const struct finding_about rules_cpu_oversubscribed_about = {
    .looks_for = "Threads that are ready to run but wait for a CPU.",
    .precondition =
        "Applies to every program; two readings of its context switches are needed. How long all "
        "its threads waited the kernel tells only of a live process; else what no call explains "
        "is taken for it.",
    .formula =
        "Found where the CPU was taken away more often than given up, 2.5 threads or more wanted one "
        "on average, and waiting for it is a tenth of the thread time. Bound: that time.",
    .fix =
        "Run no more busy threads than there are CPUs, move other programs away, or give it more "
        "CPUs.",
    .risk = "Fewer threads than CPUs leave CPUs idle when one of them waits.",
};

void rules_cpu_oversubscribed(struct analysis *analysis, struct finding *finding)
{
    const struct accounting *time = &analysis->time;
    const struct model_usage *usage = &analysis->model->usage;
    if (usage->involuntary_switches == MODEL_UNKNOWN || !time->cpu_measured) {
        rules_not_measured(finding, "there are not two readings of its context switches");
        return;
    }
    uint64_t waited = time->runnable_ns - time->parts[PART_CPU];
    double wall = (double)(time->wall_ns > 0 ? time->wall_ns : 1);
    finding->evidence =
        rules_text(analysis, "%.2f CPUs had, %.2f wanted; the CPU was taken away %s times",
                   (double)time->parts[PART_CPU] / wall, (double)time->runnable_ns / wall,
                   units_count(usage->involuntary_switches).text);
    if (!time->crowded || (double)time->runnable_ns < OVERSUBSCRIBED_THREADS * wall || (double)waited < OVERSUBSCRIBED_SHARE * (double)time->work_ns)
        return;
    const char *facts = finding->evidence;
    rules_found_anyway(analysis, finding, waited, usage->involuntary_switches, SEVERITY_NOTE);
    rules_rests_on_more(finding); /* what no call explains is taken for waiting */
    finding->evidence = facts;
    finding->assumption = "whatever no call explains was waiting for a CPU, and there are CPUs for all";
    finding->fix = "run no more busy threads than there are CPUs (nproc), move other programs away, or give it "
                   "more CPUs";
    finding->risk = "fewer threads than CPUs leave CPUs idle when one of them waits";
}

/* ---- one thread does the work ---- */

static uint64_t cpu_of(const struct model_thread *thread)
{
    uint64_t cpu_ns = 0;
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        cpu_ns += thread->class_cpu_ns[class];
    return cpu_ns;
}

/* The busiest of those that lived for half the time, and what the others of them did. */
static const struct model_thread *busiest(const struct analysis *analysis, unsigned *ret_threads,
                                          double *ret_others_ns)
{
    const struct model *model = analysis->model;
    const struct model_thread *most = NULL;
    double all = 0;
    *ret_threads = 0;
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *one = &model->threads[i];
        if (one->life_ns * 2 < analysis->time.wall_ns)
            continue;
        ++*ret_threads;
        all += (double)cpu_of(one);
        if (most == NULL || cpu_of(one) > cpu_of(most))
            most = one;
    }
    *ret_others_ns = most != NULL ? all - (double)cpu_of(most) : 0;
    return most;
}

const struct finding_about rules_thread_imbalance_about = {
    .looks_for = "One thread that is busy all the time while the others that share its work are not.",
    .precondition =
        "Applies where three threads or more lived for half of the time; CPU time has to be "
        "sampled (STRONG_CPU_HZ).",
    .formula =
        "Found where one was on a CPU for 70 % of its life and all others together for 1 to 15 % "
        "of that. Bound: its CPU time, shared equally.",
    .fix =
        "Share out its work: smaller pieces in one queue, work stealing, or a key that spreads "
        "better.",
    .risk = "Work that was in order in one thread is no longer in order in several.",
};

void rules_thread_imbalance(struct analysis *analysis, struct finding *finding)
{
    unsigned threads;
    double others;
    const struct model_thread *most = busiest(analysis, &threads, &others);
    if (threads < 3) {
        rules_not_applicable(finding, "fewer than three threads lived for half of the time");
        return;
    }
    if (analysis->model->processes[0].cpu_period_ns == 0) {
        rules_not_measured(finding, "CPU time was not sampled: STRONG_CPU_HZ=0");
        return;
    }
    double cpu = (double)cpu_of(most);
    finding->evidence = rules_text(analysis, "%s was on a CPU for %s, the other %u for %s", most->name,
                                   units_duration(cpu_of(most)).text, threads - 1,
                                   units_duration(units_whole(others)).text);
    /* Helpers that never do anything are not meant to share the work. */
    if (cpu < 0.7 * (double)most->life_ns || others < 0.01 * cpu || others > 0.15 * cpu)
        return;
    const char *facts = finding->evidence;
    rules_found_anyway(analysis, finding, units_whole(cpu * (1 - 1 / (double)threads)), 0, SEVERITY_NOTE);
    rules_rests_on_samples(analysis, finding,
                           (uint64_t)(cpu / (double)analysis->model->processes[0].cpu_period_ns));
    finding->count = (uint64_t)(cpu / (double)analysis->model->processes[0].cpu_period_ns);
    finding->evidence = facts;
    finding->where = most->name;
    finding->assumption = "its work can be shared among all of them, and there are CPUs for all";
    finding->fix = rules_text(analysis,
                              "share out what %s does: smaller pieces of work in one queue, work stealing, or "
                              "a key that spreads better",
                              most->name);
    finding->risk = "work that was in order in one thread is no longer in order in several";
}

/* ---- too many threads ---- */

enum { THREADS_MANY = 200, THREADS_FOR_A_CPU = 50 };

const struct finding_about rules_too_many_threads_about = {
    .looks_for = "Hundreds of threads that hardly use a CPU.",
    .precondition = "Applies where it had two threads or more.",
    .formula =
        "Found for 200 threads or more at once, fifty for each CPU they wanted. No time is "
        "promised.",
    .fix = "Serve waiting connections or tasks from an event loop or a pool of bounded size.",
    .risk = "A pool that is too small for calls that block makes work wait.",
};

void rules_too_many_threads(struct analysis *analysis, struct finding *finding)
{
    const struct accounting *time = &analysis->time;
    uint64_t peak = 0;
    for (size_t i = 0; i < analysis->model->process_count; i++)
        if (analysis->model->processes[i].threads_peak > peak)
            peak = analysis->model->processes[i].threads_peak;
    if (peak < 2) {
        rules_not_applicable(finding, "it had one thread");
        return;
    }
    double wanted = time->wall_ns > 0 ? (double)time->runnable_ns / (double)time->wall_ns : 0;
    finding->evidence = rules_text(analysis, "%s at most, which wanted %.2f CPUs on average",
                                   units_plural(peak, "thread").text, wanted);
    if (peak < THREADS_MANY || wanted * THREADS_FOR_A_CPU > (double)peak)
        return;
    const char *facts = finding->evidence;
    rules_found_anyway(analysis, finding, 0, peak, SEVERITY_NOTE);
    finding->evidence = facts;
    finding->assumption = "no time is gained; each thread takes memory for its stack and a place in the "
                          "kernel's tables";
    finding->fix = "serve waiting connections or tasks from an event loop or a pool of bounded size";
    finding->risk = "a pool that is too small for calls that block makes work wait";
}
