/* serve_http.c: see serve_http.h. Owns the listening socket, libmicrohttpd's daemon (in external epoll mode: it has no
 * thread) and the list of connections, which cuts those whose request does not come to an end.
 */
#include "commands/serve_http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/loaded_microhttpd.h"
#include "commands/serve_address.h"
#include "commands/sinks.h"

enum { HEADERS_BYTES = 16 << 10, STEP_MS = 500 };

struct connection {
    struct MHD_Connection *handle; /* NULL: free */
    int fd;
    uint64_t since_ms; /* it began, or its last request ended */
};

struct serve_http {
    const struct loaded_microhttpd *library;
    struct MHD_Daemon *daemon;
    struct serve_address address;
    struct serve_pages *pages;
    struct connection connections[SERVE_CONNECTIONS];
    unsigned long answered;
    bool remote; /* others than this machine may connect */
};

/* ---- what is preferred ---- */

/* The q of one media range, 1 where there is none. */
static double quality(const char *range, size_t len)
{
    for (size_t i = 0; i + 2 < len; i++)
        if (range[i] == ';') {
            size_t at = i + 1 + strspn(range + i + 1, " \t");
            if (at + 1 < len && (range[at] == 'q' || range[at] == 'Q') && range[at + 1] == '=')
                return strtod(range + at + 2, NULL);
        }
    return 1;
}

static bool range_is(const char *range, size_t len, const char *type)
{
    size_t type_len = strlen(type);
    return len >= type_len && strncasecmp(range, type, type_len) == 0 &&
           (len == type_len || strchr("; \t", range[type_len]));
}

bool serve_http_wants_openmetrics(const char *accept)
{
    double open = 0, plain = 0;
    while (accept && *accept) {
        accept += strspn(accept, " \t,");
        size_t len = strcspn(accept, ",");
        double q = quality(accept, len);
        if (range_is(accept, len, "application/openmetrics-text") && q > open)
            open = q;
        if ((range_is(accept, len, "text/plain") || range_is(accept, len, "text/*")) && q > plain)
            plain = q;
        accept += len;
    }
    return open > 0 && open >= plain;
}

/* ---- answers ---- */

static enum MHD_Result answer(struct serve_http *http, struct MHD_Connection *connection, unsigned status,
                              const char *type, const char *bytes, size_t len)
{
    const struct loaded_microhttpd *library = http->library;
    struct MHD_Response *response =
        library->create_response_from_buffer(len, (void *)bytes, MHD_RESPMEM_MUST_COPY);
    if (!response)
        return MHD_NO;
    library->add_response_header(response, "Content-Type", type);
    library->add_response_header(response, "Cache-Control", "no-store");
    library->add_response_header(response, "X-Content-Type-Options", "nosniff");
    library->add_response_header(response, "Cross-Origin-Resource-Policy", "same-origin");
    library->add_response_header(response, "X-Frame-Options", "DENY");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        library->add_response_header(response, "Allow", "GET, HEAD");
    enum MHD_Result result = library->queue_response(connection, status, response);
    library->destroy_response(response);
    return result;
}

