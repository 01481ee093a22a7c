/* network_view.c: `strong-report report network`: who it talked to, how long it waited for answers, what was connected
 * again and again, names looked up, and who talked to it.
 */
#include <string.h>

#include "analyse/peers.h"
#include "analyse/units.h"
#include "render/latency_chart.h"
#include "render/network_view.h"
#include "render/table.h"
#include "render/view_text.h"

enum { CHARTS = 2 };

static const char *percentile(char *buf, size_t size, const struct calls *calls, double share)
{
    buf[0] = '\0';
    if (calls->latency.total > 0)
        snprintf(buf, size, "%s",
                 units_duration(latency_percentile_ns(&calls->latency, share)).text);
    return buf;
}

static void count_cell(struct table_row *row, uint64_t count)
{
    table_cell(row, STYLE_PLAIN, count > 0 ? units_count(count).text : "");
}

static void bytes_cell(struct table_row *row, uint64_t bytes)
{
    table_cell(row, STYLE_PLAIN, bytes > 0 ? units_bytes(bytes).text : "");
}

static void wait_cells(struct table_row *row, const struct calls *waits)
{
    char text[80];
    table_cell(row, STYLE_PLAIN, percentile(text, sizeof(text), waits, 0.5));
    table_cell(row, STYLE_PLAIN, percentile(text, sizeof(text), waits, 0.9));
    table_cell(row, STYLE_PLAIN, percentile(text, sizeof(text), waits, 0.99));
    table_cell(row, STYLE_PLAIN, waits->timed > 0 ? units_duration(waits->max_ns).text : "");
}

/* Shows rows, then what is left, of any list of peers. */
typedef void peer_row(const struct table *table, const struct peer *peer);

static void peer_table(const struct table *table, const char *title, const char *about,
                       const char *rest, const struct peer *peers, size_t count, peer_row *print)
{
    uint64_t all = 0, left = 0;
    size_t shown = 0;
    if (count == 0)
        return;
    for (size_t i = 0; i < count; i++)
        all += peers[i].ns;
    table_heading(table->screen, title);
    if (about != NULL)
        table_about(table->screen, about);
    table_titles(table);
    while (shown < count && table_shows(table, shown, peers[shown].ns, all))
        print(table, &peers[shown++]);
    for (size_t i = shown; i < count; i++)
        left += peers[i].ns;
    table_rest(table, units_duration(left).text, count - shown, rest,
               shown < count ? units_duration(peers[shown].ns).text : NULL);
}

/* ---- outbound ---- */

static void out_row(const struct table *table, const struct peer *peer)
{
    struct table_row row;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(peer->ns).text);
    wait_cells(&row, &peer->waits);
    count_cell(&row, peer->waits.calls);
    table_cell(&row, STYLE_DIM, peer->waits.calls == 0 ? "" : peer->answers ? "answers" : "calls");
    bytes_cell(&row, peer->reads.bytes);
    bytes_cell(&row, peer->writes.bytes);
    count_cell(&row, peer->errors);
    table_end(&row, peer->name, "");
}

static void connection_row(const struct table *table, const struct peer *peer)
{
    char text[80], each[80] = "";
    struct table_row row;
    const struct calls *lives = &peer->lives;
    if (lives->calls > 0)
        snprintf(each, sizeof(each), "%s",
                 units_number((double)lives->bytes / (double)lives->calls).text);
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN,
               peer->connects.ns > 0 ? units_duration(peer->connects.ns).text : "");
    count_cell(&row, peer->connects.calls);
    count_cell(&row, peer->connects.errors);
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), &peer->connects, 0.5));
    count_cell(&row, lives->calls);
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), lives, 0.5));
    count_cell(&row, lives->bytes);
    table_cell(&row, STYLE_PLAIN, each);
    count_cell(&row, peer->stalls);
    table_end(&row, peer->name, "");
}

static void outbound(struct screen *screen, const struct view_form *form, const struct peers *peers)
{
    static const struct table_column talk[] = {
        {"time", 10, 0},   {"p50", 9, 60},  {"p90", 9, 110}, {"p99", 9, 60},   {"max", 9, 80},
        {"waits", 10, 80}, {"for", 9, 110}, {"in", 10, 90},  {"out", 10, 110}, {"errors", 8, 100}};
    static const struct table_column connect[] = {
        {"connecting", 11, 0}, {"connects", 10, 0}, {"failed", 8, 60},
        {"p50", 9, 70},        {"closed", 9, 80},   {"life p50", 10, 60},
        {"requests", 10, 90},  {"each", 6, 70},     {"stalls", 8, 110}};
    const struct table talks = {screen, talk, 10, "peer", form->rows, form->whole};
    const struct table connects = {screen, connect, 9, "peer", form->rows, form->whole};
    peer_table(&talks, "By peer: time in calls, and how long each wait for an answer took",
               "a wait: from the last write to the read that follows; where it never wrote, a call "
               "that reads or polls",
               "smaller peer", peers->out, peers->out_count, out_row);
    peer_table(&connects, "By peer: connections and what each was used for",
               "requests are counted when their connection closes; stalls: Nagle's algorithm "
               "against delayed "
               "acknowledgements",
               "smaller peer", peers->out, peers->out_count, connection_row);
}

