/* pool_asan [overflow]: a program built with AddressSanitizer. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *work(void *argument)
{
    for (int i = 0; i < 2000; i++) {
        char *ptr = malloc((size_t)(i * 17 % 5000 + 1)), *text = strdup("made by libc");
        ptr = realloc(ptr, 6000);
        free(ptr);
        free(text);
    }
    return argument;
}

int main(int argc, char **argv)
{
    (void)argv;
    pthread_t thread;
    pthread_create(&thread, NULL, work, NULL);
    work(NULL);
    pthread_join(thread, NULL);
    printf("worked\n");
    fflush(stdout);
    if (argc > 1) {
        volatile char *ptr = malloc(100);
        ptr[100 + argc - 2] = 1;
        free((void *)ptr);
    }
    return 0;
}
