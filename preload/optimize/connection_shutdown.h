/* connection_shutdown.h: shutdown() just before close(), which would end a connection that could be kept.
 *
 * A shutdown of a connection that could be kept is held back: if close() follows, it was only the long way of saying it.
 * The next timed call of any thread but a close() or another shutdown() carries it out first (span_attend), so nobody
 * waits for a peer that was not told. Where another thread waits for readiness now, or the descriptor is
 * in an epoll set, it is not held back: it may be meant to wake somebody.
 *
 * Who carries one out may be stopped at any point while another thread closes the number and opens another file
 * there. So it is carried out on a duplicate, which stays what it is, and only if the file was still followed after the
 * duplicate was made. A close that comes first ends the following; what was held back is then part of it.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_SHUTDOWN_H
#define STRONG_OPTIMIZE_CONNECTION_SHUTDOWN_H

#include <stdint.h>

void connection_shutdown_install(void);
/* Carries out what is held back. Any context. */
void connection_shutdown_settle(void);
/* The record's number, entered, is being closed: its shutdown need not come. */
void connection_shutdown_forget(int index);
/* The record will not be followed any more, for another reason than a close (fdstate_dropping): its shutdown comes now. */
void connection_shutdown_dropping(int index);
void connection_shutdown_fork_child(void);

#endif
