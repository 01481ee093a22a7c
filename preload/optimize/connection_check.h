/* connection_check.h: what the kernel says about a connection: who holds it, and whether anything happened on it
 * that the program's calls do not account for.
 *
 * For TCP one question answers everything: TCP_INFO tells the state, the bytes the peer has acknowledged and
 * the bytes that arrived. They must be exactly those the program sent and received, so nothing is outstanding, nothing
 * is unread, nobody else wrote or read, and the peer has neither closed nor reset (include/net/tcp.h of
 * Linux: bytes_acked counts the SYN; fields since 4.1). For Unix sockets: SIOCOUTQ and a peek.
 * Raw system calls; any context; errno untouched.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_CHECK_H
#define STRONG_OPTIMIZE_CONNECTION_CHECK_H

#include <stdbool.h>

#include "optimize/connection_watch.h"

enum connection_state {
    CONNECTION_QUIET,  /* open, nothing outstanding, nothing unread */
    CONNECTION_ENDED,  /* the peer has closed or reset it */
    CONNECTION_SPOKE,  /* the peer has sent what nobody asked for: it may do so again, after a request */
    CONNECTION_UNSEEN, /* open, but its bytes are not the ones the program was seen to move */
};

/* `local`: a Unix socket. */
enum connection_state connection_check(int fd, bool local, const struct watch *watch);

/* Who would be connecting on this socket now. False where it cannot be told. */
bool connection_check_identity(int fd, const struct fdstate_socket *made, const struct sockaddr *address,
                               struct watch_identity *ret);

#endif
