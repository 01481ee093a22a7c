/* process.c: /proc/PID and the cgroup, version 1 or 2. */
#include "read/process.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FILE_BYTES = 8192, PATH_BYTES = 768, THREAD_LIMIT = 4096 };

struct stat_line {
    char state;
    uint64_t minor_faults, major_faults, user_ticks, system_ticks, threads, start_ticks, rss_pages;
};

ssize_t process_file(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -errno;
    size_t used = 0;
    ssize_t got;
    do {
        got = read(fd, buf + used, size - 1 - used);
        if (got > 0)
            used += (size_t)got;
    } while (used < size - 1 && (got > 0 || (got < 0 && errno == EINTR)));
    int error = got < 0 && used == 0 ? -errno : 0;
    close(fd);
    buf[used] = 0;
    return error ? error : (ssize_t)used;
}

static ssize_t process_entry(pid_t pid, const char *name, char *buf, size_t size)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
    return process_file(path, buf, size);
}

/* proc(5): the second field is a name in parentheses that may hold anything, so the last ')' counts. */
static bool read_stat(pid_t pid, struct stat_line *ret_line)
{
    char buf[FILE_BYTES];
    if (process_entry(pid, "stat", buf, sizeof(buf)) <= 0)
        return false;
    const char *rest = strrchr(buf, ')');
    memset(ret_line, 0, sizeof(*ret_line));
    return rest && sscanf(rest + 1,
                          " %c %*d %*d %*d %*d %*d %*u %" SCNu64 " %*u %" SCNu64 " %*u %" SCNu64
                          " %" SCNu64 " %*d %*d %*d %*d %" SCNu64 " %*d %" SCNu64 " %*u %" SCNu64,
                          &ret_line->state, &ret_line->minor_faults, &ret_line->major_faults,
                          &ret_line->user_ticks, &ret_line->system_ticks, &ret_line->threads,
                          &ret_line->start_ticks, &ret_line->rss_pages) == 8;
}

static uint64_t tick_ns(void)
{
    long hertz = sysconf(_SC_CLK_TCK);
    return 1000000000ull / (uint64_t)(hertz > 0 ? hertz : 100);
}

/* time_namespaces(7): a line "monotonic SECONDS NANOSECONDS", and one for boottime. */
static int64_t clock_offset(pid_t pid, const char *clock)
{
    char buf[FILE_BYTES];
    long long seconds, ns;
    const char *line = process_entry(pid, "timens_offsets", buf, sizeof(buf)) > 0 ? strstr(buf, clock) : NULL;
    if (!line || sscanf(line + strlen(clock), "%lld %lld", &seconds, &ns) != 2 || seconds > INT32_MAX || seconds < INT32_MIN)
        return 0;
    return seconds * 1000000000 + ns;
}

int64_t process_clock_ahead(pid_t pid, clockid_t clock)
{
    const char *name = clock == CLOCK_MONOTONIC ? "monotonic" : "boottime";
    return pid > 0 ? clock_offset(pid, name) - clock_offset(getpid(), name) : 0;
}

/* A process that lived less than a second did not read the boot id. Then the moment of booting
 * must be about the same; realtime clocks are set by a little, boots are minutes apart. */
static bool same_boot_moment(const struct segment_header *header, int64_t ahead_ns)
{
    static const int64_t TOLERANCE_NS = 120 * INT64_C(1000000000);
    struct timespec real, boot;
    clock_gettime(CLOCK_REALTIME, &real);
    clock_gettime(CLOCK_BOOTTIME, &boot);
    int64_t now = (real.tv_sec - boot.tv_sec) * INT64_C(1000000000) + real.tv_nsec - boot.tv_nsec - ahead_ns;
    int64_t then = (int64_t)(header->start_realtime_ns / 2 - header->start_boottime_ns / 2) * 2;
    int64_t apart;
    return !__builtin_sub_overflow(now, then, &apart) && apart < TOLERANCE_NS &&
           apart > -TOLERANCE_NS;
}

