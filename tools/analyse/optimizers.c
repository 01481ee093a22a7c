/* optimizers.c: see optimizers.h. Owns which counters belong to which optimizer and what they mean
 * together; the counters themselves are abi/counters.def's. Keeps no state.
 */
#include "analyse/optimizers.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"

static const struct {
    const char *name, *unit;
    const char *prefix; /* of its counters' names */
} table[OPTIMIZER_COUNT] = {
    [OPTIMIZER_MEMORY] = {"memory", "blocks served", "memory_pool_"},
    [OPTIMIZER_TCP] = {"tcp", "stalls avoided", "tcp_"},
    [OPTIMIZER_CONNECTIONS] = {"connections", "connects reused", "connections_"},
    [OPTIMIZER_RESOLVER] = {"resolver", "names answered", "resolver_"},
};

/* Reasons for a close that was not kept, and what a user can do about each. */
static const struct {
    enum counter_id counter;
    const char *name, *meaning, *advice;
} reasons[] = {
    {COUNTER_connections_refused_protocol, "protocol", "its protocol is none of those recognised",
     "HTTP/1.1, Redis and memcached without TLS are recognised; else use the client's own pool"},
    {COUNTER_connections_refused_state, "state", "the server may remember something about it",
     "leave out SELECT, AUTH, HELLO, MULTI, SUBSCRIBE, CLIENT, upgrades"},
    {COUNTER_connections_refused_close, "close", "one side said that it ends",
     "no Connection: close, HTTP/1.1 instead of 1.0, and keep-alive on at the server"},
    {COUNTER_connections_refused_mismatch, "mismatch", "its bytes fit no exchange",
     "look at what the server sends: a length that is wrong, or bytes behind the answer"},
    {COUNTER_connections_refused_unfinished, "unfinished", "it was closed before the answer was read",
     "read the whole answer before closing, the body too"},
    {COUNTER_connections_refused_shared, "shared", "something else may use it too, or its server is in the process itself",
     "do not duplicate, fork or pass on a connection that is open"},
    {COUNTER_connections_refused_option, "option", "a socket option, bind or shutdown would be noticed",
     "leave out SO_LINGER, bind and shutdown before close"},
    {COUNTER_connections_refused_unseen, "unseen", "bytes went past the library",
     "read and write with libc's functions: not io_uring, sendfile or system calls of one's own"},
    {COUNTER_connections_refused_crowded, "crowded", "the pool or the descriptors were at their limit",
     "raise STRONG_POOL_MAX, STRONG_POOL_TOTAL or the limit of descriptors"},
    {COUNTER_connections_refused_busy, "busy", "more exchanges were open at once than are followed",
     "use fewer connections at once"},
    {COUNTER_connections_refused_peer, "peer", "the peer had closed or reset it, or broken the rules",
     "look at the server's idle limit and its log"},
};

const char *optimizers_name(enum optimizer_id id)
{
    return table[id].name;
}

const char *optimizers_state_name(enum optimizer_state state)
{
    static const char *const names[] = {"off", "unused", "aside", "active", "unknown"};
    return names[state];
}

const char *optimizers_unit(enum optimizer_id id)
{
    return table[id].unit;
}

bool optimizers_owns(enum optimizer_id id, enum counter_id counter)
{
    return strncmp(counter_names[counter], table[id].prefix, strlen(table[id].prefix)) == 0;
}

bool optimizers_selected(const char *option, const char *name)
{
    bool selected = option[0] == '-' && option[1] != '\0'; /* only removals: from the default */
    size_t name_len = strlen(name);
    while (*option != '\0') {
        size_t len = strcspn(option, ",");
        bool minus = *option == '-';
        const char *word = option + minus;
        size_t word_len = len - minus;
        if ((word_len == 4 && memcmp(word, "safe", 4) == 0) ||
            (word_len == 3 && memcmp(word, "all", 3) == 0))
            selected = true;
        else if (word_len == 4 && memcmp(word, "none", 4) == 0)
            selected = false;
        else if (word_len == name_len && memcmp(word, name, name_len) == 0)
            selected = !minus;
        option += len + (option[len] == ',');
    }
    return selected;
}

/* Both are at most 2^62 (read/model.h), and so is what comes out. */
static uint64_t sum(uint64_t a, uint64_t b)
{
    return a + b < UINT64_C(1) << 62 ? a + b : UINT64_C(1) << 62;
}

