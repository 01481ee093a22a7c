/* resolver_flight.c: see resolver_flight.h.
 *
 * GATES gates; a question's hash leads to one of GATE_TRIES of them. owner goes from 0 to (hash, thread) when a flight
 * starts and back when it lands, both by compare-and-swap, so that a gate that was taken over is not freed by its former
 * leader. landings counts; those who wait sleep on it.
 */
#include "optimize/resolver_flight.h"

#include <linux/futex.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "runtime/system.h"
#include "runtime/vdso.h"

enum { GATES = 64, GATE_TRIES = 4 };

static struct gate {
    uint64_t owner;
    uint32_t landings, waiting;
} __attribute__((aligned(64))) gates[GATES];

static uint64_t owner_of(uint64_t hash, uint32_t thread)
{
    return (hash & ~0xFFFFFFFFull) | thread;
}

static bool same_question(uint64_t owner, uint64_t hash)
{
    return owner && owner >> 32 == hash >> 32;
}

static bool take(struct gate *gate, uint64_t from, uint64_t owner)
{
    /* pairs with land (what the former leader remembered is seen) and with find */
    return __atomic_compare_exchange_n(&gate->owner, &from, owner, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

/* The thread may have gone without landing: cancelled. */
static bool exists(uint32_t thread)
{
    return system_call3(SYS_tgkill, system_call0(SYS_getpid), thread, 0) == 0;
}

/* One slice of waiting for the flight of `owner` to end; `landings`: their number when the waiting began. */
static void wait_slice(struct gate *gate, uint64_t owner, uint32_t landings)
{
    struct timespec slice = {0, RESOLVER_SLICE_MS * 1000000};
    __atomic_fetch_add(&gate->waiting, 1, __ATOMIC_SEQ_CST); /* before owner is looked at; land does it the other way */
    if (__atomic_load_n(&gate->owner, __ATOMIC_SEQ_CST) == owner)
        system_call4(SYS_futex, &gate->landings, FUTEX_WAIT | FUTEX_PRIVATE_FLAG, landings, &slice);
    __atomic_fetch_sub(&gate->waiting, 1, __ATOMIC_RELAXED);
}

static uint64_t now_ms(void)
{
    return vdso_clock_ns(CLOCK_MONOTONIC) / 1000000;
}

/* Until the flight has ended. false: it goes on for too long, or will never end. */
static bool wait_for(struct gate *gate, uint64_t owner)
{
    uint32_t landings = __atomic_load_n(&gate->landings, __ATOMIC_ACQUIRE); /* pairs with the addition in land */
    uint64_t began_ms = now_ms();
    for (;;) {
        wait_slice(gate, owner, landings);
        if (__atomic_load_n(&gate->owner, __ATOMIC_ACQUIRE) != owner || /* both pair with land */
            __atomic_load_n(&gate->landings, __ATOMIC_ACQUIRE) != landings)
            return true;
        pthread_testcancel();
        if (now_ms() - began_ms >= RESOLVER_WAIT_MOST_MS || !exists((uint32_t)owner))
            return false;
    }
}

static void land(struct gate *gate, uint64_t owner)
{
    if (!__atomic_compare_exchange_n(&gate->owner, &owner, 0, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
        return; /* somebody took it over */
    __atomic_fetch_add(&gate->landings, 1, __ATOMIC_SEQ_CST); /* pairs with wait_for */
    if (__atomic_load_n(&gate->waiting, __ATOMIC_SEQ_CST))
        system_call3(SYS_futex, &gate->landings, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, INT32_MAX);
}

/* What this thread led before and left by a jump. (A lookup inside a lookup, by a module of libc's, ends the outer
 * flight early: those who wait then ask by themselves.) */
static void clear_away(uint32_t thread)
{
    for (unsigned i = 0; i < GATES; i++) {
        uint64_t owner = __atomic_load_n(&gates[i].owner, __ATOMIC_RELAXED);
        if (owner && (uint32_t)owner == thread)
            land(&gates[i], owner);
    }
}

/* The gate among those of the question where its flight is, GATES: none. */
static uint32_t find(uint64_t hash, uint32_t tries)
{
    for (uint32_t i = 0; i < tries; i++) {
        uint32_t number = ((uint32_t)hash + i) % GATES;
        if (same_question(__atomic_load_n(&gates[number].owner, __ATOMIC_SEQ_CST), hash)) /* pairs with take */
            return number;
    }
    return GATES;
}

static struct resolver_flight join(uint32_t number, uint64_t owner, uint64_t mine)
{
    struct resolver_flight flight = {FLIGHT_WAITED, number, mine};
    if (!wait_for(&gates[number], owner))
        flight.role = take(&gates[number], owner, mine) ? FLIGHT_LEADS : FLIGHT_ALONE;
    return flight;
}

struct resolver_flight resolver_flight_board(uint64_t hash)
{
    uint32_t thread = (uint32_t)system_call0(SYS_gettid);
    uint64_t mine = owner_of(hash, thread);
    clear_away(thread);
    for (uint32_t round = 0; round < GATE_TRIES; round++) {
        uint32_t other = find(hash, GATE_TRIES);
        uint64_t owner = other < GATES ? __atomic_load_n(&gates[other].owner, __ATOMIC_RELAXED) : 0;
        if (same_question(owner, hash))
            return join(other, owner, mine);
        for (uint32_t i = 0; i < GATE_TRIES; i++) {
            uint32_t number = ((uint32_t)hash + i) % GATES;
            if (!take(&gates[number], 0, mine))
                continue;
            /* Two may have taken two gates at once: the one before goes first. */
            if (find(hash, i) == GATES)
                return (struct resolver_flight){FLIGHT_LEADS, number, mine};
            land(&gates[number], mine);
            break;
        }
    }
    return (struct resolver_flight){FLIGHT_ALONE, 0, mine};
}

void resolver_flight_land(const struct resolver_flight *flight)
{
    land(&gates[flight->gate], flight->owner);
}

void resolver_flight_fork_child(void)
{
    memset(gates, 0, sizeof gates);
}
