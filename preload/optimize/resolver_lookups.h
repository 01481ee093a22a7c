/* resolver_lookups.h: see resolver_lookups.c. At boot, once, by resolver_cache_init. */
#ifndef STRONG_OPTIMIZE_RESOLVER_LOOKUPS_H
#define STRONG_OPTIMIZE_RESOLVER_LOOKUPS_H

void resolver_lookups_install(void);

#endif