static int larger_first(const void *left, const void *right)
{
    const struct optimizer_reason *a = left, *b = right;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return strcmp(a->name, b->name);
}

/* Connects to a peer that a connection of which could be kept, and stalls that were not avoided. */
static uint64_t calls_of(const struct model *model, unsigned hook, bool outbound)
{
    uint64_t calls = 0;
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        enum target_kind kind = model->targets[row->target].kind;
        if (row->hook == hook && (!outbound || kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT))
            calls = sum(calls, row->calls);
    }
    return calls;
}

static void fill_connections(const struct model *model, struct optimizer *one)
{
    const uint64_t *counters = model->counters;
    one->acted = counters[COUNTER_connections_reused];
    one->saved_ns = counters[COUNTER_connections_saved_ns];
    one->chances =
        sum(calls_of(model, HOOK_connect, true), calls_of(model, HOOK___connect, true));
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        uint64_t count = counters[reasons[i].counter];
        if (count == 0)
            continue;
        one->refused = sum(one->refused, count);
        one->reasons[one->reason_count++] = (struct optimizer_reason){
            reasons[i].name, reasons[i].meaning, reasons[i].advice, count};
    }
    qsort(one->reasons, one->reason_count, sizeof(one->reasons[0]), larger_first);
}

static void fill(const struct model *model, struct optimizer *one)
{
    const uint64_t *counters = model->counters;
    one->acted = one->chances = one->saved_ns = MODEL_UNKNOWN;
    switch (one->id) {
    case OPTIMIZER_TCP:
        one->acted = counters[COUNTER_tcp_stalls_avoided];
        one->saved_ns = counters[COUNTER_tcp_saved_ns];
        one->chances = sum(one->acted, calls_of(model, HOOK_nagle_stall, false));
        break;
    case OPTIMIZER_CONNECTIONS:
        fill_connections(model, one);
        break;
    case OPTIMIZER_RESOLVER:
        one->acted = sum(counters[COUNTER_resolver_hits],
                         sum(counters[COUNTER_resolver_shared_hits], counters[COUNTER_resolver_joined]));
        one->saved_ns = counters[COUNTER_resolver_saved_ns];
        one->chances = sum(one->acted, sum(counters[COUNTER_resolver_misses],
                                           counters[COUNTER_resolver_bypassed]));
        break;
    default:
        break;
    }
    if (one->acted != MODEL_UNKNOWN && one->chances < one->acted)
        one->chances = one->acted;
}

static enum optimizer_state state_of(const struct model *model, const struct optimizer *one)
{
    const char *option = model_option(model, "OPTIMIZE");
    if (one->id == OPTIMIZER_MEMORY && model->counters[COUNTER_memory_pool_active] == 0 &&
        model->counters[COUNTER_memory_pool_aside] > 0)
        return OPTIMIZER_ASIDE;
    for (unsigned i = 0; i < COUNTER_COUNT; i++)
        /* What was bypassed it had no business with. */
        if (model->counters[i] > 0 && i != COUNTER_resolver_bypassed &&
            optimizers_owns(one->id, (enum counter_id)i))
            return OPTIMIZER_ACTIVE;
    if (option == NULL)
        return OPTIMIZER_UNKNOWN;
    return optimizers_selected(option, one->name) ? OPTIMIZER_UNUSED : OPTIMIZER_OFF;
}

void optimizers_make(const struct model *model, struct optimizer ret_optimizers[OPTIMIZER_COUNT])
{
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        struct optimizer *one = &ret_optimizers[id];
        *one = (struct optimizer){.id = (enum optimizer_id)id, .name = table[id].name};
        fill(model, one);
        one->state = state_of(model, one);
    }
}

/* ---- one line ---- */

struct line {
    char text[600];
    size_t len;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line->text + line->len, sizeof(line->text) - line->len, format, arguments);
    va_end(arguments);
    line->len += len > 0 ? (size_t)len : 0;
    if (line->len >= sizeof(line->text))
        line->len = sizeof(line->text) - 1;
}

/* "; 1,200 times TCP_NODELAY" where there were any. */
static void add_count(struct line *line, uint64_t count, const char *what)
{
    if (count > 0)
        add(line, "; %s %s", units_count(count).text, what);
}

