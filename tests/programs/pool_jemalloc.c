/* pool_jemalloc: a program linked with jemalloc that mixes its own functions with libc's names for
 * them. */
#include <jemalloc/jemalloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *work(void *argument)
{
    for (int i = 0; i < 5000; i++) {
        size_t size = (size_t)(i * 31 % 20000 + 1);
        char *ptr = mallocx(size, MALLOCX_ZERO), *other = malloc(size);
        memset(other, 1, size);
        ptr = realloc(ptr, size * 2);
        other = rallocx(other, size * 3, 0);
        memset(ptr, 2, size * 2);
        memset(other, 3, size * 3);
        free(ptr);
        dallocx(other, 0);
        char *text = strdup("from libc");
        dallocx(text, 0);
        sdallocx(malloc(size), size, 0);
    }
    return argument;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    void *ptr = malloc(5000);
    printf("mixed, usable alike %d\n", malloc_usable_size(ptr) == sallocx(ptr, 0));
    free(ptr);
    return 0;
}
