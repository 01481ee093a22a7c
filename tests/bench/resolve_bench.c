/* resolve_bench.c: what a lookup costs; run it bare, and with the library preloaded. Needs root: it goes into a mount and
 * a network namespace of its own, with its own hosts file, and a name server in a thread that takes 1 ms to answer.
 *
 *   hosts_ns            getaddrinfo + freeaddrinfo of one name of the hosts file, again and again
 *   dns_ns              the same for a name of the name server
 *   dns_six_ns          the same without hints: six entries instead of two
 *   first_ns            the first lookup of a fresh process, of a name another process has just looked up
 *   other_ns            each of NAMES names once in that process, median; preloaded these are hits of the shared memory
 *   duplicates          questions the name server was asked more than once, THREADS threads asking for the same name
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { NAMES = 200, THREADS = 8, ROUNDS = 100, HIT_ROUNDS = 30, HITS = 2000 };

static unsigned long questions; /* for type A */

static void look_up(const char *name, const struct addrinfo *hints)
{
    struct addrinfo *list;
    int ret = getaddrinfo(name, "80", hints, &list);
    if (ret != 0) {
        fprintf(stderr, "%s: %s\n", name, gai_strerror(ret));
        exit(1);
    }
    freeaddrinfo(list);
}

static const struct addrinfo stream = {.ai_socktype = SOCK_STREAM};

/* Answers A with 192.0.2.1, AAAA with 2001:db8::1. */
static void *serve(void *socket)
{
    int fd = *(int *)socket;
    unsigned char message[512];
    struct sockaddr_in peer;
    for (;;) {
        socklen_t len = sizeof peer;
        ssize_t got = recvfrom(fd, message, sizeof message - 40, 0, (struct sockaddr *)&peer, &len);
        if (got < 17)
            continue;
        size_t end = 12;
        while (end < (size_t)got && message[end])
            end += message[end] + 1u;
        int is_a = message[end + 2] == 1;
        end += 5;
        static const unsigned char four[] = {192, 0, 2, 1}, six[16] = {0x20, 1, 0xd, 0xb8, [15] = 1};
        unsigned char head[] = {0xc0, 12, 0, is_a ? 1 : 28, 0, 1, 0, 0, 0, 60, 0, is_a ? 4 : 16};
        message[2] |= 0x84;
        message[3] = 0x80;
        memset(message + 6, 0, 6);
        message[7] = 1;
        memcpy(message + end, head, sizeof head);
        memcpy(message + end + sizeof head, is_a ? four : six, is_a ? 4 : 16);
        __atomic_fetch_add(&questions, is_a, __ATOMIC_RELAXED);
        usleep(1000);
        sendto(fd, message, end + sizeof head + (is_a ? 4 : 16), 0, (struct sockaddr *)&peer, len);
    }
    return NULL;
}

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static void replace_file(const char *path, const char *text)
{
    char temporary[] = "/tmp/resolve_bench_XXXXXX";
    int fd = mkstemp(temporary);
    must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, 0644) == 0, temporary);
    close(fd);
    must(mount(temporary, path, NULL, MS_BIND, NULL) == 0, path);
    unlink(temporary);
}

static void own_world(void)
{
    static char hosts[NAMES * 40];
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
    must(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
    must(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "mount");
    for (unsigned i = 0, at = 0; i < NAMES; i++)
        at += (unsigned)snprintf(hosts + at, sizeof hosts - at, "192.0.2.%u host%u.bench\n", i % 250 + 1, i);
    replace_file("/etc/hosts", hosts);
    replace_file("/etc/resolv.conf", "nameserver 127.0.0.1\n");
    replace_file("/etc/nsswitch.conf", "hosts: files dns\n");
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0, "lo");
    close(fd);
    static int server;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    must(server >= 0 && bind(server, (struct sockaddr *)&address, sizeof address) == 0, "bind");
    pthread_t thread;
    must(pthread_create(&thread, NULL, serve, &server) == 0, "pthread_create");
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The fresh process: every name was looked up by its parent a moment ago. */
static int other_process(void)
{
    double taken[NAMES];
    char name[32];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "host%u.bench", i);
        double begin = bench_now_ns();
        look_up(name, &stream);
        taken[i] = bench_now_ns() - begin;
    }
    printf("first_ns %.0f\n", taken[0]);
    qsort(taken + 1, NAMES - 1, sizeof *taken, ascending);
    printf("other_ns %.0f\n", taken[NAMES / 2]);
    return 0;
}

static void share(const char *program)
{
    char name[32];
    for (unsigned i = 0; i < NAMES; i++) {
        snprintf(name, sizeof name, "host%u.bench", i);
        look_up(name, &stream);
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        execl(program, program, "other", NULL);
        _exit(127);
    }
    int status;
    must(waitpid(child, &status, 0) == child && status == 0, "other process");
}

static pthread_barrier_t barrier;

static void *ask(void *unused)
{
    char name[32];
    for (unsigned i = 0; i < ROUNDS; i++) {
        snprintf(name, sizeof name, "together%u.bench", i);
        pthread_barrier_wait(&barrier);
        look_up(name, &stream);
    }
    return unused;
}

static void together(void)
{
    pthread_t threads[THREADS];
    unsigned long before = __atomic_load_n(&questions, __ATOMIC_RELAXED);
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, ask, NULL);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    printf("duplicates %ld\n", (long)(__atomic_load_n(&questions, __ATOMIC_RELAXED) - before) - ROUNDS);
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "other") == 0)
        return other_process();
    own_world();
    int hits = argc == 2 ? atoi(argv[1]) : HITS;
    BENCH("hosts_ns", HIT_ROUNDS, hits, look_up("host0.bench", &stream));
    int dns_hits = hits / 20 + 1;
    BENCH("dns_ns", HIT_ROUNDS, dns_hits, look_up("name.bench", &stream));
    BENCH("dns_six_ns", HIT_ROUNDS, dns_hits, look_up("name.bench", NULL));
    share(argv[0]);
    together();
    return 0;
}
