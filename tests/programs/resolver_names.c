/* resolver_names.c MODE …: looks names up in every way a program does and prints all it can see.
 *
 *   table                  some 45 questions, each twice
 *   poll NAME COUNT MS     one name every MS ms: "<ms since start> <code> <first address>"
 *   threads NAMES          eight threads ask for the same NAMES names, each at the same moment
 *   once NAME…             each once
 *   life                   5,000 lookups in threads that are cancelled, in forked children, with lists that are cut up;
 *                          and the heap as it was
 */
#include <arpa/inet.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void show(const struct addrinfo *node)
{
    char text[INET6_ADDRSTRLEN] = "?";
    const struct sockaddr_in *four = (const void *)node->ai_addr;
    const struct sockaddr_in6 *six = (const void *)node->ai_addr;
    int is_four = node->ai_family == AF_INET;
    inet_ntop(node->ai_family, is_four ? (const void *)&four->sin_addr : &six->sin6_addr, text, sizeof text);
    printf("  flags %x family %d/%d type %d protocol %d len %u port %d %s scope %u name %s\n", node->ai_flags,
           node->ai_family, node->ai_addr->sa_family, node->ai_socktype, node->ai_protocol, node->ai_addrlen,
           ntohs(four->sin_port), text, is_four ? 0 : six->sin6_scope_id, node->ai_canonname ? node->ai_canonname : "-");
}

static int ask(const char *name, const char *service, const struct addrinfo *hints, int loud)
{
    struct addrinfo *list = NULL;
    int code = getaddrinfo(name, service, hints, &list);
    if (loud)
        printf("%s %s: %d\n", name ? name : "(null)", service ? service : "(null)", code);
    for (const struct addrinfo *node = list; code == 0 && loud && node; node = node->ai_next)
        show(node);
    if (code == 0)
        freeaddrinfo(list);
    return code;
}

static void table(void)
{
    static const char *const names[] = {"localhost", "both.test", "four.test", "six.test", "alias.test",
                                        "none.test", "here.hosts", "LOCALHOST", "127.0.0.1", "::1",
                                        NULL,        "",          "bad name"};
    static const struct {
        struct addrinfo hints;
        const char *service;
    } ways[] = {
        {{.ai_socktype = SOCK_STREAM}, "80"},
        {{.ai_family = AF_INET, .ai_socktype = SOCK_STREAM, .ai_flags = AI_CANONNAME}, "http"},
        {{.ai_family = AF_INET6, .ai_flags = AI_V4MAPPED | AI_ALL}, NULL},
        {{.ai_flags = AI_ADDRCONFIG, .ai_socktype = SOCK_DGRAM}, "53"},
        {{.ai_flags = AI_PASSIVE, .ai_protocol = IPPROTO_TCP}, "no-such-service"},
    };
    for (unsigned round = 0; round < 2; round++)
        for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
            ask(names[i], "443", NULL, 1);
            for (unsigned way = 0; way < sizeof ways / sizeof *ways; way++)
                ask(names[i], ways[way].service, &ways[way].hints, 1);
        }
}

static double now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void poll_name(const char *name, int count, int ms)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    double start = now_ms();
    for (int i = 0; i < count; i++) {
        struct addrinfo *list = NULL;
        int code = getaddrinfo(name, "80", &hints, &list);
        char text[INET_ADDRSTRLEN] = "-";
        if (code == 0) {
            inet_ntop(AF_INET, &((struct sockaddr_in *)(void *)list->ai_addr)->sin_addr, text, sizeof text);
            freeaddrinfo(list);
        }
        printf("%.0f %d %s\n", now_ms() - start, code, text);
        fflush(stdout);
        usleep((useconds_t)ms * 1000);
    }
}

/* ---- threads ---- */

static pthread_barrier_t barrier;
static int names_count, failures;

