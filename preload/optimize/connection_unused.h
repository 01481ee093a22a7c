/* connection_unused.h: the socket that a hand-over leaves unused, given to the next socket() of its kind.
 *
 * A program that connects for each request makes a socket each time, and where it gets a kept connection that socket is
 * never used: to make and to destroy it was the dearest part of a reused connect. Instead the file stays
 * open at a number of libstrong's own, and the next socket() that asks for the same gets it, by F_DUPFD: the lowest free
 * number, as from the kernel.
 *
 *   FREE ──hold, settle──▶ WAITING ──lend──▶ LENT ──hold, settle──▶ WAITING    handed over again
 *                             │               │
 *                             ▼               ▼
 *                           FREE            FREE    anything else happens to the program's number: ours is closed first
 *
 * Like a new one, because nothing was done with it but setting options that can be set back, and they are; it was made
 * by the same user (fsuid and fsgid are asked for) in the same network (nobody called setns or unshare, ever), and
 * no process was made since that may hold a copy. While it is lent two numbers refer to it, so every way the program can use
 * its number but the next hand-over closes ours: that is what connection_unused_release is for.
 *
 * Any thread, any context; errno is preserved; nothing waits. A slot changes hands by compare-and-swap of its state.
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_UNUSED_H
#define STRONG_OPTIMIZE_CONNECTION_UNUSED_H

#include <stdbool.h>
#include <stdint.h>

#include "optimize/connection_watch.h"

/* How many slots are not free; socket() looks further only where there are some. */
extern uint32_t connection_unused_count;

/* For socket(): a descriptor that is as good as what the kernel would give, or -1. */
int connection_unused_lend(int domain, int type, int protocol);
/* That socket() has returned: index is the record that follows fd, or -1 where nothing does. */
void connection_unused_claim(int fd, int index);

/* The program's socket of record `index` (entered, its flags known) is about to be replaced by a kept connection: keeps
 * its file open, at `from` or a higher number. A slot, or -1: it will be destroyed. */
int connection_unused_hold(int index, int from);
/* That has been done and nobody else saw the file meanwhile: it may be lent. Or not: ours is closed. */
void connection_unused_settle(int slot, bool alone);

/* The program's socket goes its own way: from now on it is the only one to hold it. */
void connection_unused_release(struct watch *watch);

/* Lent long ago and neither connected nor closed by any way that is seen: ours is closed. */
void connection_unused_overdue(uint64_t now_ticks);
/* Closes those that wait, or all of ours. */
void connection_unused_empty(bool lent_too);
void connection_unused_fork_child(void);

#endif
