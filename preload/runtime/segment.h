/* segment.h (runtime): makes, grows and moves this process's segment (format: abi/segment.h).
 *
 * One mapping of config.shm_size_bytes at a fixed address from boot to the end of the process, in one
 * of three forms: SHARED (a file, no descriptor held), PRIVATE (anonymous memory: the file could not be
 * made, or a forked child that has not yet lived long enough), and OFF. Pointers into it stay valid over
 * a change of form. Memory is committed in steps before it is touched; a refusal is counted and the
 * caller does without. All functions: any thread, any context unless said otherwise; no lock, no malloc.
 */
#ifndef STRONG_RUNTIME_SEGMENT_H
#define STRONG_RUNTIME_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/segment.h"

enum segment_form { SEGMENT_OFF, SEGMENT_PRIVATE, SEGMENT_SHARED };

extern struct segment_header *segment; /* never NULL after segment_init */
extern enum segment_form segment_form;

/* Boot, single-threaded: creates the file or falls back. Always leaves a usable segment. */
int segment_init(void);

static inline void *segment_at(uint64_t offset) { return (char *)segment + offset; }

/* Appends to a dense table: returns the new record's index and a committed, zeroed record, or 0. */
uint32_t segment_append(enum segment_table_id table, void **ret_record);
/* Takes `bytes` from a heap (strings, frames): offset in units of the table's record, or 0. */
uint64_t segment_take(enum segment_table_id table, uint64_t records, void **ret_place);
static inline void *segment_record(enum segment_table_id table, uint32_t index)
{
    return segment_at(segment->tables[table].offset + (uint64_t)index * segment->tables[table].record_bytes);
}
/* Takes pages from the pool (thread blocks and their pages); NULL when it is used up. */
void *segment_take_pages(unsigned count);
/* Copies a string in; {0, 0} when there is no room. */
struct string_ref segment_string(const char *string, unsigned len);

/* Says once, in the segment, that something was switched off; repetitions are counted. */
void segment_note(const char *text);

/* In the child of fork, before anything else: swaps the shared mapping for private zeros, so that
 * the parent's file is never written by the child. */
void segment_fork_child(void);
/* Gives a forked child's private segment a file of its own. Only while single-threaded. */
void segment_promote(void);
/* Forked child that has not been promoted yet? Checked by slow paths. */
extern bool segment_promotion_due;

/* End of the process image. */
void segment_close(enum segment_state state, int status);

#endif
