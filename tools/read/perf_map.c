/* perf_map.c: reading, sorting and searching a perf map. */
#include "read/perf_map.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read/text.h"
#include "read/trusted.h"
#include "read/vector.h"

static const off_t SIZE_LIMIT = 64 << 20;
enum { NAME_LIMIT = 512 };

struct numbered_line {
    struct perf_map_line line;
    size_t number;
};

static int compare(const void *a, const void *b)
{
    const struct numbered_line *left = a, *right = b;
    if (left->line.start != right->line.start)
        return left->line.start < right->line.start ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

/* "start size name" between at and end. */
static int parse_line(const char *at, const char *end, struct arena *arena,
                      struct perf_map_line *line)
{
    char *next;
    errno = 0;
    line->start = strtoull(at, &next, 16);
    if (next == at || next >= end || *next != ' ')
        return -EINVAL;
    at = next + 1;
    uint64_t size = strtoull(at, &next, 16);
    if (next == at || next >= end || *next != ' ' || errno || size == 0)
        return -EINVAL;
    at = next + 1;
    size_t len = (size_t)(end - at);
    line->end = size > UINT64_MAX - line->start ? UINT64_MAX : line->start + size;
    line->name = text_clean_copy(arena, at, len < NAME_LIMIT ? len : NAME_LIMIT);
    return line->name ? 0 : -ENOMEM;
}

void perf_map_parse(struct perf_map *map, struct arena *arena, const char *text, size_t len)
{
    struct vector lines = {.bytes = sizeof(struct numbered_line)};
    map->lines = NULL;
    map->count = 0;
    for (const char *at = text, *end = text + len; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct perf_map_line line;
        if (!newline) /* still being written */
            break;
        if (parse_line(at, newline, arena, &line) == 0) {
            struct numbered_line *added = vector_push(&lines);
            if (!added)
                break;
            added->number = lines.count;
            added->line = line;
        }
        at = newline + 1;
    }
    struct numbered_line *sorted = lines.items;
    map->lines = arena_array(arena, lines.count, sizeof(*map->lines));
    if (lines.count > 1)
        qsort(sorted, lines.count, sizeof(*sorted), compare);
    for (size_t i = 0; map->lines && i < lines.count; i++) {
        if (map->count && map->lines[map->count - 1].start == sorted[i].line.start)
            map->count--; /* the later line of the file wins */
        map->lines[map->count++] = sorted[i].line;
    }
    vector_done(&lines);
}

static char *read_file(const char *path, const struct model_process *process, size_t *ret_len)
{
    struct stat facts;
    char *text = NULL, why[TRUSTED_WHY];
    int fd = trusted_open(path, TRUSTED_AS_IT_IS, 0, &facts, why);
    if (fd < 0)
        return NULL;
    /* Its group may write it: a umask of 002 goes with groups of one user. */
    if (facts.st_size <= SIZE_LIMIT && !(facts.st_mode & S_IWOTH) &&
        (facts.st_uid == process->uid || facts.st_uid == 0) &&
        (uint64_t)facts.st_mtim.tv_sec + 1 >= process->start_realtime_ns / 1000000000u)
        text = malloc((size_t)facts.st_size + 1);
    size_t used = 0;
    for (ssize_t got = 1; text && got > 0 && used < (size_t)facts.st_size; used += (size_t)got) {
        got = read(fd, text + used, (size_t)facts.st_size - used);
        if (got < 0)
            break;
    }
    close(fd);
    if (text)
        text[used] = 0;
    *ret_len = used;
    return text;
}

void perf_map_read(struct perf_map *map, struct arena *arena, const struct model_process *process)
{
    char path[96];
    size_t len = 0;
    char *text = NULL;
    map->lines = NULL;
    map->count = 0;
    if (process->local_pid) { /* through its own root, where it has another one */
        snprintf(path, sizeof(path), "/proc/%d/root/tmp/perf-%d.map", (int)process->local_pid,
                 (int)process->pid);
        text = read_file(path, process, &len);
    }
    if (!text) {
        snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)process->pid);
        text = read_file(path, process, &len);
    }
    if (!text)
        return;
    perf_map_parse(map, arena, text, len);
    free(text);
}

const struct perf_map_line *perf_map_find(const struct perf_map *map, uint64_t address)
{
    size_t low = 0, high = map->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->lines[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low && address < map->lines[low - 1].end ? &map->lines[low - 1] : NULL;
}
