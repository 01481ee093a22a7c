/* rules_optimizers.c: see rules_optimizers.h, and the rules about optimizers that are on but cannot do
 * what they are for: closes refused, a pool too small, kept connections that die, names forgotten.
 * A rule whose optimizer is off is not applicable: the rule about the cause names the setting.
 */
#include "analyse/rules_optimizers.h"

#include <string.h>

static const uint16_t lookup_hooks[] = {HOOK_getaddrinfo, HOOK_NONE};

/* Fewer closes or lookups than this say nothing about an optimizer. */
enum { COUNT_LEAST = 20 };

/* ---- what the rules about causes say ---- */

const char *rules_optimizer_setting(struct analysis *analysis, enum optimizer_id id)
{
    const char *option = model_option(analysis->model, "OPTIMIZE");
    const char *name = analysis->optimizers[id].name;
    const char *minus = rules_text(analysis, "-%s", name);
    const char *safe = rules_text(analysis, "safe,-%s", name);
    if (option == NULL || option[0] == '\0' || strcmp(option, "none") == 0 ||
        strcmp(option, minus) == 0 || strcmp(option, safe) == 0)
        return rules_text(analysis, "STRONG_OPTIMIZE=safe, the default, which includes %s", name);
    return rules_text(analysis, "STRONG_OPTIMIZE=%s,%s", option, name);
}

const char *rules_reuse_fix(struct analysis *analysis)
{
    const struct optimizer *one = &analysis->optimizers[OPTIMIZER_CONNECTIONS];
    if (one->state == OPTIMIZER_OFF)
        return rules_text(analysis, "%s (HTTP, Redis and memcached are recognised); or ",
                          rules_optimizer_setting(analysis, OPTIMIZER_CONNECTIONS));
    if (one->state == OPTIMIZER_UNUSED)
        return "the optimizer connections is on, but followed no connection (STRONG_POOL_TARGETS, "
               "STRONG_POOL_MAX and STRONG_POOL_TOTAL say which it may); ";
    uint64_t unrepeatable = analysis->model->counters[COUNTER_connections_unrepeatable];
    if (one->state == OPTIMIZER_ACTIVE && unrepeatable > one->refused)
        return rules_text(analysis,
                          "STRONG_POOL_ALL_REQUESTS=1: %s were for requests that cannot be repeated "
                          "(should the server close just then, the program sees it); or ",
                          units_plural(unrepeatable, "connect").text);
    if (one->state != OPTIMIZER_ACTIVE || one->refused == 0)
        return "";
    const struct optimizer_reason *most = &one->reasons[0];
    return rules_text(analysis,
                      "the optimizer connections is on, but refused %s, %s because %s: %s; or ",
                      units_plural(one->refused, "close").text,
                      most->count == one->refused ? "all" : units_count(most->count).text,
                      most->meaning, most->advice);
}

const char *rules_nodelay_fix(struct analysis *analysis)
{
    const struct optimizer *one = &analysis->optimizers[OPTIMIZER_TCP];
    if (one->state == OPTIMIZER_OFF)
        return rules_text(analysis, "%s; or ", rules_optimizer_setting(analysis, OPTIMIZER_TCP));
    if (one->state == OPTIMIZER_UNUSED)
        return "the optimizer tcp is on, but leaves sockets alone whose owner set TCP_NODELAY or "
               "TCP_CORK: ";
    if (one->state == OPTIMIZER_ACTIVE)
        return rules_text(analysis,
                          "the optimizer tcp is on and avoided %s; it leaves alone sockets whose "
                          "owner set TCP_NODELAY or TCP_CORK, and streams of small writes: ",
                          units_plural(one->acted, "more stall").text);
    return "";
}

const char *rules_remember_fix(struct analysis *analysis)
{
    const struct optimizer *one = &analysis->optimizers[OPTIMIZER_RESOLVER];
    const uint64_t *counters = analysis->model->counters;
    uint64_t bypassed = counters[COUNTER_resolver_bypassed];
    if (one->state == OPTIMIZER_OFF)
        return rules_text(analysis, "%s; or ",
                          rules_optimizer_setting(analysis, OPTIMIZER_RESOLVER));
    if ((one->state == OPTIMIZER_ACTIVE || one->state == OPTIMIZER_UNUSED) &&
        bypassed > counters[COUNTER_resolver_misses])
        return rules_text(analysis,
                          "the optimizer resolver is on, but never remembers %s of these lookups: "
                          "numeric hosts, unusual flags or a resolver state of one's own; ",
                          units_count(bypassed).text);
    if (one->state == OPTIMIZER_UNUSED)
        return "the optimizer resolver is on, but remembers only what getaddrinfo answers; ";
    if (one->state != OPTIMIZER_ACTIVE)
        return "";
    return rules_text(analysis, "the optimizer resolver is on and answered %s of %s; ",
                      units_count(one->acted).text, units_plural(one->chances, "lookup").text);
}

