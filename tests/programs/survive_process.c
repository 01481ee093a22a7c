/* survive_process.c MODE: processes that fork, run programs and close everything. Output is the first
 * process's alone, or comes through pipes, so that it is the same every time.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static void work(void)
{
    for (int i = 0; i < 20; i++) {
        void *volatile room = malloc(1000);
        free(room);
        int fd = open("/dev/null", O_RDWR);
        if (fd < 0 || write(fd, "x", 1) != 1)
            _exit(99);
        close(fd);
    }
}

static int wait_for(pid_t pid)
{
    int status = -1;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/* 300 children, up to 16 at once, each with a child of its own. */
static void storm(void)
{
    int good = 0;
    for (int round = 0; round < 20; round++) {
        pid_t pids[16];
        for (int i = 0; i < 16; i++) {
            pids[i] = fork();
            if (pids[i] == 0) {
                work();
                pid_t inner = fork();
                if (inner == 0) {
                    work();
                    _exit(7);
                }
                _exit(wait_for(inner) == 7 ? 3 : 98);
            }
        }
        for (int i = 0; i < 16; i++)
            good += wait_for(pids[i]) == 3;
    }
    printf("good children %d\n", good);
}

static void *forever(void *argument)
{
    for (;;)
        work();
    return argument;
}

/* fork while other threads are in the middle of everything. */
static void storm_threads(void)
{
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, forever, NULL);
    }
    int good = 0;
    for (int i = 0; i < 200; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            work();
            pthread_t thread;
            if (i % 10 == 0 && pthread_create(&thread, NULL, (void *(*)(void *))(void (*)(void))work, NULL) == 0)
                pthread_join(thread, NULL);
            _exit(3);
        }
        good += wait_for(pid) == 3;
    }
    printf("good children %d\n", good);
}

static void daemonize(void)
{
    int ends[2];
    char text[64] = "";
    if (pipe(ends) < 0)
        _exit(1);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        if (daemon(0, 1) < 0)
            _exit(1);
        work();
        int length = snprintf(text, sizeof text, "alive in %s", getcwd(text + 32, 32));
        (void)!write(ends[1], text, (size_t)length);
        usleep(50000); /* lives on */
        work();
        _exit(5);
    }
    close(ends[1]);
    printf("parent %d\n", wait_for(pid));
    (void)!read(ends[0], text, sizeof text - 1);
    while (read(ends[0], &text[63], 1) > 0)
        ;
    puts(text);
}

/* Everything is closed, by all the ways there are, and opened anew: the numbers are what they were. */
static void close_all(void)
{
    int out = fcntl(1, F_DUPFD, 200);
    FILE *log = fdopen(out, "w");
    setvbuf(log, NULL, _IONBF, 0);
    for (int fd = 0; fd < 200; fd++)
        close(fd);
    fprintf(log, "open %d\n", open("/dev/null", O_RDWR));
    closefrom(201);
    fprintf(log, "open %d\n", open("/dev/null", O_RDWR));
    if (close_range(0, 199, 0) < 0)
        fprintf(log, "close_range failed\n");
    fprintf(log, "open %d\n", open("/dev/null", O_RDWR));
    for (int fd = 1; fd < 64; fd++)
        if (dup2(0, fd) != fd)
            fprintf(log, "dup2 %d failed\n", fd);
    work();
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    close_range(201, ~0U, CLOSE_RANGE_UNSHARE);
    work();
    fprintf(log, "open %d\n", open("/dev/null", O_RDWR));
    char big[1024];
    memset(big, 'x', sizeof big);
    int file = open("/tmp", O_TMPFILE | O_RDWR, 0600);
    for (int fd = 1; fd < 100; fd++)
        dup2(file, fd);
    work();
    fprintf(log, "size of the file that covers everything: %ld\n", (long)lseek(file, 0, SEEK_END));
    fflush(log);
}

static void spawns(void)
{
    volatile int good = 0;
    for (volatile int i = 0; i < 30; i++) {
        pid_t pid;
        char *arguments[] = {"true", NULL};
        if (posix_spawnp(&pid, "true", NULL, NULL, arguments, environ) == 0)
            good += wait_for(pid) == 0;
        pid = vfork();
        if (pid == 0) {
            execv("/bin/false", (char *[]){"false", NULL});
            _exit(127);
        }
        good += wait_for(pid) == 1;
        pid = vfork();
        if (pid == 0) {
            execv("/no/such/program", (char *[]){"no", NULL});
            _exit(9);
        }
        good += wait_for(pid) == 9;
    }
    work();
    printf("good %d system %d\n", good, system("exit 4"));
    FILE *stream = popen("echo through the pipe", "r");
    char line[64] = "";
    if (!fgets(line, sizeof line, stream))
        puts("nothing came");
    printf("%s%d\n", line, pclose(stream));
}

/* exec after exec under one pid; the last prints. */
static void chain(int left)
{
    work();
    if (left == 0) {
        printf("the last, errno %d\n", errno);
        return;
    }
    char number[16];
    snprintf(number, sizeof number, "%d", left - 1);
    execl("/proc/self/exe", "survive_process", "chain", number, (char *)NULL);
    _exit(1);
}

static void *chain_thread(void *argument)
{
    chain(*(int *)argument);
    exit(0);
}

static void clear(char **argv)
{
    (void)argv;
    pid_t pid = fork();
    if (pid == 0) {
        clearenv();
        execl("/proc/self/exe", "survive_process", "look", (char *)NULL);
        _exit(1);
    }
    printf("without an environment %d\n", wait_for(pid));
    char *none[] = {NULL};
    pid = fork();
    if (pid == 0) {
        execve("/proc/self/exe", (char *[]){"survive_process", "look", NULL}, none);
        _exit(1);
    }
    printf("with an empty one %d\n", wait_for(pid));
}

/* Whether somebody stands between this program and libc. */
static int mapped(void)
{
    Dl_info first, libc;
    if (!dladdr(dlsym(RTLD_DEFAULT, "sendfile"), &first) || !dladdr(dlsym(RTLD_DEFAULT, "abort"), &libc))
        return -1;
    return first.dli_fbase != libc.dli_fbase;
}

int main(int argc, char **argv)
{
    int at_main = errno;
    const char *mode = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    pthread_t thread;
    if (strcmp(mode, "storm") == 0)
        storm();
    else if (strcmp(mode, "storm_threads") == 0)
        storm_threads();
    else if (strcmp(mode, "daemon") == 0)
        daemonize();
    else if (strcmp(mode, "close") == 0)
        close_all();
    else if (strcmp(mode, "spawn") == 0)
        spawns();
    else if (strcmp(mode, "chain") == 0 && number % 2)
        chain(number);
    else if (strcmp(mode, "chain") == 0) /* exec from a thread that is not the first */
        pthread_create(&thread, NULL, chain_thread, &number), pthread_join(thread, NULL);
    else if (strcmp(mode, "clear") == 0)
        clear(argv);
    else if (strcmp(mode, "look") == 0)
        return work(), at_main == 0 && environ && !environ[0] ? 0 : 1;
    else if (strcmp(mode, "secure") == 0)
        printf("secure %lu mapped %d\n", getauxval(AT_SECURE), mapped());
    else
        return 2;
    return 0;
}
