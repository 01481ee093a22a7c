/*
 * unwind_cfi: the row of the call frame table that holds at an address, by running the call frame
 * program of .eh_frame. Private to unwind*.c. Any thread, any signal handler.
 */
#ifndef STRONG_RUNTIME_UNWIND_CFI_H
#define STRONG_RUNTIME_UNWIND_CFI_H

#include <stdbool.h>
#include <stdint.h>

#include "runtime/unwind_find.h"

/* DWARF numbers. */
#if defined(__x86_64__)
#define UNWIND_REGISTER_FP 6
#define UNWIND_REGISTER_SP 7
#define UNWIND_REGISTER_RA 16
#elif defined(__aarch64__)
#define UNWIND_REGISTER_FP 29
#define UNWIND_REGISTER_SP 31
#define UNWIND_REGISTER_RA 30
#endif
#define UNWIND_REGISTERS 32

enum unwind_place_kind {
    UNWIND_PLACE_UNCHANGED,
    UNWIND_PLACE_OFFSET, /* saved at CFA + offset */
    UNWIND_PLACE_EXPRESSION,
    UNWIND_PLACE_UNDEFINED,
    UNWIND_PLACE_OTHER
};

struct unwind_place {
    enum unwind_place_kind kind;
    uint32_t length; /* of the expression */
    union {
        int64_t offset;
        const uint8_t *expression;
    };
};

struct unwind_row {
    struct unwind_place cfa; /* UNCHANGED: cfa_register + offset, or EXPRESSION */
    unsigned cfa_register;   /* UNWIND_REGISTERS if none that is known here */
    bool signal;             /* of a signal trampoline */
    struct unwind_place ra;
    struct unwind_place tracked; /* the register that was asked for */
};

/* The row at an address inside an instruction; *ret_row is only valid with UNWIND_FOUND. */
enum unwind_found unwind_cfi_row(uintptr_t pc, unsigned tracked, struct unwind_row *ret_row);

#endif
