/* second_look.c: see second_look.h. */
#include "read/second_look.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static bool has_events(const struct thread_block *copy)
{
    for (unsigned i = 0; i < BLOCK_EVENTS; i++) {
        if (copy->events[i].start_ticks != 0)
            return true;
    }
    return false;
}

static void look_at(int fd, struct snapshot *snapshot, uint64_t offset)
{
    const struct thread_block *copy = snapshot_pages(snapshot, offset, sizeof(*copy));
    if (!copy || !has_events(copy))
        return;
    struct event_record now[BLOCK_EVENTS];
    uint64_t events_offset = offset + offsetof(struct thread_block, events);
    if (pread(fd, now, sizeof(now), (off_t)events_offset) != (ssize_t)sizeof(now))
        return;
    struct event_record *events = (struct event_record *)(snapshot->bytes + events_offset);
    for (unsigned i = 0; i < BLOCK_EVENTS; i++) {
        if (memcmp(&now[i], &events[i], sizeof(now[i])) != 0)
            events[i].start_ticks = 0;
    }
}

void second_look(int fd, struct snapshot *snapshot)
{
    const uint64_t *offsets = snapshot_table(snapshot, TABLE_THREADS);
    uint64_t count = snapshot_count(snapshot, TABLE_THREADS);
    for (uint64_t i = 0; i < count; i++) {
        if (offsets[i] != 0)
            look_at(fd, snapshot, offsets[i]);
    }
}
