/* rules_holding.c: the rules about why a lock is held for long: its holder waits itself, readers keep writers out, the
 * Python interpreter has one for all threads.
 */
#include "analyse/rules.h"

#include <string.h>

/* ---- a holder that waits ---- */

#define HOLDER_SHARE 0.25 /* of the waiting for its lock: less may be elsewhere in the same function */

struct holder {
    const struct symbol *function; /* NULL: none known */
    const struct model_frame *frame;
    uint64_t waits, ns;
};

static bool same_function(const struct symbol *a, const struct symbol *b)
{
    return a->named && b->named && strcmp(a->function, b->function) == 0 && strcmp(a->module, b->module) == 0;
}

/* The function that held locks for which most time was waited. Rows are sorted by time: the first is one of its. */
static struct holder top_holder(struct analysis *analysis)
{
    const struct model *model = analysis->model;
    struct holder top = {0};
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        const struct model_target *target = &model->targets[row->target];
        if (hook_classes[row->hook] != CLASS_LOCK || target->kind != TARGET_LOCK || !target->has_site[1])
            continue;
        const struct symbol *function = symbols_function(analysis->symbols, &target->site[1]);
        if (top.function == NULL && function->named)
            top = (struct holder){.function = function, .frame = &target->site[1]};
        if (top.function == NULL || !same_function(top.function, function))
            continue;
        top.waits += row->calls;
        top.ns += row->ns;
    }
    return top;
}

static bool is_inside(struct analysis *analysis, uint32_t stack, const struct symbol *function)
{
    uint32_t depth;
    const struct model_frame *frames = model_stack_frames(analysis->model, stack, &depth);
    for (uint32_t i = 0; i < depth; i++)
        if (same_function(symbols_function(analysis->symbols, &frames[i]), function))
            return true;
    return false;
}

/* Time that function, and what it calls, waited for something that is not another thread; the call with most of it. */
static uint64_t waits_inside(struct analysis *analysis, const struct symbol *function, unsigned *ret_hook,
                             uint64_t *ret_samples)
{
    const struct model_samples *samples = &analysis->model->samples[SAMPLE_BLOCKED];
    uint64_t ns = 0, by_hook[HOOK_COUNT] = {0};
    *ret_hook = HOOK_NONE;
    *ret_samples = 0;
    for (size_t i = 0; i < samples->count; i++) {
        const struct model_sample *one = &samples->items[i];
        if (one->stack == 0 || one->hook == HOOK_NONE || one->hook >= HOOK_COUNT ||
            hook_classes[one->hook] == CLASS_WAIT || hook_classes[one->hook] == CLASS_LOCK ||
            !is_inside(analysis, one->stack, function))
            continue;
        ns += one->weight;
        *ret_samples += one->count;
        by_hook[one->hook] += one->weight;
        if (*ret_hook == HOOK_NONE || by_hook[one->hook] > by_hook[*ret_hook])
            *ret_hook = one->hook;
    }
    return ns;
}

const struct finding_about rules_lock_held_blocking_about = {
    .looks_for = "A lock whose holder waits for a disk, a peer or a sleep while others wait for the lock.",
    .precondition =
        "Applies where threads waited for locks; waits have to be sampled (STRONG_BLOCK_PERIOD) "
        "and the holder known by name.",
    .formula =
        "Found where the function that held the locks waited itself for a quarter of what others "
        "waited for it. Bound: all of the waiting for that holder.",
    .fix = "Call what waits after the unlock, or split the lock so that independent work does not share it.",
    .risk = "Between unlock and the call the protected data can change.",
};

void rules_lock_held_blocking(struct analysis *analysis, struct finding *finding)
{
    if (analysis->lock_count == 0) {
        rules_not_applicable(finding, "no thread waited for a lock");
        return;
    }
    if (analysis->model->processes[0].block_period_ns == 0) {
        rules_not_measured(finding, "waits were not sampled: STRONG_BLOCK_PERIOD=0");
        return;
    }
    struct holder holder = top_holder(analysis);
    finding->evidence = "no holder of a lock is known by name";
    if (holder.function == NULL)
        return;
    unsigned hook;
    uint64_t samples, inside = waits_inside(analysis, holder.function, &hook, &samples);
    finding->evidence =
        rules_text(analysis, "%s held the locks others waited %s for; it waited %s itself", holder.function->function,
                   units_duration(holder.ns).text, units_duration(inside).text);
    const char *facts = finding->evidence;
    uint64_t gain = holder.ns;
    if (hook == HOOK_NONE || (double)inside < HOLDER_SHARE * (double)holder.ns ||
        !rules_found(analysis, finding, gain, holder.waits))
        return;
    rules_rests_on_samples(analysis, finding, samples);
    rules_rests_on_more(finding); /* that the wait is between lock and unlock is likely, not seen */
    finding->where = symbols_place(analysis->symbols, holder.frame);
    finding->evidence = rules_text(analysis, "%s, most of it in %s", facts, hook_names[hook]);
    finding->assumption = "the holder never waits while it holds the lock, and nobody waits for it then";
    finding->fix = rules_text(analysis,
                              "call %s after the unlock (take what it needs out of the protected data first), or "
                              "split the lock taken at %s so that independent work does not share it",
                              hook_names[hook], finding->where);
    finding->risk = "between unlock and the call the protected data can change";
}

/* ---- writers kept out by readers ---- */

static const uint16_t reader_hooks[] = {HOOK_pthread_rwlock_rdlock, HOOK_pthread_rwlock_timedrdlock,
                                        HOOK_pthread_rwlock_clockrdlock, HOOK_NONE};
static const uint16_t writer_hooks[] = {HOOK_pthread_rwlock_wrlock, HOOK_pthread_rwlock_timedwrlock,
                                        HOOK_pthread_rwlock_clockwrlock, HOOK_NONE};

