/*
 * unwind_pack: from an address to its packed rule (unwind_rules.h), read from .eh_frame. Private to
 * unwind*.c. Any thread, any signal handler.
 */
#ifndef STRONG_RUNTIME_UNWIND_PACK_H
#define STRONG_RUNTIME_UNWIND_PACK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The rule for an address inside an instruction. Never 0: what cannot be followed has a kind of its
 * own. *ret_keep: it stays right as long as the module is mapped, so it may be cached.
 */
uint64_t unwind_pack_rule(uintptr_t pc, bool *ret_keep);

#endif
