/* embedded_jemalloc.h: what the pool calls of the jemalloc inside libstrong.so.
 *
 * Debian's libjemalloc_pic.a (5.3.0), without its C++ operators, is linked in with every public name behind
 * the prefix strong_je_ and everything else local: neither the program nor a jemalloc of its own ever meets
 * it. What it calls of libc goes through pool_system.c (embedded_jemalloc.symbols is the list). It has no
 * constructor: the first call initializes it, with strong_je_malloc_conf as it is then.
 *
 * Contracts are those of jemalloc(3). Any thread; not in signal handlers.
 */
#ifndef STRONG_OPTIMIZE_EMBEDDED_JEMALLOC_H
#define STRONG_OPTIMIZE_EMBEDDED_JEMALLOC_H

#include <stdbool.h>
#include <stddef.h>

#pragma GCC visibility push(hidden)

extern const char *strong_je_malloc_conf;
/* Whether jemalloc gives a thread, at its first request, a cache. Read at that moment only. */
extern bool strong_je_opt_tcache;
/* Whether it starts large blocks anywhere in their first page, and adds one for that. Read when it starts. */
extern bool strong_je_opt_cache_oblivious;
extern void (*strong_je_malloc_message)(void *opaque, const char *text);

void *strong_je_malloc(size_t size);
void *strong_je_calloc(size_t count, size_t size);
void *strong_je_mallocx(size_t size, int flags);
void strong_je_free(void *ptr);
void strong_je_sdallocx(void *ptr, size_t size, int flags);
size_t strong_je_sallocx(const void *ptr, int flags);
size_t strong_je_nallocx(size_t size, int flags);
/* Resizes in place as far as it can. What it returns is not to be relied on where it grew: ask sallocx. */
size_t strong_je_xallocx(void *ptr, size_t size, size_t extra, int flags);
int strong_je_mallctl(const char *name, void *old, size_t *old_len, void *fresh, size_t fresh_len);

#pragma GCC visibility pop

/* flags of jemalloc.h */
#define STRONG_JE_ALIGN(alignment) ((int)(__builtin_ctzl(alignment)))
#define STRONG_JE_ZERO 0x40
#define STRONG_JE_ARENA(number) ((int)((number) + 1) << 20)
#define STRONG_JE_NO_TCACHE (1 << 8)

#endif
