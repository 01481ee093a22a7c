/* site.c: see site.h. */
#include "hooks/site.h"

__attribute__((noinline, cold)) bool site_ready_slow(void)
{
    if (thread_hot.state == THREAD_COLD)
        thread_attach();
    return thread_hot.state == THREAD_READY;
}