/* ---- inbound, names ---- */

static void in_row(const struct table *table, const struct peer *peer)
{
    char text[80];
    struct table_row row;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(peer->ns).text);
    count_cell(&row, peer->accepts.calls > peer->accepts.errors
                         ? peer->accepts.calls - peer->accepts.errors
                         : 0);
    count_cell(&row, peer->reads.calls);
    count_cell(&row, peer->writes.calls);
    bytes_cell(&row, peer->reads.bytes);
    bytes_cell(&row, peer->writes.bytes);
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), &peer->writes, 0.99));
    count_cell(&row, peer->errors);
    table_end(&row, peer->name, "");
}

static void name_row(const struct table *table, const struct peer *peer)
{
    char text[80];
    struct table_row row;
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_duration(peer->reads.ns).text);
    count_cell(&row, peer->reads.calls);
    count_cell(&row, peer->reads.errors);
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), &peer->reads, 0.5));
    table_cell(&row, STYLE_PLAIN, percentile(text, sizeof(text), &peer->reads, 0.99));
    table_cell(&row, STYLE_PLAIN, units_duration(peer->reads.max_ns).text);
    table_end(&row, peer->name, "");
}

static void inbound(struct screen *screen, const struct view_form *form, const struct peers *peers)
{
    static const struct table_column columns[] = {
        {"time", 10, 0}, {"accepted", 10, 0}, {"reads", 11, 60},      {"writes", 11, 80},
        {"in", 10, 70},  {"out", 10, 70},     {"write p99", 10, 100}, {"errors", 8, 90}};
    const struct table table = {screen, columns, 8, "listening at", form->rows, form->whole};
    peer_table(&table, "Connections that were accepted",
               "time: waiting for clients and their requests is idle time", "smaller listener",
               peers->in, peers->in_count, in_row);
}

static void names(struct screen *screen, const struct analysis *analysis,
                  const struct view_form *form, const struct peers *peers)
{
    static const struct table_column columns[] = {{"time", 10, 0},   {"lookups", 10, 0},
                                                  {"failed", 8, 60}, {"p50", 9, 60},
                                                  {"p99", 9, 70},    {"max", 9, 80}};
    const struct table table = {screen, columns, 6, "name", form->rows, form->whole};
    const uint64_t *counters = analysis->model->counters;
    uint64_t hits = counters[COUNTER_resolver_hits],
             shared = counters[COUNTER_resolver_shared_hits];
    char about[300];
    snprintf(about, sizeof(about),
             "answered from memory by libstrong: %s, from the memory shared by the user's "
             "processes: %s, by libc: %s",
             units_count(hits).text, units_count(shared).text,
             units_count(counters[COUNTER_resolver_misses]).text);
    peer_table(&table, "Names looked up", about, "smaller name", peers->names, peers->name_count,
               name_row);
}

/* ---- the whole ---- */

static void totals(struct screen *screen, const struct peers *peers)
{
    uint64_t connects = 0, failed = 0, in = 0, out = 0, ns = 0, requests = 0;
    char text[200];
    for (size_t i = 0; i < peers->out_count; i++) {
        const struct peer *peer = &peers->out[i];
        connects += peer->connects.calls;
        failed += peer->connects.errors;
        requests += peer->lives.bytes;
        in += peer->reads.bytes;
        out += peer->writes.bytes;
        ns += peer->ns;
    }
    snprintf(text, sizeof(text), "with %s", units_plural(peers->out_count, "peer").text);
    view_text_fact(screen, "time in calls, outbound", units_duration(ns).text, text);
    snprintf(text, sizeof(text), "%s did not succeed at once", units_count(failed).text);
    view_text_fact(screen, "connects", units_count(connects).text, text);
    view_text_fact(screen, "requests on closed connections", units_count(requests).text, "");
    snprintf(text, sizeof(text), "and %s sent", units_bytes(out).text);
    view_text_fact(screen, "received", units_bytes(in).text, text);
}

void network_view(struct screen *screen, const struct analysis *analysis,
                  const struct view_form *form)
{
    struct arena arena = {0};
    struct peers peers;
    if (peers_make(analysis, &arena, &peers)) {
        table_heading(screen, "Network (exact)");
        if (peers.out_count + peers.in_count + peers.name_count == 0)
            screen_print(screen, STYLE_DIM,
                         "  it opened and accepted no connection, and looked up no name");
        else
            totals(screen, &peers);
        outbound(screen, form, &peers);
        inbound(screen, form, &peers);
        names(screen, analysis, form, &peers);
        network_errors(screen, analysis, form);
        network_optimizers(screen, analysis);
        for (size_t i = 0; i < peers.out_count && i < CHARTS; i++) {
            peers.out[i].waits.name = peers.out[i].answers ? "answers of" : "waits for";
            peers.out[i].waits.detail = peers.out[i].name;
            latency_chart_print(screen, &peers.out[i].waits);
        }
    }
    arena_done(&arena);
}
