/* pool_span.c: see pool_span.h. Owns the shelves and the spare spans. Lock order: a shelf, then the spare spans or
 * jemalloc's own. */
#include "optimize/pool_span.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/pool_classes.h"
#include "optimize/pool_range.h"
#include "runtime/libc.h"

enum {
    OWNED_CLASSES = 4, /* blocks of up to 64 bytes, a cache line */
    LOOK_MOST = 8,   /* spans looked at for one of the owner's */
    OWNED_APART = 2, /* spans' worth of free blocks in a class, up to which a thread gets another span */
};

static struct shelf {
    pthread_mutex_t lock;
    struct pool_span *first; /* spans with free blocks */
    uint32_t inverse;        /* 2^32 / block size, rounded up: offset * inverse >> 32 is the block's number */
    uint32_t blocks;         /* in a span */
    uint64_t free_blocks;
} __attribute__((aligned(64))) shelves[POOL_CLASSES];

static struct {
    pthread_mutex_t lock;
    unsigned count;
    char *starts[POOL_SPARE_SPANS];
} spare = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Spans come from an arena of jemalloc's of their own: between large blocks they would keep these from
 * coalescing (python3 with json: 1.54 of glibc's peak memory without, 1.15 with). */
static int span_flags = STRONG_JE_ALIGN(POOL_SPAN_BYTES);

void pool_span_init(void)
{
    unsigned arena;
    size_t len = sizeof arena;
    if (strong_je_mallctl("arenas.create", &arena, &len, NULL, 0) == 0)
        span_flags |= STRONG_JE_ARENA(arena) | STRONG_JE_NO_TCACHE;
    for (unsigned i = 1; i < POOL_CLASSES; i++) {
        uint32_t block = (uint32_t)pool_class_bytes[i];
        shelves[i] = (struct shelf){
            .lock = PTHREAD_MUTEX_INITIALIZER,
            .inverse = (uint32_t)((((uint64_t)1 << 32) + block - 1) / block),
            .blocks = POOL_SPAN_BYTES / block,
        };
    }
}

/* ---- spans ---- */

static void link_span(struct shelf *shelf, struct pool_span *span)
{
    span->previous = NULL;
    span->next = shelf->first;
    if (span->next)
        span->next->previous = span;
    shelf->first = span;
}

static void unlink_span(struct shelf *shelf, struct pool_span *span)
{
    if (span->previous)
        span->previous->next = span->next;
    else
        shelf->first = span->next;
    if (span->next)
        span->next->previous = span->previous;
}

static void mark_pages(const char *start, unsigned class_number, unsigned owner)
{
    for (size_t page = 0; page < POOL_SPAN_BYTES; page += (size_t)1 << POOL_PAGE_SHIFT)
        pool_range_set(start + page, class_number, owner);
}

static char *get_memory(void)
{
    char *start = NULL;
    real.pthread_mutex_lock(&spare.lock);
    if (spare.count)
        start = spare.starts[--spare.count];
    pthread_mutex_unlock(&spare.lock);
    return start ? start : strong_je_mallocx(POOL_SPAN_BYTES, span_flags);
}

static void return_memory(char *start)
{
    real.pthread_mutex_lock(&spare.lock);
    bool kept = spare.count < POOL_SPARE_SPANS;
    if (kept)
        spare.starts[spare.count++] = start;
    pthread_mutex_unlock(&spare.lock);
    if (!kept)
        strong_je_sdallocx(start, POOL_SPAN_BYTES, span_flags);
}

static struct pool_span *new_span(struct shelf *shelf, unsigned class_number, unsigned owner)
{
    char *start = get_memory();
    if (!start)
        return NULL;
    struct pool_span *span = pool_range_span(start);
    span->start = start;
    span->free_blocks = (uint16_t)shelf->blocks;
    span->first_word = 0;
    uint32_t whole_words = shelf->blocks / 64;
    memset(span->bits, 0xff, whole_words * sizeof span->bits[0]);
    if (whole_words < POOL_SPAN_WORDS) {
        span->bits[whole_words] = ((uint64_t)1 << shelf->blocks % 64) - 1;
        memset(span->bits + whole_words + 1, 0, (POOL_SPAN_WORDS - whole_words - 1) * sizeof span->bits[0]);
    }
    span->owner = owner;
    mark_pages(start, class_number, owner);
    link_span(shelf, span);
    shelf->free_blocks += shelf->blocks;
    return span;
}

static void return_span(struct shelf *shelf, struct pool_span *span)
{
    unlink_span(shelf, span);
    shelf->free_blocks -= shelf->blocks;
    mark_pages(span->start, 0, 0);
    return_memory(span->start);
}

/* ---- batches ---- */

/* From one span, into the end of ptrs[0 .. count), backwards; returns how many. */
static unsigned take_from(struct pool_span *span, size_t block, void **ptrs, unsigned count)
{
    unsigned left = count;
    unsigned word = span->first_word;
    while (left && word < POOL_SPAN_WORDS) {
        uint64_t bits = span->bits[word];
        char *base = span->start + (size_t)word * 64 * block;
        for (; bits && left; bits &= bits - 1)
            ptrs[--left] = base + (size_t)__builtin_ctzll(bits) * block;
        span->bits[word] = bits;
        if (!bits)
            word++;
    }
    span->first_word = (uint16_t)(word < POOL_SPAN_WORDS ? word : POOL_SPAN_WORDS - 1);
    span->free_blocks = (uint16_t)(span->free_blocks - (count - left));
    return count - left;
}

/* The owner's span, or the one that becomes it. */
static struct pool_span *span_for(struct shelf *shelf, unsigned class_number, unsigned owner)
{
    struct pool_span *span = shelf->first;
    if (class_number > OWNED_CLASSES)
        return span ? span : new_span(shelf, class_number, 0);
    for (unsigned looked = 0; span && looked < LOOK_MOST; looked++, span = span->next)
        if (span->owner == owner)
            return span;
    span = shelf->first;
    if (!span || shelf->free_blocks < (uint64_t)shelf->blocks * OWNED_APART)
        return new_span(shelf, class_number, owner);
    span->owner = owner;
    mark_pages(span->start, class_number, owner);
    return span;
}

unsigned pool_span_take(unsigned class_number, unsigned owner, void **ret_ptrs, unsigned count)
{
    struct shelf *shelf = &shelves[class_number];
    unsigned left = count;
    real.pthread_mutex_lock(&shelf->lock);
    while (left) {
        struct pool_span *span = span_for(shelf, class_number, owner);
        if (!span)
            break;
        unsigned got = take_from(span, pool_class_bytes[class_number], ret_ptrs, left);
        left -= got;
        shelf->free_blocks -= got;
        if (span->free_blocks == 0)
            unlink_span(shelf, span);
    }
    pthread_mutex_unlock(&shelf->lock);
    if (left && left < count)
        memmove(ret_ptrs, ret_ptrs + left, (count - left) * sizeof *ret_ptrs);
    return count - left;
}

static void give_one(struct shelf *shelf, char *ptr)
{
    char *start = (char *)((uintptr_t)ptr & ~(uintptr_t)(POOL_SPAN_BYTES - 1));
    struct pool_span *span = pool_range_span(start);
    uint32_t number = (uint32_t)((uint64_t)(ptr - start) * shelf->inverse >> 32);
    uint64_t bit = (uint64_t)1 << number % 64;
    unsigned word = number / 64;
    if (__builtin_expect((span->bits[word] & bit) != 0, 0))
        return; /* given back already */
    span->bits[word] |= bit;
    if (word < span->first_word)
        span->first_word = (uint16_t)word;
    shelf->free_blocks++;
    if (span->free_blocks++ == 0)
        link_span(shelf, span);
    if (span->free_blocks == shelf->blocks)
        return_span(shelf, span);
}

void pool_span_give(unsigned class_number, void *const *ptrs, unsigned count)
{
    struct shelf *shelf = &shelves[class_number];
    real.pthread_mutex_lock(&shelf->lock);
    for (unsigned i = 0; i < count; i++)
        give_one(shelf, ptrs[i]);
    pthread_mutex_unlock(&shelf->lock);
}

void pool_span_trim(void)
{
    char *starts[POOL_SPARE_SPANS];
    real.pthread_mutex_lock(&spare.lock);
    unsigned count = spare.count;
    memcpy(starts, spare.starts, count * sizeof *starts);
    spare.count = 0;
    pthread_mutex_unlock(&spare.lock);
    while (count)
        strong_je_sdallocx(starts[--count], POOL_SPAN_BYTES, span_flags);
}

size_t pool_span_free_bytes(void)
{
    size_t bytes = 0;
    for (unsigned i = 1; i < POOL_CLASSES; i++)
        bytes += (size_t)__atomic_load_n(&shelves[i].free_blocks, __ATOMIC_RELAXED) * pool_class_bytes[i];
    return bytes;
}

void pool_span_fork_prepare(void)
{
    for (unsigned i = 1; i < POOL_CLASSES; i++)
        real.pthread_mutex_lock(&shelves[i].lock);
    real.pthread_mutex_lock(&spare.lock);
}

void pool_span_fork_done(void)
{
    pthread_mutex_unlock(&spare.lock);
    for (unsigned i = 1; i < POOL_CLASSES; i++)
        pthread_mutex_unlock(&shelves[i].lock);
}
