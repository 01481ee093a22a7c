/*
 * unwind_cfi: runs call frame programs (DWARF 5 §6.4.2) and packs the row that holds at an address.
 *
 * Only three things of a row are tracked: the CFA, the return address and the frame pointer. Rules
 * for other registers are read over. Expressions are not evaluated but recognised, because a
 * handful of shapes covers what compilers and linkers write (see pack_cfa). Any thread, any signal
 * handler; no state but the stack, about 700 bytes.
 */
#include "runtime/unwind_cfi.h"

#include <stddef.h>
#include <sys/ucontext.h>

#include "runtime/unwind_find.h"
#include "runtime/unwind_rules.h"

#if defined(__x86_64__)
#define REGISTER_FP 6
#define REGISTER_SP 7
#define REGISTER_RA 16
#elif defined(__aarch64__)
#define REGISTER_FP 29
#define REGISTER_SP 31
#define REGISTER_RA 30
#endif

#define REMEMBERED 4 /* compilers nest to 1 */

enum place_kind { PLACE_UNCHANGED, PLACE_OFFSET, PLACE_EXPRESSION, PLACE_UNDEFINED, PLACE_OTHER };

/* Where a register of the caller is: at CFA + offset, or where an expression says. */
struct place {
    enum place_kind kind;
    uint32_t length; /* of the expression */
    union {
        int64_t offset;
        const uint8_t *expression;
    };
};

struct row {
    struct place cfa; /* UNCHANGED: register + offset; EXPRESSION */
    unsigned cfa_register;
    struct place fp, ra;
};

struct machine {
    const struct unwind_fde *fde;
    uintptr_t pc, location;
    struct row row, initial;
    struct row remembered[REMEMBERED];
    unsigned depth;
    bool failed;
};

static struct place *register_place(struct row *row, uint64_t number)
{
    if (number == REGISTER_FP)
        return &row->fp;
    return number == REGISTER_RA ? &row->ra : NULL;
}

static void set_place(struct machine *machine, uint64_t number, enum place_kind kind,
                      int64_t offset)
{
    struct place *place = register_place(&machine->row, number);
    if (place != NULL)
        *place = (struct place){.kind = kind, .offset = offset};
}

static void restore_place(struct machine *machine, uint64_t number)
{
    struct place *place = register_place(&machine->row, number);
    if (place != NULL)
        *place = *register_place(&machine->initial, number);
}

static struct place read_expression(struct unwind_reader *reader)
{
    uint64_t length = unwind_read_unsigned(reader);
    if (length > (uint64_t)(reader->end - reader->at)) {
        reader->failed = true;
        return (struct place){.kind = PLACE_OTHER};
    }
    struct place place = {
        .kind = PLACE_EXPRESSION, .length = (uint32_t)length, .expression = reader->at};
    reader->at += length;
    return place;
}

