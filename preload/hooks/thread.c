/* thread.c: making, ending and joining threads.
 *
 * A new thread starts in start_posix or start_c11, which gives it its block, tells its stack bounds and
 * hands on what the creator believes about the sampling signal (a signal mask is inherited), then jumps
 * to the program's routine: the wrapper's frame is gone by then, so nothing of ours is unwound by
 * pthread_exit or cancellation. The way there is a small record from a pool of our own: chunks of 64
 * that are never freed, a bit each; takers and givers of one word race by fetch-or and fetch-and only, so
 * there is no ABA. Without a record the thread is made unwrapped and attaches at its first hooked call.
 * Any thread; creation is not async-signal-safe, here as in libc.
 */
#include "hooks/site.h"
#include "runtime/arena.h"
#include "runtime/boot.h"
#include "runtime/process.h"
#include "runtime/signals.h"

union thread_routine {
    void *(*posix)(void *);
    int (*c11)(void *);
};

struct thread_start {
    union thread_routine routine;
    void *argument;
    uint32_t app_blocks_signal;
};

enum { CHUNK_STARTS = 64 };

struct start_chunk {
    struct start_chunk *older;
    uint64_t used; /* a bit for each record */
    struct thread_start starts[CHUNK_STARTS];
};

static struct start_chunk first_chunk;
static struct start_chunk *newest_chunk = &first_chunk;

/* ---- the pool ---- */

static struct thread_start *take_from(struct start_chunk *chunk)
{
    for (;;) {
        uint64_t used = __atomic_load_n(&chunk->used, __ATOMIC_RELAXED);
        if (used == UINT64_MAX)
            return NULL;
        unsigned free_bit = (unsigned)__builtin_ctzll(~used);
        uint64_t bit = 1ull << free_bit;
        /* acquire: pairs with the release in give_back */
        if (!(__atomic_fetch_or(&chunk->used, bit, __ATOMIC_ACQUIRE) & bit))
            return &chunk->starts[free_bit];
    }
}

static struct thread_start *take(void)
{
    struct start_chunk *newest = __atomic_load_n(&newest_chunk, __ATOMIC_ACQUIRE); /* pairs with the push */
    for (struct start_chunk *chunk = newest; chunk; chunk = chunk->older) {
        struct thread_start *start = take_from(chunk);
        if (start)
            return start;
    }
    struct start_chunk *fresh = arena_take(sizeof *fresh);
    if (!fresh)
        return NULL;
    fresh->used = 1;
    fresh->older = newest;
    while (!__atomic_compare_exchange_n(&newest_chunk, &fresh->older, fresh, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    return &fresh->starts[0];
}

static void give_back(struct thread_start *start)
{
    struct start_chunk *chunk = __atomic_load_n(&newest_chunk, __ATOMIC_ACQUIRE); /* pairs with the push */
    while (start < chunk->starts || start >= chunk->starts + CHUNK_STARTS)
        chunk = chunk->older;
    /* release: pairs with the acquire in take_from */
    __atomic_fetch_and(&chunk->used, ~(1ull << (start - chunk->starts)), __ATOMIC_RELEASE);
}

/* ---- the new thread ---- */

static inline struct thread_start begin(void *argument, void *frame)
{
    struct thread_start start = *(struct thread_start *)argument;
    give_back(argument);
    thread_hot.app_blocks_signal = start.app_blocks_signal; /* before it can be unblocked for real */
    thread_started(frame);
    return start;
}

static void *start_posix(void *argument)
{
    struct thread_start start = begin(argument, __builtin_frame_address(0));
    return start.routine.posix(start.argument);
}

static int start_c11(void *argument)
{
    struct thread_start start = begin(argument, __builtin_frame_address(0));
    return start.routine.c11(start.argument);
}

/* ---- the hooks ---- */

static struct thread_start *prepare(union thread_routine routine, void *argument)
{
    if (boot_off)
        return NULL;
    process_before_thread();
    struct thread_start *start = take();
    if (start)
        *start = (struct thread_start){routine, argument, thread_hot.app_blocks_signal};
    return start;
}

STRONG_EXPORT int pthread_create(pthread_t *restrict ret_thread, const pthread_attr_t *restrict attributes,
                                 void *(*routine)(void *), void *restrict argument)
{
    struct span span;
    span_begin(&span, HOOK_pthread_create, SITE_HERE());
    struct thread_start *start = prepare((union thread_routine){.posix = routine}, argument);
    signals_thread_begin();
    int ret = start ? next.pthread_create(ret_thread, attributes, start_posix, start)
                    : next.pthread_create(ret_thread, attributes, routine, argument);
    signals_thread_end();
    if (ret && start)
        give_back(start);
    span_end(&span, 0, ret);
    return ret;
}

static int c11_error(int ret)
{
    return ret == thrd_success ? 0 : ret == thrd_nomem ? ENOMEM : EINVAL;
}

STRONG_EXPORT int thrd_create(thrd_t *ret_thread, thrd_start_t routine, void *argument)
{
    struct span span;
    span_begin(&span, HOOK_thrd_create, SITE_HERE());
    struct thread_start *start = prepare((union thread_routine){.c11 = routine}, argument);
    signals_thread_begin();
    int ret = start ? next.thrd_create(ret_thread, start_c11, start)
                    : next.thrd_create(ret_thread, routine, argument);
    signals_thread_end();
    if (ret != thrd_success && start)
        give_back(start);
    span_end(&span, 0, c11_error(ret));
    return ret;
}

/* Counted now: the call does not come back. */
static void ending(unsigned hook)
{
    struct span span;
    span_begin(&span, hook, 0);
    span_end(&span, 0, 0);
}

STRONG_EXPORT void pthread_exit(void *result)
{
    ending(HOOK_pthread_exit);
    next.pthread_exit(result);
}

STRONG_EXPORT void thrd_exit(int result)
{
    ending(HOOK_thrd_exit);
    next.thrd_exit(result);
}

SITE_HOOK(int, pthread_join, (pthread_t thread, void **ret_result), (thread, ret_result), ret)
SITE_HOOK(int, pthread_timedjoin_np, (pthread_t thread, void **ret_result, const struct timespec *until),
          (thread, ret_result, until), ret)
SITE_HOOK(int, pthread_clockjoin_np,
          (pthread_t thread, void **ret_result, clockid_t clock, const struct timespec *until),
          (thread, ret_result, clock, until), ret)
SITE_HOOK(int, thrd_join, (thrd_t thread, int *ret_result), (thread, ret_result), c11_error(ret))