static void add_tcp(struct line *line, const struct model *model, const struct optimizer *one)
{
    const uint64_t *counters = model->counters;
    add(line, "avoided %s, saved %s", units_plural(one->acted, "stall").text,
        units_duration(one->saved_ns).text);
    add_count(line, one->chances - one->acted, "not");
    add_count(line, counters[COUNTER_tcp_nodelay_set], "× TCP_NODELAY");
    add_count(line, counters[COUNTER_tcp_quickack_armed], "× TCP_QUICKACK");
    add_count(line, counters[COUNTER_tcp_nodelay_returned], "given back to Nagle");
}

static void add_connections(struct line *line, const struct model *model,
                            const struct optimizer *one)
{
    enum { REASONS_SHOWN = 3 };
    const uint64_t *counters = model->counters;
    add(line, "reused %s of %s, saved at most %s", units_count(one->acted).text,
        units_count(one->chances).text, units_duration(one->saved_ns).text);
    if (one->refused > 0)
        add(line, "; refused %s:", units_count(one->refused).text);
    for (unsigned i = 0; i < one->reason_count && i < REASONS_SHOWN; i++)
        add(line, "%s %s %s", i > 0 ? "," : "", units_count(one->reasons[i].count).text,
            one->reasons[i].name);
    if (one->reason_count > REASONS_SHOWN)
        add(line, ", …");
    add_count(line, counters[COUNTER_connections_unrepeatable], "not repeatable");
    add_count(line, counters[COUNTER_connections_dead], "found dead");
    add_count(line, counters[COUNTER_connections_evicted], "evicted");
    add_count(line, counters[COUNTER_connections_renewed], "renewed");
}

static void add_resolver(struct line *line, const struct model *model, const struct optimizer *one)
{
    const uint64_t *counters = model->counters;
    add(line, "answered %s of %s, saved %s", units_count(one->acted).text,
        units_count(one->chances).text, units_duration(one->saved_ns).text);
    add_count(line, counters[COUNTER_resolver_shared_hits], "from other processes");
    add_count(line, counters[COUNTER_resolver_joined], "joined another's lookup");
    add_count(line, counters[COUNTER_resolver_bypassed], "bypassed");
    add_count(line, counters[COUNTER_resolver_flushes], "× emptied");
    if (counters[COUNTER_resolver_file_refused] > 0)
        add(line, "; the shared memory of names was refused");
}

const char *optimizers_text(const struct model *model, const struct optimizer *optimizer,
                            struct arena *arena)
{
    struct line line = {"", 0};
    if (optimizer->state != OPTIMIZER_ACTIVE)
        add(&line, "%s",
            optimizer->state == OPTIMIZER_OFF     ? "off: STRONG_OPTIMIZE leaves it out"
            : optimizer->state == OPTIMIZER_ASIDE ? "stepped aside: another allocator was chosen"
            : optimizer->state == OPTIMIZER_UNUSED ? "on; there was nothing for it to do"
                                                   : "not known: the settings were not recorded");
    else if (optimizer->id == OPTIMIZER_TCP)
        add_tcp(&line, model, optimizer);
    else if (optimizer->id == OPTIMIZER_CONNECTIONS)
        add_connections(&line, model, optimizer);
    else if (optimizer->id == OPTIMIZER_RESOLVER)
        add_resolver(&line, model, optimizer);
    else
        add(&line, "serves malloc and free; what that saves is not counted");
    const char *copy = arena_text(arena, line.text, line.len);
    return copy != NULL ? copy : "";
}

uint64_t optimizers_option(const struct model *model, const char *name)
{
    static const struct {
        const char *unit;
        uint64_t factor;
    } units[] = {{"", 1},          {"ns", 1},          {"us", 1000},           {"ms", 1000000},
                 {"s", 1000000000}, {"m", 60000000000}, {"h", 3600000000000}};
    const char *value = model_option(model, name);
    if (value == NULL || value[0] < '0' || value[0] > '9')
        return MODEL_UNKNOWN;
    char *end;
    uint64_t number = strtoull(value, &end, 10), product;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(end, units[i].unit) == 0 &&
            !__builtin_mul_overflow(number, units[i].factor, &product) && product < INT64_MAX)
            return product;
    return MODEL_UNKNOWN;
}
