/* connection_reuse.h: putting one connection in the place of another, under a number the program holds.
 *
 * The swap itself is dup3, so the number is never free. While it lasts the record is RESERVED; a close that comes
 * then is carried out here at the end, the record dropped before the number is free. Epoll sets lose the number with its former file and are given it again, so an
 * edge-triggered one reports it anew, which is allowed (epoll(7)).
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_REUSE_H
#define STRONG_OPTIMIZE_CONNECTION_REUSE_H

#include <stdbool.h>

#include "optimize/connection_watch.h"

/* Takes the number out of the epoll sets it is in: false if one of them did not have it. */
bool connection_reuse_leave_sets(const struct fdstate *record);

enum reuse_outcome {
    REUSE_NOT,  /* nothing changed for the program; the kept connection is closed */
    REUSE_DONE, /* `fresh` is gone, and the caller has entered `kept` instead */
    REUSE_LOST, /* the program has it, but another thread used the number meanwhile: it is not followed any more */
    REUSE_CLOSED, /* another thread closed the number, which is closed now; the kept connection too */
};

/* Puts the kept connection (RESERVED) in the place of the program's new socket, whose record the caller has entered. */
enum reuse_outcome connection_reuse_hand_on(int fresh, int kept);

/* Puts a new connection to the same destination in the place of the one the program holds (record entered), and sends
 * what it has sent since the hand-over again. False: it still holds the old one, or has closed it. The connect waits as
 * the program's would; on a non-blocking socket, a moment at most. */
bool connection_reuse_renew(int index);

#endif
