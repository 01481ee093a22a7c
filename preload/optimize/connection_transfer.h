/* connection_transfer.h: one call of the program that moves bytes on a followed connection.
 *
 *   struct transfer transfer;
 *   if (!connection_transfer_write(&transfer, fd, parts, count, flags))
 *       return below.write(fd, buf, n);                      not followed
 *   do
 *       ret = transfer.trial ? connection_transfer_send(&transfer) : below.write(fd, buf, n);
 *   while (connection_transfer_wrote(&transfer, ret));      true: once more, on a fresh connection
 *   return ret;
 *
 * Until a reused connection has answered (its trial) a request goes out only after a look at the connection, is kept
 * in case it must be sent again, and SIGPIPE is held off; from then on, and on the program's own
 * connections, the bytes are only watched. errno is the call's. The program's parts are read before the call only
 * in the trial, and only if they are there.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_TRANSFER_H
#define STRONG_OPTIMIZE_CONNECTION_TRANSFER_H

#include <stdbool.h>
#include <sys/uio.h>

#include "optimize/connection_watch.h"

struct transfer {
    int fd, index;
    struct watch *watch;
    const struct iovec *parts;
    int count, flags;
    bool trial;
};

bool connection_transfer_write(struct transfer *transfer, int fd, const struct iovec *parts, int count, int flags);
ssize_t connection_transfer_send(struct transfer *transfer);
bool connection_transfer_wrote(struct transfer *transfer, ssize_t ret);

/* The program asks how its connect ended, or is about to be told. If it was given a kept connection, and the server ends
 * that one now, it gets a fresh one instead of an error it would not have seen: true. */
bool connection_transfer_asked(int fd);

bool connection_transfer_read(struct transfer *transfer, int fd, const struct iovec *parts, int count, int flags);
/* May turn the result into a failure: bytes of another exchange are not given out. */
bool connection_transfer_got(struct transfer *transfer, ssize_t *in_out_ret);

#endif
