/* program.h: the target of a call that runs a program. Any thread, any context; not in state OFF. */
#ifndef STRONG_HOOKS_PROGRAM_H
#define STRONG_HOOKS_PROGRAM_H

#include <stdint.h>

/* TARGET_PROGRAM for a path or name that may be a bad pointer (then 0, and libc is to refuse it). */
uint32_t program_target(const char *path);

#endif
