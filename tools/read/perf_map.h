/* perf_map.h: names of code that a just-in-time compiler made, from /tmp/perf-<pid>.map.
 *
 * The file's form is perf's: "start size name" a line, hexadecimal. It is believed only when it is a
 * regular file of the process's user (or root), not a link, not older than the process, at most 64 MiB.
 * Where code was moved or remade the last line wins. Single-threaded.
 */
#ifndef STRONG_READ_PERF_MAP_H
#define STRONG_READ_PERF_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "read/model.h"

struct perf_map_line {
    uint64_t start, end;
    const char *name; /* clean */
};

struct perf_map {
    struct perf_map_line *lines; /* by start, not overlapping starts */
    size_t count;
};

/* Empty when there is no such file. The lines live in the arena. */
void perf_map_read(struct perf_map *map, struct arena *arena, const struct model_process *process);
void perf_map_parse(struct perf_map *map, struct arena *arena, const char *text, size_t len);

/* The line that holds the address, or NULL. */
const struct perf_map_line *perf_map_find(const struct perf_map *map, uint64_t address);

#endif
