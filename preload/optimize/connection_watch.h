/* connection_watch.h: what is known about one outbound connection that the pool follows.
 *
 * One struct watch for each record of runtime/fdstate.h, by the same index; it belongs to whoever has entered
 * or moved that record, so it has one user at a time. Private memory, reused; never a payload, but
 * for the copy of a request while it may have to be sent once more (cleared when it is answered).
 */
#ifndef STRONG_OPTIMIZE_CONNECTION_WATCH_H
#define STRONG_OPTIMIZE_CONNECTION_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "protocol/exchange.h"
#include "runtime/fdstate.h"

enum {
    WATCH_OPTIONS = 8,
    WATCH_OPTION_BYTES = 16,
    WATCH_EXCHANGES = 128, /* a life of more requests gains nothing that matters from being reused */
    WATCH_KEPT = 4096,     /* longest request that can be sent a second time */
};

enum watch_stage {
    WATCH_UNCONNECTED,
    WATCH_LIVE,  /* the program's own connection, or a reused one that has answered */
    WATCH_TRIAL, /* handed on, and no byte of an answer yet */
};

/* A socket option the program set before it connected, as it set it. */
struct watch_option {
    int32_t level, name;
    uint32_t len;
    uint8_t value[WATCH_OPTION_BYTES];
};

/* Who connects: none of them may differ when a connection is handed on. */
struct watch_identity {
    uint32_t uid, gid;   /* of the socket: who made it, what a server sees and a firewall matches */
    uint64_t network;    /* SO_NETNS_COOKIE of the socket */
    uint64_t path[2];    /* device and inode of a Unix socket's path */
};

struct watch {
    uint32_t generation; /* of the record: another one means that this is about another file */
    uint8_t stage;       /* enum watch_stage */
    uint8_t before_count, after_count;
    bool shown_in_progress; /* the program was told EINPROGRESS for a connection that was ready */
    bool flags_known;       /* `flags` are the file's: nobody has set them since */
    bool waiting;           /* counted in its destination as connected afresh and not yet answered */
    bool behind;            /* another one was waiting when it connected */
    bool tried;             /* a connect of the program's own was begun on it */
    uint16_t unused_slot;   /* of connection_unused.c + 1, where it was lent from there; with its turn */
    uint64_t unused;
    uint32_t settled_before; /* and what the destination had settled by then */
    uint16_t destination;   /* index + 1; 0: none yet */
    int16_t next;           /* in the destination's list of kept ones; -1: last */
    struct watch_option before[WATCH_OPTIONS];
    struct {
        int32_t level, name;
    } after[WATCH_OPTIONS]; /* set once connected: given back to their former values at the hand-over */
    struct watch_identity identity;
    uint64_t sent_bytes, received_bytes; /* by the program, over all lives of the connection */
    uint64_t kept_ticks;                 /* when it was parked */
    uint64_t looked_ticks;  /* when a reused one was last found quiet */
    int32_t flags;          /* F_GETFL */
    uint32_t kept_len;
    char *kept; /* WATCH_KEPT bytes, or NULL; what was sent since the hand-over */
    struct exchange exchange;
};

int connection_watch_init(void);

/* The watch of a record, made new if the record follows another file than it did. NULL without memory. */
struct watch *connection_watch_at(int index);

/* Bytes the program sent or received. A connection that cannot be parked any more is dropped
 * (counted under its reason) and false returned. The caller has entered the record of fd. */
bool connection_watch_sent(int fd, struct watch *watch, const struct iovec *parts, int count, size_t len);
bool connection_watch_received(int fd, struct watch *watch, const struct iovec *parts, int count, size_t len);

/* The counter of a refusal of protocol/exchange.h. */
enum counter_id connection_watch_reason(enum exchange_refusal refusal);

#endif
