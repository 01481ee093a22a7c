/* fdstate.h: which descriptor numbers an optimizer may trust, and who is using them now.
 *
 * A record follows one open file from the call that made it, through one number at a time. It is dropped for
 * good by whatever could let somebody else touch the file: dup, a descriptor passed to another process, two
 * threads in calls at once, a stream opened over it, a call whose effect is not known. What is not
 * followed is simply not optimised.
 *
 *   FREE ──track──▶ OPEN ──▶ RESERVED ──▶ OPEN     the number is being given another file
 *                    │ ▲
 *                    ▼ │
 *                   CLOSING ──▶ KEPT               taken from the program at close, and given back
 *
 * Every change of state is a compare-and-swap on one word that also counts the calls in flight, so two
 * threads that race close, read and dup on one number never see each other's file: who loses forgoes
 * the optimisation. A close that meets RESERVED does not free the number; whoever reserved it closes it
 * (fdstate_release says so).
 *
 * The word:  generation << 32 | flags << 24 | state << 16 | calls in flight.  A descriptor's entry holds index and
 * generation, so a record that has gone to another file is recognised.
 *
 * fork: what was open before is shared with the child, and fdstate_forks tells (record->forks differs). In the child
 * every record is void. Any thread, any context; errno is preserved; never blocks.
 */
#ifndef STRONG_RUNTIME_FDSTATE_H
#define STRONG_RUNTIME_FDSTATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "abi/segment.h"
#include "runtime/fdtable.h"

enum { FDSTATE_MOST = 1024, FDSTATE_SETS = 4, FDSTATE_SETS_UNKNOWN = FDSTATE_SETS + 1 };

enum fdstate_state { FDSTATE_FREE, FDSTATE_OPEN, FDSTATE_RESERVED, FDSTATE_CLOSING, FDSTATE_KEPT };

/* One epoll set that holds the descriptor. */
struct fdstate_set {
    int32_t set;
    uint32_t events;
    uint64_t data;
};

/* What socket() was told, without its flags. */
struct fdstate_socket {
    int32_t domain, type, protocol;
};

struct fdstate {
    uint64_t word;
    int32_t fd;      /* its number; of a KEPT one, libstrong's */
    uint32_t forks;  /* fdstate_forks when it was tracked */
    struct fdstate_socket made;
    uint32_t set_count; /* FDSTATE_SETS_UNKNOWN: more, or it cannot be known */
    struct fdstate_set sets[FDSTATE_SETS];
};

extern struct fdstate *fdstate_records; /* FDSTATE_MOST of them; NULL until the first is tracked */
extern uint32_t fdstate_forks;          /* processes made so far that may hold copies of our descriptors */

/* Optimizers switch tracking on at boot; nothing is tracked otherwise. */
extern bool fdstate_wanted;

/* Follows an open descriptor from now on: index, or -1 (not wanted, no room). */
int fdstate_track(int fd);

static inline bool fdstate_tracked(int fd)
{
    if (strong_likely((unsigned)fd < FDTABLE_PAGE))
        return strong_unlikely(fdtable_first[fd].tracked != 0);
    const struct fd_entry *entry = fdtable_entry(fd, false);
    return entry && entry->tracked;
}

/* Begins a call on fd: the record's index, with the caller counted in it, or -1: not tracked, or just dropped because
 * another call is in flight. Every entered record must be left; a thread that is cancelled in
 * between leaves it busy for ever, which is the safe side. */
int fdstate_enter(int fd);
/* Ends the call: true when the record is still the caller's to judge by (nobody else came, nothing dropped it). */
bool fdstate_leave(int index);
/* The caller's own record goes on to another state, no other call being in flight: false when it may not. Who takes a
 * KEPT one has entered it thereby. */
bool fdstate_move(int index, enum fdstate_state from, enum fdstate_state to);
/* While entered: false once somebody else came or something dropped the record. */
bool fdstate_alone(int index);
/* True when fd's record had to be told to close later: the caller must not close. */
bool fdstate_close_later(int fd);
/* Ends RESERVED, back to OPEN, keeping the caller's count: true when a close came meanwhile; the caller closes. */
bool fdstate_release(int index);

/* The record, CLOSING, follows its file to libstrong's number fd, and the caller leaves it. To be called when the
 * program's number is closed, because until then calls on it must still be seen. False: somebody else
 * came; the caller still has the record, which is good for nothing but fdstate_free. The generation changes. */
bool fdstate_keep(int index, int fd);
/* The record, taken from the KEPT ones, has its file at the number of `fresh` now, which the caller has RESERVED; it is
 * OPEN there and entered. True: the record is followed; `fresh` is free. *ret_closed: a close came meanwhile; the
 * caller closes. False: somebody else used the number meanwhile, so that nothing follows it; both records are free. */
bool fdstate_pass(int index, int fresh, bool *ret_closed);
/* fd is a number libstrong keeps: the record's index, else -1. */
int fdstate_kept(int fd);
/* The record is of no more use; its index may come back for another file. */
void fdstate_free(int index);
/* Changes with every file the record follows, and when one is kept. */
static inline uint32_t fdstate_generation(int index)
{
    return (uint32_t)(__atomic_load_n(&fdstate_records[index].word, __ATOMIC_RELAXED) >> 32);
}

/* Called with the index of every record that is dropped, before it is free; set at boot. Any thread, any context. */
extern void (*fdstate_dropping)(int index);

/* Called when socket() has made fd a socket: index of the record that follows it, or -1. Set at boot. */
extern void (*fdstate_following)(int fd, int index);

/* Stops following fd, counting why (COUNTER_COUNT: nothing to count). Harmless where it is not followed. */
void fdstate_drop(int fd, enum counter_id reason);
/* Stops following the file that the record, OPEN, followed in that generation: true when it was this call that did. Then
 * the record's number was that file's until now, because every close, and whatever else puts another file at it, ends
 * the following first. */
bool fdstate_drop_open(int index, uint32_t generation, enum counter_id reason);
/* The number has another file. What was there is lost sight of, unless it is CLOSING. */
void fdstate_replaced(int fd);

/* An epoll_ctl that succeeded. */
void fdstate_epoll(int set, int operation, int fd, const struct epoll_event *event);
/* A descriptor of an epoll set was duplicated: sets can no longer be told by number. */
void fdstate_set_shared(void);

/* A process is being made that will hold copies; call before. */
void fdstate_forking(void);
void fdstate_fork_child(void);

#endif