enum { WRITER_WAITS = 10, WRITER_SLOW_NS = 1000000, WRITER_FACTOR = 10, READS_FOR_A_WRITE = 10 };

static uint64_t calls_of(const struct model *model, const uint16_t *hooks)
{
    uint64_t calls = 0;
    for (; *hooks != HOOK_NONE; hooks++)
        calls += model->hooks[*hooks].calls;
    return calls;
}

const struct finding_about rules_writer_starvation_about = {
    .looks_for = "Writers of an rwlock that wait long because readers keep coming.",
    .precondition = "Applies where rwlocks were taken both for reading and for writing.",
    .formula =
        "Found for 10 waits of writers or more of 1 ms on average, ten times what a reader waits, "
        "with ten reads for a write. Bound: the writers' waiting.",
    .fix =
        "Let writers go first (PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP), or read for shorter "
        "times.",
    .risk = "A thread that takes the lock for reading twice can then wait for itself.",
};

void rules_writer_starvation(struct analysis *analysis, struct finding *finding)
{
    uint64_t reads = calls_of(analysis->model, reader_hooks), writes = calls_of(analysis->model, writer_hooks);
    if (reads == 0 || writes == 0) {
        rules_not_applicable(finding, "it has no rwlock that is both read and written");
        return;
    }
    struct rules_sum reading = rules_sum(analysis, reader_hooks, RULES_ANY_TARGET);
    struct rules_sum writing = rules_sum(analysis, writer_hooks, RULES_ANY_TARGET);
    double write_mean = writing.calls > 0 ? (double)writing.ns / (double)writing.calls : 0;
    double read_mean = (double)reading.ns / (double)reads;
    finding->evidence = rules_text(analysis, "%s waited %s on average, %s %s",
                                   units_plural(writing.calls, "writer").text,
                                   units_duration(units_whole(write_mean)).text, units_plural(reads, "reader").text,
                                   units_duration(units_whole(read_mean)).text);
    const char *facts = finding->evidence;
    if (writing.calls < WRITER_WAITS || write_mean < WRITER_SLOW_NS || write_mean < WRITER_FACTOR * read_mean ||
        reads < writes * READS_FOR_A_WRITE || !rules_found(analysis, finding, writing.ns, writing.calls))
        return;
    struct latency latency = rules_latency(analysis, writer_hooks, RULES_ANY_TARGET);
    const char *site = rules_site(analysis, SAMPLE_LOCK_WAIT, writer_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->where = site;
    finding->evidence = rules_text(analysis, "%s; p99 of the writers %s", facts,
                                   units_duration(finding->p99_ns).text);
    finding->assumption = "a writer never waits for readers";
    finding->fix = rules_text(analysis,
                              "let writers go first: pthread_rwlockattr_setkind_np(…, "
                              "PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP); or read for shorter times, or give "
                              "readers a copy they need no lock for%s",
                              rules_called_at(analysis, site));
    finding->risk = "a thread that takes that lock for reading twice can then wait for itself; readers wait for "
                    "writers";
}

/* ---- the interpreter's lock ---- */

static bool has_python(const struct model *model)
{
    for (size_t i = 0; i < model->module_count; i++)
        if (strncmp(model->modules[i].name, "python3", 7) == 0 ||
            strncmp(model->modules[i].name, "libpython3", 10) == 0)
            return true;
    return false;
}

const struct finding_about rules_interpreter_lock_about = {
    .looks_for = "Threads of Python that wait for the interpreter's lock (GIL).",
    .precondition = "Applies where CPython is in the process; waits have to be sampled (STRONG_BLOCK_PERIOD).",
    .formula =
        "Found where waits for condition variables in the interpreter's own code are at least 1 % "
        "of the thread time. Bound: that time.",
    .fix = "Processes instead of threads, or work in code that releases the lock.",
    .risk = "Processes share no objects: what they exchange is copied.",
};

void rules_interpreter_lock(struct analysis *analysis, struct finding *finding)
{
    if (!has_python(analysis->model)) {
        rules_not_applicable(finding, "CPython is not in it");
        return;
    }
    if (analysis->model->processes[0].block_period_ns == 0) {
        rules_not_measured(finding, "waits were not sampled: STRONG_BLOCK_PERIOD=0");
        return;
    }
    uint64_t waited = analysis->time.interpreter_ns;
    uint64_t most = analysis->time.parts[PART_LOCK];
    waited = waited < most ? waited : most;
    const struct model_samples *samples = &analysis->model->samples[SAMPLE_BLOCKED];
    uint64_t behind = 0;
    for (size_t i = 0; i < samples->count; i++)
        if (samples->items[i].hook == HOOK_pthread_cond_timedwait ||
            samples->items[i].hook == HOOK_pthread_cond_wait)
            behind += samples->items[i].count;
    finding->evidence = rules_text(analysis, "its threads waited %s for it (from %s)", units_duration(waited).text,
                                   units_plural(behind, "sample").text);
    const char *facts = finding->evidence;
    if (!rules_found(analysis, finding, waited, behind))
        return;
    rules_rests_on_samples(analysis, finding, behind);
    finding->evidence = rules_text(analysis, "%s; %.2f CPUs busy on average", facts,
                                   (double)analysis->time.parts[PART_CPU] / (double)(analysis->time.wall_ns + 1));
    finding->assumption = "no thread ever waits for it, and there are CPUs for all";
    finding->fix = "do the work in processes instead of threads (multiprocessing, ProcessPoolExecutor, more workers of "
                   "the server), or in code that releases the lock (numpy, zlib, hashlib on large pieces)";
    finding->risk = "processes share no objects: what they exchange is copied";
}
