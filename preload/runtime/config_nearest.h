/* config_nearest.h: the one line a mistaken setting costs. Boot only. */
#ifndef STRONG_RUNTIME_CONFIG_NEAREST_H
#define STRONG_RUNTIME_CONFIG_NEAREST_H

/* The nearest of `count` names, or NULL when none is near. */
const char *config_nearest(const char *name, const char *const *names, unsigned count);
void config_report_name(const char *name); /* without STRONG_ */
void config_report_value(const char *name, const char *value, const char *kind, const char *default_value,
                         const char *low, const char *high);

#endif
