/* watch_rules.c: see watch_rules.h. inih splits the lines; lines are read one by one here, so that each mistake has its
 * number and none is cut silently.
 */
#include "commands/watch_rules.h"

#include <ctype.h>
#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "read/text.h"
#include "read/trusted.h"

/* inih cuts longer names without a word. */
enum { NAME_LONGEST = 49, VALUE_LONGEST = EXPRESSION_LONGEST };

enum key { KEY_EXPR, KEY_FOR, KEY_CLEAR, KEY_KEEP, KEY_SEVERITY, KEY_MESSAGE, KEY_LABELS, KEY_COUNT };

static const char *const keys[] = {"expr",     "for",     "clear",  "keep_firing_for",
                                   "severity", "message", "labels", NULL};
static const char *const sink_keys[] = {"to", NULL};

/* A rule while its lines come in. */
struct draft {
    char name[NAME_LONGEST + 1];
    char *values[KEY_COUNT];
    unsigned lines[KEY_COUNT], line;
    bool open;
};

struct reading {
    const char *path;
    FILE *file;
    unsigned line, section_line; /* of the last [name] */
    bool section_used;           /* a value came after it */
    bool indented, failed;
    struct watch_rules *rules;
    struct draft draft;
};

__attribute__((format(printf, 3, 4))) static int wrong(struct reading *reading, unsigned line,
                                                       const char *format, ...)
{
    char text[512];
    va_list values;
    va_start(values, format);
    vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    if (!reading->failed)
        arguments_wrong("watch", "%s:%u: %s", reading->path, line, text);
    reading->failed = true;
    return 0; /* inih's word for a failure */
}

static int wrong_word(struct reading *reading, unsigned line, const char *what, const char *word,
                      const char *const *words)
{
    char all[256] = "";
    const char *nearest = text_nearest(word, words);
    if (nearest)
        return wrong(reading, line, "no %s '%.80s'; nearest: %s", what, word, nearest);
    for (size_t i = 0; words[i]; i++)
        snprintf(all + strlen(all), sizeof(all) - strlen(all), "%s%s", i ? ", " : "", words[i]);
    return wrong(reading, line, "no %s '%.80s'; there are: %s", what, word, all);
}

static int find(const char *const *words, const char *word)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return -1;
}

/* ---- values ---- */

static int take_expression(struct reading *reading, const char *text, unsigned line,
                           struct expression **ret_expression)
{
    struct expression_error error;
    char pointed[512];
    if (expression_parse(text, ret_expression, &error) == 0)
        return 1;
    bool first = !reading->failed;
    wrong(reading, line, "%s", error.message);
    if (first)
        fputs(expression_point(text, &error, pointed, sizeof(pointed)), stderr);
    return 0;
}

static int take_duration(struct reading *reading, const char *text, unsigned line, uint64_t *ret_ns)
{
    double value;
    struct quantity_unit unit;
    size_t at, len;
    int taken = quantity_read(text, &value, &unit, &at, &len);
    bool is_time = taken > 0 && text[taken] == '\0' && (unit.seconds == 1 || value == 0);
    if (!is_time || value > 1e9)
        return wrong(reading, line, "'%.80s' is not a duration: 30s, 5min, 1h", text);
    *ret_ns = (uint64_t)(value * 1e9 + 0.5);
    return 1;
}

static int take_severity(struct reading *reading, const char *text, unsigned line,
                         enum finding_severity *ret_severity)
{
    static const char *const names[] = {"note", "warning", "critical", NULL};
    int found = find(names, text);
    if (found < 0)
        return wrong_word(reading, line, "severity", text, names);
    *ret_severity = (enum finding_severity)found;
    return 1;
}

static char *clean_copy(const char *text, size_t len)
{
    char *copy = malloc(len + 1);
    if (copy)
        text_clean(copy, len + 1, text, len);
    return copy;
}

static size_t trimmed(const char *text, size_t len)
{
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    return len;
}

/* Names as Prometheus wants them: letters, digits and _, no digit first. */
static bool is_label_name(const char *text, size_t len)
{
    if (len == 0 || len > NAME_LONGEST || isdigit((unsigned char)*text))
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '_')
            return false;
    return true;
}

static int take_labels(struct reading *reading, const char *text, unsigned line, struct watch_rule *rule)
{
    static const char *const ours[] = {"alertname", "severity", "pid", "command", "run", NULL};
    while (*text) {
        text += strspn(text, " \t,");
        size_t len = strcspn(text, ","), name_len = strcspn(text, "=,");
        if (len == 0)
            break;
        if (rule->label_count == WATCH_LABELS)
            return wrong(reading, line, "more than %d labels", WATCH_LABELS);
        size_t end = trimmed(text, name_len);
        if (name_len == len || !is_label_name(text, end))
            return wrong(reading, line, "'%.*s' is not a label: name=value, name=value", (int)len, text);
        struct watch_label *label = &rule->labels[rule->label_count];
        const char *value = text + name_len + 1;
        value += strspn(value, " \t");
        label->name = clean_copy(text, end);
        label->value = clean_copy(value, trimmed(value, (size_t)(text + len - value)));
        if (!label->name || !label->value) {
            free(label->name);
            free(label->value);
            return wrong(reading, line, "not enough memory");
        }
        rule->label_count++;
        if (find(ours, label->name) >= 0)
            return wrong(reading, line, "the label '%s' is set by strong-report itself", label->name);
        text += len;
    }
    return 1;
}

