/* serve.c: `strong-report serve`: /metrics for Prometheus and the report for a browser, of what runs. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/serve_http.h"

static const char *listen_word = "127.0.0.1:9464", *count_word;
static bool allow_remote;

static const struct argument arguments[] = {
    {"allow-remote", NULL, NULL, &allow_remote, "an address that other machines reach may be listened at", 0},
    {"count", "N", &count_word, NULL, "end after so many answers", 0},
    {"listen", "ADDRESS:PORT", &listen_word, NULL, "where (default: 127.0.0.1:9464); port 0: any free one", 0},
    {0},
};

const struct argument *serve_arguments(void)
{
    return arguments;
}

const char serve_notes[] =
    "  /metrics      for Prometheus: OpenMetrics 1.0 where Accept prefers it, else the text format 0.0.4\n"
    "  /             the report as a page\n"
    "  /report.json  the same as strong-report --json\n"
    "  /healthz      ok\n\n"
    "Of all processes that run, or those of the PID, NAME or RUN that is named; of a FILE as it is. Nothing is read more than\n"
    "once a second. Only this machine can connect, and only by an address or as localhost; there is no password. Where\n"
    "--allow-remote is given, others can by address or the machine's name: put a proxy with authentication before it.\n"
    "SIGTERM and SIGINT end it. Alert rules for Prometheus: share/libstrong/strong.rules.yml.\n";

static int open_signals(void)
{
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    return sigprocmask(SIG_BLOCK, &heard, NULL) == 0 ? signalfd(-1, &heard, SFD_CLOEXEC) : -1;
}

/* What runs may come later; a file that cannot be read now is a mistake. Says what is wrong with it. */
static int check_file(const char *word)
{
    struct look look = {0};
    int code = word && select_is_file(word) ? look_take(word, NULL, &look) : EXIT_OK;
    look_done(&look);
    return code;
}

static void loop(struct serve_http *http, int signal_fd, long count)
{
    struct pollfd ready[] = {{.fd = serve_http_fd(http), .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    while (!(ready[1].revents & POLLIN) && (count == 0 || serve_http_answered(http) < (unsigned long)count))
        poll(ready, 2, serve_http_step(http));
}

int serve_command(int argc, char **argv)
{
    struct arguments rest;
    struct serve_http *http = NULL;
    long count = 0;
    if (arguments_parse("serve", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count > 1)
        return arguments_wrong("serve", "one process, file or run at a time; not '%s' too", rest.rest[1]);
    if (count_word && (count = arguments_number("serve", "count", count_word, 1, 1000000000)) < 0)
        return EXIT_USAGE;
    struct serve_pages pages = {.word = rest.count ? rest.rest[0] : NULL};
    int code = check_file(pages.word);
    if (code != EXIT_OK)
        return code;
    int signal_fd = open_signals();
    if (signal_fd < 0) {
        fprintf(stderr, "strong-report serve: %s\n", strerror(errno));
        return EXIT_FAILED;
    }
    code = serve_http_open(listen_word, allow_remote, &pages, &http);
    if (code == EXIT_OK) {
        fprintf(stderr, "strong-report serve: http://%s/\n", serve_http_address(http));
        if (serve_http_is_remote(http))
            fprintf(stderr, "strong-report serve: other machines can connect, without a password\n");
        loop(http, signal_fd, count);
    }
    serve_http_close(http);
    serve_pages_done(&pages);
    close(signal_fd);
    return code;
}
