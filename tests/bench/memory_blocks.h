/* Blocks that notice when they are damaged: what every pattern of memory_patterns allocates.
 *
 * A block is one word, so that threads can hand it over with one atomic exchange: the address in
 * the low 48 bits, a tag in the high 16. The block's first word holds its size and its tag; a mark
 * derived from both and the address stands every 256 bytes and at its end. The tag outside and the
 * marks inside must agree when the block is released: of two live blocks that share memory, the one
 * written first no longer matches. Only a small block that lies wholly between two marks of a
 * larger one can go unseen; with check_every_byte set (the pattern verify) all bytes are written
 * and compared. Any thread, each with a random state of its own; nothing here allocates for itself.
 */
#ifndef MEMORY_BLOCKS_H
#define MEMORY_BLOCKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MARK_STEP 256u
#define ADDRESS_MASK ((UINT64_C(1) << 48) - 1)

typedef uint64_t block_word; /* 0: no block */

static const char *pattern_name = "?";
static bool check_every_byte;

static inline uint64_t next_random(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    *state = x;
    return x * UINT64_C(0x2545F4914F6CDD1D) >> 16;
}

static inline uint64_t random_seed(unsigned lane)
{
    return UINT64_C(0x9E3779B97F4A7C15) * (lane + 1);
}

/* A bounded draw without a division; below is at most 2^24. */
static inline uint32_t random_below(uint64_t *state, uint32_t below)
{
    return (uint32_t)((next_random(state) & 0xFFFFFFFF) * below >> 32);
}

_Noreturn static void fail(const char *what, const void *start)
{
    char line[160];
    int len =
        snprintf(line, sizeof line, "memory_patterns %s: %s at %p\n", pattern_name, what, start);
    if (write(STDERR_FILENO, line, (size_t)len) < 0) {
        /* nothing better to do: the exit status says it too */
    }
    _exit(1);
}

/* The compiler may drop a malloc whose pointer does not escape. */
static inline void *escape(void *start)
{
    __asm__ volatile("" : "+r"(start) : : "memory");
    return start;
}

static inline uint64_t block_mark(uint64_t start, uint32_t size, uint32_t tag)
{
    return (start ^ ((uint64_t)tag << 48 | size)) * UINT64_C(0x9E3779B97F4A7C15);
}

static inline void put_word(unsigned char *to, uint64_t word)
{
    memcpy(to, &word, sizeof word);
}

static inline uint64_t get_word(const unsigned char *from)
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    return word;
}

/* size ≥ 8 and the tag's low 16 bits count. */
static inline block_word block_take(uint32_t size, uint64_t tag_source)
{
    unsigned char *start = escape(malloc(size));
    if (!start || (uintptr_t)start & 7)
        fail("no usable block", start);
    uint32_t tag = (uint32_t)(tag_source & 0xFFFF);
    uint64_t mark = block_mark((uintptr_t)start, size, tag);
    put_word(start, (uint64_t)size << 32 | (tag ^ 0xFFFF) << 16 | tag);
    if (check_every_byte && size > 8)
        memset(start + 8, (int)(mark & 0xFF), size - 8);
    else if (size >= 16) {
        for (uint32_t offset = MARK_STEP; offset + 16 <= size; offset += MARK_STEP)
            put_word(start + offset, mark);
        put_word(start + size - 8, mark);
    }
    return (uint64_t)tag << 48 | ((uintptr_t)start & ADDRESS_MASK);
}

/* Where the block was damaged fails the program; otherwise says how large it is. */
static inline uint32_t block_check(block_word block)
{
    unsigned char *start = (unsigned char *)(uintptr_t)(block & ADDRESS_MASK);
    uint32_t tag = (uint32_t)(block >> 48);
    uint64_t first = get_word(start);
    uint32_t size = (uint32_t)(first >> 32);
    if ((uint32_t)first != ((tag ^ 0xFFFF) << 16 | tag))
        fail("a block's head was overwritten", start);
    uint64_t mark = block_mark((uintptr_t)start, size, tag);
    if (check_every_byte) {
        for (uint32_t offset = 8; offset < size; offset++)
            if (start[offset] != (unsigned char)mark)
                fail("a block's byte was overwritten", start + offset);
        return size;
    }
    if (size >= 16) {
        for (uint32_t offset = MARK_STEP; offset + 16 <= size; offset += MARK_STEP)
            if (get_word(start + offset) != mark)
                fail("a block's middle was overwritten", start + offset);
        if (get_word(start + size - 8) != mark)
            fail("a block's end was overwritten", start + size - 8);
    }
    return size;
}

static inline void block_release(block_word block)
{
    block_check(block);
    free((void *)(uintptr_t)(block & ADDRESS_MASK));
}

/* Sizes as likely in one octave as in the next: 8 << octave up to twice that. */
static inline uint32_t random_size(uint64_t *state, uint32_t octaves)
{
    uint32_t low = 8u << random_below(state, octaves);
    return low + random_below(state, low);
}

#endif
