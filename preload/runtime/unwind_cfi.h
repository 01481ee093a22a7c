/*
 * unwind_cfi: from an address to its packed rule (unwind_rules.h), by running the call frame
 * program of .eh_frame. Private to unwind*.c. Any thread, any signal handler.
 */
#ifndef STRONG_RUNTIME_UNWIND_CFI_H
#define STRONG_RUNTIME_UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rule for an address inside an instruction. Never 0: what cannot be followed has a kind of its
 * own. *ret_keep: it stays right as long as the module is mapped, so it may be cached.
 */
uint64_t unwind_cfi_rule(uintptr_t pc, bool *ret_keep);

#endif
