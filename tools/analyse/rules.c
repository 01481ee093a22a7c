/* rules.c: see rules.h. Owns the sets of hooks and the thresholds' application. No rule lives here.
 */
#include "analyse/rules.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const uint16_t rules_connect_hooks[] = {HOOK_connect, HOOK___connect, HOOK_NONE};
const uint16_t rules_read_hooks[] = {
    HOOK_read,     HOOK___read,    HOOK___read_chk,  HOOK_readv,          HOOK_pread,
    HOOK_pread64,  HOOK___pread64, HOOK___pread_chk, HOOK_preadv,         HOOK___pread64_chk,
    HOOK_preadv64, HOOK_preadv2,   HOOK_preadv64v2,  HOOK_recv,           HOOK_recvfrom,
    HOOK_recvmsg,  HOOK_recvmmsg,  HOOK___recv_chk,  HOOK___recvfrom_chk, HOOK_NONE};
const uint16_t rules_write_hooks[] = {
    HOOK_write,   HOOK___write,   HOOK_writev,   HOOK_pwrite,      HOOK_pwrite64, HOOK___pwrite64,
    HOOK_pwritev, HOOK_pwritev64, HOOK_pwritev2, HOOK_pwritev64v2, HOOK_send,     HOOK___send,
    HOOK_sendto,  HOOK_sendmsg,   HOOK_sendmmsg, HOOK_NONE};
const uint16_t rules_poll_hooks[] = {
    HOOK_poll,     HOOK___poll,  HOOK___poll_chk, HOOK_ppoll,       HOOK___ppoll_chk,  HOOK_select,
    HOOK___select, HOOK_pselect, HOOK_epoll_wait, HOOK_epoll_pwait, HOOK_epoll_pwait2, HOOK_NONE};
const uint16_t rules_lookup_hooks[] = {
    HOOK_getaddrinfo,      HOOK_gethostbyname,   HOOK_gethostbyname2, HOOK_gethostbyaddr, HOOK_gethostbyname_r,
    HOOK_gethostbyname2_r, HOOK_gethostbyaddr_r, HOOK_getnameinfo,    HOOK_res_query,     HOOK_res_search,
    HOOK_res_nquery,       HOOK_res_nsearch,     HOOK_NONE};
const uint16_t rules_open_hooks[] = {
    HOOK_open,     HOOK_open64,     HOOK_openat,     HOOK_openat64, HOOK___open_2, HOOK___open64_2,
    HOOK___openat_2, HOOK___openat64_2, HOOK___open, HOOK___open64, HOOK_fopen, HOOK_fopen64, HOOK_NONE};
const uint16_t rules_close_hooks[] = {HOOK_close, HOOK___close, HOOK_shutdown, HOOK_NONE};

bool rules_has(const uint16_t *hooks, unsigned hook)
{
    for (; *hooks != HOOK_NONE; hooks++)
        if (*hooks == hook)
            return true;
    return false;
}

static void rows_of(const struct analysis *analysis, uint32_t target, size_t *ret_first,
                    size_t *ret_end)
{
    bool any = target == RULES_ANY_TARGET;
    *ret_first = any ? 0 : analysis->first_of[target];
    *ret_end = any ? analysis->model->row_count : analysis->first_of[target + 1];
}

struct rules_sum rules_sum(struct analysis *analysis, const uint16_t *hooks, uint32_t target)
{
    struct rules_sum sum = {0};
    size_t first, end;
    rows_of(analysis, target, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct model_row *row = &analysis->model->rows[analysis->by_target[i]];
        if (!rules_has(hooks, row->hook))
            continue;
        sum.calls += row->calls;
        sum.errors += row->errors;
        sum.bytes += row->bytes;
        sum.ns += row->ns;
        if (row->max_ns > sum.max_ns)
            sum.max_ns = row->max_ns;
    }
    return sum;
}

struct latency rules_latency(struct analysis *analysis, const uint16_t *hooks, uint32_t target)
{
    struct latency latency = {0};
    size_t first, end;
    rows_of(analysis, target, &first, &end);
    for (size_t i = first; i < end; i++) {
        const struct model_row *row = &analysis->model->rows[analysis->by_target[i]];
        /* Out of memory leaves the percentiles of a part of the calls. */
        if (rules_has(hooks, row->hook))
            (void)latency_merge(&latency, &analysis->arena, &row->latency);
    }
    return latency;
}

