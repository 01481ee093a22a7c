/* memory_realloc.c: realloc and reallocarray.
 *
 * What a realloc means for the heap profile: a small block (memory.h) ends and another begins. A block that is
 * large before and after, and not smaller after, lives on: drawn for is only what it grew by. Sampled
 * already, it keeps its stack and its birth, and its weight follows its size; else a draw that hits makes it a
 * sampled one, with this call's stack and the weight of its whole size. So growing a buffer in many
 * steps takes as many samples as making it at once.
 *
 * A sampled pointer leaves live.h's table before the real call, because another thread may be handed its
 * address, and is put back when that fails; but where the block has room already and will hardly move, it
 * is left there and looked after when it did.
 */
#include <string.h>

#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "hooks/memory.h"
#include "runtime/boot.h"
#include "runtime/heap.h"
#include "runtime/live.h"

/* An early block moves to the allocator proper (or grows, still before boot). */
static void *realloc_early(enum memory_way way, void *old, size_t size)
{
    if (size == 0)
        return NULL;
    void *ptr = way == MEMORY_EARLY ? early_memory_take(size, 0) : next.malloc(size);
    size_t had = early_memory_holds(old) ? early_memory_size(old) : 0;
    if (ptr && had)
        memcpy(ptr, old, had < size ? had : size);
    return ptr;
}

/* A large block went from `had` to `usable` bytes, not fewer. entry: it is sampled, and out of the table. */
static __attribute__((noinline)) void grew(unsigned hook, void *ptr, size_t size, size_t had, size_t usable,
                                           struct live_entry *entry)
{
    int error = errno;
    bool hit = usable > had && memory_draw(usable - had);
    if (entry)
        heap_resized(ptr, entry, size, usable);
    else if (hit)
        memory_sample(hook, ptr, size, usable);
    if (hit)
        heap_grown(hook, had, usable - had);
    errno = error;
}

/* Not sampled, or at about this size. */
static bool is_as_it_was(const void *ptr, size_t size)
{
    uint64_t bytes = live_bytes(ptr);
    return !bytes || heap_negligible(bytes, size);
}

struct change {
    unsigned hook;
    void *old;
    size_t count, size, bytes; /* count 0: realloc, else reallocarray */
    size_t had;                /* usable bytes of the old block, 0: not known */
};

static void *resize(struct memory_call *call, const struct change *change)
{
    memory_start(call);
    void *ptr = change->count ? next.reallocarray(change->old, change->count, change->size)
                              : next.realloc(change->old, change->size);
    memory_stop(call);
    return ptr;
}

/* The call, with what it means for the profile. */
static void *realloc_block(struct memory_call *call, const struct change *change)
{
    struct live_entry entry;
    bool held = call->way >= MEMORY_CROWD && live_may_hold(change->old);
    bool stays = change->bytes <= change->had && change->bytes > change->had / 2;
    bool taken = held && !stays && live_take(change->old, &entry);
    void *ptr = resize(call, change);
    bool failed = !ptr && change->bytes;
    if (failed && taken && live_add(change->old, &entry))
        taken = false;
    size_t usable = ptr && call->large && change->had >= MEMORY_LARGE ? memory_usable(ptr) : 0;
    if (usable >= MEMORY_LARGE && usable >= change->had) {
        if (held && stays && (ptr != change->old || usable != change->had || !is_as_it_was(ptr, change->bytes)))
            taken = live_take(change->old, &entry);
        call->large = false; /* drawn for here */
        memory_end(call, change->hook, ptr, change->bytes);
        if (taken || usable != change->had)
            grew(change->hook, ptr, change->bytes, change->had, usable, taken ? &entry : NULL);
        return ptr;
    }
    int error = errno;
    if (held && stays && !failed)
        taken = live_take(change->old, &entry);
    if (taken)
        heap_freed(&entry, false);
    size_t drawn = memory_end(call, change->hook, ptr, change->bytes);
    if (drawn && change->had && change->bytes > change->had)
        heap_grown(change->hook, change->had, drawn);
    errno = error;
    return ptr;
}

