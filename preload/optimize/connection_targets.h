/* connection_targets.h: STRONG_POOL_TARGETS, the destinations whose connections may be reused.
 *
 * A list of 127.0.0.1:6379, [::1]:80, :80 (any address) and /path/of/socket, separated by commas; empty: all. An
 * entry that is none of these costs one line and allows nothing. Names are not looked up: connect()
 * sees addresses only. Read at boot, constant afterwards.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_TARGETS_H
#define STRONG_OPTIMIZE_CONNECTION_TARGETS_H

#include <stdbool.h>
#include <sys/socket.h>

void connection_targets_init(void);
bool connection_targets_allow(const struct sockaddr *address);
/* Takes the list from `text` instead of the settings; for connection_targets_init, and the tests. */
void connection_targets_read(const char *text);

#endif
