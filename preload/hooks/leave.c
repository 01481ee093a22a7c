/* leave.c: see leave.h. */
#include "hooks/leave.h"

#include "runtime/boot.h"
#include "runtime/segment.h"
#include "runtime/thread.h"

void leave_thread(const char *note)
{
    struct thread_hot *hot = &thread_hot;
    if (hot->state == THREAD_OFF)
        return;
    struct thread *self = hot->self;
    hot->state = THREAD_OFF;
    thread_hot_leave(hot);
    hot->self = NULL;
    hot->outer = NULL;
    if (self) {
        self->block->now_hook = 0;
        if (thread_monitor.detached)
            thread_monitor.detached(self); /* its timer */
    }
    segment_note(note);
}

void leave_clockless(const char *note)
{
    leave_thread(note);
    boot_off = true; /* for threads to come; those that are READY go on */
}
