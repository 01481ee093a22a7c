/* memcached_words.c: what the first word of a command or a reply means. Pure; any context. */
#include <string.h>

#include "protocol/memcached_line.h"

struct command {
    char name[15];
    uint8_t command;
};

struct reply {
    char name[11];
    uint8_t reply;
    uint32_t commands;
};

static const struct command commands[] = {
#define MEMCACHED_COMMAND(name, kind) {name, MEMCACHED_##kind},
#include "protocol/memcached_words.def"
};

#define IS(command) (1u << MEMCACHED_##command)
static const struct reply replies[] = {
#define MEMCACHED_REPLY(name, kind, commands) {name, MEMCACHED_##kind, commands},
#include "protocol/memcached_words.def"
};

static bool same(const char *name, const char *word, size_t len)
{
    return name[0] == word[0] && strncmp(name, word, len) == 0 && name[len] == '\0';
}

enum memcached_command memcached_command_of(const char *word, size_t len)
{
    for (size_t i = 0; len > 0 && len < sizeof(commands[0].name) && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (same(commands[i].name, word, len))
            return (enum memcached_command)commands[i].command;
    return MEMCACHED_UNKNOWN;
}

enum memcached_reply memcached_reply_of(const char *word, size_t len, enum memcached_command command)
{
    uint64_t number;
    if (command == MEMCACHED_COUNT && len > 0 && word[0] >= '0' && word[0] <= '9') {
        /* Up to 20 digits: longer than a length can be. */
        for (size_t i = 1; i < len && i < MEMCACHED_WORD; i++)
            if (!memcached_line_number(word + i, 1, &number))
                return MEMCACHED_WRONG;
        return len <= MEMCACHED_WORD ? MEMCACHED_NUMBER : MEMCACHED_WRONG;
    }
    for (size_t i = 0; len > 0 && len < sizeof(replies[0].name) && i < sizeof(replies) / sizeof(replies[0]); i++)
        if (same(replies[i].name, word, len))
            return replies[i].commands >> command & 1 ? (enum memcached_reply)replies[i].reply : MEMCACHED_WRONG;
    return MEMCACHED_WRONG;
}

bool memcached_word(const char *word, size_t len)
{
    return memcached_command_of(word, len) != MEMCACHED_UNKNOWN;
}
