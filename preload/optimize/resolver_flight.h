/* resolver_flight.h: of the threads that ask the same question at once, one asks libc; the others wait for its answer.
 *
 *   struct resolver_flight flight = resolver_flight_board(hash);
 *   if (flight.role == FLIGHT_LEADS) …ask libc, remember… resolver_flight_land(&flight);
 *   if (flight.role == FLIGHT_WAITED) …look into the memory again…
 *   if (flight.role == FLIGHT_ALONE) …ask libc…
 *
 * Nothing is held over libc that has to be given back: a leader may be cancelled, jump out of its signal handler, or
 * sit there for minutes. Those who wait look every RESOLVER_SLICE_MS whether the leader's thread still exists and wait
 * RESOLVER_WAIT_MOST_MS at most; then one of them leads, and the others go by themselves. A leader that comes back for
 * another question has left its first flight by a jump: that is cleared away. Waiting is a cancellation point, as libc's
 * lookup is.
 * The child of fork starts with none. Any thread; not after seccomp.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_FLIGHT_H
#define STRONG_OPTIMIZE_RESOLVER_FLIGHT_H

#include <stdint.h>

enum { RESOLVER_SLICE_MS = 50, RESOLVER_WAIT_MOST_MS = 30000 };

enum resolver_role { FLIGHT_ALONE, FLIGHT_LEADS, FLIGHT_WAITED };

struct resolver_flight {
    enum resolver_role role;
    uint32_t gate;
    uint64_t owner; /* upper half: of the hash, lower: the leader's thread */
};

struct resolver_flight resolver_flight_board(uint64_t hash);
void resolver_flight_land(const struct resolver_flight *flight);
void resolver_flight_fork_child(void);

#endif
