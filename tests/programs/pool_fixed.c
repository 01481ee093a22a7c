/* pool_fixed: a program at a fixed address that takes the addresses of malloc and free, so that the
 * linker gives it stubs of its own for them, which pass for the functions everywhere. python3 is
 * one. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    void *(*volatile take)(size_t) = malloc; /* in code: in data the linker would need no stub */
    void (*volatile give)(void *) = free;
    for (size_t size = 1; size < 100000; size += size / 2 + 1) {
        char *mine = take(size), *other = malloc(size);
        memset(mine, 1, size);
        memset(other, 2, size);
        if (mine[size - 1] != 1 || other[size - 1] != 2)
            return 1;
        free(mine);
        give(other);
    }
    puts("done");
    return 0;
}
