/* A parser that allocates every word and frees it at once, all in one place. */
#include "planted_peer.h"

enum { WORDS = 64 };

__attribute__((noinline)) static unsigned parse_words(unsigned seed)
{
    char *words[WORDS];
    unsigned sum = 0;
    for (int i = 0; i < WORDS; i++) {
        seed = seed * 1103515245 + 12345;
        size_t bytes = 16 + (seed >> 16) % 2000;
        words[i] = malloc(bytes);
        if (words[i] == NULL)
            planted_fail("malloc");
        words[i][0] = (char)seed;
    }
    for (int i = 0; i < WORDS; i++) {
        sum += (unsigned char)words[i][0];
        free(words[i]);
    }
    return sum;
}

int main(void)
{
    volatile unsigned sum = 0;
    for (double end = planted_now() + 2; planted_now() < end;)
        for (unsigned i = 0; i < 1000; i++)
            sum += parse_words(i);
    return 0;
}
