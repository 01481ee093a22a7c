/* targets.h: interns what calls touch: one index for a path, an address, a name, a lock site.
 *
 * The same kind, text and values give the same index, by whatever threads and however close in time; only where
 * the index has no room (the table is nearly full by then) may there be two, which readers merge. 0 is "(other)": no
 * room left; counted. Files may use three quarters of the table at most, so that a program that opens everything still
 * sees its peers; names of the program's own (custom) CUSTOM_NAMES rows. Any thread, any context; no lock, no malloc.
 */
#ifndef STRONG_RUNTIME_TARGETS_H
#define STRONG_RUNTIME_TARGETS_H

#include <sys/socket.h>

#include "abi/segment.h"

int targets_init(void);
uint32_t targets_text(enum target_kind kind, const char *text, unsigned len);
uint32_t targets_string(enum target_kind kind, const char *text); /* NUL-terminated, may be NULL → 0 */
uint32_t targets_value(enum target_kind kind, uint64_t first, uint64_t second);
/* tcp://1.2.3.4:80, tcp://[::1]:80, udp://…, unix:/path, unix:@name by family and kind.
 * The kind is adjusted to the family (TCP_OUT → UNIX_OUT …). */
uint32_t targets_address(enum target_kind kind, const struct sockaddr *address, socklen_t len);
enum target_kind targets_kind(uint32_t target);
/* In the child of fork: the rows were carried over, the index was not. */
void targets_fork_child(void);

#endif
