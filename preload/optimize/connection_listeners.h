/* connection_listeners.h: the addresses this process serves itself.
 *
 * A connection to one of them must not be kept: a thread here may wait for its end, and the thread that would close
 * it in time may wait for that one. Noted at listen() and accept(). An address that was only listened at counts while
 * the descriptor is open (a parent hands it to its child); one that was accepted from counts for good, since who serves
 * the connection needs the listener no more. Where there are more than are noted, nothing on this machine is kept. Any thread, any context; nothing here waits; errno is preserved.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_LISTENERS_H
#define STRONG_OPTIMIZE_CONNECTION_LISTENERS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Boot: its entries of `next`. */
void connection_listeners_install(void);
/* Whether this process serves where the connected socket fd leads to; true where it cannot be told. */
bool connection_listeners_serve(int fd, const struct sockaddr *address, socklen_t len);
void connection_listeners_fork_child(void);

#endif
