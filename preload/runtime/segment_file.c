/* segment_file.c: see segment_file.h.
 *
 * The directory is opened first and everything else is relative to it, so that nothing can be swapped
 * underneath: it must be a real directory (O_NOFOLLOW), ours, and not writable by others. The file is made
 * with O_EXCL|O_NOFOLLOW, mode 0600. A name holds the pid and the microseconds since boot at which this
 * image started, so that neither exec nor a reused pid can meet an existing name.
 */
#include "runtime/segment_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/config.h"
#include "runtime/segment.h"
#include "runtime/system.h"
#include "runtime/text.h"

/* The count is checked at every start, the bytes (a stat a file) at one start in WEIGH_ONE_IN. */
enum { PATH_SIZE = 512, COLLECT_ENTRIES = 1024, COLLECT_BUFFER = 32768, WEIGH_ONE_IN = 16 };
#define KEEP_BYTES (256ull << 20)

static char file_path[PATH_SIZE];
static char directory_path[PATH_SIZE];

static long open_existing_directory(const char *path)
{
    long fd = system_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
    if (fd < 0)
        return fd;
    struct stat status;
    long ret = system_call4(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH);
    if (ret == 0 && (status.st_uid != (uid_t)system_call0(SYS_geteuid) || (status.st_mode & 022)))
        ret = -EPERM;
    if (ret < 0) {
        system_call1(SYS_close, fd);
        return ret;
    }
    return fd;
}

static long open_directory(const char *path)
{
    long made = system_call3(SYS_mkdirat, AT_FDCWD, path, 0700);
    return made < 0 && made != -EEXIST ? made : open_existing_directory(path);
}

static void default_directory(struct text *path, const char *parent)
{
    text_string(path, parent);
    text_string(path, "/strong-");
    text_unsigned(path, (uint64_t)system_call0(SYS_geteuid));
}

long segment_file_directory(void)
{
    if (config.dir[0])
        return config.dir[0] == '/' ? open_directory(config.dir) : -EINVAL;
    char directory[PATH_SIZE];
    struct text path = text_in(directory, sizeof directory);
    default_directory(&path, "/dev/shm");
    return open_directory(directory);
}