static void *ask_together(void *unused)
{
    const struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    for (int i = 0; i < names_count; i++) {
        char name[40];
        snprintf(name, sizeof name, "name%d.together.test", i);
        pthread_barrier_wait(&barrier);
        if (ask(name, "80", &hints, 0) != 0)
            __atomic_fetch_add(&failures, 1, __ATOMIC_RELAXED);
    }
    return unused;
}

static void threads(int names)
{
    pthread_t all[8];
    names_count = names;
    pthread_barrier_init(&barrier, NULL, 8);
    for (int i = 0; i < 8; i++)
        pthread_create(&all[i], NULL, ask_together, NULL);
    for (int i = 0; i < 8; i++)
        pthread_join(all[i], NULL);
    printf("%d failures\n", failures);
}

/* ---- life ---- */

static const struct addrinfo stream = {.ai_socktype = SOCK_STREAM};
static const char *const lived[] = {"localhost", "here.hosts", "both.test", "none.test"};

static void *ask_until_cancelled(void *number)
{
    for (unsigned i = 0; i < 100; i++)
        ask(lived[(i + (unsigned)(size_t)number) % 4], "80", &stream, 0);
    return NULL;
}

/* Programs take lists apart: each node is a list of its own, freed in any order. */
static int cut_up(void)
{
    struct addrinfo *list = NULL, *node;
    int count = 0;
    if (getaddrinfo("both.test", "80", NULL, &list) != 0)
        return 0;
    for (; list; list = node, count++) {
        node = list->ai_next;
        list->ai_next = NULL;
        freeaddrinfo(list);
    }
    return count;
}

static int life_once(void)
{
    int wrong = 0;
    for (size_t i = 0; i < 4; i++) { /* known from here on: no thread is inside libc's lookup at a fork */
        ask(lived[i], "80", &stream, 0);
        ask(lived[i], "80", NULL, 0);
    }
    for (size_t round = 0; round < 5; round++) {
        pthread_t all[4];
        for (size_t i = 0; i < 4; i++)
            pthread_create(&all[i], NULL, ask_until_cancelled, (void *)(i + round));
        for (size_t i = 0; i < 4; i++) {
            usleep(100);
            if (i % 2)
                pthread_cancel(all[i]);
        }
        pid_t child = fork();
        if (child == 0) {
            alarm(20);
            for (unsigned i = 0; i < 50; i++)
                if (ask(i % 2 ? "both.test" : "localhost", "80", NULL, 0) != 0)
                    _exit(1);
            _exit(cut_up() == 6 ? 0 : 2);
        }
        int status;
        waitpid(child, &status, 0);
        wrong += status != 0;
        for (size_t i = 0; i < 4; i++)
            pthread_join(all[i], NULL);
        wrong += cut_up() != 6;
    }
    return wrong;
}

/* Without threads or anything else that leaves memory behind in libc. */
static long heap_growth(void)
{
    size_t before = 0;
    for (unsigned i = 0; i < 2000; i++) {
        if (i == 1000) /* by then everything is there that stays */
            before = mallinfo2().uordblks;
        if (i % 500 == 499)
            res_init(); /* forget: libc again */
        ask(i % 2 ? "both.test" : "alias.test", "80", &(struct addrinfo){.ai_flags = AI_CANONNAME}, 0);
    }
    return (long)(mallinfo2().uordblks - before);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "table") == 0) {
        table();
    } else if (argc == 5 && strcmp(argv[1], "poll") == 0) {
        poll_name(argv[2], atoi(argv[3]), atoi(argv[4]));
    } else if (argc == 3 && strcmp(argv[1], "threads") == 0) {
        threads(atoi(argv[2]));
    } else if (argc > 2 && strcmp(argv[1], "once") == 0) {
        for (int i = 2; i < argc; i++)
            ask(argv[i], "80", &(struct addrinfo){.ai_socktype = SOCK_STREAM}, 1);
    } else if (argc == 2 && strcmp(argv[1], "life") == 0) {
        printf("%ld bytes more\n", heap_growth());
        printf("%d wrong\n", life_once() + life_once());
    } else {
        return 2;
    }
    return 0;
}