/* ---- rules ---- */

static void rule_done(struct watch_rule *rule)
{
    free(rule->name);
    free(rule->message);
    expression_free(rule->condition);
    expression_free(rule->clear);
    for (size_t i = 0; i < rule->label_count; i++) {
        free(rule->labels[i].name);
        free(rule->labels[i].value);
    }
}

static int fill_rule(struct reading *reading, const struct draft *draft, struct watch_rule *rule)
{
    char *const *values = draft->values;
    const unsigned *lines = draft->lines;
    if (!values[KEY_EXPR])
        return wrong(reading, draft->line, "the rule [%s] has no expr", draft->name);
    rule->severity = SEVERITY_WARNING;
    rule->line = draft->line;
    rule->name = clean_copy(draft->name, strlen(draft->name));
    if (values[KEY_MESSAGE])
        rule->message = clean_copy(values[KEY_MESSAGE], strlen(values[KEY_MESSAGE]));
    if (!rule->name || (values[KEY_MESSAGE] && !rule->message))
        return wrong(reading, draft->line, "not enough memory");
    int ok = take_expression(reading, values[KEY_EXPR], lines[KEY_EXPR], &rule->condition);
    if (ok && values[KEY_CLEAR])
        ok = take_expression(reading, values[KEY_CLEAR], lines[KEY_CLEAR], &rule->clear);
    if (ok && values[KEY_FOR])
        ok = take_duration(reading, values[KEY_FOR], lines[KEY_FOR], &rule->terms.for_ns);
    if (ok && values[KEY_KEEP])
        ok = take_duration(reading, values[KEY_KEEP], lines[KEY_KEEP], &rule->terms.keep_firing_ns);
    if (ok && values[KEY_SEVERITY])
        ok = take_severity(reading, values[KEY_SEVERITY], lines[KEY_SEVERITY], &rule->severity);
    if (ok && values[KEY_LABELS])
        ok = take_labels(reading, values[KEY_LABELS], lines[KEY_LABELS], rule);
    rule->terms.has_clear = rule->clear != NULL;
    return ok;
}

/* The rule whose lines have all come. */
static int close_draft(struct reading *reading)
{
    struct draft *draft = &reading->draft;
    struct watch_rules *rules = reading->rules;
    int ok = 1;
    if (draft->open && !reading->failed) {
        struct watch_rule *grown = reallocarray(rules->items, rules->count + 1, sizeof(*grown));
        if (!grown || rules->count == WATCH_RULES) {
            rules->items = grown ? grown : rules->items;
            ok = wrong(reading, draft->line, grown ? "more than %d rules" : "not enough memory for %d rules", WATCH_RULES);
        } else {
            rules->items = grown;
            grown[rules->count] = (struct watch_rule){0};
            ok = fill_rule(reading, draft, &grown[rules->count++]);
        }
    }
    for (int i = 0; i < KEY_COUNT; i++)
        free(draft->values[i]);
    *draft = (struct draft){0};
    return ok;
}

static int open_draft(struct reading *reading, const char *name)
{
    struct draft *draft = &reading->draft;
    if (!close_draft(reading))
        return 0;
    for (size_t i = 0; i < reading->rules->count; i++)
        if (strcmp(reading->rules->items[i].name, name) == 0)
            return wrong(reading, reading->section_line, "the rule [%s] is there already, in line %u", name,
                         reading->rules->items[i].line);
    snprintf(draft->name, sizeof(draft->name), "%s", name);
    draft->open = true;
    draft->line = reading->section_line;
    return 1;
}

static int take_sink(struct reading *reading, const char *key, const char *value)
{
    struct watch_rules *rules = reading->rules;
    if (find(sink_keys, key) < 0)
        return wrong_word(reading, reading->line, "key", key, sink_keys);
    if (rules->sink_count == WATCH_SINKS)
        return wrong(reading, reading->line, "more than %d sinks", WATCH_SINKS);
    rules->sinks[rules->sink_count] = strdup(value);
    if (!rules->sinks[rules->sink_count])
        return wrong(reading, reading->line, "not enough memory");
    rules->sink_count++;
    return 1;
}