static void set_cfa(struct machine *machine, uint64_t number, int64_t offset)
{
    machine->row.cfa = (struct place){.kind = PLACE_UNCHANGED, .offset = offset};
    machine->row.cfa_register = number < 32 ? (unsigned)number : 32;
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
        set_place(machine, number, PLACE_OFFSET, (int64_t)unwind_read_unsigned(reader) * factor);
        return true;
    case 0x11: /* offset_extended_sf */
        number = unwind_read_unsigned(reader);
        set_place(machine, number, PLACE_OFFSET, unwind_read_signed(reader) * factor);
        return true;
    case 0x2f: /* GNU_negative_offset_extended */
        number = unwind_read_unsigned(reader);
        set_place(machine, number, PLACE_OFFSET, -(int64_t)unwind_read_unsigned(reader) * factor);
        return true;
    case 0x06: /* restore_extended */
        restore_place(machine, unwind_read_unsigned(reader));
        return true;
    case 0x07: /* undefined */
        set_place(machine, unwind_read_unsigned(reader), PLACE_UNDEFINED, 0);
        return true;
    case 0x08: /* same_value */
        set_place(machine, unwind_read_unsigned(reader), PLACE_UNCHANGED, 0);
        return true;
    case 0x09: /* register */
    case 0x14: /* val_offset */
    case 0x15: /* val_offset_sf: a SLEB128 is as long as a ULEB128 */
        set_place(machine, unwind_read_unsigned(reader), PLACE_OTHER, 0);
        (void)unwind_read_unsigned(reader);
        return true;
    case 0x10:   /* expression */
    case 0x16: { /* val_expression */
        number = unwind_read_unsigned(reader);
        struct place place = read_expression(reader);
        struct place *target = register_place(&machine->row, number);
        if (operation == 0x16)
            place.kind = PLACE_OTHER;
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
        if (machine->row.cfa.kind != PLACE_UNCHANGED)
            machine->failed = true;
        set_cfa(machine, number, machine->row.cfa.offset);
        return true;
    case 0x0e: /* def_cfa_offset */
        machine->row.cfa.offset = (int64_t)unwind_read_unsigned(reader);
        machine->failed |= machine->row.cfa.kind != PLACE_UNCHANGED;
        return true;
    case 0x13: /* def_cfa_offset_sf */
        machine->row.cfa.offset = unwind_read_signed(reader) * factor;
        machine->failed |= machine->row.cfa.kind != PLACE_UNCHANGED;
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
            set_place(machine, low, PLACE_OFFSET, offset);
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

/* True, and the register and offset, if the expression begins with DW_OP_breg<register> offset. */
static bool read_register_offset(struct unwind_reader *reader, unsigned *ret_register,
                                 int64_t *ret_offset)
{
    uint8_t operation = unwind_read_byte(reader);
    if (operation < 0x70 || operation > 0x8f)
        return false;
    *ret_register = operation - 0x70;
    *ret_offset = unwind_read_signed(reader);
    return !reader->failed;
}

static struct unwind_reader expression_reader(const struct place *place)
{
    return (struct unwind_reader){place->expression, place->expression + place->length, false};
}

static bool pack_offset(uint64_t *rule, int64_t value, unsigned shift, unsigned bits)
{
    int64_t limit = INT64_C(1) << (bits - 1);
    if (value < -limit || value >= limit)
        return false;
    *rule |= ((uint64_t)value & ((UINT64_C(1) << bits) - 1)) << shift;
    return true;
}

static bool pack_slot(uint64_t *rule, int64_t offset, unsigned shift)
{
    return offset % 8 == 0 && pack_offset(rule, offset / 8, shift, UNWIND_SLOT_BITS);
}

/*
 * The PLT's first-entry rule, written by every linker: sp + 8 + ((pc & 15) >= N) * 8. The address
 * is known here, so its value is a plain offset from sp.
 */
static bool is_plt(struct unwind_reader reader, uintptr_t pc, int64_t *ret_offset)
{
    unsigned number;
    int64_t offset;
    if (!read_register_offset(&reader, &number, &offset) || number != REGISTER_SP ||
        reader.end - reader.at != 9)
        return false;
    /* breg16 0, lit15, and, lit<N>, ge, lit3, shl, plus */
    const uint8_t *at = reader.at;
    if (at[0] != 0x80 || at[1] != 0 || at[2] != 0x3f || at[3] != 0x1a || at[4] < 0x30 ||
        at[4] > 0x4f || at[5] != 0x2a || at[6] != 0x33 || at[7] != 0x24 || at[8] != 0x22)
        return false;
    *ret_offset = offset + ((pc & 15) >= at[4] - 0x30u ? 8 : 0);
    return true;
}

/*
 * The CFA expressions that are followed: the PLT's; and breg<sp|fp> offset, deref [, plus_uconst
 * n]: gcc's realigned stacks, and assembly that saved the stack pointer on the stack.
 */
static bool pack_cfa_expression(const struct machine *machine, uint64_t *rule)
{
    struct unwind_reader reader = expression_reader(&machine->row.cfa);
    unsigned number;
    int64_t offset, second = 0;
    if (is_plt(reader, machine->pc, &offset)) {
        *rule |= UNWIND_KIND_SP;
        return pack_slot(rule, machine->row.ra.offset, UNWIND_RA_SHIFT) &&
               pack_offset(rule, offset, UNWIND_CFA_SHIFT, UNWIND_CFA_BITS);
    }
    if (!read_register_offset(&reader, &number, &offset) || unwind_read_byte(&reader) != 0x06)
        return false;
    if (reader.at < reader.end) {
        if (unwind_read_byte(&reader) != 0x23)
            return false;
        second = (int64_t)unwind_read_unsigned(&reader);
    }
    if (reader.failed || reader.at != reader.end || machine->row.ra.offset != -8 ||
        (number != REGISTER_SP && number != REGISTER_FP))
        return false;
    *rule |= number == REGISTER_SP ? UNWIND_KIND_SP_SAVED : UNWIND_KIND_FP_SAVED;
    return pack_slot(rule, second, UNWIND_RA_SHIFT) &&
           pack_offset(rule, offset, UNWIND_CFA_SHIFT, UNWIND_CFA_BITS);
}

static bool pack_cfa(const struct machine *machine, uint64_t *rule)
{
    const struct row *row = &machine->row;
    if (row->ra.kind == PLACE_OFFSET) {
        if (row->ra.offset == 0)
            return false;
    } else if (row->ra.kind != PLACE_UNCHANGED || REGISTER_RA != 30) {
        return false; /* only aarch64 keeps it in a register, and says so by "unchanged" */
    }
    if (row->cfa.kind == PLACE_EXPRESSION)
        return row->ra.kind == PLACE_OFFSET && pack_cfa_expression(machine, rule);
    if (row->cfa_register == REGISTER_SP)
        *rule |= UNWIND_KIND_SP;
    else if (row->cfa_register == REGISTER_FP)
        *rule |= UNWIND_KIND_FP;
    else if (row->cfa_register < 32)
        *rule |= UNWIND_KIND_REGISTER | (uint64_t)row->cfa_register << 4;
    else
        return false;
    int64_t ra_offset = row->ra.kind == PLACE_OFFSET ? row->ra.offset : 0;
    return pack_slot(rule, ra_offset, UNWIND_RA_SHIFT) &&
           pack_offset(rule, row->cfa.offset, UNWIND_CFA_SHIFT, UNWIND_CFA_BITS);
}

static void pack_fp(const struct row *row, uint64_t *rule)
{
    uint64_t place = UNWIND_FP_LOST;
    if (row->fp.kind == PLACE_UNCHANGED) {
        place = UNWIND_FP_UNCHANGED;
    } else if (row->fp.kind == PLACE_OFFSET) {
        if (pack_slot(rule, row->fp.offset, UNWIND_FP_SHIFT))
            place = UNWIND_FP_AT_CFA;
    } else if (row->fp.kind == PLACE_EXPRESSION) {
        struct unwind_reader reader = expression_reader(&row->fp);
        unsigned number;
        int64_t offset;
        if (read_register_offset(&reader, &number, &offset) && reader.at == reader.end &&
            number == REGISTER_FP && pack_slot(rule, offset, UNWIND_FP_SHIFT))
            place = UNWIND_FP_AT_FP;
    }
    *rule |= place << 9;
}

/*
 * A signal trampoline whose registers are in the ucontext at sp. x86-64: recognised by the place of
 * the saved rip (glibc describes the layout in full); aarch64: the vDSO's, sp at the siginfo.
 */
static bool is_signal(const struct machine *machine)
{
#if defined(__x86_64__)
    if (!machine->fde->signal || machine->row.ra.kind != PLACE_EXPRESSION)
        return false;
    struct unwind_reader reader = expression_reader(&machine->row.ra);
    unsigned number;
    int64_t offset;
    return read_register_offset(&reader, &number, &offset) && number == REGISTER_SP &&
           reader.at == reader.end &&
           offset == (int64_t)offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP]);
#else
    return machine->fde->signal;
#endif
}

