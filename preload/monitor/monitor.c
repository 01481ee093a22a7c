/* monitor.c: joins the monitors to the runtime's callbacks. See monitor.h. */
#include "monitor/monitor.h"

#include "runtime/clock.h"
#include "runtime/process.h"
#include "runtime/thread.h"

static void on_tick(uint64_t now_ticks)
{
    resource_take(now_ticks, RESOURCE_TICK);
    report_due(now_ticks);
}

static void on_promoted(void)
{
    resource_promoted();
    report_promoted();
    cpu_promoted();
}

static void on_exiting(void)
{
    uint64_t now_ticks = clock_ticks();
    resource_take(now_ticks, RESOURCE_EXIT);
    report_at_exit(now_ticks);
}

int monitor_init(void)
{
    thread_monitor.attached = cpu_attached;
    thread_monitor.detached = cpu_detached;
    process_monitor.promoted = on_promoted;
    process_monitor.exiting = on_exiting;
    process_monitor.tick = on_tick;
    (void)cpu_init(); /* each says in the segment what it had to give up */
    (void)resource_init();
    (void)report_init();
    return 0;
}
