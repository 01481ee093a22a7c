/* memory_launch FILE [NAME=VALUE]… COMMAND [ARGUMENT]…: runs the command with the variables added
 * and writes "wall-ns cpu-us peak-rss-KiB" of it to FILE; exits as the command did (128 + signal).
 *
 * A program of its own because the kernel counts the memory of whoever forked into the peak of the
 * child: behind a Python script of 20 MiB the peak of a small program would be the script's.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static int64_t in_us(struct timeval time)
{
    return time.tv_sec * INT64_C(1000000) + time.tv_usec;
}

int main(int argc, char **argv)
{
    int command = 2;
    while (command < argc && strchr(argv[command], '=') && argv[command][0] != '/')
        putenv(argv[command++]);
    if (command >= argc) {
        fprintf(stderr, "usage: memory_launch FILE [NAME=VALUE]... COMMAND [ARGUMENT]...\n");
        return 2;
    }
    int64_t begin_ns = now_ns();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[command], argv + command);
        fprintf(stderr, "memory_launch: %s: %s\n", argv[command], strerror(errno));
        _exit(127);
    }
    int status;
    struct rusage used;
    if (child < 0 || wait4(child, &status, 0, &used) != child) {
        perror("memory_launch");
        return 2;
    }
    int64_t wall_ns = now_ns() - begin_ns;
    FILE *out = fopen(argv[1], "w");
    if (!out) {
        perror(argv[1]);
        return 2;
    }
    fprintf(out, "%lld %lld %ld\n", (long long)wall_ns,
            (long long)(in_us(used.ru_utime) + in_us(used.ru_stime)), used.ru_maxrss);
    if (fclose(out)) {
        perror(argv[1]);
        return 2;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
