/* resp_commands.c: finds a command in the sorted list. Names are compared as two big-endian words, which order them
 * as strcmp does. Any context.
 */
#include "protocol/resp_commands.h"

#include <string.h>

#include "protocol/scan.h"

struct command {
    char name[RESP_NAME];
    uint8_t command;
};

static const struct command commands[] = {
#define RESP_COMMAND(name, kind) {name, RESP_##kind},
#include "protocol/resp_commands.def"
#undef RESP_COMMAND
};

/* The bytes 'a' to 'z' of a word to upper case. A byte's top bit of `from_a` says that it is at least 'a', of
 * `above_z` that it is more than 'z'; bytes from 128 on are left alone. */
static uint64_t upper(uint64_t word)
{
    uint64_t low = word & SCAN_EACH(0x7f);
    uint64_t from_a = low + SCAN_EACH(0x80 - 'a');
    uint64_t above_z = low + SCAN_EACH(0x7f - 'z');
    uint64_t lower = from_a & ~above_z & ~word & SCAN_EACH(0x80);
    return word ^ (lower >> 2);
}

static bool less(uint64_t high, uint64_t low, const struct command *than)
{
    uint64_t than_high = __builtin_bswap64(scan_load(than->name));
    if (high != than_high)
        return high < than_high;
    return low < __builtin_bswap64(scan_load(than->name + 8));
}

enum resp_command resp_commands_find(char *name, size_t len)
{
    uint64_t first = upper(scan_load(name)), second = upper(scan_load(name + 8));
    memcpy(name, &first, 8);
    memcpy(name + 8, &second, 8);
    first = __builtin_bswap64(first);
    second = __builtin_bswap64(second);
    const struct command *base = commands;
    for (size_t count = sizeof(commands) / sizeof(commands[0]); count > 1;) {
        size_t half = count / 2;
        base = less(first, second, base + half) ? base : base + half;
        count -= half;
    }
    bool found = len > 0 && memcmp(base->name, name, RESP_NAME) == 0;
    /* A name with a NUL in it equals one without only if it is as long. */
    return found && strnlen(base->name, RESP_NAME) == len ? (enum resp_command)base->command : RESP_UNKNOWN;
}