/* ---- the pool of connections ---- */

/* What a connect cost that could not be answered by the pool, times how many: at most all of them. */
static uint64_t connects_ns(struct analysis *analysis, uint64_t count)
{
    struct rules_sum connects = rules_sum(analysis, rules_connect_hooks, RULES_ANY_TARGET);
    uint64_t reused = analysis->model->counters[COUNTER_connections_reused];
    /* The reused ones took next to nothing. */
    uint64_t real = connects.calls > reused ? connects.calls - reused : 1;
    double ns = (double)connects.ns / (double)real * (double)count;
    return ns < (double)connects.ns ? (uint64_t)ns : connects.ns;
}

/* False, and the finding says so, where the pool is off or had nothing to do. */
static bool pool_works(struct analysis *analysis, struct finding *finding)
{
    enum optimizer_state state = analysis->optimizers[OPTIMIZER_CONNECTIONS].state;
    if (state == OPTIMIZER_OFF)
        rules_not_applicable(finding, "the optimizer connections is off");
    else if (state == OPTIMIZER_UNKNOWN)
        rules_not_measured(finding, "its settings were not recorded");
    else if (state != OPTIMIZER_ACTIVE)
        rules_not_applicable(finding, "the optimizer connections followed no connection");
    return state == OPTIMIZER_ACTIVE;
}

static const char *option_of(const struct analysis *analysis, const char *name)
{
    const char *value = model_option(analysis->model, name);
    return value != NULL && value[0] != '\0' ? value : "?";
}

const struct finding_about rules_pool_refusals_about = {
    .looks_for = "Connections that the optimizer connections could not keep, and why.",
    .precondition = "Applies where that optimizer is on and followed connections.",
    .formula =
        "Found for 20 refusals or more that are a quarter of what was kept. Bound: what their "
        "connects cost.",
    .fix = "Depends on the reason, which the finding names.",
    .risk = "None: what is refused is closed as without libstrong.",
};

void rules_pool_refusals(struct analysis *analysis, struct finding *finding)
{
    enum { REASONS_SHOWN = 4 };
    const struct optimizer *one = &analysis->optimizers[OPTIMIZER_CONNECTIONS];
    if (!pool_works(analysis, finding))
        return;
    /* What the pool had no room for is another rule's. */
    uint64_t crowded = analysis->model->counters[COUNTER_connections_refused_crowded];
    uint64_t parked = analysis->model->counters[COUNTER_connections_parked];
    uint64_t refused = one->refused - crowded;
    const struct optimizer_reason *most = NULL;
    const char *list = "";
    for (unsigned i = 0, shown = 0; i < one->reason_count && shown < REASONS_SHOWN; i++) {
        if (strcmp(one->reasons[i].name, "crowded") == 0)
            continue;
        most = most != NULL ? most : &one->reasons[i];
        list = rules_text(analysis, "%s%s%s %s", list, shown++ > 0 ? ", " : "",
                          units_count(one->reasons[i].count).text, one->reasons[i].name);
    }
    finding->evidence = rules_text(analysis, "%s kept, %s not", units_plural(parked, "close").text,
                                   units_count(refused).text);
    if (refused < COUNT_LEAST || refused < parked / 4 || most == NULL ||
        !rules_found(analysis, finding, connects_ns(analysis, refused), refused))
        return;
    rules_limit(finding, SEVERITY_WARNING);
    finding->where = most->name;
    finding->evidence =
        rules_text(analysis, "%s of %s not kept: %s", units_count(refused).text,
                   units_plural(parked + refused, "close").text, list);
    finding->assumption = "every connection that was not kept would have been used again";
    finding->fix = rules_text(analysis, "most because %s: %s", most->meaning, most->advice);
    finding->risk = "none: what is refused is closed as without libstrong";
}