static bool same_boot(const struct segment_header *header, int64_t ahead_ns)
{
    static const uint8_t unknown[sizeof(header->boot_id)];
    char buf[64];
    uint8_t id[16] = {0};
    size_t digits = 0;
    if (memcmp(header->boot_id, unknown, sizeof(unknown)) == 0)
        return same_boot_moment(header, ahead_ns);
    if (process_file("/proc/sys/kernel/random/boot_id", buf, sizeof(buf)) <= 0)
        return false;
    for (const char *at = buf; *at && digits < 32; at++) {
        if (!isxdigit((unsigned char)*at))
            continue;
        unsigned digit = isdigit((unsigned char)*at) ? (unsigned)(*at - '0')
                                                     : (unsigned)(tolower(*at) - 'a' + 10);
        id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | digit);
        digits++;
    }
    return digits == 32 && memcmp(id, header->boot_id, sizeof(id)) == 0;
}

/* The user a process runs as, or UINT32_MAX. */
static uint32_t owner_of(pid_t pid)
{
    char path[PATH_BYTES];
    struct stat facts;
    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    return stat(path, &facts) == 0 ? facts.st_uid : UINT32_MAX;
}

static uint64_t pid_namespace(pid_t pid)
{
    char path[PATH_BYTES];
    struct stat facts;
    snprintf(path, sizeof(path), "/proc/%d/ns/pid", (int)pid);
    return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

/* The pid a process has inside its own namespace: the last number of NSpid. */
static pid_t inner_pid(pid_t pid)
{
    char buf[FILE_BYTES];
    if (process_entry(pid, "status", buf, sizeof(buf)) <= 0)
        return 0;
    const char *line = strstr(buf, "\nNSpid:");
    if (!line)
        return 0;
    line += strlen("\nNSpid:");
    const char *end = strchr(line, '\n');
    long last = 0;
    for (char *at = (char *)line; end && at < end;) {
        char *next;
        long number = strtol(at, &next, 10);
        if (next == at || next > end)
            break;
        last = number;
        at = next;
    }
    return (pid_t)last;
}

/* Our name for a process of another pid namespace, 0 if none is to be seen. */
static pid_t find_in_namespace(const struct segment_header *header)
{
    DIR *directory = opendir("/proc");
    if (!directory)
        return 0;
    pid_t found = 0;
    for (struct dirent *entry; !found && (entry = readdir(directory));) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid_namespace(pid) == header->pid_namespace &&
            inner_pid(pid) == (pid_t)header->pid)
            found = pid;
    }
    closedir(directory);
    return found;
}

enum process_state process_state(const struct segment_header *header, bool superseded,
                                 pid_t *ret_pid)
{
    *ret_pid = 0;
    if (header->state == SEGMENT_EXITED)
        return PROCESS_EXITED;
    if (header->state == SEGMENT_EXECED || superseded)
        return PROCESS_EXECED;
    pid_t pid = (pid_t)header->pid;
    uint64_t ours = pid_namespace(getpid());
    bool elsewhere = header->pid_namespace != 0 && ours != 0 && header->pid_namespace != ours;
    int64_t ahead_ns = elsewhere ? 0 : process_clock_ahead(pid, CLOCK_BOOTTIME);
    if (!same_boot(header, ahead_ns))
        return PROCESS_KILLED;
    if (elsewhere) {
        pid = find_in_namespace(header);
        ahead_ns = process_clock_ahead(pid, CLOCK_BOOTTIME);
        if (pid == 0) /* only the first namespace sees everybody: its inode is fixed by the kernel */
            return ours == 0xEFFFFFFCu && geteuid() == 0 ? PROCESS_KILLED : PROCESS_UNKNOWN;
    }
    struct stat_line line;
    if (pid <= 0 || !read_stat(pid, &line) || line.state == 'Z' || line.state == 'X')
        return PROCESS_KILLED;
    int64_t started; /* by our clock; what is no time at all is nobody's */
    if (__builtin_sub_overflow(header->start_boottime_ns, ahead_ns, &started) ||
        (int64_t)line.start_ticks > started / (int64_t)tick_ns() + 1)
        return PROCESS_KILLED; /* the pid is another process's now */
    if (header->pid_namespace == 0 && owner_of(pid) != header->uid)
        return PROCESS_KILLED; /* of a namespace that was never recorded, where pids mean others */
    *ret_pid = pid;
    return PROCESS_RUNNING;
}

const char *process_stopped(pid_t pid)
{
    struct stat_line line;
    if (!read_stat(pid, &line))
        return NULL;
    return line.state == 'T' ? "stopped" : line.state == 't' ? "being traced" : NULL;
}

