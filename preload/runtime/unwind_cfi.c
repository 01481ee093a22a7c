/*
 * unwind_cfi: runs call frame programs (DWARF 5 §6.4.2) up to an address.
 *
 * Only three things of a row are kept: the CFA, the return address and one more register. Rules for
 * others are read over. Expressions are not evaluated: the row points to them.
 * Any thread, any signal handler; no state but the stack, about 500 bytes.
 */
#include "runtime/unwind_cfi.h"

#include <stddef.h>

#define REMEMBERED 4 /* compilers nest to 1 */

struct machine {
    const struct unwind_fde *fde;
    unsigned tracked;
    uintptr_t pc, location;
    struct unwind_row row, initial;
    struct unwind_row remembered[REMEMBERED];
    unsigned depth;
    bool failed;
};

static struct unwind_place *register_place(const struct machine *machine, struct unwind_row *row,
                                           uint64_t number)
{
    if (number == machine->tracked)
        return &row->tracked;
    return number == UNWIND_REGISTER_RA ? &row->ra : NULL;
}

static void set_place(struct machine *machine, uint64_t number, enum unwind_place_kind kind,
                      int64_t offset)
{
    struct unwind_place *place = register_place(machine, &machine->row, number);
    if (place != NULL)
        *place = (struct unwind_place){.kind = kind, .offset = offset};
}

static void restore_place(struct machine *machine, uint64_t number)
{
    struct unwind_place *place = register_place(machine, &machine->row, number);
    if (place != NULL)
        *place = *register_place(machine, &machine->initial, number);
}

static struct unwind_place read_expression(struct unwind_reader *reader)
{
    uint64_t length = unwind_read_unsigned(reader);
    if (length > (uint64_t)(reader->end - reader->at)) {
        reader->failed = true;
        return (struct unwind_place){.kind = UNWIND_PLACE_OTHER};
    }
    struct unwind_place place = {
        .kind = UNWIND_PLACE_EXPRESSION, .length = (uint32_t)length, .expression = reader->at};
    reader->at += length;
    return place;
}

static void set_cfa(struct machine *machine, uint64_t number, int64_t offset)
{
    machine->row.cfa = (struct unwind_place){.kind = UNWIND_PLACE_UNCHANGED, .offset = offset};
    machine->row.cfa_register = number < UNWIND_REGISTERS ? (unsigned)number : UNWIND_REGISTERS;
}

static void remember(struct machine *machine)
{
    if (machine->depth == REMEMBERED)
        machine->failed = true;
    else
        machine->remembered[machine->depth++] = machine->row;
}

static void restore(struct machine *machine)
{
    if (machine->depth == 0)
        machine->failed = true;
    else
        machine->row = machine->remembered[--machine->depth];
}

/* The operations that set the rule of a register; false if operation is none of them. */
static bool run_register(struct machine *machine, struct unwind_reader *reader, uint8_t operation)
{
    int64_t factor = machine->fde->data_factor;
    uint64_t number;
    switch (operation) {
    case 0x05: /* offset_extended */
        number = unwind_read_unsigned(reader);
        set_place(machine, number, UNWIND_PLACE_OFFSET,
                  (int64_t)unwind_read_unsigned(reader) * factor);
        return true;
    case 0x11: /* offset_extended_sf */
        number = unwind_read_unsigned(reader);
        set_place(machine, number, UNWIND_PLACE_OFFSET, unwind_read_signed(reader) * factor);
        return true;
    case 0x2f: /* GNU_negative_offset_extended */
        number = unwind_read_unsigned(reader);
        set_place(machine, number, UNWIND_PLACE_OFFSET,
                  -(int64_t)unwind_read_unsigned(reader) * factor);
        return true;
    case 0x06: /* restore_extended */
        restore_place(machine, unwind_read_unsigned(reader));
        return true;
    case 0x07: /* undefined */
        set_place(machine, unwind_read_unsigned(reader), UNWIND_PLACE_UNDEFINED, 0);
        return true;
    case 0x08: /* same_value */
        set_place(machine, unwind_read_unsigned(reader), UNWIND_PLACE_UNCHANGED, 0);
        return true;
    case 0x09: /* register */
    case 0x14: /* val_offset */
    case 0x15: /* val_offset_sf: a SLEB128 is as long as a ULEB128 */
        set_place(machine, unwind_read_unsigned(reader), UNWIND_PLACE_OTHER, 0);
        (void)unwind_read_unsigned(reader);
        return true;
    case 0x10:   /* expression */
    case 0x16: { /* val_expression */
        number = unwind_read_unsigned(reader);
        struct unwind_place place = read_expression(reader);
        struct unwind_place *target = register_place(machine, &machine->row, number);
        if (operation == 0x16)
            place.kind = UNWIND_PLACE_OTHER;
        if (target != NULL)
            *target = place;
        return true;
    }
    default:
        return false;
    }
}

