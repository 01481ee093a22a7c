/* spawn_bench.c LIBRARY COUNT: median time of posix_spawn + wait of /bin/true, bare and preloaded in
 * turns. Output: "bare_ms preloaded_ms" of the medians and their maximum resident sizes in KiB.
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "bench.h"

static double spawn_ms(char **environment, long *ret_rss_kib)
{
    char *arguments[] = {"/bin/true", NULL};
    pid_t pid;
    int status;
    struct rusage usage;
    double begin = bench_now_ns();
    if (posix_spawn(&pid, arguments[0], NULL, NULL, arguments, environment) != 0 || wait4(pid, &status, 0, &usage) < 0)
        exit(1);
    *ret_rss_kib = usage.ru_maxrss;
    return (bench_now_ns() - begin) / 1e6;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    int count = atoi(argv[2]);
    static const char *const passed_on[] = {"STRONG_DIR", "STRONG_OPTIMIZE"};
    char preload[1024], *with[4] = {preload}, *without[] = {"A=b", NULL};
    static char settings[2][1024];
    snprintf(preload, sizeof preload, "LD_PRELOAD=%s", argv[1]);
    for (unsigned i = 0, at = 1; i < 2; i++) {
        const char *value = getenv(passed_on[i]);
        if (!value)
            continue;
        snprintf(settings[i], sizeof settings[i], "%s=%s", passed_on[i], value);
        with[at++] = settings[i];
    }
    double *bare = calloc((size_t)count, sizeof *bare), *preloaded = calloc((size_t)count, sizeof *preloaded);
    long bare_rss = 0, preloaded_rss = 0;
    for (int i = 0; i < count; i++) {
        bare[i] = spawn_ms(without, &bare_rss);
        preloaded[i] = spawn_ms(with, &preloaded_rss);
    }
    qsort(bare, (size_t)count, sizeof *bare, ascending);
    qsort(preloaded, (size_t)count, sizeof *preloaded, ascending);
    printf("%.4f %.4f %ld %ld\n", bare[count / 2], preloaded[count / 2], bare_rss, preloaded_rss);
    return 0;
}
