/* connection_options.h: the socket options a program sets on a connection the pool follows.
 *
 * Those set before connect() belong to what must agree for a hand-over, value for value. Those set afterwards must be
 * ones that can be given back: at the hand-over they take the values the new socket has. Any other
 * option, fcntl or ioctl makes the connection the program's alone. Called with the record entered.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_OPTIONS_H
#define STRONG_OPTIMIZE_CONNECTION_OPTIONS_H

#include <stdbool.h>
#include <sys/socket.h>

#include "optimize/connection_watch.h"

/* After a setsockopt that succeeded: false if the connection must not be reused now. */
bool connection_options_set(struct watch *watch, int level, int name, const void *value, socklen_t len);
/* Whether an fcntl or ioctl leaves the connection as it was. */
bool connection_options_harmless_fcntl(int command, long argument);
bool connection_options_harmless_ioctl(unsigned long request);

/* Whether options set on a socket can be set back to what a new one has; and doing so: false if the kernel would not. */
bool connection_options_clearable(const struct watch_option *set, unsigned count);
bool connection_options_clear(int fd, const struct watch_option *set, unsigned count);

/* Gives `kept`, about to be handed on in place of `fresh`, the values that `fresh` has of every option set in
 * its former life, and its file status flags, which both watches remember. Negative errno if the kernel would not. */
int connection_options_hand_on(struct watch *watch, int kept, struct watch *fresh_watch, int fresh);
/* Sets on `fresh` all the program set on the socket `fd` it is to replace. */
int connection_options_repeat(const struct watch *watch, int fd, int fresh);

#endif
