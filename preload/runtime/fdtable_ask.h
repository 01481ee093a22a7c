/* fdtable_ask.h: what the kernel says about a descriptor whose making was not seen (inherited, received,
 * made inside libc). Raw system calls, none after seccomp; any thread, any context.
 */
#ifndef STRONG_RUNTIME_FDTABLE_ASK_H
#define STRONG_RUNTIME_FDTABLE_ASK_H

#include "runtime/fdtable.h"

/* Fills target, kind and flags; false: not an open descriptor. */
bool fdtable_ask(int fd, struct fd_entry *ret);
/* The same for the local end of a bound or listening socket. */
bool fdtable_ask_local(int fd, struct fd_entry *ret);

#endif
