/* resolver_shared.c: see resolver_shared.h. Raw system calls; errno untouched. Invariant: `state` leaves OPENING only by
 * the thread that put it there, and the table does not change once it is OPEN. */
#include "optimize/resolver_shared.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "optimize/resolver_hash.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/log.h"
#include "runtime/segment_file.h"
#include "runtime/system.h"
#include "runtime/text.h"

enum { ATTEMPTS = 2 };

static enum { CLOSED, OPENING, OPEN, NONE } state;
static struct resolver_table table;
static long owner; /* effective user when it was opened */

static uint64_t checksum(const struct resolver_file *header)
{
    return resolver_hash(header, offsetof(struct resolver_file, checksum), 4);
}

void resolver_shared_header(struct resolver_file *ret_header, uint32_t slots)
{
    char boot[64];
    long len = system_read_file("/proc/sys/kernel/random/boot_id", boot, sizeof boot);
    *ret_header = (struct resolver_file){
        .magic = RESOLVER_FILE_MAGIC,
        .version = RESOLVER_FILE_VERSION,
        .header_bytes = RESOLVER_FILE_HEADER,
        .slot_bytes = RESOLVER_SLOT_BYTES,
        .slots = slots,
        .boot = resolver_hash(boot, len > 0 ? (size_t)len : 0, 3),
    };
    ret_header->checksum = checksum(ret_header);
}

static uint64_t file_bytes(uint32_t slots)
{
    return RESOLVER_FILE_HEADER + (uint64_t)slots * RESOLVER_SLOT_BYTES;
}

static void refuse(const char *name, const char *reason)
{
    counters_set(COUNTER_resolver_file_refused, 1);
    log_line(LOG_MISTAKE, "the shared memory of names, ", name, ", is refused: ", reason, NULL);
}

/* ---- the file ---- */

/* Why the open file cannot be used, NULL: it can. */
static const char *fault_of(const struct stat *status, uint64_t bytes)
{
    if (!S_ISREG(status->st_mode))
        return "it is no plain file";
    if (status->st_uid != (uid_t)owner)
        return "it belongs to somebody else";
    if (status->st_mode & 077 || status->st_nlink != 1)
        return "others can reach it";
    if ((uint64_t)status->st_size != bytes)
        return "its size is wrong";
    if ((uint64_t)status->st_blocks * 512 < bytes)
        return "its space is not committed";
    return NULL;
}

/* All else is right. */
static bool of_another_boot(const struct resolver_file *mapped, const struct resolver_file *wanted)
{
    struct resolver_file found = *mapped;
    return found.boot != wanted->boot && memcmp(&found, wanted, offsetof(struct resolver_file, boot)) == 0 &&
           found.checksum == checksum(&found);
}

static void *map(long fd, uint64_t bytes)
{
    long place = system_call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return place < 0 && place > -4096 ? NULL : (void *)place;
}

