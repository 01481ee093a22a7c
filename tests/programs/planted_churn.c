/* A cache of a hundred thousand entries in which every insertion replaces another one. */
#include "planted_peer.h"

enum { ENTRIES = 100000 };

static char *entries[ENTRIES];

__attribute__((noinline)) static void replace_entry(unsigned slot, size_t bytes)
{
    free(entries[slot]);
    entries[slot] = malloc(bytes);
    if (entries[slot] == NULL)
        planted_fail("malloc");
    entries[slot][0] = (char)slot;
}

int main(void)
{
    unsigned seed = 1;
    for (double end = planted_now() + 2; planted_now() < end;)
        for (int i = 0; i < 10000; i++) {
            seed = seed * 1103515245 + 12345;
            replace_entry((seed >> 8) % ENTRIES, 40 + seed % 200);
        }
    for (int i = 0; i < ENTRIES; i++)
        free(entries[i]);
    return 0;
}
