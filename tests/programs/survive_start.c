/* survive_start.c: what a program finds at main, and where its first descriptors land. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int entries(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    return count;
}

int main(void)
{
    int at_main = errno;
    int first = open("/dev/null", O_RDONLY), second = dup(first);
    printf("errno %d first %d second %d\n", at_main, first, second);
    close(first);
    close(second);
    printf("descriptors %d threads %d\n", entries("/proc/self/fd"), entries("/proc/self/task"));
    sigset_t mask, pending;
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigpending(&pending);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
            printf("signal %d has a handler\n", number);
        if (sigismember(&mask, number) == 1 || sigismember(&pending, number) == 1)
            printf("signal %d is blocked or pending\n", number);
    }
    printf("dumpable %d name ", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    char name[16] = "";
    prctl(PR_GET_NAME, name, 0, 0, 0);
    puts(name);
    printf("umask %o\n", umask(022));
    fflush(stdout);
    printf("errno %d\n", errno);
    return 0;
}