static __attribute__((noinline)) void *realloc_slow(unsigned hook, void *old, size_t count, size_t size,
                                                    size_t bytes)
{
    struct memory_call call;
    memory_begin(&call, bytes);
    if (early_memory_holds(old) || call.way == MEMORY_EARLY) {
        call.timed = false;
        void *ptr = realloc_early(call.way, old, bytes);
        memory_end(&call, hook, ptr, bytes);
        return ptr;
    }
    bool matters = old && (call.large || call.way == MEMORY_SAMPLE);
    struct change change = {hook, old, count, size, bytes, matters ? memory_usable(old) : 0};
    return realloc_block(&call, &change);
}

/* A large block became smaller: another block, as it were. */
static __attribute__((noinline)) void *shrank(void *ptr, size_t size, size_t usable, struct live_entry *entry)
{
    int error = errno;
    size_t drawn = usable >= MEMORY_LARGE ? usable : size;
    if (entry)
        heap_freed(entry, false);
    if (memory_draw(drawn))
        memory_sample(HOOK_realloc, ptr, size, drawn);
    errno = error;
    return ptr;
}

/* The common case of a large block: it stays as large as it is. held: it may be sampled. */
static __attribute__((noinline)) void *realloc_large(void *old, size_t size, bool held)
{
    struct thread_hot *hot = &thread_hot;
    int32_t *calls = &hot->memory_countdown_calls[MEMORY_ALLOCATES];
    size_t had;
    if (*calls <= 0 || !old || (held && early_memory_holds(old)) || (had = memory_usable(old)) < MEMORY_LARGE ||
        (held && (size > had || size <= had / 2)))
        return realloc_slow(HOOK_realloc, old, 0, size, size);
    system_count_down(calls);
    void *ptr = next.realloc(old, size);
    memory_count(hot->block, HOOK_realloc, ptr ? size : 0);
    size_t usable = ptr ? memory_usable(ptr) : had;
    if (strong_likely(usable == had) && (!held || !ptr || (ptr == old && is_as_it_was(old, size))))
        return ptr;
    uint64_t left = (uint64_t)hot->alloc_countdown_bytes, more = usable - had;
    if (!held && usable > had && strong_likely(more <= left)) { /* as memory_draw */
        hot->alloc_countdown_bytes = (int64_t)(left - more);
        return ptr;
    }
    struct live_entry entry;
    bool taken = held && live_take(old, &entry);
    if (usable < had)
        return shrank(ptr, size, usable, taken ? &entry : NULL);
    grew(HOOK_realloc, ptr, size, had, usable, taken ? &entry : NULL);
    return ptr;
}

STRONG_EXPORT void *realloc(void *old, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    bool held = live_may_hold(old);
    if (size > MEMORY_LARGE_REQUEST) {
        int32_t *calls = &hot->memory_countdown_calls[MEMORY_ALLOCATES];
        size_t room = allocator_room(old);
        if (size > room || size <= room / 2 || *calls <= 0 || (held && !is_as_it_was(old, size)))
            return realloc_large(old, size, held);
        system_count_down(calls); /* it stays as it is, and the allocator need not be asked */
        memory_count(hot->block, HOOK_realloc, size);
        return old;
    }
    if (held || strong_unlikely(!memory_passes(hot, size)))
        return realloc_slow(HOOK_realloc, old, 0, size, size);
    memory_count(hot->block, HOOK_realloc, size);
    return next.realloc(old, size);
}

STRONG_EXPORT void *reallocarray(void *old, size_t number, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(number, size, &bytes))
        bytes = SIZE_MAX;
    /* 0 elements: the same call to libc, told apart from realloc by hand. */
    return number ? realloc_slow(HOOK_reallocarray, old, number, size, bytes)
                  : realloc_slow(HOOK_reallocarray, old, 0, 0, 0);
}
