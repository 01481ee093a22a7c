/* truth_heap.c SEED: allocates blocks of many sizes, keeps a third, and prints the bytes it asked for
 * and those it still holds.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

int main(int argc, char **argv)
{
    state = 88172645463325252u + (uint64_t)(argc > 1 ? atoi(argv[1]) : 0) * 1000003u;
    for (int i = 0; i < 20; i++)
        next_random();
    static void *kept[40000];
    uint64_t asked = 0, held = 0;
    for (int i = 0; i < 40000; i++) {
        uint64_t size = next_random() % 100 < 95 ? 16 + next_random() % 2000 : next_random() % 200000;
        void *room = malloc(size);
        asked += size;
        if (i % 3 == 0) {
            kept[i] = room;
            held += size;
        } else {
            void *volatile gone = room;
            free(gone);
        }
    }
    static char line[128];
    setvbuf(stdout, line, _IOLBF, sizeof line);
    printf("asked %llu held %llu\n", (unsigned long long)asked, (unsigned long long)held);
    return kept[0] == NULL;
}
