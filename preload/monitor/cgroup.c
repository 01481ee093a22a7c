/* cgroup.c: how often the process's control group was kept from running by its CPU quota.
 *
 * Owns the counters cgroup_*. Reads /proc/self/cgroup and the group's cpu.stat at the first tick of the
 * resource series and at exit (each opens a descriptor for a moment and takes 10 to 30 us). cgroup v1: nr_periods, nr_throttled, throttled_time in ns;
 * v2: throttled_usec (kernel Documentation/admin-guide/cgroup-v2.rst, scheduler/sched-bwc.rst). In a
 * container the group's path often names the host's tree while only the own group is mounted: the
 * mount's root is the second candidate. The numbers are the whole group's, not this process's alone.
 */
#include "monitor/monitor.h"

#include <string.h>

#include "runtime/counters.h"
#include "runtime/seccomp.h"
#include "runtime/system.h"

enum { CGROUP_TEXT = 4096, CGROUP_PATH = 1024 };

static uint64_t start_periods;
static char groups[CGROUP_TEXT], stat_text[CGROUP_TEXT], stat_path[CGROUP_PATH]; /* one caller at a time */

struct piece {
    const char *start;
    unsigned len;
};

/* One line "id:controllers:path" of /proc/self/cgroup. */
struct line {
    struct piece controllers, path;
};

static const char *next_line(const char *text, struct line *ret)
{
    const char *end = strchrnul(text, '\n');
    const char *first = memchr(text, ':', (size_t)(end - text));
    const char *second = first ? memchr(first + 1, ':', (size_t)(end - first - 1)) : NULL;
    *ret = (struct line){{NULL, 0}, {NULL, 0}};
    if (second) {
        ret->controllers = (struct piece){first + 1, (unsigned)(second - first - 1)};
        ret->path = (struct piece){second + 1, (unsigned)(end - second - 1)};
    }
    return *end ? end + 1 : end;
}

/* Whether the comma-separated list holds exactly "cpu". */
static bool has_cpu(struct piece list)
{
    const char *end = list.start + list.len;
    for (const char *word = list.start; word < end;) {
        const char *comma = memchr(word, ',', (size_t)(end - word));
        const char *stop = comma ? comma : end;
        if (stop - word == 3 && memcmp(word, "cpu", 3) == 0)
            return true;
        word = stop + 1;
    }
    return false;
}

/* "/" adds nothing; a path outside our view of the tree ("/../x") cannot be followed. */
static bool add_path(struct text *text, struct piece path)
{
    if (path.len >= 3 && memmem(path.start, path.len, "/..", 3))
        return false;
    if (path.len > 1)
        text_bytes(text, path.start, path.len);
    return true;
}

static bool candidate_v1(struct line line, unsigned attempt, struct text *ret)
{
    if (attempt > 3)
        return false;
    text_string(ret, "/sys/fs/cgroup/");
    if (attempt % 2 == 0)
        text_bytes(ret, line.controllers.start, line.controllers.len);
    else
        text_string(ret, "cpu");
    if (attempt < 2 && !add_path(ret, line.path))
        text_string(ret, "/unreachable");
    text_string(ret, "/cpu.stat");
    return true;
}

static bool candidate_v2(struct line line, unsigned attempt, struct text *ret)
{
    static const char *const mounts[] = {"/sys/fs/cgroup", "/sys/fs/cgroup", "/sys/fs/cgroup/unified"};
    if (attempt >= sizeof mounts / sizeof *mounts)
        return false;
    text_string(ret, mounts[attempt]);
    if (attempt != 1 && !add_path(ret, line.path))
        text_string(ret, "/unreachable");
    text_string(ret, "/cpu.stat");
    return true;
}

bool cgroup_stat_path(const char *text, unsigned attempt, struct text *ret_path)
{
    struct line line, unified = {{NULL, 0}, {NULL, 0}};
    ret_path->len = 0;
    ret_path->buf[0] = '\0';
    while (*text) {
        text = next_line(text, &line);
        if (!line.path.start)
            continue;
        if (line.controllers.len == 0)
            unified = line;
        else if (has_cpu(line.controllers))
            return candidate_v1(line, attempt, ret_path);
    }
    return unified.path.start && candidate_v2(unified, attempt, ret_path);
}

bool cgroup_parse(const char *text, struct cgroup_throttling *ret)
{
    uint64_t periods = resource_field(text, "nr_periods");
    uint64_t throttled = resource_field(text, "nr_throttled");
    uint64_t ns = resource_field(text, "throttled_time");
    uint64_t us = resource_field(text, "throttled_usec");
    if (periods == RESOURCE_UNKNOWN || throttled == RESOURCE_UNKNOWN ||
        (ns == RESOURCE_UNKNOWN && us == RESOURCE_UNKNOWN))
        return false;
    *ret = (struct cgroup_throttling){
        .periods = periods,
        .throttled_periods = throttled,
        .throttled_ns = ns != RESOURCE_UNKNOWN ? ns : us * 1000,
    };
    return true;
}

static bool read_throttling(struct cgroup_throttling *ret)
{
    if (system_read_file("/proc/self/cgroup", groups, sizeof groups) <= 0)
        return false;
    struct text path = text_in(stat_path, sizeof stat_path);
    for (unsigned attempt = 0; cgroup_stat_path(groups, attempt, &path); attempt++) {
        if (system_read_file(stat_path, stat_text, sizeof stat_text) > 0)
            return cgroup_parse(stat_text, ret);
    }
    return false;
}

void cgroup_read(bool first)
{
    struct cgroup_throttling now;
    if (seccomp_entered || !read_throttling(&now))
        return;
    if (first) {
        start_periods = now.periods;
        counters_set(COUNTER_cgroup_start_throttled_periods, now.throttled_periods);
        counters_set(COUNTER_cgroup_start_throttled_ns, now.throttled_ns);
    }
    counters_set(COUNTER_cgroup_end_throttled_periods, now.throttled_periods);
    counters_set(COUNTER_cgroup_end_throttled_ns, now.throttled_ns);
    counters_set(COUNTER_cgroup_periods, now.periods - start_periods);
}
