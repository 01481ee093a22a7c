/* report.c: STRONG_REPORT: a summary that the process writes about itself.
 *
 * Each STRONG_REPORT_INTERVAL one line, at exit a short table; strong-report says far more from outside.
 * What is written is made in report_facts.c and report_text.c; this file owns when and where. Nothing is held open: a file
 * is opened for each line (O_APPEND, so that processes of the user may share it; never another user's), descriptor 2 is
 * used only while it is still the file it was at start, so that a program that gave the number to a database does not find
 * our line in it. A full pipe is never waited for; SIGPIPE and SIGXFSZ of our own making are taken back. The
 * first failure is noted in the segment and switches the feature off. In seccomp: silent.
 * Any thread and the sampling signal's handler; one at a time by `busy`, whoever comes second leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "monitor/monitor.h"
#include "monitor/report_facts.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/log.h"
#include "runtime/process.h"
#include "runtime/seccomp.h"
#include "runtime/system.h"

enum { REPORT_PATH = 4096, REPORT_LINE = 512, REPORT_TABLE = 3072, SIGNAL_SET_BYTES = 8 };

static bool enabled;
static uint32_t busy;
static uint64_t next_ticks;
static char path[REPORT_PATH]; /* "" means descriptor 2 */
static dev_t stderr_device;
static ino_t stderr_inode;
static char room[REPORT_TABLE]; /* by whoever holds busy: stacks can be small */

/* ---- writing ---- */

/* Another user who was first at a name in /tmp would be told, or would have a file of ours grow under a name of theirs. */
static bool is_ours(long fd)
{
    struct stat file;
    return system_call2(SYS_fstat, fd, &file) == 0 && (!S_ISREG(file.st_mode) || file.st_nlink <= 1) &&
           (file.st_uid == (uid_t)system_call0(SYS_geteuid) || file.st_uid == 0);
}