const struct finding_about rules_pool_small_about = {
    .looks_for = "Connections that would have been kept, had there been room.",
    .precondition = "Applies where the optimizer connections is on and followed connections.",
    .formula =
        "Found for 20 closes or more without room, or kept connections that gave way. Bound: what "
        "their connects cost.",
    .fix = "Raise STRONG_POOL_MAX and STRONG_POOL_TOTAL, and the limit of descriptors.",
    .risk = "More connections that idle at the servers.",
};

void rules_pool_small(struct analysis *analysis, struct finding *finding)
{
    const uint64_t *counters = analysis->model->counters;
    if (!pool_works(analysis, finding))
        return;
    uint64_t evicted = counters[COUNTER_connections_evicted];
    uint64_t crowded = counters[COUNTER_connections_refused_crowded];
    uint64_t lost = evicted + crowded, parked = counters[COUNTER_connections_parked];
    finding->evidence = rules_text(analysis, "%s found no room, %s gave way",
                                   units_plural(crowded, "close").text, units_count(evicted).text);
    if (lost < COUNT_LEAST || lost < parked / 20 ||
        !rules_found(analysis, finding, connects_ns(analysis, lost), lost))
        return;
    rules_limit(finding, SEVERITY_WARNING);
    uint64_t most = optimizers_option(analysis->model, "POOL_MAX");
    uint64_t total = optimizers_option(analysis->model, "POOL_TOTAL");
    finding->evidence = rules_text(
        analysis, "%s: %s, with room for %s to one destination and %s in all", finding->evidence,
        units_plural(parked, "close").text, option_of(analysis, "POOL_MAX"),
        option_of(analysis, "POOL_TOTAL"));
    finding->assumption = "every connection there was no room for would have been used again";
    finding->fix = rules_text(
        analysis, "STRONG_POOL_MAX=%llu STRONG_POOL_TOTAL=%llu, and a limit of descriptors (ulimit -n) "
        "above that",
        (unsigned long long)(most != MODEL_UNKNOWN && most < 512 ? (most > 0 ? most * 2 : 16) : 1024),
        (unsigned long long)(total != MODEL_UNKNOWN && total < 512 ? (total > 0 ? total * 2 : 256)
                                                                   : 1024));
    finding->risk = "more connections that idle at the servers";
}

const struct finding_about rules_pool_dead_about = {
    .looks_for = "Kept connections that the server closed before they were used again.",
    .precondition = "Applies where the optimizer connections is on and followed connections.",
    .formula = "Found for 20 or more that are half of what was kept. Bound: what their connects cost.",
    .fix = "Raise the server's limit on idle connections, or set STRONG_POOL_IDLE below it.",
    .risk = "A server that keeps idle connections longer needs more of them.",
};

void rules_pool_dead(struct analysis *analysis, struct finding *finding)
{
    const uint64_t *counters = analysis->model->counters;
    if (!pool_works(analysis, finding))
        return;
    uint64_t dead = counters[COUNTER_connections_dead];
    uint64_t parked = counters[COUNTER_connections_parked];
    finding->evidence = rules_text(analysis, "%s kept, %s found closed by the server",
                                   units_plural(parked, "connection").text,
                                   units_count(dead).text);
    if (dead < COUNT_LEAST || dead < parked / 2 ||
        !rules_found(analysis, finding, connects_ns(analysis, dead), dead))
        return;
    rules_limit(finding, SEVERITY_WARNING);
    uint64_t idle_ns = optimizers_option(analysis->model, "POOL_IDLE");
    finding->assumption = "the server keeps them, and each would have been used again";
    finding->fix = rules_text(
        analysis, "raise the server's limit on idle connections above STRONG_POOL_IDLE (%s); or set "
        "STRONG_POOL_IDLE below the server's limit, so that none is kept in vain",
        idle_ns != MODEL_UNKNOWN ? units_duration(idle_ns).text : "not recorded");
    finding->risk = "a server that keeps idle connections longer needs more of them";
}

/* ---- the memory of names ---- */

