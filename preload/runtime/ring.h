/* ring.h: the flight recorder of a thread block. Owner thread only, state BUSY.
 *
 * ring_push overwrites the oldest record. A record's start_ticks is cleared first and written last
 * (release), so a reader, or a kill in between, finds either a whole record or none.
 */
#ifndef STRONG_RUNTIME_RING_H
#define STRONG_RUNTIME_RING_H

#include "abi/segment.h"

extern uint64_t ring_slow_ticks; /* calls at least this slow always leave a record */

int ring_init(void);
void ring_push(struct thread_block *block, const struct event_record *event);

#endif
