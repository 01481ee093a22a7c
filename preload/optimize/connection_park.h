/* connection_park.h: connections kept for the next connect, by destination.
 *
 * A destination is what a program asked connect() for: the address as it gave it, and the kind of socket. Of the kept
 * connections of one destination the one used last is handed on first. What else has to agree (who
 * connects, which options were set before) is compared with each.
 *
 * One short lock, only ever tried: close() may be called in a signal handler of a thread that holds it. Who does not
 * get it forgoes the pool. Any thread; nothing here waits; errno is preserved.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_PARK_H
#define STRONG_OPTIMIZE_CONNECTION_PARK_H

#include <stdbool.h>
#include <stdint.h>

#include "optimize/connection_check.h"
#include "optimize/connection_watch.h"

int connection_park_init(void);

/* The destination of an address the program passes to connect(), made if it is new: index + 1; 0 where there
 * is none to be had, or STRONG_POOL_TARGETS leaves it out. The address is readable. */
uint16_t connection_park_destination(const struct fdstate_socket *made, const struct sockaddr *address, socklen_t len);
/* The address of a destination, for a connect of our own. */
const struct sockaddr *connection_park_address(uint16_t destination, socklen_t *ret_len);

/* A kept record that agrees with `like`: its index, RESERVED for the caller; -1: none. */
int connection_park_take(const struct watch *like);
/* Keeps the connection of a record that is CLOSING, at a high number of libstrong's own, and closes its old number
 * (*ret_closed). COUNTER_COUNT: kept; else why not. */
enum counter_id connection_park_put(int index, bool *ret_closed);

/* libstrong's own descriptors have this number or a higher one; 0: there is no room for any, and nothing is kept. */
int connection_park_numbers(void);

/* When the first of the kept ones must go, in ticks; UINT64_MAX: nothing is kept. */
extern uint64_t connection_park_deadline;
/* Closes what has been kept too long. */
void connection_park_expire(uint64_t now_ticks);
/* Closes all that is kept, or what lies between two numbers: the program needs them. */
void connection_park_empty(enum counter_id why);
void connection_park_yield(unsigned first, unsigned last);

/* A fresh connection waits for its first answer; it got it; or it will not get one. A server that serves one
 * connection after the other would never come to it while another is kept open: so nothing of the destination is
 * kept meanwhile, until it has answered a connection while an earlier one was still waiting. */
void connection_park_waits(struct watch *watch);
void connection_park_answered(struct watch *watch);
void connection_park_settled(struct watch *watch);

/* The server broke the rules of its protocol: nothing of it is handed on for a minute. */
void connection_park_distrust(const struct watch *watch);
/* A kept connection was found in this state, which is not quiet. */
void connection_park_broken(const struct watch *watch, enum connection_state state);
/* It closed a connection kept for so long: keep them for half of that at most. */
void connection_park_shorten(const struct watch *watch);
/* A real connect there took so long; the least counts, so that what is said to be saved is not too much. */
void connection_park_took(uint16_t destination, uint64_t ticks);
uint64_t connection_park_cost(uint16_t destination);
/* True now and then: this connect goes to the server, so that what one costs stays measured. */
bool connection_park_measures(uint16_t destination);

void connection_park_fork_child(void);

#endif
