/* accounting_part.c: the parts that time is split into: their names, and to which a call belongs. */
#include "analyse/accounting.h"

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
    [PART_EVENT] = {"event_loop", "event loop, answers due"},
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