static int take_value(struct reading *reading, const char *key, const char *value)
{
    struct draft *draft = &reading->draft;
    int found = find(keys, key);
    if (found < 0)
        return wrong_word(reading, reading->line, "key", key, keys);
    char *old = draft->values[found], *text = NULL;
    if (old && !reading->indented)
        return wrong(reading, reading->line, "'%s' is there already, in line %u", key, draft->lines[found]);
    if (!old)
        draft->lines[found] = reading->line;
    if ((old ? strlen(old) : 0) + strlen(value) + 1 > VALUE_LONGEST)
        return wrong(reading, reading->line, "'%s' is longer than %d bytes", key, VALUE_LONGEST);
    if (asprintf(&text, "%s%s%s", old ? old : "", old ? " " : "", value) < 0)
        return wrong(reading, reading->line, "not enough memory");
    free(old);
    draft->values[found] = text;
    return 1;
}

/* inih calls this for each value; 1 is success. */
static int visit(void *context, const char *section, const char *key, const char *value)
{
    struct reading *reading = context;
    reading->section_used = true;
    if (reading->failed)
        return 0;
    if (!*section)
        return wrong(reading, reading->line, "'%.80s' stands before the first [rule]", key);
    if (strcmp(section, "sink") == 0)
        return close_draft(reading) && take_sink(reading, key, value);
    bool is_new = !reading->draft.open || strcmp(reading->draft.name, section) != 0;
    if (is_new && !open_draft(reading, section))
        return 0;
    return take_value(reading, key, value);
}

/* A [name] without values never reaches visit. */
static void see_section(struct reading *reading, const char *line)
{
    if (reading->section_line && !reading->section_used)
        wrong(reading, reading->section_line, "nothing stands below this [name]");
    if (line && strcspn(line + 1, "]") > NAME_LONGEST)
        wrong(reading, reading->line, "the name in [ ] is longer than %d bytes", NAME_LONGEST);
    if (line && line[1] == ']')
        wrong(reading, reading->line, "[ ] without a name");
    reading->section_line = reading->line;
    reading->section_used = false;
}

/* inih's fgets: counts, and refuses what it would cut. */
static char *next_line(char *buf, int size, void *context)
{
    struct reading *reading = context;
    if (reading->failed || !fgets(buf, size, reading->file))
        return NULL;
    reading->line++;
    reading->indented = *buf == ' ' || *buf == '\t';
    size_t len = strlen(buf);
    if (len + 1 == (size_t)size && buf[len - 1] != '\n') {
        wrong(reading, reading->line, "the line is longer than %d bytes: go on in a line that begins with a blank", size - 2);
        return NULL;
    }
    if (*buf == '[')
        see_section(reading, buf);
    return reading->failed ? NULL : buf;
}

/* Who may write the file decides what we run. */
static void check_programs(struct reading *reading, const struct stat *facts)
{
    char why[TRUSTED_WHY];
    bool names_program = false;
    for (size_t i = 0; i < reading->rules->sink_count; i++)
        names_program = names_program || strncmp(reading->rules->sinks[i], "exec:", 5) == 0;
    if (names_program && !reading->failed && trusted_judge(facts, TRUSTED_OWN, 0, why) != 0)
        wrong(reading, reading->line, "it names a program to run, and %s", why);
}

int watch_rules_read(const char *path, struct watch_rules *ret_rules)
{
    struct watch_rules rules = {0};
    struct reading reading = {.path = path, .rules = &rules};
    *ret_rules = rules;
    struct stat facts;
    char why[TRUSTED_WHY];
    int fd = trusted_open(path, TRUSTED_PLAIN, 0, &facts, why);
    reading.file = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (!reading.file)
        return arguments_wrong("watch", "%s: %s", path, fd < 0 ? why : strerror(errno));
    int line = ini_parse_stream(next_line, &reading, visit, &reading);
    if (line > 0 && !reading.failed)
        wrong(&reading, (unsigned)line, "this is neither [name] nor name = value");
    if (ferror(reading.file) && !reading.failed)
        wrong(&reading, reading.line, "%s", strerror(EISDIR));
    see_section(&reading, NULL);
    close_draft(&reading);
    check_programs(&reading, &facts);
    if (!reading.failed && rules.count == 0)
        wrong(&reading, reading.line, "no rule in it");
    fclose(reading.file);
    if (reading.failed) {
        watch_rules_done(&rules);
        return EXIT_USAGE;
    }
    *ret_rules = rules;
    return EXIT_OK;
}

void watch_rules_done(struct watch_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        rule_done(&rules->items[i]);
    free(rules->items);
    for (size_t i = 0; i < rules->sink_count; i++)
        free(rules->sinks[i]);
    *rules = (struct watch_rules){0};
}

static bool same_text(const struct expression *a, const struct expression *b)
{
    return a && b ? strcmp(a->text, b->text) == 0 : a == b;
}

void watch_rules_keep_alerts(struct watch_rules *rules, const struct watch_rules *before)
{
    for (size_t i = 0; i < rules->count; i++)
        for (size_t j = 0; j < before->count; j++) {
            const struct watch_rule *old = &before->items[j];
            struct watch_rule *rule = &rules->items[i];
            if (strcmp(rule->name, old->name) == 0 && same_text(rule->condition, old->condition) &&
                same_text(rule->clear, old->clear))
                rule->alert = old->alert;
        }
}
