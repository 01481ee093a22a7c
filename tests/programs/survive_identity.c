/* survive_identity: a server that gives up what it has: another root, other users, in all its threads, and then
 * works on, forks and execs. As who it may not, it says so, bare and preloaded alike. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define SHOW(call)                                                                                 \
    do {                                                                                           \
        errno = 0;                                                                                 \
        long ret_ = (long)(call);                                                                  \
        printf(#call " %ld %d\n", ret_, errno);                                                    \
    } while (0)

enum { NOBODY = 65534, THREADS = 4 };

/* Memory, a file that may not be there, a connection that nobody takes, a pipe. */
static void work(const char *who)
{
    int pipes[2], fd = socket(AF_INET, SOCK_STREAM, 0), null = open("/dev/null", O_WRONLY);
    struct sockaddr_in nobody = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int refused = connect(fd, (struct sockaddr *)&nobody, sizeof nobody), error = errno;
    char *room = malloc(100000), byte = 'x';
    int passed = pipe(pipes) == 0 && write(pipes[1], &byte, 1) == 1 && read(pipes[0], &byte, 1) == 1;
    printf("%s: null %d connect %d %d pipe %d room %d uid %d %d\n", who, null, refused, error, passed, room != NULL,
           (int)getuid(), (int)geteuid());
    fflush(stdout);
    free(room);
    close(fd);
    if (null >= 0)
        close(null);
    close(pipes[0]);
    close(pipes[1]);
}

static void in_child(void)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        work("child");
        exit(7);
    }
    int status = 0;
    waitpid(child, &status, 0);
    printf("child left %d\n", WEXITSTATUS(status));
}

static void other_root(void)
{
    SHOW(chroot("/usr/share")); /* a folder that every system has, without a /dev */
    SHOW(chdir("/"));
    work("there");
    in_child();
    SHOW(execl("/bin/true", "true", (char *)NULL));
}

static pthread_barrier_t changed;

static void *thread(void *number)
{
    pthread_barrier_wait(&changed); /* the id changes in all threads, by a signal of libc's own */
    char byte;
    int null = open("/dev/null", O_RDONLY);
    *(int *)number = (int)geteuid() == NOBODY && read(null, &byte, 1) == 0;
    close(null);
    return NULL;
}

static void other_user(void)
{
    pthread_t threads[THREADS];
    int good[THREADS] = {0};
    pthread_barrier_init(&changed, NULL, THREADS + 1);
    for (int i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, thread, &good[i]);
    SHOW(setgroups(0, NULL));
    SHOW(setresgid(NOBODY, NOBODY, NOBODY));
    SHOW(setresuid(NOBODY, NOBODY, NOBODY));
    pthread_barrier_wait(&changed);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        printf("thread %d good %d\n", i, good[i]);
    }
    work("nobody");
    in_child();
    fflush(stdout);
    setenv("STRONG_LOG", "0", 1); /* the directory of measurements is the first user's: the next program would say so */
    execl("/bin/echo", "echo", "who follows", (char *)NULL);
    printf("exec %d\n", errno);
}

/* Root again and again, as servers do that open a user's file. */
static void back_and_forth(void)
{
    int wrong = 0, refused = 0;
    for (int i = 0; i < 200; i++) {
        refused += seteuid(NOBODY) < 0;
        int null = open("/dev/null", O_RDONLY);
        wrong += null < 0;
        if (null >= 0)
            close(null);
        free(malloc(1000));
        refused += seteuid(getuid()) < 0;
    }
    printf("wrong %d refused %d\n", wrong, refused);
    work("again");
}

/* Stopped and continued by a child while it waits in a read. */
static void stopped(void)
{
    int pipes[2];
    if (pipe(pipes) < 0)
        exit(3);
    pid_t self = getpid(), child = fork();
    if (child == 0) {
        for (int i = 0; i < 5; i++) {
            kill(self, SIGSTOP);
            usleep(20000);
            kill(self, SIGCONT);
            usleep(5000);
        }
        _exit(write(pipes[1], "done", 4) == 4 ? 0 : 1);
    }
    char text[8] = "";
    SHOW(read(pipes[0], text, 4));
    int status = 0;
    waitpid(child, &status, 0);
    printf("%s %d\n", text, WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    setvbuf(stdout, NULL, _IOLBF, 4096);
    work("before");
    if (strcmp(mode, "root") == 0)
        other_root();
    else if (strcmp(mode, "user") == 0)
        other_user();
    else if (strcmp(mode, "back") == 0)
        back_and_forth();
    else if (strcmp(mode, "stopped") == 0)
        stopped();
    else
        return 2;
    return 0;
}
