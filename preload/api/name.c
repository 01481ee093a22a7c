/* name.c: from the program's names to numbers.
 *
 * A call site that keeps its number asks once; one that passes a name asks each time. For those a table of hints, by
 * the pointer: the target that this pointer meant last. A hint is believed only where the target's text is
 * the name itself, so a buffer that is used again, a library that went and a race between two writers
 * of a hint do no harm.
 */
#include <string.h>

#include "api/api.h"
#include "runtime/targets.h"

enum { HINT_BITS = 8 };

static uint32_t hints[1 << HINT_BITS];

static bool is_name_of(uint32_t target, const char *name)
{
    if (targets_kind(target) != TARGET_CUSTOM)
        return false;
    struct string_ref text = ((const struct target_record *)segment_record(TABLE_TARGETS, target))->text;
    return text.len && strncmp(name, segment_record(TABLE_STRINGS, text.offset), text.len) == 0 && !name[text.len];
}

/* Cut at NAME_MOST bytes, but not inside of a character; what a terminal would obey becomes "?". */
static unsigned clean(char *room, const char *name)
{
    unsigned len = 0;
    for (; len < NAME_MOST && name[len]; len++)
        room[len] = (unsigned char)name[len] < ' ' || name[len] == 127 ? '?' : name[len];
    if (name[len])
        while (len > NAME_MOST - 4 && ((unsigned char)name[len] & 0xc0) == 0x80)
            len--;
    return len;
}

uint32_t name_number(const char *name)
{
    if (strong_unlikely(thread_hot.state == THREAD_COLD))
        thread_attach();
    if (!name || !name[0])
        name = "(unnamed)";
    uint32_t *hint = &hints[(uint64_t)(uintptr_t)name * 0x9E3779B97F4A7C15ull >> (64 - HINT_BITS)];
    uint32_t target = __atomic_load_n(hint, __ATOMIC_ACQUIRE); /* pairs with the store: the target is whole */
    if (strong_likely(target && is_name_of(target, name)))
        return 1 + target;
    char room[NAME_MOST];
    target = targets_text(TARGET_CUSTOM, room, clean(room, name));
    __atomic_store_n(hint, target, __ATOMIC_RELEASE);
    return 1 + target;
}