static uint64_t pack(const struct machine *machine)
{
    uint64_t rule = 0;
    if (is_signal(machine))
        return UNWIND_KIND_SIGNAL;
    if (machine->row.ra.kind == PLACE_UNDEFINED)
        return UNWIND_KIND_END;
    if (machine->fde->signal || !pack_cfa(machine, &rule))
        return UNWIND_KIND_NOT_FOLLOWED;
    pack_fp(&machine->row, &rule);
    return rule;
}

uint64_t unwind_cfi_rule(uintptr_t pc, bool *ret_keep)
{
    struct unwind_fde fde;
    enum unwind_found found = unwind_find(pc, &fde);
    *ret_keep = found != UNWIND_FOUND_NO_MODULE;
    if (found != UNWIND_FOUND)
        return found == UNWIND_FOUND_MALFORMED ? UNWIND_KIND_NOT_FOLLOWED : UNWIND_KIND_NONE;
    if (fde.ra_register != REGISTER_RA)
        return UNWIND_KIND_NOT_FOLLOWED;
    struct machine machine;
    machine.fde = &fde;
    machine.pc = machine.location = pc; /* the initial program applies whatever it may say of it */
    machine.depth = 0;
    machine.failed = false;
    machine.row = (struct row){.cfa_register = 32};
    if (!run(&machine, fde.initial_program))
        return UNWIND_KIND_NOT_FOLLOWED;
    machine.initial = machine.row;
    machine.location = fde.begin;
    if (!run(&machine, fde.program))
        return UNWIND_KIND_NOT_FOLLOWED;
    return pack(&machine);
}
