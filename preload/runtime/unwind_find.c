/*
 * unwind_find: owns the way from an address to its FDE: _dl_find_object gives the module's
 * .eh_frame_hdr, a sorted table there gives the FDE, the FDE names its CIE.
 *
 * Invariant: nothing outside [map_start, map_end) of the module is read.
 * Any thread, any signal handler; before unwind_init no address has a module. _dl_find_object is
 * documented as lock-free and async-signal-safe (glibc manual, "Dynamic Linker Introspection").
 */
#include "runtime/unwind_find.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "runtime/unwind.h"

#define ENCODING_OMIT 0xff
#define ENCODING_FORMAT 0x0f
#define ENCODING_PC_RELATIVE 0x10
#define ENCODING_DATA_RELATIVE 0x30
#define ENCODING_SIGNED_4 0x0b
#define ENCODING_INDIRECT 0x80

#ifdef DLFO_EH_SEGMENT_TYPE
static _Atomic(int (*)(void *, struct dl_find_object *)) find_object;

int unwind_init(void)
{
    int (*found)(void *, struct dl_find_object *) =
        (int (*)(void *, struct dl_find_object *))dlsym(RTLD_DEFAULT, "_dl_find_object");
    if (found == NULL)
        return -ENOSYS;
    atomic_store_explicit(&find_object, found, memory_order_relaxed);
    return 0;
}

static bool find_module(uintptr_t pc, uintptr_t *ret_low, uintptr_t *ret_high,
                        uintptr_t *ret_header)
{
    int (*find)(void *, struct dl_find_object *) =
        atomic_load_explicit(&find_object, memory_order_relaxed);
    struct dl_find_object module;
    if (find == NULL || find((void *)pc, &module) != 0)
        return false;
    *ret_low = (uintptr_t)module.dlfo_map_start;
    *ret_high = (uintptr_t)module.dlfo_map_end;
    *ret_header = (uintptr_t)module.dlfo_eh_frame;
    return true;
}
#else
int unwind_init(void)
{
    return -ENOSYS;
}

static bool find_module(uintptr_t pc, uintptr_t *ret_low, uintptr_t *ret_high,
                        uintptr_t *ret_header)
{
    (void)pc, (void)ret_low, (void)ret_high, (void)ret_header;
    return false;
}
#endif

bool unwind_module(uintptr_t address, uintptr_t *ret_low, uintptr_t *ret_high)
{
    uintptr_t header;
    return find_module(address, ret_low, ret_high, &header);
}

uint64_t unwind_read_bytes(struct unwind_reader *reader, unsigned size)
{
    uint64_t value = 0;
    if ((size_t)(reader->end - reader->at) < size) {
        reader->failed = true;
        reader->at = reader->end;
        return 0;
    }
#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "unwind_read_bytes: little-endian only"
#endif
    memcpy(&value, reader->at, size);
    reader->at += size;
    return value;
}

uint64_t unwind_read_unsigned(struct unwind_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        uint8_t byte = unwind_read_byte(reader);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0)
            return value;
    }
}

int64_t unwind_read_signed(struct unwind_reader *reader)
{
    uint64_t value = 0;
    for (unsigned shift = 0;;) {
        uint8_t byte = unwind_read_byte(reader);
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if ((byte & 0x80) == 0) {
            if ((byte & 0x40) != 0 && shift < 64)
                value |= ~UINT64_C(0) << shift;
            return (int64_t)value;
        }
    }
}

uintptr_t unwind_read_encoded(struct unwind_reader *reader, uint8_t encoding, uintptr_t data_base)
{
    uintptr_t here = (uintptr_t)reader->at;
    uint64_t value = 0;
    switch (encoding & ENCODING_FORMAT) {
    case 0x00: /* absptr */
    case 0x04: /* udata8 */
    case 0x0c: /* sdata8 */
        value = unwind_read_bytes(reader, 8);
        break;
    case 0x01:
        value = unwind_read_unsigned(reader);
        break;
    case 0x02:
        value = unwind_read_bytes(reader, 2);
        break;
    case 0x03:
        value = unwind_read_bytes(reader, 4);
        break;
    case 0x09:
        value = (uint64_t)unwind_read_signed(reader);
        break;
    case 0x0a:
        value = (uint64_t)(int16_t)unwind_read_bytes(reader, 2);
        break;
    case 0x0b:
        value = (uint64_t)(int32_t)unwind_read_bytes(reader, 4);
        break;
    default:
        reader->failed = true;
    }
    switch (encoding & ~ENCODING_FORMAT) {
    case 0:
        return (uintptr_t)value;
    case ENCODING_PC_RELATIVE:
        return here + (uintptr_t)value;
    case ENCODING_DATA_RELATIVE:
        return data_base + (uintptr_t)value;
    default: /* textrel, funcrel, aligned, indirect: nobody writes them for code addresses */
        reader->failed = true;
        return 0;
    }
}

/*
 * The FDE that the sorted table of .eh_frame_hdr gives for an address: the last that begins at or
 * below it. 0 when there is none.
 *
 *   u8 version = 1, u8 encodings of: eh_frame_ptr, fde_count, table
 *   eh_frame_ptr, fde_count, then (i32 begin, i32 fde) relative to the header, sorted by begin
 */
