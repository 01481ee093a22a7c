/* serve_http.h: the server of `strong-report serve`: who may ask, for what, and for how long.
 *
 *   GET, HEAD   /metrics  /  /report.json  /healthz       anything else: 405, 404
 *
 * Host must name this machine by an address or as localhost (and by its own name where others may connect): a page that a
 * browser was lured to cannot reach us by a name of its own that it points here (DNS rebinding). No CORS header is ever
 * sent, so no foreign page can read an answer. Connections, their memory and their time are bounded. Everything happens in
 * serve_http_step: single-threaded, never waiting for one client.
 */
#ifndef STRONG_COMMANDS_SERVE_HTTP_H
#define STRONG_COMMANDS_SERVE_HTTP_H

#include <stdbool.h>

#include "commands/serve_pages.h"

enum {
    SERVE_CONNECTIONS = 64,
    SERVE_IDLE_SECONDS = 10,    /* without a byte */
    SERVE_REQUEST_SECONDS = 20, /* for one request, however slowly its bytes come, or between two */
};

struct serve_http;

/* Listens at "address:port", "[address]:port", "localhost:port"; port 0: any. allow_remote: other addresses than loopback
 * are not refused. EXIT_OK, or another exit code after a message. */
int serve_http_open(const char *listen, bool allow_remote, struct serve_pages *pages,
                    struct serve_http **ret_http);
/* "127.0.0.1:9464", as it is bound. */
const char *serve_http_address(const struct serve_http *http);
bool serve_http_is_remote(const struct serve_http *http);
/* Readable when there is something to do. */
int serve_http_fd(const struct serve_http *http);
/* Does it, and returns in how many ms to come again at the latest. */
int serve_http_step(struct serve_http *http);
/* Requests answered so far. */
unsigned long serve_http_answered(const struct serve_http *http);
void serve_http_close(struct serve_http *http);

/* Does Accept prefer OpenMetrics to the older text format? */
bool serve_http_wants_openmetrics(const char *accept);

#endif