/* 0 and the mapping; -ENOENT: there is none yet, or it was one of another boot and is gone; else it cannot be used. */
static long open_existing(long directory, const char *name, const struct resolver_file *wanted, void **ret_place)
{
    uint64_t bytes = file_bytes(wanted->slots);
    long fd = system_call4(SYS_openat, directory, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
    if (fd < 0) {
        if (fd != -ENOENT)
            refuse(name, fd == -ELOOP ? "it is a symbolic link" : "it cannot be opened");
        return fd;
    }
    struct stat status;
    long ret = system_call4(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH);
    const char *fault = ret < 0 ? "it cannot be looked at" : fault_of(&status, bytes);
    void *place = fault ? NULL : map(fd, bytes);
    system_call1(SYS_close, fd);
    if (!fault && !place)
        return -ENOMEM;
    if (place && memcmp(place, wanted, sizeof *wanted) == 0) {
        *ret_place = place;
        return 0;
    }
    if (!place || !of_another_boot(place, wanted))
        refuse(name, fault ? fault : "its header is wrong");
    if (place)
        system_call2(SYS_munmap, place, bytes);
    bool ours = ret == 0 && S_ISREG(status.st_mode) && status.st_uid == (uid_t)owner;
    if (!ours)
        return -EPERM;
    ret = system_call3(SYS_unlinkat, directory, name, 0);
    return ret < 0 && ret != -ENOENT ? ret : -ENOENT;
}

static bool may_grow_to(uint64_t bytes)
{
    struct {
        uint64_t soft, hard;
    } limit = {UINT64_MAX, UINT64_MAX};
    system_call4(SYS_prlimit64, 0, 1 /* RLIMIT_FSIZE: sizing the file would raise SIGXFSZ */, 0, &limit);
    return limit.soft >= bytes;
}

/* Commits the space, writes the header, and gives the file its name. */
static long complete(long directory, long fd, const char *name, const struct resolver_file *header)
{
    long ret = system_call4(SYS_fallocate, fd, 0, 0, file_bytes(header->slots));
    if (ret == 0 && system_call4(SYS_pwrite64, fd, header, sizeof *header, 0) != sizeof *header)
        ret = -EIO;
    if (ret < 0)
        return ret;
    char room[64];
    struct text path = text_in(room, sizeof room);
    text_string(&path, "/proc/self/fd/");
    text_unsigned(&path, (uint64_t)fd);
    return system_call6(SYS_linkat, AT_FDCWD, room, directory, name, AT_SYMLINK_FOLLOW, 0);
}

/* 0 and the mapping; -EEXIST: somebody else was first. */
static long create(long directory, const char *name, const struct resolver_file *header, void **ret_place)
{
    uint64_t bytes = file_bytes(header->slots);
    if (!may_grow_to(bytes))
        return -EFBIG;
    long fd = system_call4(SYS_openat, directory, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    if (fd < 0)
        return fd;
    void *place = map(fd, bytes);
    long ret = place ? complete(directory, fd, name, header) : -ENOMEM;
    system_call1(SYS_close, fd);
    if (ret < 0 && place)
        system_call2(SYS_munmap, place, bytes);
    else if (ret == 0)
        *ret_place = place;
    return ret;
}

/* ---- opening it once ---- */

static void *obtain(uint32_t slots)
{
    struct resolver_file header;
    char name[48];
    struct text text = text_in(name, sizeof name);
    text_string(&text, "names-");
    text_unsigned(&text, RESOLVER_FILE_VERSION);
    text_string(&text, "-");
    text_unsigned(&text, slots);
    long directory = segment_file_directory(), ret = -ENOENT;
    if (directory < 0)
        return NULL; /* the segment has had the same trouble, and said so */
    resolver_shared_header(&header, slots);
    void *place = NULL;
    for (unsigned i = 0; i < ATTEMPTS && !place; i++) {
        ret = open_existing(directory, name, &header, &place);
        if (ret == -ENOENT)
            ret = create(directory, name, &header, &place);
        if (ret != -EEXIST)
            break;
    }
    system_call1(SYS_close, directory);
    if (!place)
        log_line(LOG_DETAIL, "names are remembered in this process alone: ", strerrorname_np((int)-ret), NULL);
    return place;
}

static bool first_here(void)
{
    int closed = CLOSED;
    return __atomic_compare_exchange_n((int *)&state, &closed, OPENING, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

const struct resolver_table *resolver_shared(void)
{
    int now = (int)__atomic_load_n(&state, __ATOMIC_ACQUIRE); /* pairs with the release below */
    if (now == OPEN && system_call0(SYS_geteuid) == owner)
        return &table;
    if (now != CLOSED || !config.resolver_shared || !first_here())
        return NULL;
    owner = system_call0(SYS_geteuid);
    table.count = resolver_table_count(config.resolver_size);
    char *place = obtain(table.count);
    table.slots = place ? (struct resolver_slot *)(void *)(place + RESOLVER_FILE_HEADER) : NULL;
    __atomic_store_n(&state, place ? OPEN : NONE, __ATOMIC_RELEASE);
    return place ? &table : NULL;
}

/* A thread of the parent may have been opening it: the child starts over. */
void resolver_shared_fork_child(void)
{
    if (state == OPENING)
        state = CLOSED;
}