/* "name value" or "name: value" lines; MODEL_UNKNOWN if there is no such line. */
static uint64_t line_value(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0 && strchr(": \t", line[len]) && line[len])
            return strtoull(line + len + 1, NULL, 10);
        if (!*line)
            break;
    }
    return MODEL_UNKNOWN;
}

static uint64_t scaled(uint64_t value, uint64_t factor)
{
    return value > UINT64_MAX / factor ? MODEL_UNKNOWN : value * factor;
}

static uint64_t count_descriptors(pid_t pid)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return MODEL_UNKNOWN;
    uint64_t count = 0;
    for (struct dirent *entry; (entry = readdir(directory));)
        count += entry->d_name[0] != '.';
    closedir(directory);
    return count;
}

/* Second number of a schedstat: ns spent runnable but not running. */
static uint64_t run_delay(const char *path)
{
    char buf[256];
    uint64_t delay;
    if (process_file(path, buf, sizeof(buf)) <= 0 || sscanf(buf, "%*u %" SCNu64, &delay) != 1)
        return MODEL_UNKNOWN;
    return delay;
}

static void read_status(pid_t pid, struct model_resource *record)
{
    char buf[FILE_BYTES];
    if (process_entry(pid, "status", buf, sizeof(buf)) > 0)
        record->peak_rss_bytes = scaled(line_value(buf, "VmHWM"), 1024);
    if (process_entry(pid, "io", buf, sizeof(buf)) > 0) {
        record->read_bytes = line_value(buf, "read_bytes");
        record->written_bytes = line_value(buf, "write_bytes");
    }
}

/* Sums a per-thread file over /proc/PID/task; false when the threads cannot be listed. */
static bool each_thread(pid_t pid, void (*visit)(const char *directory, void *context),
                        void *context)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    DIR *directory = opendir(path);
    if (!directory)
        return false;
    unsigned visited = 0;
    for (struct dirent *entry; visited < THREAD_LIMIT && (entry = readdir(directory));) {
        if (!isdigit((unsigned char)entry->d_name[0]))
            continue;
        char task[PATH_BYTES];
        snprintf(task, sizeof(task), "/proc/%d/task/%d", (int)pid, atoi(entry->d_name));
        visit(task, context);
        visited++;
    }
    closedir(directory);
    return visited > 0;
}

static void add_switches(const char *directory, void *context)
{
    struct model_resource *record = context;
    char path[PATH_BYTES + 16], buf[FILE_BYTES];
    snprintf(path, sizeof(path), "%s/status", directory);
    if (process_file(path, buf, sizeof(buf)) <= 0)
        return;
    uint64_t voluntary = line_value(buf, "voluntary_ctxt_switches");
    uint64_t involuntary = line_value(buf, "nonvoluntary_ctxt_switches");
    if (voluntary != MODEL_UNKNOWN)
        record->voluntary_switches += voluntary;
    if (involuntary != MODEL_UNKNOWN)
        record->involuntary_switches += involuntary;
}

void process_read(pid_t pid, struct model_resource *ret_record)
{
    uint64_t at_ns = ret_record->at_ns;
    uint32_t process = ret_record->process;
    memset(ret_record, 0xff, sizeof(*ret_record)); /* MODEL_UNKNOWN everywhere */
    ret_record->at_ns = at_ns;
    ret_record->process = process;
    struct stat_line line;
    if (!read_stat(pid, &line))
        return;
    uint64_t tick = tick_ns();
    long page = sysconf(_SC_PAGESIZE);
    ret_record->cpu_user_ns = scaled(line.user_ticks, tick);
    ret_record->cpu_system_ns = scaled(line.system_ticks, tick);
    ret_record->minor_faults = line.minor_faults;
    ret_record->major_faults = line.major_faults;
    ret_record->threads = line.threads;
    ret_record->rss_bytes = scaled(line.rss_pages, (uint64_t)(page > 0 ? page : 4096));
    ret_record->descriptors = count_descriptors(pid);
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "/proc/%d/schedstat", (int)pid);
    ret_record->run_delay_ns = run_delay(path);
    read_status(pid, ret_record);
    /* of the threads alive: those that ended are missing, so it may be below an earlier reading */
    ret_record->voluntary_switches = ret_record->involuntary_switches = 0;
    if (!each_thread(pid, add_switches, ret_record))
        ret_record->voluntary_switches = ret_record->involuntary_switches = MODEL_UNKNOWN;
}

