/* accounting.c: see accounting.h. Owns the split of time into parts, and nothing about findings.
 * Invariant: the parts sum to total_ns.
 */
#include "analyse/accounting.h"

#include <stdlib.h>

static const struct {
    const char *name, *title;
} part_texts[PART_COUNT] = {
    [PART_CPU] = {"cpu", "on CPU"},
    [PART_NETWORK] = {"network", "network"},
    [PART_CONNECT] = {"connect", "connecting"},
    [PART_RESOLVE] = {"resolve", "name lookups"},
    [PART_FILE] = {"file", "files"},
    [PART_LOCK] = {"lock", "lock wait"},
    [PART_SLEEP] = {"sleep", "sleeping"},
    [PART_PIPE] = {"pipe", "pipes and terminals"},
    [PART_PROCESS] = {"process", "starting processes"},
    [PART_JOIN] = {"join", "joining threads, children"},
    [PART_IDLE] = {"idle", "idle (waiting for work)"},
    [PART_QUEUE] = {"run_queue", "ready, waiting for a CPU"},
    [PART_UNACCOUNTED] = {"unaccounted", "not accounted for"},
};

const char *accounting_part_name(enum accounting_part part)
{
    return part_texts[part].name;
}

const char *accounting_part_title(enum accounting_part part)
{
    return part_texts[part].title;
}

/* ---- which part a call belongs to ---- */

static bool is_reading(unsigned hook)
{
    switch (hook) {
    case HOOK_read:
    case HOOK___read:
    case HOOK___read_chk:
    case HOOK_readv:
    case HOOK_preadv2:
    case HOOK_preadv64v2:
    case HOOK_recv:
    case HOOK_recvfrom:
    case HOOK_recvmsg:
    case HOOK_recvmmsg:
    case HOOK___recv_chk:
    case HOOK___recvfrom_chk:
    case HOOK_fread:
    case HOOK_fgets:
    case HOOK_getline:
    case HOOK_getdelim:
    case HOOK___getdelim:
    case HOOK_fread_unlocked:
    case HOOK_fgets_unlocked:
    case HOOK___fread_chk:
    case HOOK___fgets_chk:
    case HOOK___fread_unlocked_chk:
    case HOOK___fgets_unlocked_chk:
        return true;
    default:
        return false;
    }
}

/* Reading and writing through a descriptor: what it means depends on what the descriptor is. */
static enum accounting_part part_of_io(unsigned hook, enum target_kind kind)
{
    switch (kind) {
    case TARGET_TCP_OUT:
    case TARGET_UNIX_OUT:
    case TARGET_UDP:
        return PART_NETWORK;
    case TARGET_TCP_IN:
    case TARGET_UNIX_IN:
        return is_reading(hook) ? PART_IDLE : PART_NETWORK;
    case TARGET_PIPE:
        return PART_PIPE;
    case TARGET_DEVICE:
        return is_reading(hook) ? PART_IDLE : PART_FILE;
    default:
        return hook_classes[hook] == CLASS_NETWORK ? PART_NETWORK : PART_FILE;
    }
}

static enum accounting_part part_of_wait(unsigned hook, enum target_kind kind)
{
    switch (hook) {
    case HOOK_pthread_join:
    case HOOK_pthread_timedjoin_np:
    case HOOK_pthread_clockjoin_np:
    case HOOK_thrd_join:
    case HOOK_pthread_barrier_wait:
        return PART_JOIN;
    default:
        /* A wait for one descriptor carries that descriptor's target. */
        if (kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP)
            return PART_NETWORK;
        if (kind == TARGET_PIPE)
            return PART_PIPE;
        return PART_IDLE;
    }
}

static enum accounting_part part_of_process(unsigned hook)
{
    switch (hook) {
    case HOOK_wait:
    case HOOK_waitpid:
    case HOOK_waitid:
    case HOOK_wait3:
    case HOOK_wait4:
    case HOOK_system:
    case HOOK_pclose:
        return PART_JOIN;
    default:
        return PART_PROCESS;
    }
}

enum accounting_part accounting_part_of(unsigned hook, enum target_kind kind)
{
    switch (hook) {
    case HOOK_connect:
    case HOOK___connect:
        return PART_CONNECT;
    case HOOK_pause:
        return PART_IDLE;
    case HOOK_flock:
    case HOOK_lockf:
    case HOOK_lockf64:
        return PART_LOCK;
    default:
        break;
    }
    switch ((enum hook_class)hook_classes[hook]) {
    case CLASS_FILE:
    case CLASS_NETWORK:
        return part_of_io(hook, kind);
    case CLASS_RESOLVE:
        return PART_RESOLVE;
    case CLASS_LOCK:
        return PART_LOCK;
    case CLASS_WAIT:
        return part_of_wait(hook, kind);
    case CLASS_SLEEP:
        return PART_SLEEP;
    case CLASS_PROCESS:
        return part_of_process(hook);
    default: /* the allocator's waits are CPU time or page faults */
        return PART_UNACCOUNTED;
    }
}

