/* exec.h: what surrounds a call that replaces the process image. Any context, vfork children included. */
#ifndef STRONG_HOOKS_EXEC_H
#define STRONG_HOOKS_EXEC_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/signals.h"

struct exec_attempt {
    unsigned hook;
    uint32_t target;
    bool ours; /* false: a vfork child, or libstrong is off: nothing is written */
    struct signals_exec signals;
};

/* Counts the call (a successful one never comes back), closes the segment, makes the program's view of
 * the sampling signal true for the new image. `program`: path or name; descriptor: used where program
 * is NULL. */
void exec_begin(struct exec_attempt *ret_attempt, unsigned hook, const char *program, int descriptor);
/* It came back: undoes all that and counts the error in errno. */
void exec_failed(const struct exec_attempt *attempt);

#endif