const char *rules_text(struct analysis *analysis, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (len < 0)
        return "";
    if ((size_t)len >= sizeof(text)) {
        len = sizeof(text) - 1;
        /* Not in the middle of a character. */
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    const char *copy = arena_text(&analysis->arena, text, (size_t)len);
    return copy != NULL ? copy : "";
}

const char *rules_site(struct analysis *analysis, enum sample_cost cost, const uint16_t *hooks,
                       uint32_t target)
{
    const struct model_samples *samples = &analysis->model->samples[cost];
    /* Rows are sorted by weight; several stacks of one place are rare enough to take the first. */
    for (size_t i = 0; i < samples->count; i++) {
        const struct model_sample *sample = &samples->items[i];
        if (sample->stack == 0 || (hooks != NULL && !rules_has(hooks, sample->hook)) ||
            (target != RULES_ANY_TARGET && sample->target != target))
            continue;
        const struct model_frame *frame =
            profile_site(analysis->model, analysis->symbols, sample->stack);
        if (frame != NULL)
            return symbols_place(analysis->symbols, frame);
    }
    return "";
}

const char *rules_called_at(struct analysis *analysis, const char *site)
{
    return site[0] != '\0' ? rules_text(analysis, " (called at %s)", site) : "";
}

const char *rules_target_name(struct analysis *analysis, uint32_t target)
{
    const struct model_target *found = &analysis->model->targets[target];
    if (found->text[0] != '\0')
        return found->text;
    if (target != 0 && found->has_site[0])
        return symbols_place(analysis->symbols, &found->site[0]);
    return target == 0 ? "(other)" : "(unknown)";
}

double rules_seconds(const struct analysis *analysis)
{
    double seconds = (double)analysis->time.wall_ns / 1e9;
    return seconds > 1e-3 ? seconds : 1e-3;
}

void rules_found_anyway(struct analysis *analysis, struct finding *finding, uint64_t gain_ns,
                        uint64_t count, enum finding_severity severity)
{
    /* Thread time is all there is to gain. */
    if (gain_ns > analysis->time.total_ns)
        gain_ns = analysis->time.total_ns;
    double work = (double)analysis->time.work_ns;
    finding->state = FINDING_FOUND;
    finding->gain_ns = gain_ns;
    finding->share = work > 0 ? (double)gain_ns / work : 0;
    finding->severity = severity;
    finding->count = count;
    finding->window_ns = analysis->time.wall_ns;
    struct confidence_basis basis = confidence_start(analysis);
    basis.calls = count;
    finding->confidence = confidence_of(&basis);
}

void rules_rests_on_samples(struct analysis *analysis, struct finding *finding, uint64_t samples)
{
    struct confidence_basis basis = confidence_start(analysis);
    basis.samples = samples;
    finding->confidence = confidence_of(&basis);
}

void rules_rests_on_readings(struct analysis *analysis, struct finding *finding, uint64_t readings)
{
    struct confidence_basis basis = confidence_start(analysis);
    basis.readings = readings;
    finding->confidence = confidence_of(&basis);
}

void rules_rests_on_more(struct finding *finding)
{
    if (finding->confidence == CONFIDENCE_HIGH)
        finding->confidence = CONFIDENCE_MEDIUM;
}

bool rules_found(struct analysis *analysis, struct finding *finding, uint64_t gain_ns,
                 uint64_t count)
{
    struct finding filled = *finding;
    rules_found_anyway(analysis, &filled, gain_ns, count, SEVERITY_NOTE);
    if (filled.share < RULES_LEAST_SHARE)
        return false;
    if (filled.share >= RULES_CRITICAL_SHARE)
        filled.severity = SEVERITY_CRITICAL;
    else if (filled.share >= RULES_WARNING_SHARE)
        filled.severity = SEVERITY_WARNING;
    *finding = filled;
    return true;
}

void rules_limit(struct finding *finding, enum finding_severity ceiling)
{
    if (finding->severity > ceiling)
        finding->severity = ceiling;
}

void rules_not_applicable(struct finding *finding, const char *why)
{
    finding->state = FINDING_NOT_APPLICABLE;
    finding->evidence = why;
}

void rules_not_measured(struct finding *finding, const char *why)
{
    finding->state = FINDING_NOT_MEASURED;
    finding->evidence = why;
}

void rules_percentiles(struct finding *finding, const struct latency *latency)
{
    finding->p50_ns = latency_percentile_ns(latency, 0.5);
    finding->p99_ns = latency_percentile_ns(latency, 0.99);
}
