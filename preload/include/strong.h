/* strong.h: measure your own operations with libstrong.
 *
 *     void serve(struct request *request)
 *     {
 *         STRONG_SCOPE("serve");                      // from here to the end of the block, however it is left
 *         strong_count("bytes in", request->bytes);
 *         strong_gauge("queue", queue_length());
 *     }
 *
 * strong-report then shows the operation "serve" as it shows calls of libc: how often, how long, p50 and p99. Where
 * libstrong.so is not preloaded, or STRONG_ENABLED=0, nothing happens. Nothing has to be linked: libstrong is
 * looked up once with dlsym, when the program or library that includes this starts.
 *
 * C (gnu89 or -std=c89 and later) and C++ (11 and later), gcc and clang, Linux with dynamic linking (before glibc
 * 2.34 add -ldl). Anywhere else, and with -DSTRONG_DISABLE, it compiles to nothing: the functions are there and
 * empty, so arguments are still checked, and evaluated as those of any function (the name of a STRONG_SCOPE is a
 * literal).
 *
 *   STRONG_SCOPE("name")      An operation from here to the end of the enclosing block: return, break, goto, in C++
 *                             also exceptions (in C with -fexceptions). Of scopes left by longjmp nothing is known.
 *                             A scope may lie in another, recurse, and hold calls that libstrong measures: each
 *                             counts for itself. One a line.
 *   strong_measure_begin(name), strong_measure_end(token)
 *                             The same, between any two places, also of two threads. A token that is never ended
 *                             costs nothing and counts nothing. End it once.
 *   strong_measure_end_with(token, bytes, error)
 *                             ... and says how many bytes it moved and how it went wrong: an errno, 0 for well.
 *   strong_count(name, n)     Adds n to a sum, and 1 to the number of times.
 *   strong_gauge(name, value) Sets a value. Kept are the last, the lowest, the highest, the mean, and how often it
 *                             was set. What is not finite is left out, and counted.
 *   strong_get_metrics(buf, size)
 *                             Writes what libstrong knows of this process as Prometheus text format 0.0.4, at most
 *                             size bytes with the 0 at the end; as snprintf it returns the length of all of it,
 *                             without the 0. Where that is size or more, whole lines are missing at the end. buf may
 *                             be NULL where size is 0. Without libstrong: 0, and the empty text. Times are in
 *                             seconds. Since figures move, a second call may need more than the first said.
 *   strong_enabled()          1 where this process is being measured, else 0.
 *   C++: strong::scope s("name"); s.moved(bytes); s.failed(error);
 *
 * Names. Copied, so they may change or go afterwards. Up to 63 bytes, the rest is cut off; bytes below 32 and 127
 * become "?"; NULL and "" become "(unnamed)". A process keeps 128 names, whatever they are for: further operations
 * and counts are summed up as "(other)", further gauges left out, both counted. So put no user, path or number into
 * a name. A thread keeps up to 128 operations and counts apart (fewer where it opens very many files); beyond, its
 * share goes to "(other)" too.
 *
 * Cost, as scripts/bench prints it: without libstrong one load and one branch; with it a scope as much as a timed call.
 * The names of functions are looked up at each call, the name of a STRONG_SCOPE once.
 *
 * Threads and signals. Every function may be called by any thread at any time, and is async-signal-safe: it takes
 * no lock, allocates nothing, and leaves errno alone. Two exceptions: code that runs before this header's own
 * constructor calls dlsym, which is not; and strong_get_metrics needs 16 KiB of stack. Where a signal handler
 * interrupts libstrong itself, what the handler measures is counted as "(other)".
 *
 * fork. The child counts for itself, from 0. A scope that is open ends in both processes, in the child with the time
 * since it began in the parent. exec ends the account; nothing of it is lost, and neither by kill -9.
 *
 * Errors. No function fails. What cannot be kept is counted and reported (custom_names_full, custom_gauges_lost).
 */
#ifndef STRONG_H
#define STRONG_H

#include <stddef.h>
#include <stdint.h>

