/* hook_resolve_names.c: lookups that need no network: numeric addresses, localhost, and questions to a
 * name server of our own on loopback, so that the answers are the same everywhere. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <resolv.h>
#include <signal.h>
#include <sys/socket.h>

#include "hook_show.h"

/* Answers A questions: name.test with 192.0.2.1, anything else with NXDOMAIN. */
static void *serve(void *socket)
{
    int fd = *(int *)socket;
    unsigned char message[512];
    struct sockaddr_in peer;
    for (;;) {
        socklen_t len = sizeof peer;
        ssize_t n = recvfrom(fd, message, sizeof message, 0, (struct sockaddr *)&peer, &len);
        if (n < 17)
            return NULL; /* a short message ends it */
        static const unsigned char known[] = "\4name\4test";
        unsigned char answer[] = {0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
        int found = memcmp(message + 12, known, sizeof known) == 0;
        size_t end = 12;
        while (end < (size_t)n && message[end])
            end += message[end] + 1u;
        end += 5;
        message[2] |= 0x84;
        message[3] = found ? 0x80 : 0x83;
        memset(message + 6, 0, 6);
        message[7] = (unsigned char)found;
        if (found) {
            memcpy(message + end, answer, sizeof answer);
            end += sizeof answer;
        }
        sendto(fd, message, end, 0, (struct sockaddr *)&peer, len);
    }
}

static void show_list(const struct addrinfo *list)
{
    for (; list; list = list->ai_next) {
        const struct sockaddr_in *address = (const void *)list->ai_addr;
        printf("  family %d type %d port %d %s\n", list->ai_family, list->ai_socktype,
               ntohs(address->sin_port),
               list->ai_family == AF_INET ? inet_ntoa(address->sin_addr) : "-");
    }
}

static void addresses(void)
{
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *list = NULL;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(80)};
    char node[64], service[64];
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    SHOW(getaddrinfo("127.0.0.1", "80", &hints, &list));
    show_list(list);
    SHOW_VOID(freeaddrinfo(list));
    SHOW(getaddrinfo("localhost", "80", &hints, &list));
    show_list(list);
    SHOW_VOID(freeaddrinfo(list));
    SHOW(getaddrinfo(NULL, "4711", &hints, &list));
    show_list(list);
    SHOW_VOID(freeaddrinfo(list));
    hints.ai_flags = AI_NUMERICHOST;
    SHOW(getaddrinfo("no-number", NULL, &hints, &list));
    SHOW(getaddrinfo(NULL, NULL, &hints, &list));
    hints.ai_flags = 1 << 30;
    SHOW(getaddrinfo("127.0.0.1", NULL, &hints, &list));
    hints = (struct addrinfo){.ai_family = 12345};
    SHOW(getaddrinfo("127.0.0.1", NULL, &hints, &list));
    hints = (struct addrinfo){.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    SHOW(getaddrinfo("127.0.0.1", "no-such-service-name", &hints, &list));
    SHOW(getnameinfo((struct sockaddr *)&address, sizeof address, node, sizeof node, service,
                     sizeof service, NI_NUMERICHOST | NI_NUMERICSERV));
    printf("  %s %s\n", node, service);
    SHOW(getnameinfo((struct sockaddr *)&address, sizeof address, NULL, 0, service, sizeof service,
                     NI_NUMERICSERV));
    SHOW(getnameinfo((struct sockaddr *)&address, sizeof address, node, 2, NULL, 0,
                     NI_NUMERICHOST));
    SHOW(getnameinfo((struct sockaddr *)&address, 1, node, sizeof node, NULL, 0, 0));

    struct gaicb one = {.ar_name = "127.0.0.1", .ar_service = "80"}, *all[1] = {&one};
    SHOW(getaddrinfo_a(GAI_WAIT, all, 1, NULL));
    SHOW(gai_error(&one));
    SHOW_VOID(freeaddrinfo(one.ar_result));
    SHOW(getaddrinfo_a(99, all, 1, NULL));
}

static void show_host(const struct hostent *host)
{
    if (host)
        printf("  %s type %d len %d %s\n", host->h_name, host->h_addrtype, host->h_length,
               host->h_addrtype == AF_INET ? inet_ntoa(*(struct in_addr *)host->h_addr) : "-");
    else
        printf("  h_errno %d\n", h_errno);
}

static void hosts(void)
{
    struct in_addr number = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct hostent *host, room;
    char buf[2048];
    int code = 0;
    SHOW_POINTER(host, gethostbyname("127.0.0.1"));
    show_host(host);
    SHOW_POINTER(host, gethostbyname("not a name"));
    show_host(host);
    SHOW_POINTER(host, gethostbyname2("127.0.0.1", AF_INET));
    show_host(host);
    SHOW_POINTER(host, gethostbyname2("127.0.0.1", 12345));
    SHOW(gethostbyname_r("127.0.0.1", &room, buf, sizeof buf, &host, &code));
    show_host(host);
    SHOW(gethostbyname_r("127.0.0.1", &room, buf, 1, &host, &code));
    SHOW(gethostbyname2_r("127.0.0.1", AF_INET, &room, buf, sizeof buf, &host, &code));
    show_host(host);
    SHOW(gethostbyname2_r("not a name", AF_INET, &room, buf, sizeof buf, &host, &code));
    printf("  %d %d\n", host != NULL, code);
    SHOW_POINTER(host, gethostbyaddr(&number, sizeof number, AF_INET));
    printf("  %d\n", host && host->h_length == 4);
    SHOW_POINTER(host, gethostbyaddr(&number, 3, AF_INET));
    SHOW(gethostbyaddr_r(&number, sizeof number, AF_INET, &room, buf, sizeof buf, &host, &code));
    printf("  %d\n", host != NULL);
    SHOW(gethostbyaddr_r(&number, sizeof number, AF_INET, &room, buf, 1, &host, &code));
}

/* The only name server is ours. */
static void ask_only(res_state state, const struct sockaddr_in *server)
{
    state->nscount = 1;
    state->nsaddr_list[0] = *server;
    state->retrans = 1;
}

static void questions(const struct sockaddr_in *server)
{
    unsigned char answer[512], question[512];
    res_state state = calloc(1, sizeof *state);
    int len;
    res_ninit(state);
    ask_only(state, server);
    SHOW(res_query("name.test", ns_c_in, ns_t_a, answer, sizeof answer));
    SHOW(res_query("other.test", ns_c_in, ns_t_a, answer, sizeof answer));
    printf("  %d\n", h_errno);
    SHOW(res_search("name.test", ns_c_in, ns_t_a, answer, sizeof answer));
    SHOW(res_querydomain("name", "test", ns_c_in, ns_t_a, answer, sizeof answer));
    SHOW(res_nquery(state, "name.test", ns_c_in, ns_t_a, answer, sizeof answer));
    SHOW(res_nquery(state, "other.test", ns_c_in, ns_t_a, answer, sizeof answer));
    SHOW(res_nsearch(state, "name.test", ns_c_in, ns_t_a, answer, sizeof answer));
    SHOW(res_nquerydomain(state, "name", "test", ns_c_in, ns_t_a, answer, sizeof answer));
    len = res_mkquery(ns_o_query, "name.test", ns_c_in, ns_t_a, NULL, 0, NULL, question,
                      sizeof question);
    SHOW(res_send(question, len, answer, sizeof answer));
    SHOW(res_nsend(state, question, len, answer, sizeof answer));
    SHOW(res_send(question, len, answer, 1));
    res_nclose(state);
    free(state);
}

int main(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    pthread_t thread;
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0 ||
        pthread_create(&thread, NULL, serve, &fd) != 0)
        return 1;
    res_init();
    ask_only(&_res, &address);
    addresses();
    hosts();
    questions(&address);
    SHOW(sendto(fd, "", 0, 0, (struct sockaddr *)&address, sizeof address));
    pthread_join(thread, NULL);
    return 0;
}
