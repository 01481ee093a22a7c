/* accounting_split.c: see accounting_split.h. */
#include "analyse/accounting_split.h"

#include <string.h>

static bool is_outbound(enum target_kind kind)
{
    return kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP;
}

static bool is_event_wait(unsigned hook)
{
    switch (hook) {
    case HOOK_poll:
    case HOOK___poll:
    case HOOK___poll_chk:
    case HOOK_ppoll:
    case HOOK___ppoll_chk:
    case HOOK_select:
    case HOOK___select:
    case HOOK_pselect:
    case HOOK_epoll_wait:
    case HOOK_epoll_pwait:
    case HOOK_epoll_pwait2:
        return true;
    default:
        return false;
    }
}

static bool is_condition_wait(unsigned hook)
{
    return hook == HOOK_pthread_cond_wait || hook == HOOK_pthread_cond_timedwait;
}

/* In CPython's own code only the interpreter lock waits for a condition; its other locks are semaphores. */
static bool is_interpreter(const struct model *model, uint32_t stack)
{
    uint32_t depth;
    const struct model_frame *frames = model_stack_frames(model, stack, &depth);
    if (depth == 0 || frames[0].module == MODEL_NO_MODULE)
        return false;
    const char *name = model->modules[frames[0].module].name;
    return strncmp(name, "python3", 7) == 0 || strncmp(name, "libpython3", 10) == 0;
}

double accounting_split_interpreter(const struct model *model)
{
    const struct model_samples *samples = &model->samples[SAMPLE_BLOCKED];
    double all = 0, interpreter = 0;
    for (size_t i = 0; i < samples->count; i++) {
        const struct model_sample *one = &samples->items[i];
        if (one->stack == 0 || !is_condition_wait(one->hook))
            continue;
        all += (double)one->weight;
        if (is_interpreter(model, one->stack))
            interpreter += (double)one->weight;
    }
    return all > 0 ? interpreter / all : 0;
}

void accounting_split_add(struct accounting_split *split, unsigned hook, enum target_kind kind, uint64_t ns)
{
    if (hook == HOOK_response)
        split->answers += (double)ns;
    if (hook == HOOK_NONE || hook >= HOOK_COUNT || hook_kinds[hook] == HOOK_KIND_PSEUDO)
        return;
    enum accounting_part part = accounting_part_of(hook, kind);
    unsigned class = model_class(hook, kind);
    double whole = (double)ns;
    split->total[class] += whole;
    if (is_condition_wait(hook)) {
        double lock = whole * split->interpreter_share;
        split->interpreter_ns += lock;
        split->parts[class][PART_LOCK] += lock;
        whole -= lock;
    }
    split->parts[class][part] += whole;
    if (is_event_wait(hook) && part == PART_IDLE)
        split->events += whole;
    else if (part == PART_NETWORK && is_outbound(kind))
        split->direct += whole;
}

void accounting_split_settle(struct accounting_split *split)
{
    double due = split->answers - split->direct;
    if (due > split->events)
        due = split->events;
    if (due <= 0)
        return;
    split->parts[CLASS_WAIT][PART_IDLE] -= due;
    split->parts[CLASS_WAIT][PART_EVENT] += due;
}

/* Where no row says what it was: the class's own part. */
static const uint8_t plain[CLASS_COUNT] = {
    [CLASS_MEMORY] = PART_UNACCOUNTED, [CLASS_FILE] = PART_FILE, [CLASS_NETWORK] = PART_NETWORK,
    [CLASS_RESOLVE] = PART_RESOLVE,    [CLASS_LOCK] = PART_LOCK, [CLASS_WAIT] = PART_IDLE,
    [CLASS_SLEEP] = PART_SLEEP,        [CLASS_PROCESS] = PART_PROCESS,
    [CLASS_CUSTOM] = PART_UNACCOUNTED, /* no writer puts time there */
};

void accounting_split_class(const struct accounting_split *split, const struct accounting_split *otherwise,
                            unsigned class_, double ns, double waits[PART_COUNT])
{
    if (ns <= 0)
        return;
    if (split->total[class_] <= 0 && otherwise != NULL)
        split = otherwise;
    if (split->total[class_] <= 0) {
        waits[plain[class_]] += ns;
        return;
    }
    for (unsigned part = 0; part < PART_COUNT; part++)
        waits[part] += ns * split->parts[class_][part] / split->total[class_];
}

uint64_t accounting_split_fit(uint64_t total_ns, uint64_t cpu_ns, const double waits[PART_COUNT],
                              uint64_t queued_ns, uint64_t parts[PART_COUNT])
{
    uint64_t excess = 0;
    if (cpu_ns > total_ns) {
        excess = cpu_ns - total_ns;
        cpu_ns = total_ns;
    }
    double sum = 0, room = (double)(total_ns - cpu_ns), scale = 1;
    for (unsigned part = PART_NETWORK; part < PART_QUEUE; part++)
        sum += waits[part];
    if (sum > room) {
        scale = room / sum;
        excess += sum - room < 0x1p62 ? (uint64_t)(sum - room) : 1ull << 62;
    }
    uint64_t left = total_ns - cpu_ns;
    parts[PART_CPU] = cpu_ns;
    for (unsigned part = PART_NETWORK; part < PART_QUEUE; part++) {
        uint64_t ns = (uint64_t)(waits[part] * scale);
        parts[part] = ns < left ? ns : left;
        left -= parts[part];
    }
    parts[PART_QUEUE] = queued_ns < left ? queued_ns : left;
    parts[PART_UNACCOUNTED] = left - parts[PART_QUEUE];
    return excess;
}
