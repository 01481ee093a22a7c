/* connection_shutdown.h: shutdown() just before close(), which would end a connection that could be kept.
 *
 * A shutdown of a connection that could be kept is held back: if close() follows, it was only the long way of saying it.
 * Whatever else the program does that could show the difference carries it out first: any call on the descriptor, any
 * wait for readiness, a sleep, a fork. Where another thread waits for readiness now, or the
 * descriptor is in an epoll set, it is not held back: it may be meant to wake somebody.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_SHUTDOWN_H
#define STRONG_OPTIMIZE_CONNECTION_SHUTDOWN_H

#include <stdint.h>

/* How many are held back; a look at it is all that other calls pay. */
extern uint32_t connection_shutdown_held;

void connection_shutdown_install(void);
/* Carries out what is held back. Any context. */
void connection_shutdown_settle(void);
/* fd is being closed: its shutdown need not come. */
void connection_shutdown_forget(int fd);
void connection_shutdown_fork_child(void);

#endif
