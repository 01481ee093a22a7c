/* counted.c: the states in which a counted hook cannot simply add one. See counted.h. */
#include "hooks/counted.h"

#include "runtime/boot.h"

__attribute__((noinline, cold)) bool counted_enter_slow(unsigned hook)
{
    if (thread_hot.state == THREAD_COLD)
        thread_attach();
    if (thread_hot.state == THREAD_READY) {
        thread_count(hook, 0);
        return true;
    }
    if (thread_hot.state != THREAD_OFF && boot_done)
        thread_crowd_add(hook, 0, 0, false);
    return false;
}
