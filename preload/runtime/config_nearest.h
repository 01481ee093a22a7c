/* config_nearest.h: the one line a mistaken setting costs. Boot only. */
#ifndef STRONG_RUNTIME_CONFIG_NEAREST_H
#define STRONG_RUNTIME_CONFIG_NEAREST_H

void config_report_name(const char *name); /* without STRONG_ */
void config_report_value(const char *name, const char *value, const char *kind, const char *default_value,
                         const char *low, const char *high);

#endif
