/* second_look.h: what the writer was changing while a segment was copied.
 *
 * A copy is made while threads go on writing. Counters are words and are right one by one; an event record is several
 * words, and one that was overwritten during the copy can be half old and half new. Its writer clears start_ticks before and
 * sets it after the contents (abi/segment.h), so a record that a second look, begun after the copy, finds the same in every
 * byte was whole when it was copied, in whatever order its words were read; the start alone would not do
 * (tests/models/event_ring.pml).
 *
 * Called by snapshot_open alone, once the copy's tables are known to lie within it.
 */
#ifndef STRONG_READ_SECOND_LOOK_H
#define STRONG_READ_SECOND_LOOK_H

#include "read/snapshot.h"

/* Empties in the copy each event record that is another one in fd by now. Only reads fd; a file that became shorter, or
 * that cannot be read any more, leaves the rest of the copy as it is. */
void second_look(int fd, struct snapshot *snapshot);

#endif
