/* alert_json.c: see alert_json.h. */
#include "render/alert_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "read/lookup.h"

struct units_text alert_json_time(uint64_t realtime_ns)
{
    struct units_text ret;
    time_t seconds = (time_t)(realtime_ns / 1000000000);
    struct tm parts;
    char text[32];
    if (realtime_ns == 0 || !gmtime_r(&seconds, &parts) ||
        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        snprintf(ret.text, sizeof(ret.text), "0001-01-01T00:00:00Z");
    else
        snprintf(ret.text, sizeof(ret.text), "%s.%03uZ", text,
                 (unsigned)(realtime_ns / 1000000 % 1000));
    return ret;
}

static char *dump(json_t *document)
{
    char *text = document ? json_dumps(document, JSON_COMPACT) : NULL;
    json_decref(document);
    return text;
}

static void set(json_t *object, const char *name, const char *value)
{
    if (object && value && *value)
        json_object_set_new(object, name, json_string(value));
}

static json_t *own_labels(const struct alert_notice *notice)
{
    json_t *labels = json_object();
    for (size_t i = 0; i < notice->label_count; i++)
        set(labels, notice->labels[i][0], notice->labels[i][1]);
    return labels;
}

char *alert_json(const struct alert_notice *notice)
{
    return dump(json_pack(
        "{s:i, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:{s:i, s:s, s:s}}", "schema", 1, "rule",
        notice->name, "state", alert_state_name(notice->state), "previous",
        alert_state_name(notice->before), "severity", finding_severity_name(notice->severity), "message",
        notice->message, "expression", notice->expression, "values", notice->values, "at",
        alert_json_time(notice->at_realtime_ns).text, "active_since",
        alert_json_time(notice->active_realtime_ns).text, "labels", own_labels(notice), "process", "pid",
        notice->pid, "command", notice->command, "run", notice->run));
}

static json_t *all_labels(const struct alert_notice *notice)
{
    json_t *labels = own_labels(notice);
    set(labels, "alertname", notice->name);
    set(labels, "severity", finding_severity_name(notice->severity));
    set(labels, "command", notice->command);
    set(labels, "run", notice->run);
    return labels;
}

/* What tells one alert from another: its labels. The process's pid is none of them, or a restart would leave the old
 * alert without an end. */
static uint64_t fingerprint(const json_t *labels)
{
    uint64_t hash = LOOKUP_SEED;
    char *text = json_dumps(labels, JSON_COMPACT | JSON_SORT_KEYS);
    if (text)
        hash = lookup_hash(hash, text, strlen(text));
    free(text);
    return hash;
}

char *alert_json_webhook(const struct alert_notice *notice)
{
    bool ended = notice->state == ALERT_RESOLVED;
    const char *status = ended ? "resolved" : "firing";
    json_t *labels = all_labels(notice), *annotations = json_object();
    char id[24], key[160];
    snprintf(id, sizeof(id), "%016" PRIx64, fingerprint(labels));
    snprintf(key, sizeof(key), "{}:{alertname=\"%.100s\"}", notice->name);
    set(annotations, "summary", *notice->message ? notice->message : notice->name);
    set(annotations, "description", notice->values);
    set(annotations, "expression", notice->expression);
    return dump(json_pack(
        "{s:s, s:s, s:i, s:s, s:s, s:{s:s}, s:O, s:O, s:s, s:[{s:s, s:o, s:o, s:s, s:s, s:s, s:s}]}", "version",
        "4", "groupKey", key, "truncatedAlerts", 0, "status", status, "receiver", "strong-report",
        "groupLabels", "alertname", notice->name, "commonLabels", labels, "commonAnnotations", annotations,
        "externalURL", "", "alerts", "status", status, "labels", labels, "annotations", annotations, "startsAt",
        alert_json_time(notice->active_realtime_ns ? notice->active_realtime_ns : notice->at_realtime_ns).text,
        "endsAt", alert_json_time(ended ? notice->at_realtime_ns : 0).text, "generatorURL", "", "fingerprint",
        id));
}
