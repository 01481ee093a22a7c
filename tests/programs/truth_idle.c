/* truth_idle.c: linked as truth_calls is, and does nothing: what the loader itself costs in system calls. */
#include <pthread.h>
#include <stddef.h>

int main(int argc, char **argv)
{
    (void)argv;
    return argc > 100 ? pthread_detach(pthread_self()) : 0;
}
