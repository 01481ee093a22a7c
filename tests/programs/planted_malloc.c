/* A parser that allocates every word, name, number and mark and frees them soon: the time goes into the
 * allocator, and no single place is to blame for half of it.
 */
#include "planted_peer.h"

enum { TOKENS = 16 };

static unsigned seed = 1;

static size_t next_size(void)
{
    seed = seed * 1103515245 + 12345;
    return 16 + (seed >> 16) % 2000;
}

static char *checked(char *block)
{
    if (block == NULL)
        planted_fail("malloc");
    block[0] = (char)seed;
    return block;
}

__attribute__((noinline)) static void read_words(char **tokens)
{
    for (int i = 0; i < TOKENS; i++)
        tokens[i] = checked(malloc(next_size() + 8));
}

__attribute__((noinline)) static void read_names(char **tokens)
{
    for (int i = 0; i < TOKENS; i++)
        tokens[i] = checked(malloc(next_size() + 16));
}

__attribute__((noinline)) static void read_numbers(char **tokens)
{
    for (int i = 0; i < TOKENS; i++)
        tokens[i] = checked(malloc(next_size() + 24));
}

__attribute__((noinline)) static void read_marks(char **tokens)
{
    for (int i = 0; i < TOKENS; i++)
        tokens[i] = checked(malloc(next_size() + 32));
}

int main(void)
{
    volatile unsigned sum = 0;
    char *tokens[4 * TOKENS];
    for (double end = planted_now() + 2; planted_now() < end;)
        for (int round = 0; round < 1000; round++) {
            read_words(tokens);
            read_names(tokens + TOKENS);
            read_numbers(tokens + 2 * TOKENS);
            read_marks(tokens + 3 * TOKENS);
            for (int i = 0; i < 4 * TOKENS; i++) {
                sum += (unsigned char)tokens[i][0];
                free(tokens[i]);
            }
        }
    return 0;
}
