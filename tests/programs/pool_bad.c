/* pool_bad MODE [BYTES]: mistakes that no allocator survives for certain; all that is asked for is
 * an end. double_free, double_free_later, double_free_large, foreign, interior, overflow BYTES,
 * overflow_large BYTES, after_free, after_free_large */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *volatile hide; /* the compiler must not see through it */

static void *hidden(void *ptr)
{
    hide = ptr;
    return hide;
}

static void *churn(void *argument)
{
    char *own[512] = {0};
    unsigned state = 1;
    for (int i = 0; i < 50000; i++) {
        state = state * 1664525 + 1013904223;
        unsigned slot = state >> 23;
        free(own[slot]);
        own[slot] = malloc((state >> 5) % 3000 + 1);
        if (own[slot])
            own[slot][0] = 1;
    }
    for (int i = 0; i < 512; i++)
        free(own[i]);
    return argument;
}

static void freed(size_t size, int between)
{
    char *ptr = malloc(size), *others[300];
    free(hidden(ptr));
    for (int i = 0; i < between; i++)
        others[i] = malloc(size);
    for (int i = 0; i < between; i++)
        free(others[i]);
    free(hidden(ptr));
}

static void overflow(size_t size, size_t bytes)
{
    char *rows[200];
    for (int i = 0; i < 200; i++)
        rows[i] = malloc(size);
    for (int i = 0; i < 200; i++)
        memset(hidden(rows[i]), 0xee, size + bytes);
    for (int i = 0; i < 200; i++)
        free(rows[i]);
}

static void after_free(size_t size)
{
    char *rows[200];
    for (int i = 0; i < 200; i++)
        rows[i] = malloc(size);
    for (int i = 0; i < 200; i++)
        free(rows[i]);
    for (int i = 0; i < 200; i++) {
        hide = rows[i];
        memset(hide, 0xdd, size);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 0;
    char local[64];
    const char *mode = argv[1];
    printf("%s\n", mode);
    fflush(stdout);
    if (strcmp(mode, "double_free") == 0)
        freed(100, 0);
    else if (strcmp(mode, "double_free_later") == 0)
        freed(100, 300);
    else if (strcmp(mode, "double_free_large") == 0)
        freed(300000, 0);
    else if (strcmp(mode, "foreign") == 0)
        free(hidden(local + 16));
    else if (strcmp(mode, "interior") == 0)
        free(hidden((char *)malloc(1000) + 64));
    else if (strcmp(mode, "overflow") == 0)
        overflow(104, bytes);
    else if (strcmp(mode, "overflow_large") == 0)
        overflow(100000, bytes);
    else if (strcmp(mode, "after_free") == 0)
        after_free(200);
    else if (strcmp(mode, "after_free_large") == 0)
        after_free(15000);
    else
        return 2;
    pthread_t thread;
    if (pthread_create(&thread, NULL, churn, NULL) == 0)
        pthread_join(thread, NULL);
    churn(NULL);
    return 0;
}
