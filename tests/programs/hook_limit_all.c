/* hook_limit_all: every function that changes a resource limit, its failures included. */
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void show(const char *what, int ret)
{
    struct rlimit now = {0, 0};
    int error = errno;
    getrlimit(RLIMIT_NOFILE, &now);
    printf("%-24s %d errno %d: %lu of %lu\n", what, ret, error, (unsigned long)now.rlim_cur, (unsigned long)now.rlim_max);
    errno = 0;
}

int main(void)
{
    struct rlimit limit = {200, 300}, old = {0, 0};
    struct rlimit64 limit64 = {150, 300}, old64 = {0, 0};
    errno = 0;
    show("setrlimit", setrlimit(RLIMIT_NOFILE, &limit));
    show("setrlimit64", setrlimit64(RLIMIT_NOFILE, &limit64));
    limit.rlim_cur = 400; /* above the hard limit */
    show("setrlimit above", setrlimit(RLIMIT_NOFILE, &limit));
    show("setrlimit of nothing", setrlimit((__rlimit_resource_t)99, &limit));
    limit.rlim_cur = 120;
    limit.rlim_max = 250;
    show("prlimit", prlimit(0, RLIMIT_NOFILE, &limit, &old));
    printf("was %lu of %lu\n", (unsigned long)old.rlim_cur, (unsigned long)old.rlim_max);
    limit64.rlim_cur = 110;
    limit64.rlim_max = 240;
    show("prlimit64", prlimit64(getpid(), RLIMIT_NOFILE, &limit64, &old64));
    printf("was %lu of %lu\n", (unsigned long)old64.rlim_cur, (unsigned long)old64.rlim_max);
    show("prlimit only asks", prlimit(0, RLIMIT_NOFILE, NULL, &old));
    show("prlimit of nobody", prlimit(0x7ffffff0, RLIMIT_NOFILE, NULL, &old));
    return 0;
}