/* A descriptor or -errno; -EPERM: there is a file, and it is not ours. */
static long open_file(void)
{
    long fd = system_call4(SYS_openat, AT_FDCWD, path,
                           O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
    if (fd < 0 || is_ours(fd))
        return fd;
    system_call1(SYS_close, fd);
    return -EPERM;
}

static long open_target(void)
{
    if (path[0])
        return open_file();
    struct stat now;
    long ret = system_call2(SYS_fstat, 2, &now);
    if (ret < 0)
        return ret;
    return now.st_dev == stderr_device && now.st_ino == stderr_inode ? 2 : -EBADF;
}

/* 0, -EFBIG where the line would go past RLIMIT_FSIZE, -EAGAIN where it would have to wait. */
static long room_left(long fd, unsigned len)
{
    struct pollfd ready = {.fd = (int)fd, .events = POLLOUT};
    struct timespec at_once = {0, 0};
    system_call6(SYS_ppoll, &ready, 1, &at_once, NULL, SIGNAL_SET_BYTES, 0);
    if (!(ready.revents & (POLLOUT | POLLERR)))
        return -EAGAIN;
    struct rlimit limit;
    struct stat file;
    if (system_call4(SYS_prlimit64, 0, RLIMIT_FSIZE, NULL, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
        return 0;
    if (system_call2(SYS_fstat, fd, &file) < 0 || !S_ISREG(file.st_mode))
        return 0;
    return (uint64_t)file.st_size + len <= limit.rlim_cur ? 0 : -EFBIG;
}

/* write(2) that leaves no signal behind: both are sent to the calling thread. */
static long write_quietly(long fd, const char *buf, unsigned len)
{
    uint64_t set = 1ull << (SIGPIPE - 1) | 1ull << (SIGXFSZ - 1), old, pending = 0;
    struct timespec at_once = {0, 0};
    system_call4(SYS_rt_sigprocmask, SIG_BLOCK, &set, &old, SIGNAL_SET_BYTES);
    system_call2(SYS_rt_sigpending, &pending, SIGNAL_SET_BYTES);
    long ret = system_call3(SYS_write, fd, buf, len);
    if ((ret == -EPIPE || ret == -EFBIG) && !(pending & set))
        system_call4(SYS_rt_sigtimedwait, &set, NULL, &at_once, SIGNAL_SET_BYTES);
    system_call4(SYS_rt_sigprocmask, SIG_SETMASK, &old, NULL, SIGNAL_SET_BYTES);
    return ret;
}

static void give_up(long error)
{
    enabled = false;
    char reason[96];
    struct text text = text_in(reason, sizeof reason);
    text_string(&text, "STRONG_REPORT stopped: ");
    const char *name = strerrorname_np((int)-error);
    text_string(&text, name ? name : "error");
    segment_note(reason);
}

static void put(const struct text *text)
{
    long fd = open_target();
    if (fd < 0) {
        give_up(fd);
        return;
    }
    long ret = room_left(fd, text->len);
    if (ret == 0)
        ret = write_quietly(fd, text->buf, text->len);
    if (fd != 2)
        system_call1(SYS_close, fd);
    if (ret == -EAGAIN)
        segment_note("STRONG_REPORT: a line was left out because its reader is slow");
    else if (ret < 0)
        give_up(ret);
}

/* ---- when ---- */

static bool enter(void)
{
    return enabled && !seccomp_entered && !__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE); /* pairs with leave */
}

static void leave(void)
{
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
}

/* An interval shorter than the usual tick needs a tick of its own. */
static void schedule(uint64_t after_ticks)
{
    next_ticks = after_ticks + clock_ns_to_ticks(config.report_interval_ns);
}

static void ask_for_tick(void)
{
    if (next_ticks < __atomic_load_n(&process_next_tick, __ATOMIC_RELAXED))
        __atomic_store_n(&process_next_tick, next_ticks, __ATOMIC_RELAXED);
}

void report_due(uint64_t now_ticks)
{
    if (!enter())
        return;
    if (now_ticks >= next_ticks) {
        schedule(now_ticks);
        struct report_facts facts;
        report_facts_take(now_ticks, &facts);
        struct text text = text_in(room, REPORT_LINE);
        report_line(&text, &facts, segment_record(TABLE_STRINGS, 0));
        put(&text);
    }
    ask_for_tick();
    leave();
}

/* The program's name without its directories. */
static struct string_ref program_name(const char *strings)
{
    struct string_ref name = segment->executable;
    for (uint32_t i = 0; i < segment->executable.len; i++) {
        if (strings[segment->executable.offset + i] == '/')
            name = (struct string_ref){segment->executable.offset + i + 1, segment->executable.len - i - 1};
    }
    return name;
}

void report_at_exit(uint64_t now_ticks)
{
    if (!enter())
        return;
    struct text text = text_in(room, sizeof room);
    struct report_facts facts;
    report_facts_whole(now_ticks, &facts);
    const char *strings = segment_record(TABLE_STRINGS, 0);
    report_table(&text, &facts, strings, program_name(strings));
    put(&text);
    enabled = false; /* exit handlers may run on: one table is enough */
    leave();
}

/* ---- boot ---- */

/* The program may change its directory: a relative path means the one it was started in. */
static long keep_path(void)
{
    struct text text = text_in(path, sizeof path);
    if (config.report[0] != '/') {
        long len = system_call2(SYS_getcwd, path, sizeof path);
        if (len < 0)
            return len;
        text.len = (unsigned)len - 1;
        text_string(&text, "/");
    }
    text_string(&text, config.report);
    return text.len + 1 < sizeof path ? 0 : -ENAMETOOLONG;
}

/* Tries once, so that a mistake in the path is told at start. */
static long try_target(void)
{
    if (strcmp(config.report, "stderr") == 0) {
        struct stat now;
        long ret = system_call2(SYS_fstat, 2, &now);
        stderr_device = now.st_dev;
        stderr_inode = now.st_ino;
        return ret;
    }
    long ret = keep_path();
    if (ret < 0)
        return ret;
    long fd = open_target();
    if (fd >= 0)
        system_call1(SYS_close, fd);
    return fd < 0 ? fd : 0;
}

int report_init(void)
{
    if (!config.report || !config.report[0])
        return 0;
    long ret = try_target();
    if (ret < 0) {
        const char *name = ret == -EPERM ? "it is another user's, or has another name" : strerrorname_np((int)-ret);
        log_line(LOG_MISTAKE, "STRONG_REPORT=", config.report, ": ", name ? name : "error", NULL);
        segment_note("STRONG_REPORT is off: its file could not be opened");
        return (int)ret;
    }
    enabled = true;
    uint64_t now_ticks = clock_ticks();
    report_facts_init(now_ticks);
    schedule(now_ticks);
    ask_for_tick();
    return 0;
}

void report_promoted(void)
{
    if (!enabled)
        return;
    busy = 0;
    uint64_t now_ticks = clock_ticks();
    report_facts_init(now_ticks);
    schedule(now_ticks);
    ask_for_tick();
}
