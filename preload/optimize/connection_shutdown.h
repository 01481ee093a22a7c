/* connection_shutdown.h: shutdown() just before close(), which would end a connection that could be kept.
 *
 * A shutdown of a connection that could be kept is held back: if close() follows, it was only the long way of saying it.
 * What may wait for the peer's answer to it carries it out first (span_attend): the next timed call of the thread
 * itself but a close() or another shutdown(), and once it is SHUTDOWN_HELD_NS old any thread's timed call and any thread's
 * CPU sample. So whoever waits for a peer that was not told waits a moment longer, not for ever: the thread that
 * shut down either calls, or computes (or blocks in one of the few calls without a hook, until anybody calls). A wait
 * for a condition that ends by itself within SPAN_BRIEF_NS is no such call: a thread of an interpreter takes its lock
 * back by such waits, between every shutdown() and its close().
 *
 * Without the CPU samples of that thread nothing would happen while it computes: then any timed call of any thread
 * carries it out, and it is not held back where another thread waits for readiness now. Nor is it where somebody
 * waits for this descriptor (connection_waiters.h), or it is in an epoll set: it may be meant to wake them.
 *
 * Who carries one out may be stopped at any point while another thread closes the number and opens another file
 * there. So it is carried out on a duplicate, which stays what it is, and only if the file was still followed after the
 * duplicate was made. A close that comes first ends the following; what was held back is then part of it.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_SHUTDOWN_H
#define STRONG_OPTIMIZE_CONNECTION_SHUTDOWN_H

#include <stdint.h>

enum { SHUTDOWN_HELD_NS = 10000000 };

void connection_shutdown_install(void);
/* Carries out what is held back. Any context. */
void connection_shutdown_settle(void);
/* The record's number, entered, is being closed: its shutdown need not come. */
void connection_shutdown_forget(int index);
/* The record will not be followed any more, for another reason than a close (fdstate_dropping): its shutdown comes now. */
void connection_shutdown_dropping(int index);
void connection_shutdown_fork_child(void);

#endif