static uintptr_t search_header(uintptr_t pc, uintptr_t header, uintptr_t high)
{
    struct unwind_reader reader = {(const uint8_t *)header, (const uint8_t *)high, false};
    uint8_t version = unwind_read_byte(&reader);
    uint8_t pointer_encoding = unwind_read_byte(&reader);
    uint8_t count_encoding = unwind_read_byte(&reader);
    uint8_t table_encoding = unwind_read_byte(&reader);
    if (reader.failed || version != 1 || count_encoding == ENCODING_OMIT ||
        table_encoding != (ENCODING_DATA_RELATIVE | ENCODING_SIGNED_4))
        return 0;
    (void)unwind_read_encoded(&reader, pointer_encoding, header);
    uint64_t count = unwind_read_encoded(&reader, count_encoding, header);
    if (reader.failed || count == 0 || count > (uint64_t)(reader.end - reader.at) / 8)
        return 0;

    int64_t want = (int64_t)(pc - header);
    uint64_t first = 0;
    while (count > 1) { /* the answer, if there is one, is in [first, first + count) */
        uint64_t half = count / 2;
        int32_t begin;
        memcpy(&begin, reader.at + (first + half) * 8, sizeof begin);
        first = begin <= want ? first + half : first;
        count -= half;
    }
    int32_t entry[2];
    memcpy(entry, reader.at + first * 8, sizeof entry);
    return entry[0] <= want ? header + (uintptr_t)(intptr_t)entry[1] : 0;
}

/*
 * The body of the CIE or FDE at an address: what follows its length. False when it is not inside
 * the module.
 */
static bool open_entry(uintptr_t entry, uintptr_t low, uintptr_t high, struct unwind_reader *ret)
{
    if (entry < low || entry >= high)
        return false;
    struct unwind_reader reader = {(const uint8_t *)entry, (const uint8_t *)high, false};
    uint64_t length = unwind_read_bytes(&reader, 4);
    if (length == 0xffffffff)
        length = unwind_read_bytes(&reader, 8);
    if (reader.failed || length == 0 || length > (uint64_t)(reader.end - reader.at))
        return false;
    reader.end = reader.at + length;
    *ret = reader;
    return true;
}

/*
 * u32 id = 0, u8 version, string augmentation, uleb code_factor, sleb data_factor, ra_register (u8
 * in version 1, uleb later), then for "z…": uleb size and one item a letter; then the initial
 * program.
 */
static bool parse_cie(struct unwind_reader reader, struct unwind_fde *fde, bool *ret_sized)
{
    uint64_t id = unwind_read_bytes(&reader, 4);
    uint8_t version = unwind_read_byte(&reader);
    if (id != 0 || (version != 1 && version != 3))
        return false;
    const uint8_t *augmentation = reader.at;
    while (unwind_read_byte(&reader) != 0)
        ;
    fde->code_factor = unwind_read_unsigned(&reader);
    fde->data_factor = unwind_read_signed(&reader);
    fde->ra_register = version == 1 ? unwind_read_byte(&reader) : unwind_read_unsigned(&reader);
    fde->encoding = 0;
    fde->signal = false;
    *ret_sized = *augmentation == 'z';
    if (!*ret_sized) {
        fde->initial_program = reader;
        return !reader.failed && *augmentation == 0;
    }
    uint64_t size = unwind_read_unsigned(&reader);
    if (reader.failed || size > (uint64_t)(reader.end - reader.at))
        return false;
    fde->initial_program = (struct unwind_reader){reader.at + size, reader.end, false};
    reader.end = reader.at + size;
    while (*++augmentation != 0) {
        if (*augmentation == 'R') {
            fde->encoding = unwind_read_byte(&reader);
        } else if (*augmentation == 'L') {
            (void)unwind_read_byte(&reader);
        } else if (*augmentation == 'P') {
            uint8_t encoding = unwind_read_byte(&reader);
            (void)unwind_read_encoded(&reader, encoding & (uint8_t)~ENCODING_INDIRECT, 0);
        } else if (*augmentation == 'S') {
            fde->signal = true;
        } else if (*augmentation != 'B' && *augmentation != 'G') { /* aarch64: B key, MTE */
            return false;
        }
    }
    return !reader.failed;
}

enum unwind_found unwind_find(uintptr_t pc, struct unwind_fde *ret_fde)
{
    uintptr_t low, high, header;
    if (!find_module(pc, &low, &high, &header))
        return UNWIND_FOUND_NO_MODULE;
    if (header < low || header >= high)
        return UNWIND_FOUND_NO_ENTRY;
    uintptr_t entry = search_header(pc, header, high);
    if (entry == 0)
        return UNWIND_FOUND_NO_ENTRY;

    struct unwind_reader reader, cie;
    if (!open_entry(entry, low, high, &reader))
        return UNWIND_FOUND_MALFORMED;
    uintptr_t here = (uintptr_t)reader.at;
    uint64_t distance = unwind_read_bytes(&reader, 4); /* back to the CIE; 0 in a CIE itself */
    bool sized;
    if (reader.failed || distance == 0 || !open_entry(here - distance, low, high, &cie) ||
        !parse_cie(cie, ret_fde, &sized))
        return UNWIND_FOUND_MALFORMED;
    ret_fde->begin = unwind_read_encoded(&reader, ret_fde->encoding, 0);
    uintptr_t size = unwind_read_encoded(&reader, ret_fde->encoding & ENCODING_FORMAT, 0);
    if (sized) {
        uint64_t skip = unwind_read_unsigned(&reader);
        if (skip > (uint64_t)(reader.end - reader.at))
            return UNWIND_FOUND_MALFORMED;
        reader.at += skip;
    }
    if (reader.failed)
        return UNWIND_FOUND_MALFORMED;
    if (pc - ret_fde->begin >= size)
        return UNWIND_FOUND_NO_ENTRY;
    ret_fde->program = reader;
    return UNWIND_FOUND;
}