static enum MHD_Result say(struct serve_http *http, struct MHD_Connection *connection, unsigned status,
                           const char *text)
{
    return answer(http, connection, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result answer_page(struct serve_http *http, struct MHD_Connection *connection,
                                   enum serve_page page)
{
    const char *bytes;
    size_t len;
    int error = serve_pages_get(http->pages, page, &bytes, &len);
    if (error == -ENODATA)
        return say(http, connection, MHD_HTTP_SERVICE_UNAVAILABLE, "nothing runs that is measured\n");
    if (error)
        return say(http, connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "not enough memory\n");
    return answer(http, connection, MHD_HTTP_OK, serve_pages_type(page), bytes, len);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    struct serve_http *http = context;
    (void)version;
    (void)upload;
    bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    if (reads && !*state) { /* the headers alone: the rest of the request first */
        *state = http;
        return MHD_YES;
    }
    *upload_len = 0;
    const char *host = http->library->lookup_connection_value(connection, MHD_HEADER_KIND, "Host");
    if (!host || !serve_address_known(host, http->remote))
        return say(http, connection, MHD_HTTP_FORBIDDEN, "this host is not known here\n");
    if (!reads)
        return say(http, connection, MHD_HTTP_METHOD_NOT_ALLOWED, "GET and HEAD only\n");
    if (strcmp(url, "/metrics") == 0) {
        const char *accept = http->library->lookup_connection_value(connection, MHD_HEADER_KIND, "Accept");
        return answer_page(http, connection, serve_http_wants_openmetrics(accept) ? PAGE_OPENMETRICS : PAGE_PROMETHEUS);
    }
    if (strcmp(url, "/") == 0)
        return answer_page(http, connection, PAGE_REPORT_HTML);
    if (strcmp(url, "/report.json") == 0)
        return answer_page(http, connection, PAGE_REPORT_JSON);
    if (strcmp(url, "/healthz") == 0)
        return say(http, connection, MHD_HTTP_OK, "ok\n");
    return say(http, connection, MHD_HTTP_NOT_FOUND, "there are /metrics, /, /report.json and /healthz\n");
}

/* ---- connections ---- */

static struct connection *find(struct serve_http *http, const struct MHD_Connection *handle)
{
    for (int i = 0; i < SERVE_CONNECTIONS; i++)
        if (http->connections[i].handle == handle)
            return &http->connections[i];
    return NULL;
}

static void on_connection(void *context, struct MHD_Connection *handle, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct serve_http *http = context;
    (void)socket_context;
    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        struct connection *ended = find(http, handle);
        if (ended)
            ended->handle = NULL;
        return;
    }
    struct connection *place = find(http, NULL);
    const union MHD_ConnectionInfo *info =
        http->library->get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (place && info)
        *place = (struct connection){handle, info->connect_fd, sinks_now_ms()};
}

static void on_completed(void *context, struct MHD_Connection *handle, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct serve_http *http = context;
    struct connection *connection = find(http, handle);
    *state = NULL;
    http->answered += code == MHD_REQUEST_TERMINATED_COMPLETED_OK;
    if (connection)
        connection->since_ms = sinks_now_ms();
}

/* The library's own limit is about silence: a byte now and then would keep a connection for ever. */
static void cut_slow(struct serve_http *http)
{
    uint64_t now = sinks_now_ms();
    for (int i = 0; i < SERVE_CONNECTIONS; i++) {
        struct connection *connection = &http->connections[i];
        if (connection->handle && now - connection->since_ms > SERVE_REQUEST_SECONDS * 1000) {
            shutdown(connection->fd, SHUT_RDWR);
            connection->since_ms = now;
        }
    }
}

/* ---- the server ---- */

static int open_socket(struct serve_address *address)
{
    int one = 1;
    int fd = socket(address->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (struct sockaddr *)&address->address, address->len) != 0 || listen(fd, SERVE_CONNECTIONS) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    address->len = sizeof(address->address);
    if (getsockname(fd, (struct sockaddr *)&address->address, &address->len) == 0)
        serve_address_name(address);
    return fd;
}

static struct MHD_Daemon *start(struct serve_http *http, int fd)
{
    return http->library->start_daemon(
        MHD_USE_EPOLL, 0, NULL, NULL, on_request, http, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVE_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)SERVE_IDLE_SECONDS, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADERS_BYTES,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, http, MHD_OPTION_NOTIFY_COMPLETED, on_completed, http,
        MHD_OPTION_END);
}

int serve_http_open(const char *listen_at, bool allow_remote, struct serve_pages *pages,
                    struct serve_http **ret_http)
{
    struct serve_address address;
    if (!serve_address_parse(listen_at, &address))
        return arguments_wrong("serve", "--listen: '%s' is not ADDRESS:PORT, as in 127.0.0.1:9464 or [::1]:9464",
                               listen_at);
    if (!address.loopback && !allow_remote)
        return arguments_wrong("serve", "%s can be reached from other machines, and there is no password: "
                               "--allow-remote if that is meant", address.text);
    const struct loaded_microhttpd *library = loaded_microhttpd("serve");
    struct serve_http *http = library ? calloc(1, sizeof(*http)) : NULL;
    if (!http)
        return EXIT_FAILED;
    *http = (struct serve_http){.library = library, .address = address, .pages = pages,
                                .remote = !address.loopback};
    int fd = open_socket(&http->address);
    if (fd >= 0)
        http->daemon = start(http, fd);
    if (!http->daemon) {
        fprintf(stderr, "strong-report serve: cannot listen at %s: %s\n", address.text, strerror(errno));
        if (fd >= 0)
            close(fd);
        free(http);
        return EXIT_FAILED;
    }
    *ret_http = http;
    return EXIT_OK;
}

const char *serve_http_address(const struct serve_http *http)
{
    return http->address.text;
}

bool serve_http_is_remote(const struct serve_http *http)
{
    return http->remote;
}

int serve_http_fd(const struct serve_http *http)
{
    return http->library->get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int serve_http_step(struct serve_http *http)
{
    MHD_UNSIGNED_LONG_LONG timeout_ms;
    cut_slow(http);
    http->library->run(http->daemon);
    if (http->library->get_timeout(http->daemon, &timeout_ms) == MHD_YES && timeout_ms < STEP_MS)
        return (int)timeout_ms;
    return STEP_MS;
}

unsigned long serve_http_answered(const struct serve_http *http)
{
    return http->answered;
}

void serve_http_close(struct serve_http *http)
{
    if (!http)
        return;
    http->library->stop_daemon(http->daemon);
    free(http);
}