/* The operations that set the CFA or the row; false if operation is none of them. */
static bool run_frame(struct machine *machine, struct unwind_reader *reader, uint8_t operation)
{
    int64_t factor = machine->fde->data_factor;
    uint64_t number;
    switch (operation) {
    case 0x00: /* nop */
    case 0x2d: /* AARCH64_negate_ra_state: the walk strips signatures from every address */
        return true;
    case 0x0a:
        remember(machine);
        return true;
    case 0x0b:
        restore(machine);
        return true;
    case 0x0c: /* def_cfa */
        number = unwind_read_unsigned(reader);
        set_cfa(machine, number, (int64_t)unwind_read_unsigned(reader));
        return true;
    case 0x12: /* def_cfa_sf */
        number = unwind_read_unsigned(reader);
        set_cfa(machine, number, unwind_read_signed(reader) * factor);
        return true;
    case 0x0d: /* def_cfa_register */
        number = unwind_read_unsigned(reader);
        if (machine->row.cfa.kind != UNWIND_PLACE_UNCHANGED)
            machine->failed = true;
        set_cfa(machine, number, machine->row.cfa.offset);
        return true;
    case 0x0e: /* def_cfa_offset */
        machine->row.cfa.offset = (int64_t)unwind_read_unsigned(reader);
        machine->failed |= machine->row.cfa.kind != UNWIND_PLACE_UNCHANGED;
        return true;
    case 0x13: /* def_cfa_offset_sf */
        machine->row.cfa.offset = unwind_read_signed(reader) * factor;
        machine->failed |= machine->row.cfa.kind != UNWIND_PLACE_UNCHANGED;
        return true;
    case 0x0f: /* def_cfa_expression */
        machine->row.cfa = read_expression(reader);
        return true;
    case 0x2e: /* GNU_args_size */
        (void)unwind_read_unsigned(reader);
        return true;
    default:
        return false;
    }
}

/* Moves to a later location; false when the row at hand is the one for pc. */
static bool advance(struct machine *machine, uint64_t units)
{
    machine->location += units * machine->fde->code_factor;
    return machine->location <= machine->pc;
}

static bool run(struct machine *machine, struct unwind_reader reader)
{
    bool on = true;
    while (on && reader.at < reader.end && !reader.failed && !machine->failed) {
        uint8_t operation = unwind_read_byte(&reader);
        uint8_t low = operation & 0x3f;
        if (operation >= 0xc0) {
            restore_place(machine, low);
        } else if (operation >= 0x80) { /* offset */
            int64_t offset = (int64_t)unwind_read_unsigned(&reader) * machine->fde->data_factor;
            set_place(machine, low, UNWIND_PLACE_OFFSET, offset);
        } else if (operation >= 0x40) { /* advance_loc */
            on = advance(machine, low);
        } else if (operation >= 0x02 && operation <= 0x04) { /* advance_loc1, 2, 4 */
            on = advance(machine, unwind_read_bytes(&reader, 1u << (operation - 2)));
        } else if (operation == 0x01) { /* set_loc */
            machine->location = unwind_read_encoded(&reader, machine->fde->encoding, 0);
            on = machine->location <= machine->pc;
        } else if (!run_register(machine, &reader, operation) &&
                   !run_frame(machine, &reader, operation)) {
            return false;
        }
    }
    return !reader.failed && !machine->failed;
}

enum unwind_found unwind_cfi_row(uintptr_t pc, unsigned tracked, struct unwind_row *ret_row)
{
    struct unwind_fde fde;
    enum unwind_found found = unwind_find(pc, &fde);
    if (found != UNWIND_FOUND)
        return found;
    if (fde.ra_register != UNWIND_REGISTER_RA)
        return UNWIND_FOUND_MALFORMED;
    struct machine machine;
    machine.fde = &fde;
    machine.tracked = tracked;
    machine.pc = machine.location = pc; /* the initial program holds for all addresses */
    machine.depth = 0;
    machine.failed = false;
    machine.row = (struct unwind_row){.cfa_register = UNWIND_REGISTERS, .signal = fde.signal};
    if (!run(&machine, fde.initial_program))
        return UNWIND_FOUND_MALFORMED;
    machine.initial = machine.row;
    machine.location = fde.begin;
    if (!run(&machine, fde.program))
        return UNWIND_FOUND_MALFORMED;
    *ret_row = machine.row;
    return UNWIND_FOUND;
}