#if !defined(STRONG_DISABLE) && !(defined(__linux__) && defined(__ELF__) && defined(__GNUC__))
#define STRONG_DISABLE
#endif

#if defined(__GNUC__)
#define STRONG_INLINE_ static __inline__ __attribute__((unused))
#elif defined(__cplusplus) || (defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L)
#define STRONG_INLINE_ static inline
#else
#define STRONG_INLINE_ static
#endif

/* An operation that has begun. Yours to copy and pass on, not to look into. */
struct strong_token {
    uint64_t start; /* 0: not measured */
    uint32_t name;
    uint32_t reserved;
};

/* What libstrong.so exports as `strong_api_v1`. Fields are only ever added at the end: size tells which are there. */
struct strong_api_v1 {
    uint32_t size; /* bytes of this struct as the library has it */
    uint32_t reserved;
    int (*enabled)(void);
    uint32_t (*name)(const char *name); /* a number for it, never 0, valid until exec, in children too */
    struct strong_token (*begin)(uint32_t name);
    void (*end)(struct strong_token token, uint64_t bytes, int error);
    void (*count)(uint32_t name, uint64_t n);
    void (*gauge)(uint32_t name, double value);
    size_t (*get_metrics)(char *buf, size_t size);
};

/* One place with a name; the number is looked up when it is first reached. */
struct strong_site_ {
    const char *name;
    uint32_t number;
};

#define STRONG_PASTE2_(a, b) a##b
#define STRONG_PASTE_(a, b) STRONG_PASTE2_(a, b)

#ifndef STRONG_DISABLE

#include <dlfcn.h>
#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif
/* One for all files of a program or library: weak, so that the linker keeps one; hidden, so that each has its own. */
__attribute__((weak, visibility("hidden"))) struct strong_api_v1 strong_api_unknown_;
__attribute__((weak, visibility("hidden"))) const struct strong_api_v1 *strong_api_found_ = &strong_api_unknown_;
#ifdef __cplusplus
}
#endif

/* The library, or NULL where nothing is measured. */
static __attribute__((noinline, cold, unused)) const struct strong_api_v1 *strong_api_find_(void)
{
    int saved_errno = errno;
    const void *found = dlsym(NULL /* RTLD_DEFAULT, which needs _GNU_SOURCE */, "strong_api_v1");
#ifdef __cplusplus
    const struct strong_api_v1 *api = static_cast<const struct strong_api_v1 *>(found);
#else
    const struct strong_api_v1 *api = (const struct strong_api_v1 *)found;
#endif
    if (!api)
        (void)dlerror(); /* what the program may ask for is its own */
    else if (api->size < offsetof(struct strong_api_v1, get_metrics) + sizeof api->get_metrics || !api->enabled())
        api = NULL;
    __atomic_store_n(&strong_api_found_, api, __ATOMIC_RELEASE);
    errno = saved_errno;
    return api;
}

/* Relaxed: what it points to was there before the pointer, and is reached through it. */
STRONG_INLINE_ const struct strong_api_v1 *strong_api_(void)
{
    const struct strong_api_v1 *api = __atomic_load_n(&strong_api_found_, __ATOMIC_RELAXED);
    if (__builtin_expect(api == &strong_api_unknown_, 0))
        return strong_api_find_();
    return api;
}

static __attribute__((constructor, unused)) void strong_api_start_(void)
{
    (void)strong_api_();
}

STRONG_INLINE_ int strong_enabled(void)
{
    const struct strong_api_v1 *api = strong_api_();
    return api ? api->enabled() : 0;
}

STRONG_INLINE_ struct strong_token strong_measure_begin(const char *name)
{
    const struct strong_api_v1 *api = strong_api_();
    struct strong_token none = {0, 0, 0};
    return __builtin_expect(!api, 1) ? none : api->begin(api->name(name));
}

STRONG_INLINE_ void strong_measure_end_with(struct strong_token token, uint64_t bytes, int error)
{
    if (__builtin_expect(token.start != 0, 0))
        strong_api_()->end(token, bytes, error);
}

