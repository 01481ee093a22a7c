/*
 * unwind_pack: packs the row of the call frame table that holds at an address into a rule.
 *
 * Expressions are not evaluated but recognised, because a handful of shapes covers what compilers
 * and linkers write (see pack_cfa_expression). Any thread, any signal handler; no state but the
 * stack.
 */
#include "runtime/unwind_pack.h"

#include <stddef.h>
#include <sys/ucontext.h>

#include "runtime/unwind_cfi.h"
#include "runtime/unwind_rules.h"

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

static struct unwind_reader expression_reader(const struct unwind_place *place)
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
    if (!read_register_offset(&reader, &number, &offset) || number != UNWIND_REGISTER_SP ||
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
static bool pack_cfa_expression(const struct unwind_row *row, uintptr_t pc, uint64_t *rule)
{
    struct unwind_reader reader = expression_reader(&row->cfa);
    unsigned number;
    int64_t offset, second = 0;
    if (is_plt(reader, pc, &offset)) {
        *rule |= UNWIND_KIND_SP;
        return pack_slot(rule, row->ra.offset, UNWIND_RA_SHIFT) &&
               pack_offset(rule, offset, UNWIND_CFA_SHIFT, UNWIND_CFA_BITS);
    }
    if (!read_register_offset(&reader, &number, &offset) || unwind_read_byte(&reader) != 0x06)
        return false;
    if (reader.at < reader.end) {
        if (unwind_read_byte(&reader) != 0x23)
            return false;
        second = (int64_t)unwind_read_unsigned(&reader);
    }
    if (reader.failed || reader.at != reader.end || row->ra.offset != -8 ||
        (number != UNWIND_REGISTER_SP && number != UNWIND_REGISTER_FP))
        return false;
    *rule |= number == UNWIND_REGISTER_SP ? UNWIND_KIND_SP_SAVED : UNWIND_KIND_FP_SAVED;
    return pack_slot(rule, second, UNWIND_RA_SHIFT) &&
           pack_offset(rule, offset, UNWIND_CFA_SHIFT, UNWIND_CFA_BITS);
}

static bool pack_cfa(const struct unwind_row *row, uintptr_t pc, uint64_t *rule)
{
    if (row->ra.kind == UNWIND_PLACE_OFFSET) {
        if (row->ra.offset == 0)
            return false;
    } else if (row->ra.kind != UNWIND_PLACE_UNCHANGED || UNWIND_REGISTER_RA != 30) {
        return false; /* only aarch64 keeps it in a register, and says so by "unchanged" */
    }
    if (row->cfa.kind == UNWIND_PLACE_EXPRESSION)
        return row->ra.kind == UNWIND_PLACE_OFFSET && pack_cfa_expression(row, pc, rule);
    if (row->cfa_register == UNWIND_REGISTER_SP)
        *rule |= UNWIND_KIND_SP;
    else if (row->cfa_register == UNWIND_REGISTER_FP)
        *rule |= UNWIND_KIND_FP;
    else if (row->cfa_register < UNWIND_REGISTERS)
        *rule |= UNWIND_KIND_REGISTER | (uint64_t)row->cfa_register << 4;
    else
        return false;
    int64_t ra_offset = row->ra.kind == UNWIND_PLACE_OFFSET ? row->ra.offset : 0;
    return pack_slot(rule, ra_offset, UNWIND_RA_SHIFT) &&
           pack_offset(rule, row->cfa.offset, UNWIND_CFA_SHIFT, UNWIND_CFA_BITS);
}

static void pack_fp(const struct unwind_row *row, uint64_t *rule)
{
    uint64_t place = UNWIND_FP_LOST;
    if (row->tracked.kind == UNWIND_PLACE_UNCHANGED) {
        place = UNWIND_FP_UNCHANGED;
    } else if (row->tracked.kind == UNWIND_PLACE_OFFSET) {
        if (pack_slot(rule, row->tracked.offset, UNWIND_FP_SHIFT))
            place = UNWIND_FP_AT_CFA;
    } else if (row->tracked.kind == UNWIND_PLACE_EXPRESSION) {
        struct unwind_reader reader = expression_reader(&row->tracked);
        unsigned number;
        int64_t offset;
        if (read_register_offset(&reader, &number, &offset) && reader.at == reader.end &&
            number == UNWIND_REGISTER_FP && pack_slot(rule, offset, UNWIND_FP_SHIFT))
            place = UNWIND_FP_AT_FP;
    }
    *rule |= place << 9;
}

/*
 * A signal trampoline whose registers are in the ucontext at sp. x86-64: recognised by the place of
 * the saved rip (glibc describes the layout in full); aarch64: the vDSO's, sp at the siginfo.
 */
static bool is_signal(const struct unwind_row *row)
{
#if defined(__x86_64__)
    if (!row->signal || row->ra.kind != UNWIND_PLACE_EXPRESSION)
        return false;
    struct unwind_reader reader = expression_reader(&row->ra);
    unsigned number;
    int64_t offset;
    return read_register_offset(&reader, &number, &offset) && number == UNWIND_REGISTER_SP &&
           reader.at == reader.end &&
           offset == (int64_t)offsetof(ucontext_t, uc_mcontext.gregs[REG_RIP]);
#else
    return row->signal;
#endif
}

static uint64_t pack(const struct unwind_row *row, uintptr_t pc)
{
    uint64_t rule = 0;
    if (is_signal(row))
        return UNWIND_KIND_SIGNAL;
    if (row->ra.kind == UNWIND_PLACE_UNDEFINED)
        return UNWIND_KIND_END;
    if (row->signal || !pack_cfa(row, pc, &rule))
        return UNWIND_KIND_NOT_FOLLOWED;
    pack_fp(row, &rule);
    return rule;
}

uint64_t unwind_pack_rule(uintptr_t pc, bool *ret_keep)
{
    struct unwind_row row;
    enum unwind_found found = unwind_cfi_row(pc, UNWIND_REGISTER_FP, &row);
    *ret_keep = found != UNWIND_FOUND_NO_MODULE;
    if (found == UNWIND_FOUND)
        return pack(&row, pc);
    return found == UNWIND_FOUND_MALFORMED ? UNWIND_KIND_NOT_FOLLOWED : UNWIND_KIND_NONE;
}