/* Names asked for with getaddrinfo, and how often the one asked for most. */
static uint64_t count_names(struct analysis *analysis, uint64_t *ret_most)
{
    const struct model *model = analysis->model;
    uint64_t names = 0;
    *ret_most = 0;
    for (uint32_t t = 1; t < model->target_count; t++) {
        if (model->targets[t].kind != TARGET_HOST)
            continue;
        uint64_t calls = rules_sum(analysis, lookup_hooks, t).calls;
        names += calls > 0;
        *ret_most = calls > *ret_most ? calls : *ret_most;
    }
    return names;
}

/* What to change, by what makes it forget. */
static const char *forgetting_fix(struct analysis *analysis, uint64_t names, uint64_t ttl_ns)
{
    uint64_t size = optimizers_option(analysis->model, "RESOLVER_SIZE");
    uint64_t flushes = analysis->model->counters[COUNTER_resolver_flushes];
    if ((double)flushes * 5 > rules_seconds(analysis))
        return "find out what changes /etc/hosts, /etc/resolv.conf or the network all the time, or "
               "calls res_init: each change empties the memory";
    if (size != MODEL_UNKNOWN && names > size)
        return rules_text(analysis, "STRONG_RESOLVER_SIZE=%llu: %s do not fit %s",
                          (unsigned long long)(names < 32768 ? names * 2 : 65536),
                          units_plural(names, "name").text, units_count(size).text);
    return rules_text(analysis, "STRONG_RESOLVER_TTL=%llus (it is %s): a name is asked for less often "
                      "than it is remembered for",
                      (unsigned long long)(ttl_ns != MODEL_UNKNOWN && ttl_ns < UINT64_C(600000000000)
                                               ? ttl_ns / 1000000000 * 6 + (ttl_ns < 1000000000) * 5
                                               : 3600),
                      ttl_ns != MODEL_UNKNOWN ? units_duration(ttl_ns).text : "not recorded");
}

const struct finding_about rules_resolver_forgets_about = {
    .looks_for = "Names that the optimizer resolver forgets before they are asked for again.",
    .precondition = "Applies where that optimizer is on and names were looked up.",
    .formula =
        "Found where 20 lookups or more went on to libc for names it had known, and more than it "
        "answered. Bound: the time of all but the first lookup of each name.",
    .fix =
        "Raise STRONG_RESOLVER_TTL or STRONG_RESOLVER_SIZE, or find out what changes the "
        "configuration all the time.",
    .risk = "An address that changed is used for as long as it is remembered.",
};

void rules_resolver_forgets(struct analysis *analysis, struct finding *finding)
{
    const struct optimizer *one = &analysis->optimizers[OPTIMIZER_RESOLVER];
    uint64_t misses = analysis->model->counters[COUNTER_resolver_misses], most;
    if (one->state == OPTIMIZER_UNKNOWN) {
        rules_not_measured(finding, "its settings were not recorded");
        return;
    }
    if (one->state != OPTIMIZER_ACTIVE) {
        rules_not_applicable(finding, one->state == OPTIMIZER_OFF ? "the optimizer resolver is off"
                                                                  : "it looked up no name");
        return;
    }
    uint64_t names = count_names(analysis, &most);
    struct rules_sum lookups = rules_sum(analysis, lookup_hooks, RULES_ANY_TARGET);
    uint64_t again = misses > names ? misses - names : 0;
    finding->evidence = rules_text(analysis, "%s answered, %s went on to libc, for %s",
                                   units_plural(one->acted, "lookup").text,
                                   units_count(misses).text, units_plural(names, "name").text);
    double ns = misses > 0 ? (double)lookups.ns / (double)misses * (double)again : 0;
    if (again < COUNT_LEAST || misses < names * 2 || one->acted > misses ||
        !rules_found(analysis, finding, ns < (double)lookups.ns ? (uint64_t)ns : lookups.ns, again))
        return;
    rules_limit(finding, SEVERITY_WARNING);
    uint64_t ttl_ns = optimizers_option(analysis->model, "RESOLVER_TTL");
    struct latency latency = rules_latency(analysis, lookup_hooks, RULES_ANY_TARGET);
    rules_percentiles(finding, &latency);
    finding->evidence = rules_text(analysis, "%s; p50 %s, p99 %s", finding->evidence,
                                   units_duration(finding->p50_ns).text,
                                   units_duration(finding->p99_ns).text);
    finding->assumption = "only the first lookup of each name goes to libc";
    finding->fix = forgetting_fix(analysis, names, ttl_ns);
    finding->risk = "an address that changed is used for as long as it is remembered";
}