STRONG_INLINE_ void strong_count(const char *name, uint64_t n)
{
    const struct strong_api_v1 *api = strong_api_();
    if (__builtin_expect(api != NULL, 0))
        api->count(api->name(name), n);
}

STRONG_INLINE_ void strong_gauge(const char *name, double value)
{
    const struct strong_api_v1 *api = strong_api_();
    if (__builtin_expect(api != NULL, 0))
        api->gauge(api->name(name), value);
}

STRONG_INLINE_ size_t strong_get_metrics(char *buf, size_t size)
{
    const struct strong_api_v1 *api = strong_api_();
    if (api)
        return api->get_metrics(buf, size);
    if (size)
        buf[0] = '\0';
    return 0;
}

STRONG_INLINE_ struct strong_token strong_site_begin_(struct strong_site_ *site)
{
    const struct strong_api_v1 *api = strong_api_();
    struct strong_token none = {0, 0, 0};
    uint32_t number;
    if (__builtin_expect(!api, 1))
        return none;
    number = __atomic_load_n(&site->number, __ATOMIC_RELAXED);
    if (__builtin_expect(number == 0, 0)) {
        number = api->name(site->name);
        __atomic_store_n(&site->number, number, __ATOMIC_RELAXED);
    }
    return api->begin(number);
}

#else /* STRONG_DISABLE */

STRONG_INLINE_ int strong_enabled(void)
{
    return 0;
}

STRONG_INLINE_ struct strong_token strong_measure_begin(const char *name)
{
    struct strong_token none = {0, 0, 0};
    (void)name;
    return none;
}

STRONG_INLINE_ void strong_measure_end_with(struct strong_token token, uint64_t bytes, int error)
{
    (void)token;
    (void)bytes;
    (void)error;
}

STRONG_INLINE_ void strong_count(const char *name, uint64_t n)
{
    (void)name;
    (void)n;
}

STRONG_INLINE_ void strong_gauge(const char *name, double value)
{
    (void)name;
    (void)value;
}

STRONG_INLINE_ size_t strong_get_metrics(char *buf, size_t size)
{
    if (size)
        buf[0] = '\0';
    return 0;
}

#endif

STRONG_INLINE_ void strong_measure_end(struct strong_token token)
{
    strong_measure_end_with(token, 0, 0);
}

#ifdef __cplusplus

namespace strong
{
/* An operation for as long as it lives. */
class scope
{
public:
    explicit scope(const char *name) noexcept : token_(strong_measure_begin(name)), bytes_(0), error_(0) {}
#ifndef STRONG_DISABLE
    explicit scope(strong_site_ &site) noexcept : token_(strong_site_begin_(&site)), bytes_(0), error_(0) {}
#endif
    ~scope() { strong_measure_end_with(token_, bytes_, error_); }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;
    void moved(uint64_t bytes) noexcept { bytes_ += bytes; }
    void failed(int error) noexcept { error_ = error; }

private:
    strong_token token_;
    uint64_t bytes_;
    int error_;
};
} /* namespace strong */

#endif

#ifdef STRONG_DISABLE
#define STRONG_SCOPE(literal)                                                                                          \
    enum { STRONG_PASTE_(strong_scope_, __LINE__) = sizeof("" literal) }
#elif defined(__cplusplus)
#define STRONG_SCOPE(literal)                                                                                          \
    static strong_site_ STRONG_PASTE_(strong_site_, __LINE__) = {"" literal, 0};                                       \
    const strong::scope STRONG_PASTE_(strong_scope_, __LINE__)(STRONG_PASTE_(strong_site_, __LINE__))
#else
STRONG_INLINE_ void strong_scope_end_(struct strong_token *token)
{
    strong_measure_end_with(*token, 0, 0);
}
#define STRONG_SCOPE(literal)                                                                                          \
    static struct strong_site_ STRONG_PASTE_(strong_site_, __LINE__) = {"" literal, 0};                                \
    __attribute__((cleanup(strong_scope_end_), unused)) struct strong_token STRONG_PASTE_(strong_scope_, __LINE__) =   \
        strong_site_begin_(&STRONG_PASTE_(strong_site_, __LINE__))
#endif

#endif
