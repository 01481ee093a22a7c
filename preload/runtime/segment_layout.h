/* segment_layout.h: what segment.c shares with segment_fork.c and nobody else. */
#ifndef STRONG_RUNTIME_SEGMENT_LAYOUT_H
#define STRONG_RUNTIME_SEGMENT_LAYOUT_H

#include "abi/segment.h"
#include "runtime/clock.h"

extern uint64_t segment_committed[TABLE_COUNT];

/* Writes sizes and tables of an empty segment of `bytes` into zeroed memory. */
void segment_start(struct segment_header *header, uint64_t bytes);
/* Bytes from the start that are committed before anything else. */
uint64_t segment_first_part(uint64_t bytes);
long segment_populate(void *place, uint64_t bytes);
/* A fresh shared mapping of a new file, or NULL and why. */
void *segment_map_file(uint64_t bytes, uint32_t pid, uint64_t start_ns, const char **ret_reason);

/* CLOCK_BOOTTIME now: when this image or this child began. */
uint64_t segment_boottime_ns(void);
/* Retention, at one start in eight: the listing costs a short process too much. */
void segment_collect_sometimes(void);

#endif
