/*
 * unwind_find: the frame description entry (FDE) of .eh_frame that covers an address, and a bounded
 * reader of DWARF encodings. Private to unwind*.c. Formats: Linux Standard Base Core 5.0 §10.6 and
 * DWARF 5 §6.4, §7.6.
 *
 * Everything is read in place, in mapped code modules, and never outside the module that holds the
 * address. Any thread, any signal handler. The module must stay mapped meanwhile: it does, when the
 * address is that of a frame on the caller's own stack.
 */
#ifndef STRONG_RUNTIME_UNWIND_FIND_H
#define STRONG_RUNTIME_UNWIND_FIND_H

#include <stdbool.h>
#include <stdint.h>

/* Reads past the end give 0 and set failed. */
struct unwind_reader {
    const uint8_t *at, *end;
    bool failed;
};

struct unwind_fde {
    uintptr_t begin;                      /* first address it describes */
    struct unwind_reader initial_program; /* of the CIE it belongs to */
    struct unwind_reader program;         /* its own */
    uint64_t code_factor;
    int64_t data_factor;
    uint64_t ra_register;
    uint8_t encoding; /* of code addresses */
    bool signal;      /* a signal trampoline */
};

enum unwind_found {
    UNWIND_FOUND,
    UNWIND_FOUND_NO_MODULE, /* the address is in no module: a JIT's, or garbage */
    UNWIND_FOUND_NO_ENTRY,  /* the module has no table, or a hole at the address */
    UNWIND_FOUND_MALFORMED,
};
enum unwind_found unwind_find(uintptr_t pc, struct unwind_fde *ret_fde);

uint64_t unwind_read_bytes(struct unwind_reader *reader, unsigned size);
uint64_t unwind_read_unsigned(struct unwind_reader *reader); /* ULEB128 */
int64_t unwind_read_signed(struct unwind_reader *reader);    /* SLEB128 */
/* A pointer in a DW_EH_PE_* encoding; data_base is what datarel is relative to, 0 if nothing. */
uintptr_t unwind_read_encoded(struct unwind_reader *reader, uint8_t encoding, uintptr_t data_base);

static inline uint8_t unwind_read_byte(struct unwind_reader *reader)
{
    if (reader->at >= reader->end) {
        reader->failed = true;
        return 0;
    }
    return *reader->at++;
}

#endif
