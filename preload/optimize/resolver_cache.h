/* resolver_cache.h: the optimizer "resolver": see resolver_cache.c. */
#ifndef STRONG_OPTIMIZE_RESOLVER_CACHE_H
#define STRONG_OPTIMIZE_RESOLVER_CACHE_H

/* Boot. */
int resolver_cache_init(void);

#endif
