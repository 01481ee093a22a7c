/* connection_unused.c: see connection_unused.h. Raw system calls throughout. */
#include "optimize/connection_unused.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>

#include "optimize/connection_options.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/process.h"
#include "runtime/seccomp.h"
#include "runtime/thread.h"

enum { SLOTS = 16, STATE_BITS = 3 };
/* From socket() to connect() it takes a program microseconds. */
#define LENT_MOST_NS 100000000

enum slot_state {
    SLOT_FREE,
    SLOT_BUSY,    /* whoever made it so owns the fields */
    SLOT_WAITING, /* the fields are final */
    SLOT_NEW,     /* lent by a socket() that has not returned */
    SLOT_LENT,
};

/* word: turn << STATE_BITS | state. The turn grows whenever a slot becomes busy, so who remembers one
 * (struct watch) does not take a later one for it. */
static struct slot {
    uint64_t word;
    int32_t fd; /* libstrong's number */
    int32_t index; /* of the record that follows it */
    uint32_t generation;
    uint32_t forks;
    int32_t flags; /* F_GETFL */
    int32_t lent_fd;
    uint64_t lent_ticks;
    struct fdstate_socket made;
    struct watch_identity identity;
    uint32_t set_count; /* options to be set back */
    struct watch_option set[WATCH_OPTIONS];
} slots[SLOTS];

uint32_t connection_unused_count;
static uint32_t lent_count;

static enum slot_state state_of(uint64_t word)
{
    return (enum slot_state)(word & ((1u << STATE_BITS) - 1));
}

/* From a state to BUSY, in the next turn. */
static bool take(struct slot *slot, uint64_t word)
{
    uint64_t busy = ((word >> STATE_BITS) + 1) << STATE_BITS | SLOT_BUSY;
    /* pairs with put */
    return __atomic_compare_exchange_n(&slot->word, &word, busy, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}
static bool take_if(struct slot *slot, enum slot_state state)
{
    uint64_t word = __atomic_load_n(&slot->word, __ATOMIC_RELAXED);
    return state_of(word) == state && take(slot, word);
}
/* BUSY, the caller's, to another state. */
static void put(struct slot *slot, enum slot_state state)
{
    __atomic_store_n(&slot->word, (slot->word & ~(uint64_t)((1u << STATE_BITS) - 1)) | state, __ATOMIC_RELEASE);
}

/* BUSY: ours is closed, unless the program has put something else at the number. */
static void close_slot(struct slot *slot)
{
    if (fdstate_kept(slot->fd) == slot->index && fdstate_generation(slot->index) == slot->generation) {
        fdstate_drop(slot->fd, COUNTER_COUNT);
        system_call1(SYS_close, slot->fd);
    }
    __atomic_fetch_sub(&connection_unused_count, 1, __ATOMIC_RELAXED);
    put(slot, SLOT_FREE);
}

/* ---- lending ---- */

/* As a new one would be. */
static bool renew(struct slot *slot, int type)
{
    long flags = (slot->flags & ~O_NONBLOCK) | (type & SOCK_NONBLOCK ? O_NONBLOCK : 0);
    /* an impossible id changes nothing, and what was there before is returned */
    if ((uint32_t)system_call1(SYS_setfsuid, -1) != slot->identity.uid ||
        (uint32_t)system_call1(SYS_setfsgid, -1) != slot->identity.gid)
        return false;
    if (flags != slot->flags && system_call3(SYS_fcntl, slot->fd, F_SETFL, flags) < 0)
        return false;
    slot->flags = (int32_t)flags;
    return connection_options_clear(slot->fd, slot->set, slot->set_count);
}

static bool is_like(const struct slot *slot, int domain, int type, int protocol)
{
    return slot->made.domain == domain && slot->made.type == (type & ~(SOCK_NONBLOCK | SOCK_CLOEXEC)) &&
           slot->made.protocol == protocol && slot->forks == fdstate_forks;
}

/* BUSY. -1: not this one, which is closed if it is good for nothing. */
static int lend(struct slot *slot, int domain, int type, int protocol)
{
    if (!is_like(slot, domain, type, protocol)) {
        slot->forks == fdstate_forks ? put(slot, SLOT_WAITING) : close_slot(slot);
        return -1;
    }
    bool ours = fdstate_kept(slot->fd) == slot->index && fdstate_generation(slot->index) == slot->generation;
    long fd = ours && renew(slot, type)
                  ? system_call3(SYS_fcntl, slot->fd, type & SOCK_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0)
                  : -1;
    if (fd < 0) { /* libc's own socket() will say why */
        close_slot(slot);
        return -1;
    }
    slot->lent_fd = (int32_t)fd;
    slot->lent_ticks = clock_ticks();
    __atomic_fetch_add(&lent_count, 1, __ATOMIC_RELAXED);
    put(slot, SLOT_NEW);
    counters_add(COUNTER_connections_sockets_lent, 1);
    return (int)fd;
}

int connection_unused_lend(int domain, int type, int protocol)
{
    if (thread_hot.state == THREAD_OFF || seccomp_entered || process_namespaces_moved)
        return -1;
    for (int i = 0; i < SLOTS; i++) {
        if (!take_if(&slots[i], SLOT_WAITING))
            continue;
        int fd = lend(&slots[i], domain, type, protocol);
        if (fd >= 0)
            return fd;
    }
    return -1;
}

/* LENT or NEW, taken: no longer. */
static void take_back(struct slot *slot)
{
    __atomic_fetch_sub(&lent_count, 1, __ATOMIC_RELAXED);
    close_slot(slot);
}

void connection_unused_claim(int fd, int index)
{
    if (strong_likely(!__atomic_load_n(&lent_count, __ATOMIC_RELAXED)))
        return;
    for (int i = 0; i < SLOTS; i++) {
        struct slot *slot = &slots[i];
        if (state_of(__atomic_load_n(&slot->word, __ATOMIC_ACQUIRE)) != SLOT_NEW || slot->lent_fd != fd ||
            !take_if(slot, SLOT_NEW))
            continue;
        if (index < 0 || fdstate_enter(fd) != index) {
            take_back(slot);
            return;
        }
        struct watch *watch = connection_watch_at(index);
        watch->flags = slot->flags;
        watch->flags_known = true;
        watch->identity = slot->identity;
        watch->unused = slot->word >> STATE_BITS;
        __atomic_store_n(&watch->unused_slot, (uint16_t)(i + 1), __ATOMIC_RELEASE); /* pairs with take_lent */
        put(slot, SLOT_LENT);
        fdstate_leave(index);
        return;
    }
}

/* The slot the watch has lent, BUSY now and in another turn; NULL: it is not lent any more. */
static struct slot *take_lent(struct watch *watch)
{
    uint16_t number = __atomic_load_n(&watch->unused_slot, __ATOMIC_ACQUIRE); /* pairs with claim */
    struct slot *slot = number ? &slots[number - 1] : NULL;
    bool taken = slot && take(slot, watch->unused << STATE_BITS | SLOT_LENT);
    if (number)
        __atomic_store_n(&watch->unused_slot, 0, __ATOMIC_RELAXED);
    return taken ? slot : NULL;
}

void connection_unused_release(struct watch *watch)
{
    struct slot *slot = take_lent(watch);
    if (slot)
        take_back(slot);
}

/* ---- keeping ---- */

/* A number of ours for the program's fd, with a record that shows the program no descriptor there. */
static bool open_own(struct slot *slot, int fd, int from)
{
    long own = system_call3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, from);
    int index = own < 0 ? -1 : fdstate_track((int)own);
    if (index >= 0 && fdstate_enter((int)own) == index) {
        bool kept = fdstate_move(index, FDSTATE_OPEN, FDSTATE_KEPT);
        slot->fd = (int32_t)own;
        slot->index = index;
        slot->generation = fdstate_generation(index);
        fdstate_leave(index);
        if (kept)
            return true;
    }
    if (own >= 0) {
        fdstate_drop((int)own, COUNTER_COUNT);
        system_call1(SYS_close, own);
    }
    return false;
}

