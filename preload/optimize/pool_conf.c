/* pool_conf.c: see pool_conf.h.
 *
 * jemalloc skips a pair it does not know and applies the others; here one wrong pair makes the whole text
 * be replaced by the default, with one line that names it. Options that would break a promise of libstrong
 * (threads of its own, its profiler, output at exit, abort, memory by sbrk, which lies outside the pool's stretch;
 * unmapping, which the stretch never gets back; zeroing, which the pool's own blocks would not follow) are not among
 * those accepted.
 */
#include "optimize/pool_conf.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "optimize/embedded_jemalloc.h"
#include "runtime/config.h"
#include "runtime/config_nearest.h"
#include "runtime/log.h"
#include "runtime/text.h"

enum { CONF_MOST = 1024 };

#define SIZE_LIMIT ((int64_t)1 << 40)
#define DECAY_LIMIT ((int64_t)1 << 40) /* 34 years */

/* jemalloc(3), "opt."; words: those it may be, or a number from low to high. */
static const struct setting {
    const char *name, *words;
    int64_t low, high;
} known[] = {
    {"narenas", NULL, 1, 4094},
    {"narenas_ratio", NULL, 1, 16},
    {"percpu_arena", "disabled|percpu|phycpu", 0, 0},
    {"oversize_threshold", NULL, 0, SIZE_LIMIT},
    {"dirty_decay_ms", NULL, -1, DECAY_LIMIT},
    {"muzzy_decay_ms", NULL, -1, DECAY_LIMIT},
    {"tcache", "true|false", 0, 0},
    {"tcache_max", NULL, 0, 8 << 20},
    {"tcache_nslots_small_min", NULL, 1, 8191},
    {"tcache_nslots_small_max", NULL, 1, 8191},
    {"tcache_nslots_large", NULL, 1, 8191},
    {"lg_tcache_nslots_mul", NULL, -16, 16},
    {"tcache_gc_incr_bytes", NULL, 1024, SIZE_LIMIT},
    {"tcache_gc_delay_bytes", NULL, 0, SIZE_LIMIT},
    {"lg_tcache_flush_small_div", NULL, 1, 16},
    {"lg_tcache_flush_large_div", NULL, 1, 16},
    {"lg_extent_max_active_fit", NULL, 0, 64},
    {"trust_madvise", "true|false", 0, 0},
    {"thp", "default|always|never", 0, 0},
    {"metadata_thp", "disabled|auto|always", 0, 0},
    {"hpa", "true|false", 0, 0},
};

static const char fixed[] = ",background_thread:false,stats_print:false,abort_conf:false,prof:false,dss:disabled";

static bool is_number(const char *value, size_t len, int64_t low, int64_t high)
{
    size_t first = len > 1 && value[0] == '-';
    int64_t number = 0;
    if (first == len || len - first > 18)
        return false;
    for (size_t i = first; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return false;
        number = number * 10 + (value[i] - '0');
    }
    number = first ? -number : number;
    return number >= low && number <= high;
}

static bool is_one_of(const char *value, size_t len, const char *words)
{
    for (const char *word = words; len;) {
        size_t here = strcspn(word, "|");
        if (here == len && memcmp(word, value, len) == 0)
            return true;
        if (!word[here])
            return false;
        word += here + 1;
    }
    return false;
}

static bool value_fits(const struct setting *setting, const char *value, size_t len)
{
    if (!setting->words)
        return is_number(value, len, setting->low, setting->high);
    return is_one_of(value, len, setting->words);
}

static const char *nearest_name(const char *name)
{
    const char *names[sizeof known / sizeof *known];
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++)
        names[i] = known[i].name;
    return config_nearest(name, names, sizeof known / sizeof *known);
}

const char *pool_conf_check(const char *text, char *buf, unsigned size, const char **ret_nearest)
{
    while (*text) {
        size_t len = strcspn(text, ","), name_len = strcspn(text, ":,");
        bool named = false, fits = false;
        for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
            if (strlen(known[i].name) != name_len || memcmp(known[i].name, text, name_len) != 0)
                continue;
            named = true;
            fits = name_len < len && value_fits(&known[i], text + name_len + 1, len - name_len - 1);
        }
        if (!named || !fits) {
            size_t kept = named ? len : name_len; /* first the name alone, for the nearest */
            struct text pair = text_in(buf, size);
            text_bytes(&pair, text, (unsigned)(kept < size ? kept : size - 1));
            *ret_nearest = named ? "" : nearest_name(buf);
            pair = text_in(buf, size);
            text_bytes(&pair, text, (unsigned)(len < size ? len : size - 1));
            return buf;
        }
        text += len;
        if (*text == ',')
            text++;
    }
    return NULL;
}

/* Only what slipped through the check: nothing is expected here. */
static void message(void *opaque, const char *text)
{
    (void)opaque;
    log_line(LOG_DETAIL, "memory pool: ", text, NULL);
}

void pool_conf_apply(void)
{
    static char conf[CONF_MOST];
    char pair[80];
    const char *nearest = NULL, *chosen = config.memory_conf;
    const char *wrong = pool_conf_check(chosen, pair, sizeof pair, &nearest);
    if (!wrong && strlen(chosen) + sizeof fixed > sizeof conf)
        wrong = "too long", nearest = NULL;
    if (wrong) {
        chosen = config_default("MEMORY_CONF");
        if (nearest && *nearest)
            log_line(LOG_MISTAKE, "STRONG_MEMORY_CONF: ", wrong, ": did you mean ", nearest, "? using ", chosen, NULL);
        else
            log_line(LOG_MISTAKE, "STRONG_MEMORY_CONF: ", wrong,
                     nearest ? ": not a value of it: using " : ": not a setting it accepts: using ", chosen, NULL);
        config.memory_conf = chosen;
    }
    struct text text = text_in(conf, sizeof conf);
    text_string(&text, chosen);
    text_string(&text, chosen[0] ? fixed : fixed + 1);
    /* No setting in 5.3.0, though its manual names it: it calls cache_oblivious an invalid pair. Left on it adds a
     * page to each block of its, and a span, aligned to its size, then takes up twice that. */
    strong_je_opt_cache_oblivious = false;
    strong_je_malloc_conf = conf;
    strong_je_malloc_message = message;
}
