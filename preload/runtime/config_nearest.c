/* config_nearest.c: see config_nearest.h. The nearest name is the one with the least Damerau–Levenshtein
 * distance (optimal string alignment), named only when it is at most a third of the name's length off.
 */
#include "runtime/config_nearest.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/log.h"
#include "runtime/text.h"

enum { NAME_MOST = 32, VALUE_MOST = 80 };

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* `most`, or more, where it is at least that: a difference in length alone can tell. */
static unsigned distance(const char *a, const char *b, unsigned most)
{
    unsigned rows[3][NAME_MOST + 1], *before = rows[0], *last = rows[1], *now = rows[2];
    unsigned len_a = (unsigned)strlen(a), len_b = (unsigned)strlen(b);
    if (len_a > NAME_MOST || len_b > NAME_MOST || len_a >= len_b + most || len_b >= len_a + most)
        return NAME_MOST > most ? NAME_MOST : most;
    for (unsigned j = 0; j <= len_b; j++)
        last[j] = j;
    for (unsigned i = 1; i <= len_a; i++) {
        now[0] = i;
        for (unsigned j = 1; j <= len_b; j++) {
            now[j] = least(least(last[j], now[j - 1]) + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                now[j] = least(now[j], before[j - 2] + 1);
        }
        unsigned *spare = before;
        before = last, last = now, now = spare;
    }
    return last[len_b];
}

const char *config_nearest(const char *name, const char *const *names, unsigned count)
{
    const char *nearest = NULL;
    unsigned best = (unsigned)strlen(name) / 3 + 1;
    for (unsigned i = 0; i < count; i++) {
        unsigned off = distance(name, names[i], best);
        if (off < best) {
            best = off;
            nearest = names[i];
        }
    }
    return nearest;
}

void config_report_name(const char *name)
{
    static const char *const names[] = {
#define OPTION(NAME, field, kind, default_, low, high, meaning) #NAME,
#include "abi/options.def"
#undef OPTION
    };
    const char *nearest = config_nearest(name, names, sizeof names / sizeof *names);
    if (nearest)
        log_line(LOG_MISTAKE, "unknown setting STRONG_", name, ": did you mean STRONG_", nearest, "?", NULL);
    else
        log_line(LOG_MISTAKE, "unknown setting STRONG_", name, ": see strong-report help options", NULL);
}

void config_report_value(const char *name, const char *value, const char *kind, const char *default_value,
                         const char *low, const char *high)
{
    static const struct {
        const char *kind, *form;
    } forms[] = {{"FLAG", "0 or 1"},
                 {"RATE", "a share such as 0.1"},
                 {"DURATION", "a time such as 10ms"},
                 {"SIZE", "a size such as 512KiB"},
                 {"COUNT", "a whole number"},
                 {"TEXT", "a text"}};
    const char *form = "?";
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++)
        if (strcmp(kind, forms[i].kind) == 0)
            form = forms[i].form;
    char shown[VALUE_MOST + sizeof "…"]; /* so that a long value leaves room for the rest of the line */
    struct text cut = text_in(shown, sizeof shown);
    size_t len = strlen(value);
    text_bytes(&cut, value, len <= VALUE_MOST ? (unsigned)len : VALUE_MOST);
    if (len > VALUE_MOST)
        text_string(&cut, "…");
    bool numbers = strcmp(kind, "COUNT") == 0 || strcmp(kind, "RATE") == 0;
    if (numbers)
        log_line(LOG_MISTAKE, "STRONG_", name, "=", shown, " is not ", form, " from ", low, " to ", high, ": using ",
                 default_value, NULL);
    else
        log_line(LOG_MISTAKE, "STRONG_", name, "=", shown, " is not ", form, " in range: using ", default_value, NULL);
}
