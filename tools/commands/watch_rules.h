/* watch_rules.h: the rules file of `strong-report watch`.
 *
 *   [sink]                                  ; where alerts go, beside --sink
 *   to = exec:/usr/local/bin/page           ; any number of them
 *
 *   [slow-redis]                            ; a rule: its name
 *   expr = network{target="tcp://127.0.0.1:6379"}.p99 > 5ms
 *   for = 30s                               ; fires once it has held so long (default 0)
 *   clear = network{target="tcp://127.0.0.1:6379"}.p99 < 3ms   ; ends only when this holds
 *   keep_firing_for = 1m                    ; and at the earliest so long after it last held
 *   severity = critical                     ; note, warning (default), critical
 *   message = Redis is slow
 *   labels = team=storage, tier=1
 *
 * Long values go on in lines that begin with a blank. A file is good as a whole or refused with one message that names
 * the line. Single-threaded.
 */
#ifndef STRONG_COMMANDS_WATCH_RULES_H
#define STRONG_COMMANDS_WATCH_RULES_H

#include <stddef.h>

#include "analyse/alert.h"
#include "analyse/finding.h"

enum { WATCH_LABELS = ALERT_LABELS, WATCH_RULES = 500, WATCH_SINKS = 16 };

struct watch_label {
    char *name, *value;
};

struct watch_rule {
    char *name; /* clean text */
    struct expression *condition, *clear; /* clear: or NULL */
    struct alert_terms terms;
    enum finding_severity severity;
    char *message; /* or NULL */
    struct watch_label labels[WATCH_LABELS];
    size_t label_count;
    unsigned line; /* of its [name] */
    struct alert alert;
};

struct watch_rules {
    struct watch_rule *items;
    size_t count;
    char *sinks[WATCH_SINKS];
    size_t sink_count;
};

/* EXIT_OK, or EXIT_USAGE after a message; *ret_rules is then empty. */
int watch_rules_read(const char *path, struct watch_rules *ret_rules);
void watch_rules_done(struct watch_rules *rules);

/* Alerts of rules of the same name and expressions live on in the new set. */
void watch_rules_keep_alerts(struct watch_rules *rules, const struct watch_rules *before);

#endif