/* BUSY: what is known of the program's socket. */
static void describe(struct slot *slot, const struct fdstate *record, const struct watch *watch)
{
    slot->forks = record->forks;
    slot->made = record->made;
    slot->flags = watch->flags;
    slot->identity = watch->identity;
    slot->set_count = watch->before_count;
    memcpy(slot->set, watch->before, watch->before_count * sizeof *slot->set);
}

int connection_unused_hold(int index, int from)
{
    const struct fdstate *record = &fdstate_records[index];
    struct watch *watch = connection_watch_at(index);
    bool internet = record->made.domain == AF_INET || record->made.domain == AF_INET6;
    bool usable = internet && !watch->tried && watch->flags_known && record->forks == fdstate_forks &&
                  !process_namespaces_moved && connection_options_clearable(watch->before, watch->before_count);
    struct slot *slot = take_lent(watch);
    if (slot) {
        __atomic_fetch_sub(&lent_count, 1, __ATOMIC_RELAXED);
        if (!usable)
            close_slot(slot);
    }
    for (int i = 0; usable && !slot && i < SLOTS; i++) {
        if (!take_if(&slots[i], SLOT_FREE))
            continue;
        if (!open_own(&slots[i], record->fd, from)) {
            put(&slots[i], SLOT_FREE);
            return -1;
        }
        __atomic_fetch_add(&connection_unused_count, 1, __ATOMIC_RELAXED);
        slot = &slots[i];
    }
    if (!usable || !slot)
        return -1;
    describe(slot, record, watch);
    return (int)(slot - slots);
}

void connection_unused_settle(int slot, bool alone)
{
    if (slot >= 0)
        alone ? put(&slots[slot], SLOT_WAITING) : close_slot(&slots[slot]);
}

/* ---- giving up ---- */

void connection_unused_overdue(uint64_t now_ticks)
{
    if (strong_likely(!__atomic_load_n(&lent_count, __ATOMIC_RELAXED)))
        return;
    for (int i = 0; i < SLOTS; i++) {
        enum slot_state state = state_of(__atomic_load_n(&slots[i].word, __ATOMIC_ACQUIRE));
        if ((state == SLOT_NEW || state == SLOT_LENT) &&
            now_ticks - slots[i].lent_ticks > clock_ns_to_ticks(LENT_MOST_NS) && take_if(&slots[i], state))
            take_back(&slots[i]);
    }
}

void connection_unused_empty(bool lent_too)
{
    for (int i = 0; connection_unused_count && i < SLOTS; i++) {
        if (take_if(&slots[i], SLOT_WAITING))
            close_slot(&slots[i]);
        else if (lent_too && (take_if(&slots[i], SLOT_LENT) || take_if(&slots[i], SLOT_NEW)))
            take_back(&slots[i]);
    }
}

/* Copies of what the parent has, in whatever state another thread left them. */
void connection_unused_fork_child(void)
{
    for (int i = 0; i < SLOTS; i++) {
        uint64_t word = slots[i].word;
        if (state_of(word) != SLOT_FREE && slots[i].fd > 0)
            system_call1(SYS_close, slots[i].fd);
        slots[i].fd = 0;
        slots[i].word = ((word >> STATE_BITS) + 1) << STATE_BITS | SLOT_FREE;
    }
    connection_unused_count = 0;
    lent_count = 0;
}
