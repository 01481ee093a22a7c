/* alert_json.h: an alert that changed its state as JSON: for a program (exec), and as Alertmanager posts it to webhooks.
 *
 * Both return a text to be freed, NULL where memory is exhausted.
 */
#ifndef STRONG_RENDER_ALERT_JSON_H
#define STRONG_RENDER_ALERT_JSON_H

#include "analyse/alert.h"

/* {"schema": 1, "rule": …, "state": "firing", "previous": "pending", …}, one line. */
char *alert_json(const struct alert_notice *notice);

/* The payload of Alertmanager's webhook receiver, version 4 (prometheus.io/docs/alerting/latest/configuration,
 * webhook_config): one group of one alert. Firing and resolved have a meaning there, other states none. */
char *alert_json_webhook(const struct alert_notice *notice);

/* "2026-11-25T22:10:15.123Z" of a realtime clock; "0001-01-01T00:00:00Z", which stands for none, of 0. */
struct units_text alert_json_time(uint64_t realtime_ns);

#endif
