/* api.c: what a program finds with dlsym: the table that include/strong.h calls through.
 *
 * Its fields are ABI: new ones go to the end, and size tells an older header nothing new and a newer one what is
 * missing. Constant, so it can be used before our constructor has run: each function boots what it needs.
 */
#include "api/api.h"

#include "runtime/boot.h"

int api_enabled(void)
{
    if (strong_unlikely(thread_hot.state == THREAD_COLD))
        thread_attach();
    return boot_done && !boot_off;
}

extern const struct strong_api_v1 strong_api_v1;
__attribute__((visibility("default"))) const struct strong_api_v1 strong_api_v1 = {
    .size = sizeof strong_api_v1,
    .enabled = api_enabled,
    .name = name_number,
    .begin = operation_begin,
    .end = operation_end,
    .count = count_add,
    .gauge = gauge_set,
    .get_metrics = metrics_get,
};
