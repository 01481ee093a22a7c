/* truth_heap_growth.c: 20 buffers that grow to 4 MiB by 48 bytes a step, and are kept. */
#include <stdlib.h>
#include <string.h>

int main(void)
{
    static char *kept[20];
    for (int i = 0; i < 20; i++) {
        for (size_t size = 48; size <= 4 << 20; size += 48) {
            char *grown = realloc(kept[i], size);
            if (!grown)
                return 1;
            kept[i] = grown;
            memset(grown + size - 48, i, 48);
        }
    }
    return kept[19][0] != 19;
}