static long create_in(const char *directory, uint64_t bytes, const char *name)
{
    long dir = open_directory(directory);
    if (dir < 0)
        return dir;
    long fd = system_call4(SYS_openat, dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    system_call1(SYS_close, dir);
    if (fd < 0)
        return fd;
    struct text path = text_in(file_path, sizeof file_path);
    text_string(&path, directory);
    text_string(&path, "/");
    text_string(&path, name);
    path = text_in(directory_path, sizeof directory_path);
    text_string(&path, directory);
    long ret = system_call2(SYS_ftruncate, fd, bytes);
    if (ret < 0) {
        system_call1(SYS_close, fd);
        segment_file_remove();
        return ret;
    }
    return fd;
}

long segment_file_create(uint64_t bytes, uint32_t pid, uint64_t start_boottime_ns)
{
    struct {
        uint64_t soft, hard;
    } limit = {UINT64_MAX, UINT64_MAX};
    system_call4(SYS_prlimit64, 0, 1 /* RLIMIT_FSIZE */, 0, &limit);
    if (limit.soft < bytes)
        return -EFBIG; /* sizing the file would raise SIGXFSZ */
    char room[64], directory[PATH_SIZE];
    struct text name = text_in(room, sizeof room);
    text_unsigned(&name, pid);
    text_string(&name, "-");
    text_unsigned(&name, start_boottime_ns / 1000);
    text_string(&name, SEGMENT_SUFFIX);
    if (config.dir[0])
        return create_in(config.dir, bytes, room);
    struct text path = text_in(directory, sizeof directory);
    default_directory(&path, "/dev/shm");
    long fd = create_in(directory, bytes, room);
    const char *temporary = getenv("TMPDIR");
    if (fd >= 0 || !temporary || temporary[0] != '/')
        return fd;
    path = text_in(directory, sizeof directory);
    default_directory(&path, temporary);
    return create_in(directory, bytes, room);
}

void segment_file_remove(void)
{
    if (file_path[0])
        system_call3(SYS_unlinkat, AT_FDCWD, file_path, 0);
    file_path[0] = '\0';
}

/* ---- retention ---- */

struct directory_entry { /* struct linux_dirent64, getdents64(2) */
    uint64_t inode;
    int64_t next;
    uint16_t length;
    uint8_t type;
    char name[];
};

struct old_file {
    uint64_t start_us;
    uint32_t pid;
    uint32_t settled; /* looked at already */
    uint64_t bytes;
};

static bool parse_number(const char **at, uint64_t *ret)
{
    const char *start = *at;
    uint64_t value = 0;
    while (**at >= '0' && **at <= '9')
        value = value * 10 + (uint64_t)(*(*at)++ - '0');
    *ret = value;
    return *at > start;
}

static bool parse_name(const char *name, struct old_file *ret)
{
    uint64_t pid;
    if (!parse_number(&name, &pid) || *name++ != '-' || !parse_number(&name, &ret->start_us))
        return false;
    ret->pid = (uint32_t)pid;
    return strcmp(name, SEGMENT_SUFFIX) == 0;
}

static void file_name(const struct old_file *file, char *room, unsigned size)
{
    struct text name = text_in(room, size);
    text_unsigned(&name, file->pid);
    text_string(&name, "-");
    text_unsigned(&name, file->start_us);
    text_string(&name, SEGMENT_SUFFIX);
}

/* Up to COLLECT_ENTRIES segments of the directory, by name alone: a start-up cannot afford more. */
static unsigned list(long dir, struct old_file *files, char *buffer)
{
    unsigned count = 0;
    long got;
    while ((got = system_call3(SYS_getdents64, dir, buffer, COLLECT_BUFFER)) > 0)
        for (long at = 0; at < got && count < COLLECT_ENTRIES;) {
            struct directory_entry *entry = (void *)(buffer + at);
            at += entry->length;
            if (parse_name(entry->name, &files[count]))
                count++;
        }
    return count;
}

static uint64_t total_bytes(long dir, struct old_file *files, unsigned count)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        char name[64];
        struct stat status;
        file_name(&files[i], name, sizeof name);
        if (system_call4(SYS_newfstatat, dir, name, &status, AT_SYMLINK_NOFOLLOW) == 0)
            files[i].bytes = (uint64_t)status.st_blocks * 512;
        bytes += files[i].bytes;
    }
    return bytes;
}

static void remove_oldest(long dir, struct old_file *files, unsigned count, uint64_t bytes)
{
    unsigned left = count;
    while (left > config.keep || bytes > KEEP_BYTES) {
        struct old_file *oldest = NULL;
        for (unsigned i = 0; i < count; i++)
            if (!files[i].settled && (!oldest || files[i].start_us < oldest->start_us))
                oldest = &files[i];
        if (!oldest)
            return;
        oldest->settled = 1;
        if (system_call2(SYS_kill, oldest->pid, 0) != -ESRCH)
            continue; /* it lives */
        char name[64];
        file_name(oldest, name, sizeof name);
        system_call3(SYS_unlinkat, dir, name, 0);
        bytes -= oldest->bytes < bytes ? oldest->bytes : bytes;
        left--;
    }
}

void segment_file_collect(void)
{
    if (!directory_path[0])
        return;
    size_t room = (COLLECT_ENTRIES + 1) * sizeof(struct old_file) + COLLECT_BUFFER;
    long place = system_call6(SYS_mmap, 0, room, 3 /* PROT_READ|PROT_WRITE */, 0x22 /* PRIVATE|ANONYMOUS */, -1, 0);
    if (place < 0 && place > -4096)
        return;
    struct old_file *files = (void *)place;
    long dir = open_existing_directory(directory_path);
    if (dir >= 0) {
        unsigned count = list(dir, files, (char *)(files + COLLECT_ENTRIES + 1));
        bool weigh = segment->pid % WEIGH_ONE_IN == 0;
        remove_oldest(dir, files, count, weigh ? total_bytes(dir, files, count) : 0);
        system_call1(SYS_close, dir);
    }
    system_call2(SYS_munmap, place, room);
}