/* The class whose ticks a call counted in: libstrong goes by what was touched, not by the
 * function's name, so read() of a socket is in the network's. */
static enum hook_class class_of(unsigned hook, enum target_kind kind)
{
    enum hook_class class = (enum hook_class)hook_classes[hook];
    bool outbound = kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP;
    bool socket = outbound || kind == TARGET_TCP_IN || kind == TARGET_UNIX_IN;
    if ((class == CLASS_FILE && socket) || (class == CLASS_WAIT && outbound))
        return CLASS_NETWORK;
    return class;
}

/* ---- the sums ---- */

static uint64_t known_sum(uint64_t left, uint64_t right)
{
    return left == MODEL_UNKNOWN || right == MODEL_UNKNOWN ? MODEL_UNKNOWN : left + right;
}

/* CPU time of the process. Where the last reading is older than the last sign of life (a killed
 * process), what was sampled may know more. */
static uint64_t cpu_time(const struct model *model, uint64_t sampled_ns, bool *ret_measured)
{
    uint64_t used = known_sum(model->usage.cpu_user_ns, model->usage.cpu_system_ns);
    *ret_measured = used != MODEL_UNKNOWN || sampled_ns > 0;
    if (used == MODEL_UNKNOWN)
        return sampled_ns;
    uint64_t window = model->usage.window_ns == MODEL_UNKNOWN ? 0 : model->usage.window_ns;
    if (window + window / 50 < model->duration_ns && sampled_ns > used)
        return sampled_ns;
    return used;
}

/* Time of each class by part, from the rows; only the proportions within a class are used. */
struct split {
    double parts[CLASS_COUNT][PART_COUNT];
    double total[CLASS_COUNT];
};

static void split_rows(const struct model *model, struct accounting *accounting,
                       struct split *split)
{
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (row->hook == HOOK_NONE || row->hook >= HOOK_COUNT ||
            hook_kinds[row->hook] == HOOK_KIND_PSEUDO)
            continue;
        enum target_kind kind = row->target == 0 ? TARGET_OTHER : model->targets[row->target].kind;
        enum accounting_part part = accounting_part_of(row->hook, kind);
        unsigned class = class_of(row->hook, kind);
        split->parts[class][part] += (double)row->ns;
        split->total[class] += (double)row->ns;
        accounting->calls[part] += row->calls;
    }
}

/* Calls that threads are still inside of. What the threads do not explain (a merged or damaged
 * model) goes with the finished calls of the class. */
static void add_unfinished(const struct model *model, double waits[PART_COUNT],
                           double rest[CLASS_COUNT])
{
    for (unsigned class = 0; class < CLASS_COUNT; class ++)
        rest[class] = (double)model->classes[class].unfinished_ns;
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        if (thread->now_hook == HOOK_NONE || thread->now_hook >= HOOK_COUNT)
            continue;
        enum target_kind kind =
            thread->now_target == 0 ? TARGET_OTHER : model->targets[thread->now_target].kind;
        unsigned class = class_of(thread->now_hook, kind);
        double ns = (double)thread->now_ns < rest[class] ? (double)thread->now_ns : rest[class];
        rest[class] -= ns;
        waits[accounting_part_of(thread->now_hook, kind)] += ns;
    }
}

static void add_classes(const struct model *model, const struct split *split, double cpu_scale,
                        const double rest[CLASS_COUNT], double waits[PART_COUNT])
{
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        double ns = (double)model->classes[class].ns + rest[class];
        ns -= (double)model->classes[class].cpu_ns * cpu_scale;
        if (ns <= 0)
            continue;
        if (split->total[class] <= 0) {
            /* No row says what it was: the class's own part. */
            static const uint8_t plain[CLASS_COUNT] = {
                [CLASS_MEMORY] = PART_UNACCOUNTED, [CLASS_FILE] = PART_FILE,
                [CLASS_NETWORK] = PART_NETWORK,    [CLASS_RESOLVE] = PART_RESOLVE,
                [CLASS_LOCK] = PART_LOCK,          [CLASS_WAIT] = PART_IDLE,
                [CLASS_SLEEP] = PART_SLEEP,        [CLASS_PROCESS] = PART_PROCESS,
                [CLASS_CUSTOM] = PART_UNACCOUNTED, /* no writer puts time there */
            };
            waits[plain[class]] += ns;
            continue;
        }
        for (unsigned part = 0; part < PART_COUNT; part++)
            waits[part] += ns * split->parts[class][part] / split->total[class];
    }
    waits[PART_UNACCOUNTED] = 0; /* whatever it is, it is the remainder */
}