static void add_delay(const char *directory, void *context)
{
    char path[PATH_BYTES + 16];
    snprintf(path, sizeof(path), "%s/schedstat", directory);
    uint64_t delay = run_delay(path);
    if (delay != MODEL_UNKNOWN)
        *(uint64_t *)context += delay;
}

/* Is `name` one of the controllers "a,b,c" (len bytes)? */
static bool has_controller(const char *controllers, size_t len, const char *name)
{
    size_t wanted = strlen(name);
    for (const char *at = controllers; at < controllers + len;) {
        const char *comma = memchr(at, ',', (size_t)(controllers + len - at));
        size_t part = (size_t)((comma ? comma : controllers + len) - at);
        if (part == wanted && memcmp(at, name, wanted) == 0)
            return true;
        at += part + 1;
    }
    return false;
}

/* Directory of the process's cgroup that has cpu.stat: version 1's cpu controller if it is mounted,
 * else the unified one. */
static bool cgroup_directory(pid_t pid, char *directory, size_t size, bool *ret_unified)
{
    char buf[FILE_BYTES], unified[PATH_BYTES / 2] = "";
    if (process_entry(pid, "cgroup", buf, sizeof(buf)) <= 0)
        return false;
    char *save = NULL;
    for (char *line = strtok_r(buf, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path || path[1] != '/' || strstr(path, "/../"))
            continue;
        size_t len = (size_t)(path - controllers - 1);
        if (len == 0) {
            snprintf(unified, sizeof(unified), "%s", path + 1);
        } else if (has_controller(controllers + 1, len, "cpu")) {
            *ret_unified = false;
            snprintf(directory, size, "/sys/fs/cgroup/%.*s%s", (int)len, controllers + 1,
                     path + 1);
            if (access(directory, X_OK) != 0) /* a container sees its own as the root */
                snprintf(directory, size, "/sys/fs/cgroup/%.*s", (int)len, controllers + 1);
            return access(directory, X_OK) == 0;
        }
    }
    if (!*unified)
        return false;
    *ret_unified = true;
    snprintf(directory, size, "/sys/fs/cgroup%s", unified);
    return access(directory, X_OK) == 0;
}

/* The "some … total=" of a pressure file, µs, as ns. */
static uint64_t pressure(const char *path)
{
    char buf[512];
    if (process_file(path, buf, sizeof(buf)) <= 0)
        return MODEL_UNKNOWN;
    const char *some = strstr(buf, "some "), *total = some ? strstr(some, "total=") : NULL;
    return total ? scaled(strtoull(total + strlen("total="), NULL, 10), 1000) : MODEL_UNKNOWN;
}

static void read_pressure(struct model_live *live, const char *directory)
{
    char path[PATH_BYTES];
    static const char *const names[] = {"cpu", "io", "memory"};
    uint64_t *const values[] = {&live->psi_cpu_ns, &live->psi_io_ns, &live->psi_memory_ns};
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof(path), "%.700s/%s.pressure", directory, names[i]);
        if (*directory)
            *values[i] = pressure(path);
        if (*values[i] != MODEL_UNKNOWN)
            continue;
        snprintf(path, sizeof(path), "/proc/pressure/%s", names[i]);
        *values[i] = pressure(path);
        live->psi_of_machine = live->psi_of_machine || *values[i] != MODEL_UNKNOWN;
    }
}

void process_look(pid_t pid, struct model_live *ret_live)
{
    char directory[PATH_BYTES] = "", path[PATH_BYTES], buf[FILE_BYTES];
    bool unified = false;
    memset(ret_live, 0xff, sizeof(*ret_live));
    ret_live->looked = true;
    ret_live->psi_of_machine = false;
    uint64_t delay = 0;
    if (each_thread(pid, add_delay, &delay))
        ret_live->run_delay_all_ns = delay;
    if (!cgroup_directory(pid, directory, sizeof(directory), &unified)) {
        read_pressure(ret_live, "");
        return;
    }
    snprintf(path, sizeof(path), "%.700s/cpu.stat", directory);
    if (process_file(path, buf, sizeof(buf)) > 0) {
        ret_live->periods = line_value(buf, "nr_periods");
        ret_live->throttled_periods = line_value(buf, "nr_throttled");
        ret_live->throttled_ns = unified ? scaled(line_value(buf, "throttled_usec"), 1000)
                                         : line_value(buf, "throttled_time");
    }
    read_pressure(ret_live, unified ? directory : "");
}
