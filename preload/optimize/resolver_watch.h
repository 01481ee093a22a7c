/* resolver_watch.h: what answers depend on besides the question, as one number, looked at about once a second.
 *
 * In it: the identity (device, inode, size, times) of /etc/hosts, resolv.conf, nsswitch.conf, gai.conf, host.conf and
 * services and of the file HOSTALIASES names; the environment variables libc's resolver reads; the host's name; the
 * network and the time namespace; the addresses of the interfaces. Entries carry it, so that a changed file, another
 * mount, another container or another environment make them void, in the process's memory and in the shared one.
 *
 * One look takes 18 µs (measured); it happens inside the first lookup after a second
 * is over. Any thread; not after seccomp.
 */
#ifndef STRONG_OPTIMIZE_RESOLVER_WATCH_H
#define STRONG_OPTIMIZE_RESOLVER_WATCH_H

#include <stdint.h>

#define RESOLVER_LOOK_NS 1000000000ull

/* CLOCK_BOOTTIME: goes on while the machine sleeps, and is one clock for all processes of a time namespace. */
uint64_t resolver_watch_now_ns(void);
/* Never 0. A change since the last look counts in resolver_flushes. */
uint64_t resolver_watch_scope(uint64_t now_ns);
/* The next call looks. */
void resolver_watch_hurry(void);
/* Looks now; the number, without remembering it. For tests and the benchmark. */
uint64_t resolver_watch_look(void);

#endif
