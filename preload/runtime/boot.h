/* boot.h: start-up in the order of boot.def, once, on the first hooked call or in the constructor.
 *
 * boot_ensure: any thread; the first caller runs the stages with hot.state == BUSY, so that hooks called
 * by libc meanwhile only forward. After it boot_done is true, or libstrong is OFF (disabled, AT_SECURE,
 * or libc could not be resolved).
 */
#ifndef STRONG_RUNTIME_BOOT_H
#define STRONG_RUNTIME_BOOT_H

#include <stdbool.h>

extern bool boot_done; /* next.* can be called */
extern bool boot_off;  /* measure nothing, change nothing */
void boot_ensure(void);

#endif
