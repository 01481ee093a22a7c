/* fdtable.c: see fdtable.h; descriptors that were never seen: fdtable_ask.c.
 *
 * Fields are plain words, changed by whichever thread calls: a race on one number (close against read)
 * can misattribute one call. The child of fork inherits the table by copy; its targets keep their numbers
 * (segment_fork.c).
 */
#include "runtime/fdtable.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/fdtable_ask.h"
#include "runtime/fdstate.h"
#include "runtime/segment.h"
#include "runtime/targets.h"
#include "runtime/thread.h"

struct fd_entry fdtable_first[FDTABLE_PAGE];
static struct fd_entry *pages[FDTABLE_PAGES] = {fdtable_first};
int fdtable_watermark = INT32_MAX;
void (*fdtable_crossed)(int fd);
static uint64_t stall_least_ticks, stall_most_ticks;

int fdtable_init(void)
{
    stall_least_ticks = clock_ns_to_ticks(FDTABLE_STALL_LEAST_NS);
    stall_most_ticks = clock_ns_to_ticks(FDTABLE_STALL_MOST_NS);
    return 0;
}

struct fd_entry *fdtable_entry_slow(int fd, bool make)
{
    unsigned page = (unsigned)fd / FDTABLE_PAGE;
    if (fd < 0 || page >= FDTABLE_PAGES) {
        if (fd >= 0 && make)
            counters_add(COUNTER_fd_table_full, 1);
        return NULL;
    }
    struct fd_entry *entries = __atomic_load_n(&pages[page], __ATOMIC_ACQUIRE); /* pairs with the exchange */
    if (!entries && make) {
        struct fd_entry *fresh = arena_take(FDTABLE_PAGE * sizeof *fresh);
        if (!fresh)
            return NULL;
        if (__atomic_compare_exchange_n(&pages[page], &entries, fresh, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
            entries = fresh; /* the loser's page is lost: once a page, at most */
    }
    return entries ? &entries[(unsigned)fd % FDTABLE_PAGE] : NULL;
}

/* In a vfork child memory is the parent's, but descriptors are not; also where libstrong is off. */
static bool hands_off(void)
{
    return thread_hot.state == THREAD_OFF;
}

uint32_t fdtable_path(const char *path)
{
    return targets_string(TARGET_FILE, path);
}

uint32_t fdtable_target_slow(int fd)
{
    if (hands_off())
        return 0;
    if (thread_hot.state == THREAD_COLD)
        thread_attach(); /* boots, if this is the first call of all */
    struct fd_entry *entry = fdtable_entry(fd, true);
    if (!entry)
        return 0;
    if (entry->flags & FD_KNOWN)
        return entry->target;
    struct fd_entry answer = {0};
    if ((entry->tracked && fdstate_kept(fd) >= 0) || !fdtable_ask(fd, &answer)) /* what is kept is not the program's */
        return 0;
    fdtable_opened(fd, answer.target, (enum target_kind)answer.kind);
    entry->flags = answer.flags;
    return answer.target;
}

void fdtable_opened(int fd, uint32_t target, enum target_kind kind)
{
    struct fd_entry *entry = hands_off() ? NULL : fdtable_entry(fd, true);
    if (!entry)
        return;
    if (!(entry->flags & FD_KNOWN)) {
        uint64_t open = __atomic_add_fetch(&segment->descriptors_open, 1, __ATOMIC_RELAXED);
        if (open > __atomic_load_n(&segment->descriptors_peak, __ATOMIC_RELAXED))
            __atomic_store_n(&segment->descriptors_peak, open, __ATOMIC_RELAXED);
    }
    if (strong_unlikely(fd >= fdtable_watermark))
        fdtable_crossed(fd);
    if (strong_unlikely(entry->tracked))
        fdstate_replaced(fd); /* the number was given up by a way nobody saw, or is being */
    *entry = (struct fd_entry){.target = target, .flags = FD_KNOWN, .kind = (uint8_t)kind};
}

void fdtable_special(int fd, const char *what)
{
    bool pipe = strcmp(what, "pipe") == 0 || strcmp(what, "socketpair") == 0;
    enum target_kind kind = pipe ? TARGET_PIPE : TARGET_DEVICE;
    fdtable_opened(fd, targets_string(kind, what), kind);
    struct fd_entry *entry = fdtable_entry(fd, false);
    if (entry && strcmp(what, "epoll") == 0)
        entry->flags |= FD_EPOLL;
}

void fdtable_socket(int fd, int domain, int type, int protocol)
{
    type &= ~(SOCK_NONBLOCK | SOCK_CLOEXEC);
    bool internet = domain == AF_INET || domain == AF_INET6;
    const char *what = domain == AF_UNIX                     ? "unix socket"
                       : internet && type == SOCK_STREAM     ? "tcp socket"
                       : internet && type == SOCK_DGRAM      ? "udp socket"
                       : domain == AF_NETLINK                ? "netlink socket"
                                                             : "socket";
    enum target_kind kind = internet && type == SOCK_DGRAM ? TARGET_UDP : TARGET_DEVICE;
    fdtable_opened(fd, targets_string(kind, what), kind);
    struct fd_entry *entry = fdtable_entry(fd, false);
    if (entry && internet && type == SOCK_STREAM)
        entry->flags |= FD_STREAM;
    int index = fdstate_wanted && !hands_off() && type == SOCK_STREAM && (internet || domain == AF_UNIX)
                    ? fdstate_track(fd)
                    : -1;
    if (index >= 0)
        fdstate_records[index].made = (struct fdstate_socket){domain, type, protocol};
    if (fdstate_following)
        fdstate_following(fd, index);
}

uint32_t fdtable_peer(int fd, const struct sockaddr *address, socklen_t len)
{
    const struct fd_entry *entry = fdtable_entry(fd, false);
    enum target_kind kind = entry && entry->kind == TARGET_UDP ? TARGET_UDP : TARGET_TCP_OUT;
    return targets_address(kind, address, len);
}

void fdtable_connected(int fd, uint32_t target, bool in_progress)
{
    struct fd_entry *entry = hands_off() ? NULL : fdtable_entry(fd, true);
    if (!entry)
        return;
    enum target_kind kind = targets_kind(target);
    bool again = (entry->flags & FD_CONNECTING) && entry->target == target; /* connect asked for the outcome */
    entry->target = target;
    entry->kind = (uint8_t)kind;
    entry->flags |= FD_KNOWN;
    entry->flags &= (uint8_t)~FD_CONNECTING;
    if (kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT)
        entry->flags |= FD_OUTBOUND;
    if (in_progress)
        entry->flags |= FD_CONNECTING;
    if (again)
        return;
    entry->exchanges = 0;
    entry->since_ticks = clock_ticks();
}

void fdtable_accepted(int fd, int listener)
{
    uint32_t target = fdtable_target(listener);
    const struct fd_entry *from = fdtable_entry(listener, false);
    enum target_kind kind = from ? (enum target_kind)from->kind : TARGET_TCP_IN;
    uint8_t stream = from ? from->flags & (FD_STREAM | FD_NODELAY_SET) : 0; /* NODELAY is inherited */
    fdtable_opened(fd, target, kind);
    struct fd_entry *entry = fdtable_entry(fd, false);
    if (entry)
        entry->flags |= stream;
}

void fdtable_bound(int fd)
{
    struct fd_entry *entry = fdtable_entry(fd, true), answer = {0};
    if (entry && !hands_off())
        fdstate_drop(fd, COUNTER_COUNT); /* a server's, or a client that chose its own port */
    if (!entry || hands_off() || !fdtable_ask_local(fd, &answer))
        return;
    if (!(entry->flags & FD_KNOWN))
        fdtable_opened(fd, answer.target, (enum target_kind)answer.kind);
    entry->target = answer.target;
    entry->kind = answer.kind;
    entry->flags |= answer.flags;
}

void fdtable_option(int fd, int level, int option)
{
    struct fd_entry *entry = fdtable_entry(fd, false);
    if (entry && !hands_off() && level == IPPROTO_TCP && (option == TCP_NODELAY || option == TCP_CORK))
        entry->flags |= FD_NODELAY_SET;
}

void fdtable_duplicating(int from)
{
    const struct fd_entry *entry = hands_off() ? NULL : fdtable_entry(from, false);
    if (entry && entry->tracked)
        fdstate_drop(from, COUNTER_connections_refused_shared);
    else if (entry && entry->flags & FD_EPOLL)
        fdstate_set_shared();
}

void fdtable_duplicated(int from, int to)
{
    uint32_t target = fdtable_target(from);
    const struct fd_entry *source = fdtable_entry(from, false);
    if (!source || from == to || hands_off())
        return;
    struct fd_entry copy = *source;
    fdtable_opened(to, target, (enum target_kind)copy.kind);
    struct fd_entry *entry = fdtable_entry(to, false);
    if (entry) /* the connection's row ends with the number that connected */
        entry->flags = copy.flags & (uint8_t)~(FD_OUTBOUND | FD_CONNECTING);
}

void fdtable_passed(const struct msghdr *message)
{
    if (hands_off() || message->msg_controllen == 0)
        return;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part; part = CMSG_NXTHDR((struct msghdr *)message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS || part->cmsg_len < CMSG_LEN(0))
            continue;
        for (size_t i = 0; i < (part->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(part) + i * sizeof fd, sizeof fd);
            fdtable_duplicating(fd);
        }
    }
}

void fdtable_closing(int fd)
{
    struct fd_entry *entry = hands_off() ? NULL : fdtable_entry(fd, false);
    if (!entry || !(entry->flags & FD_KNOWN))
        return;
    if (entry->flags & FD_OUTBOUND)
        thread_count_derived(HOOK_connection, entry->target, clock_ticks() - entry->since_ticks, entry->exchanges,
                             entry->exchanges == 0);
    entry->flags = 0;
    __atomic_fetch_sub(&segment->descriptors_open, 1, __ATOMIC_RELAXED);
}

void fdtable_closing_range(unsigned first, unsigned last)
{
    for (unsigned page = first / FDTABLE_PAGE; page < FDTABLE_PAGES && page <= last / FDTABLE_PAGE; page++) {
        if (!__atomic_load_n(&pages[page], __ATOMIC_RELAXED))
            continue;
        unsigned low = page * FDTABLE_PAGE, high = low + FDTABLE_PAGE - 1;
        for (unsigned fd = low < first ? first : low; fd <= high && fd <= last; fd++)
            fdtable_closing((int)fd);
    }
}

void fdtable_wrote(int fd, uint64_t bytes, uint64_t now_ticks)
{
    struct fd_entry *entry = fdtable_entry(fd, false);
    if (!entry || hands_off())
        return;
    entry->flags |= FD_WROTE;
    entry->moved_ticks = now_ticks;
    if (bytes >= FDTABLE_SMALL_WRITE)
        entry->small_writes = 0;
    else if (entry->small_writes < UINT8_MAX)
        entry->small_writes++;
}

/* The wait may have been in poll: the last write is what it counts from. */
void fdtable_read_done(int fd, uint64_t now_ticks)
{
    struct fd_entry *entry = fdtable_entry(fd, false);
    if (!entry || hands_off() || !(entry->flags & FD_WROTE))
        return;
    entry->exchanges++;
    uint64_t waited = now_ticks - entry->moved_ticks;
    entry->moved_ticks = now_ticks;
    if (entry->flags & FD_OUTBOUND)
        thread_count_derived(HOOK_response, entry->target, waited, 0, false);
    if (entry->small_writes >= 2 && (entry->flags & FD_STREAM) && !(entry->flags & FD_NODELAY_SET) &&
        waited >= stall_least_ticks && waited <= stall_most_ticks)
        thread_count_derived(HOOK_nagle_stall, entry->target, waited, 0, false);
    entry->small_writes = 0;
    entry->flags &= (uint8_t)~FD_WROTE;
}
