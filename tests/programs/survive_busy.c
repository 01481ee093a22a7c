/* survive_busy.c FILE THREADS: threads that call write, nanosleep, malloc and a contended lock without
 * end, and note every finished write in a file that is mapped, for whoever kills the process.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct line {
    volatile uint64_t writes;
    uint64_t others[7];
};

static struct line *lines;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *work(void *argument)
{
    struct line *own = argument;
    int null = open("/dev/null", O_WRONLY);
    for (uint64_t i = 0;; i++) {
        if (write(null, "x", 1) == 1)
            own->writes++;
        void *volatile room = malloc(i % 3000);
        free(room);
        if (i % 8 == 0) {
            pthread_mutex_lock(&lock);
            if (i % 64 == 0)
                sched_yield();
            pthread_mutex_unlock(&lock);
        }
        if (i % 512 == 0)
            nanosleep(&(struct timespec){0, 1000}, NULL);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    int count = atoi(argv[2]), fd = open(argv[1], O_RDWR);
    lines = mmap(NULL, (size_t)count * sizeof *lines, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (lines == MAP_FAILED)
        return 2;
    close(fd);
    for (int i = 1; i < count; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, work, &lines[i]);
    }
    work(&lines[0]);
    return 0;
}