/* Which target took most of a part, and how many took any. Left out when memory is exhausted. */
static void find_tops(const struct model *model, struct accounting *accounting)
{
    uint64_t(*ns)[PART_COUNT] = calloc(model->target_count + 1, sizeof(*ns));
    bool(*touched)[PART_COUNT] = calloc(model->target_count + 1, sizeof(*touched));
    for (size_t i = 0; ns != NULL && touched != NULL && i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        if (row->target == 0 || hook_kinds[row->hook] == HOOK_KIND_PSEUDO)
            continue;
        enum accounting_part part = accounting_part_of(row->hook, model->targets[row->target].kind);
        ns[row->target][part] += row->ns;
        touched[row->target][part] = true;
    }
    for (size_t t = 1; ns != NULL && touched != NULL && t < model->target_count; t++) {
        for (unsigned part = 0; part < PART_COUNT; part++) {
            accounting->target_count[part] += touched[t][part];
            if (ns[t][part] > accounting->top_ns[part]) {
                accounting->top_ns[part] = ns[t][part];
                accounting->top_target[part] = (uint32_t)t;
            }
        }
    }
    free(ns);
    free(touched);
}

/* Time that no call explains: how much of it was spent ready to run but without a CPU. */
static uint64_t queue_time(const struct model *model)
{
    if (model->live.looked && model->live.run_delay_all_ns != MODEL_UNKNOWN)
        return model->live.run_delay_all_ns;
    return model->usage.run_delay_ns == MODEL_UNKNOWN ? 0 : model->usage.run_delay_ns;
}

void accounting_make(const struct model *model, struct accounting *ret_accounting)
{
    struct accounting accounting = {.total_ns = model->thread_ns, .wall_ns = model->duration_ns};
    struct split split = {0};
    double waits[PART_COUNT] = {0}, rest[CLASS_COUNT];
    uint64_t sampled_ns = 0;
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        sampled_ns += model->cpu_ns[class];

    uint64_t cpu_ns = cpu_time(model, sampled_ns, &accounting.cpu_measured);
    if (cpu_ns > accounting.total_ns) {
        accounting.excess_ns += cpu_ns - accounting.total_ns;
        cpu_ns = accounting.total_ns;
    }
    split_rows(model, &accounting, &split);
    add_unfinished(model, waits, rest);
    /* The samples say where the CPU time was; how much there was, the kernel knows better. */
    add_classes(model, &split, sampled_ns > 0 ? (double)cpu_ns / (double)sampled_ns : 0, rest,
                waits);

    double sum = 0, room = (double)(accounting.total_ns - cpu_ns);
    for (unsigned part = 0; part < PART_COUNT; part++)
        sum += waits[part];
    double scale = 1;
    if (sum > room) {
        scale = room / sum;
        accounting.excess_ns += sum - room < 0x1p62 ? (uint64_t)(sum - room) : 1ull << 62;
    }
    uint64_t left = accounting.total_ns - cpu_ns;
    accounting.parts[PART_CPU] = cpu_ns;
    for (unsigned part = PART_NETWORK; part < PART_QUEUE; part++) {
        uint64_t ns = (uint64_t)(waits[part] * scale);
        accounting.parts[part] = ns < left ? ns : left;
        left -= accounting.parts[part];
    }
    uint64_t queued = queue_time(model);
    accounting.parts[PART_QUEUE] = queued < left ? queued : left;
    accounting.parts[PART_UNACCOUNTED] = left - accounting.parts[PART_QUEUE];

    const struct model_usage *usage = &model->usage;
    accounting.crowded = usage->involuntary_switches != MODEL_UNKNOWN &&
                         usage->voluntary_switches != MODEL_UNKNOWN &&
                         usage->involuntary_switches > usage->voluntary_switches;
    accounting.runnable_ns = cpu_ns + accounting.parts[PART_QUEUE] +
                             (accounting.crowded ? accounting.parts[PART_UNACCOUNTED] : 0);

    uint64_t harmless =
        accounting.parts[PART_IDLE] + accounting.parts[PART_JOIN] + accounting.parts[PART_PIPE];
    accounting.work_ns = accounting.total_ns - harmless;
    if (accounting.work_ns < accounting.wall_ns)
        accounting.work_ns = accounting.wall_ns;
    find_tops(model, &accounting);
    *ret_accounting = accounting;
}
