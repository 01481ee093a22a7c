/* pool_conf.h: STRONG_MEMORY_CONF, checked and handed to jemalloc. Boot, before its first call. */
#ifndef STRONG_OPTIMIZE_POOL_CONF_H
#define STRONG_OPTIMIZE_POOL_CONF_H

void pool_conf_apply(void);

/* What is wrong with a text of settings: NULL, or the first wrong pair copied to buf, and in ret_nearest the name
 * it may have meant (NULL: none is near; "" : the name is right and the value is not). For tests too. */
const char *pool_conf_check(const char *text, char *buf, unsigned size, const char **ret_nearest);

#endif
