/* fdtable.h: what each descriptor number is: its target, and what passed over a connection.
 *
 * Two levels: pages of entries made on demand in private memory, the first one static. Entries are
 * changed by the hooks that open, connect, duplicate and close; a number never seen is asked for once
 * (fstat, getsockname, readlink: raw system calls, none after seccomp). Races between threads on one
 * number can mix up statistics, never the program. Any thread; in signal handlers too. All
 * functions preserve errno.
 */
#ifndef STRONG_RUNTIME_FDTABLE_H
#define STRONG_RUNTIME_FDTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#include "abi/segment.h"
#include "runtime/system.h"

enum fd_flags {
    FD_KNOWN = 1,       /* the entry describes the open file */
    FD_OUTBOUND = 2,    /* connected by this process: life and exchanges are counted */
    FD_STREAM = 4,      /* TCP */
    FD_NODELAY_SET = 8, /* the program chose TCP_NODELAY or TCP_CORK itself */
    FD_WROTE = 16,      /* a write since the last read */
    FD_CONNECTING = 32, /* connect returned EINPROGRESS */
    FD_EPOLL = 64,      /* an epoll set */
};

struct fd_entry {
    uint32_t target;
    uint8_t flags;        /* enum fd_flags */
    uint8_t kind;         /* enum target_kind */
    uint8_t small_writes; /* in a row, since the last read; saturating */
    uint8_t tuning;       /* the optimizer of TCP connections keeps its own here */
    uint32_t exchanges; /* reads that followed a write */
    uint32_t tracked;   /* which record of fdstate.h follows it; 0: none */
    uint64_t since_ticks; /* connected at */
    uint64_t moved_ticks; /* last write, or last read that answered one */
};
_Static_assert(sizeof(struct fd_entry) == 32, "fd entries are many");

enum { FDTABLE_SMALL_WRITE = 1448 }; /* less than one full segment on Ethernet: Nagle may hold it back */
/* A wait for a delayed acknowledgement: Linux delays them by 40 ms (TCP_DELACK_MIN, include/net/tcp.h). */
#define FDTABLE_STALL_LEAST_NS 35000000u
#define FDTABLE_STALL_MOST_NS 60000000u

enum { FDTABLE_PAGE = 1024, FDTABLE_PAGES = 1024 }; /* up to 2^20 descriptors */

extern struct fd_entry fdtable_first[FDTABLE_PAGE];

/* Numbers the program gets from here on are told to whoever keeps descriptors of its own at higher ones. */
extern int fdtable_watermark;
extern void (*fdtable_crossed)(int fd);

/* Entry of fd or NULL (negative, too large, no memory). Makes the page if `make`. */
struct fd_entry *fdtable_entry_slow(int fd, bool make);
static inline struct fd_entry *fdtable_entry(int fd, bool make)
{
    return strong_likely((unsigned)fd < FDTABLE_PAGE) ? &fdtable_first[fd] : fdtable_entry_slow(fd, make);
}
uint32_t fdtable_target_slow(int fd);

/* The target of an open descriptor, 0 if fd is bad. ~1 ns for known ones below 1024. */
static inline uint32_t fdtable_target(int fd)
{
    if (strong_likely((unsigned)fd < FDTABLE_PAGE)) {
        struct fd_entry *entry = &fdtable_first[fd];
        if (strong_likely(entry->flags & FD_KNOWN))
            return entry->target;
    }
    return fdtable_target_slow(fd);
}

/* The target a path would have, for the span around open (0 for NULL). */
uint32_t fdtable_path(const char *path);

int fdtable_init(void);

/* What a successful call made of a number. */
void fdtable_opened(int fd, uint32_t target, enum target_kind kind);
void fdtable_special(int fd, const char *what);               /* "epoll", "eventfd", "pipe", … */
void fdtable_socket(int fd, int domain, int type, int protocol);
void fdtable_connected(int fd, uint32_t target, bool in_progress);
void fdtable_accepted(int fd, int listener);
void fdtable_bound(int fd);                                   /* bind or listen succeeded: ask getsockname */
void fdtable_option(int fd, int level, int option);           /* setsockopt succeeded */
void fdtable_duplicating(int from);                           /* before: somebody else will be able to use the file */
void fdtable_duplicated(int from, int to);                    /* `to` now means what `from` means */
void fdtable_closing(int fd);                                 /* before close: ends the connection's row */
void fdtable_closing_range(unsigned first, unsigned last);

/* Descriptors that a message carried to another process: after a send that succeeded. */
void fdtable_passed(const struct msghdr *message);

/* After data moved on fd (bytes > 0): exchanges, and Nagle stalls. READY threads only. now_ticks: the call's end. */
void fdtable_wrote(int fd, uint64_t bytes, uint64_t now_ticks);
void fdtable_read_done(int fd, uint64_t now_ticks);

/* Connect target of an address; the span around connect. */
uint32_t fdtable_peer(int fd, const struct sockaddr *address, socklen_t len);

#endif
