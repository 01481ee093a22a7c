/* report_text.c: the words of STRONG_REPORT. Pure; any context. See report_facts.h. */
#include <string.h>

#include "monitor/report_facts.h"

enum { NAME_MOST = 64, CLASSES_NAMED = 3, SECOND = 1000000000 };

static const char *const class_words[CLASS_COUNT] = {
    [CLASS_MEMORY] = "memory", [CLASS_FILE] = "file", [CLASS_NETWORK] = "network", [CLASS_RESOLVE] = "resolve",
    [CLASS_LOCK] = "lock",     [CLASS_WAIT] = "wait", [CLASS_SLEEP] = "sleep",     [CLASS_PROCESS] = "process",
    [CLASS_CUSTOM] = "custom",
};

static void put_seconds(struct text *text, uint64_t ns)
{
    text_decimal(text, ns, SECOND, 1);
    text_string(text, " s");
}

static void put_share(struct text *text, uint64_t part, uint64_t whole)
{
    if (whole == 0) {
        text_string(text, "-");
        return;
    }
    text_decimal(text, part * 100, whole, 1);
    text_string(text, " %");
}

/* Names come from the program: nothing that a terminal would obey. */
static void put_name(struct text *text, struct string_ref name, const char *strings)
{
    for (uint32_t i = 0; i < name.len && i < NAME_MOST; i++) {
        char c = strings[name.offset + i];
        text_bytes(text, c >= ' ' && c < 127 ? &c : "?", 1);
    }
    if (name.len > NAME_MOST)
        text_string(text, "...");
}

/* Class numbers by time, most first. */
static void rank(const struct report_facts *facts, unsigned ret_order[CLASS_COUNT])
{
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        unsigned at = i;
        for (; at > 0 && facts->class_ns[ret_order[at - 1]] < facts->class_ns[i]; at--)
            ret_order[at] = ret_order[at - 1];
        ret_order[at] = i;
    }
}

static void put_classes(struct text *text, const struct report_facts *facts)
{
    unsigned order[CLASS_COUNT], named = 0;
    rank(facts, order);
    for (unsigned i = 0; i < CLASS_COUNT && named < CLASSES_NAMED; i++) {
        uint64_t ns = facts->class_ns[order[i]];
        if (facts->thread_ns == 0 || ns < facts->thread_ns / 1000) /* below 0.1 % */
            break;
        text_string(text, named++ ? ", " : "; ");
        text_string(text, class_words[order[i]]);
        text_string(text, " ");
        put_share(text, ns, facts->thread_ns);
    }
    if (named)
        text_string(text, " of thread time");
}

void report_line(struct text *text, const struct report_facts *facts, const char *strings)
{
    text_string(text, "libstrong: pid ");
    text_unsigned(text, facts->pid);
    text_string(text, " after ");
    put_seconds(text, facts->run_ns);
    text_string(text, ": CPU ");
    put_share(text, facts->cpu_ns, facts->interval_ns);
    text_string(text, ", ");
    text_unsigned(text, facts->threads);
    text_string(text, facts->threads == 1 ? " thread" : " threads");
    put_classes(text, facts);
    if (facts->slowest.len) {
        text_string(text, "; slowest ");
        put_name(text, facts->slowest, strings);
        text_string(text, " ");
        put_seconds(text, facts->slowest_ns);
    }
    text_string(text, "; ");
    text_unsigned(text, facts->interval_ns ? (uint64_t)((__uint128_t)facts->allocations * SECOND / facts->interval_ns) : 0);
    text_string(text, " allocations/s, ");
    text_unsigned(text, facts->samples_dropped);
    text_string(text, " samples dropped\n");
}

/* Fills up with spaces to a column of the line that began at `start`. */
static void pad(struct text *text, unsigned start, unsigned column)
{
    while (text->len - start < column && text->len + 1 < text->size)
        text_bytes(text, " ", 1);
}

static void put_class_row(struct text *text, const struct report_facts *facts, unsigned class)
{
    unsigned start = text->len;
    text_string(text, "libstrong:   ");
    text_string(text, class_words[class]);
    pad(text, start, 24);
    put_seconds(text, facts->class_ns[class]);
    pad(text, start, 36);
    put_share(text, facts->class_ns[class], facts->thread_ns);
    pad(text, start, 46);
    text_unsigned(text, facts->class_calls[class]);
    text_string(text, " calls\n");
}

void report_table(struct text *text, const struct report_facts *facts, const char *strings, struct string_ref name)
{
    text_string(text, "libstrong: ");
    put_name(text, name, strings);
    text_string(text, name.len ? ", pid " : "pid ");
    text_unsigned(text, facts->pid);
    text_string(text, ", ended after ");
    put_seconds(text, facts->run_ns);
    text_string(text, ": CPU ");
    put_seconds(text, facts->cpu_ns);
    text_string(text, " (");
    put_share(text, facts->cpu_ns, facts->run_ns);
    text_string(text, "), in calls (time, share of thread time):\n");
    unsigned order[CLASS_COUNT];
    rank(facts, order);
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        if (facts->class_calls[order[i]])
            put_class_row(text, facts, order[i]);
    }
    if (facts->slowest.len) {
        text_string(text, "libstrong:   slowest ");
        put_name(text, facts->slowest, strings);
        text_string(text, " ");
        put_seconds(text, facts->slowest_ns);
        text_string(text, "\n");
    }
    text_string(text, "libstrong:   ");
    text_unsigned(text, facts->allocations);
    text_string(text, " allocations, ");
    text_unsigned(text, facts->samples_taken);
    text_string(text, " samples taken, ");
    text_unsigned(text, facts->samples_dropped);
    text_string(text, " dropped; more: strong-report ");
    text_unsigned(text, facts->pid);
    text_string(text, "\n");
}
