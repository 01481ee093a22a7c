/* exposition.c: see exposition.h. Owns names, escapes and numbers of both formats, and the upper ends of the buckets.
 *
 * A call counts into the first bucket whose upper end is not below the middle of the bucket it was recorded
 * in: the same value that percentiles report, at most a sixteenth off.
 */
#include "render/exposition.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* 1, 2.5 and 5 of each decade from 1 us to 100 s, as OpenMetrics spells numbers. */
static const struct {
    const char *text;
    uint64_t ns;
} bounds[] = {
    {"1e-06", 1000},        {"2.5e-06", 2500},      {"5e-06", 5000},       {"1e-05", 10000},
    {"2.5e-05", 25000},     {"5e-05", 50000},       {"0.0001", 100000},    {"0.00025", 250000},
    {"0.0005", 500000},     {"0.001", 1000000},     {"0.0025", 2500000},   {"0.005", 5000000},
    {"0.01", 10000000},     {"0.025", 25000000},    {"0.05", 50000000},    {"0.1", 100000000},
    {"0.25", 250000000},    {"0.5", 500000000},     {"1.0", 1000000000},   {"2.5", 2500000000},
    {"5.0", 5000000000},    {"10.0", 10000000000},  {"25.0", 25000000000}, {"50.0", 50000000000},
    {"100.0", 100000000000},
};
enum { BOUNDS = sizeof(bounds) / sizeof(bounds[0]) };

static bool is_open(const struct exposition *exposition)
{
    return exposition->format == EXPOSITION_OPENMETRICS;
}

/* Help text: a backslash and a newline are escaped; ours has neither, custom names are never in it. */
void exposition_family(struct exposition *exposition, const char *name, enum exposition_type type,
                       const char *unit, const char *help)
{
    static const char *const types[] = {"counter", "gauge", "histogram", "info"};
    FILE *out = exposition->out;
    exposition->family = name;
    exposition->type = type;
    if (is_open(exposition)) {
        fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, types[type]);
        if (*unit)
            fprintf(out, "# UNIT %s %s\n", name, unit);
        return;
    }
    const char *suffix = type == EXPOSITION_COUNTER ? "_total" : type == EXPOSITION_INFO ? "_info" : "";
    const char *spelled = types[type == EXPOSITION_INFO ? EXPOSITION_GAUGE : type];
    fprintf(out, "# HELP %s%s %s\n# TYPE %s%s %s\n", name, suffix, help, name, suffix, spelled);
}

void exposition_begin(struct exposition *exposition)
{
    exposition->len = 0;
    exposition->labels[0] = '\0';
}

static void add(struct exposition *exposition, const char *bytes, size_t len)
{
    memcpy(exposition->labels + exposition->len, bytes, len);
    exposition->len += len;
    exposition->labels[exposition->len] = '\0';
}

void exposition_label(struct exposition *exposition, const char *name, const char *value)
{
    enum { ROOM = 512 }; /* for one value, escapes included; so a sample's labels always fit */
    size_t name_len = strlen(name), used = 0;
    if (!*value || exposition->len + name_len + ROOM + 8 > sizeof(exposition->labels))
        return;
    if (exposition->len)
        add(exposition, ",", 1);
    add(exposition, name, name_len);
    add(exposition, "=\"", 2);
    while (*value) {
        size_t len = 1;
        while (((unsigned char)value[len] & 0xc0) == 0x80) /* the whole of a character */
            len++;
        bool escaped = *value == '\\' || *value == '"' || *value == '\n';
        if (used + len + escaped > ROOM)
            break;
        if (escaped)
            add(exposition, *value == '"' ? "\\\"" : *value == '\n' ? "\\n" : "\\\\", 2);
        else
            add(exposition, value, len);
        used += len + escaped;
        value += len;
    }
    add(exposition, "\"", 1);
}

static void print_name(struct exposition *exposition, const char *suffix, const char *bound)
{
    fprintf(exposition->out, "%s%s", exposition->family, suffix);
    if (exposition->len || bound)
        fprintf(exposition->out, "{%s%s", exposition->labels, exposition->len && bound ? "," : "");
    if (bound)
        fprintf(exposition->out, "le=\"%s\"", bound);
    fputs(exposition->len || bound ? "} " : " ", exposition->out);
}

static const char *suffix_of(const struct exposition *exposition)
{
    return exposition->type == EXPOSITION_COUNTER ? "_total"
           : exposition->type == EXPOSITION_INFO  ? "_info"
                                                  : "";
}

static void print_number(FILE *out, double value)
{
    if (value == floor(value) && fabs(value) < 0x1p62)
        fprintf(out, "%" PRId64 "\n", (int64_t)value);
    else if (isnan(value))
        fputs("NaN\n", out);
    else if (isinf(value))
        fputs(value > 0 ? "+Inf\n" : "-Inf\n", out);
    else
        fprintf(out, "%.12g\n", value);
}

void exposition_end(struct exposition *exposition, double value)
{
    print_name(exposition, suffix_of(exposition), NULL);
    print_number(exposition->out, value);
}

static void print_ns(FILE *out, uint64_t ns)
{
    fprintf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000, ns % 1000000000);
}

void exposition_end_ns(struct exposition *exposition, uint64_t ns)
{
    print_name(exposition, suffix_of(exposition), NULL);
    print_ns(exposition->out, ns);
}

void exposition_end_latency(struct exposition *exposition, const struct latency *latency, uint64_t sum_ns)
{
    uint64_t below = 0, low = 0;
    for (int i = 0; i < BOUNDS; i++) {
        below += latency_between(latency, low, bounds[i].ns + 1);
        low = bounds[i].ns + 1;
        print_name(exposition, "_bucket", bounds[i].text);
        fprintf(exposition->out, "%" PRIu64 "\n", below);
    }
    print_name(exposition, "_bucket", "+Inf");
    fprintf(exposition->out, "%" PRIu64 "\n", latency->total);
    print_name(exposition, "_count", NULL);
    fprintf(exposition->out, "%" PRIu64 "\n", latency->total);
    print_name(exposition, "_sum", NULL);
    print_ns(exposition->out, sum_ns);
}

void exposition_finish(struct exposition *exposition)
{
    if (is_open(exposition))
        fputs("# EOF\n", exposition->out);
}
