/* connection_pool.h: optimizer "connections", seen from its own parts. See connection_pool.c. */
#ifndef STRONG_OPTIMIZE_CONNECTION_POOL_H
#define STRONG_OPTIMIZE_CONNECTION_POOL_H

#include "abi/segment.h"
#include "runtime/libc.h"

/* `next` as it was below this optimizer. */
extern struct libc connection_pool_below;

/* Boot: after fdtable_init. */
int connection_pool_init(void);
/* The parts' own entries of `next`. */
void connection_calls_install(void);
void connection_wait_install(void);

/* Begins a call on fd: its record, entered; -1 where it is not followed (any more). Any context. */
int connection_pool_enter(int fd);

/* Whether the connection could be kept if it were closed now: COUNTER_COUNT, or the counter that says why not. The
 * caller has entered its record. */
enum counter_id connection_pool_refusal(int index);

#endif
