/* memory_patterns NAME [THREADS] [SCALE]: allocation patterns that programs are known for, each a
 * fixed amount of work in a fixed order (own random numbers), to compare allocators with.
 *
 * Written anew from what the patterns do; the names are the customary ones. SCALE multiplies the
 * work (default 1: about a second). Every block is checked when it is released (memory_blocks.h);
 * damage is one line and exit 1, anything else prints nothing. Stands alone: no part of libstrong.
 *     gcc -O2 -pthread memory_patterns.c -o memory_patterns
 */
#include "memory_blocks.h"
#include "memory_threads.h"

/* One size, taken and given back: what the shortest path costs. */
static void pair(unsigned threads, double scale)
{
    (void)threads;
    for (uint64_t left = (uint64_t)(40e6 * scale); left; left--) {
        uint64_t *start = escape(malloc(64));
        *start = left;
        escape(start);
        if (*start != left)
            fail("a word was overwritten", start);
        free(start);
    }
}

/* A buffer that learns its size by growing. Each step marks the bytes it added, every MARK_STEP
 * bytes; all marks are checked once the buffer is full, so that a move which loses bytes is seen.
 */
struct growing {
    unsigned char *start;
    size_t size;
    uint64_t tag;
};

static void growing_extend(struct growing *buffer, size_t size)
{
    unsigned char *start = escape(realloc(buffer->start, size));
    if (!start)
        fail("no usable block", NULL);
    for (size_t offset = buffer->size; offset < size; offset += MARK_STEP)
        put_word(start + offset, buffer->tag ^ offset);
    buffer->start = start;
    buffer->size = size;
}

/* first: the size after the first step; each later step added step bytes, or doubled where step is
 * 0. */
static void growing_finish(struct growing *buffer, size_t first, size_t step)
{
    size_t begin = 0, end = first;
    while (begin < buffer->size) {
        for (size_t offset = begin; offset < end; offset += MARK_STEP)
            if (get_word(buffer->start + offset) != (buffer->tag ^ offset))
                fail("a grown buffer's byte was lost", buffer->start + offset);
        begin = end;
        end += step ? step : end;
    }
    free(buffer->start);
}

/* 48 bytes at a time up to most, as a reader of unknown length or a string builder does. */
static void grow_in_steps(size_t most, uint64_t rounds)
{
    for (uint64_t round = 0; round < rounds; round++) {
        struct growing buffer = {.tag = round * 0x9E3779B97F4A7C15};
        while (buffer.size + 48 <= most)
            growing_extend(&buffer, buffer.size + 48);
        growing_finish(&buffer, 48, 48);
    }
}

static void growing(unsigned threads, double scale)
{
    (void)threads;
    grow_in_steps(64 << 10, (uint64_t)(25000 * scale) + 1);
}

/* The same into megabytes, where an allocator leaves its size classes for whole pages. */
static void growing_large(unsigned threads, double scale)
{
    (void)threads;
    grow_in_steps(4 << 20, (uint64_t)(250 * scale) + 1);
}

/* Twice as large each time, up to 1 MiB: what vectors do. */
static void growing_doubling(unsigned threads, double scale)
{
    (void)threads;
    for (uint64_t round = 0; round < (uint64_t)(25000 * scale) + 1; round++) {
        struct growing buffer = {.tag = round * 0x9E3779B97F4A7C15};
        growing_extend(&buffer, 16);
        while (buffer.size < 1 << 20)
            growing_extend(&buffer, buffer.size * 2);
        growing_finish(&buffer, 16, 0);
    }
}

/* Two buffers in turns: neither stays at the end of the heap, so each growth may mean a copy. */
static void growing_interleaved(unsigned threads, double scale)
{
    (void)threads;
    for (uint64_t round = 0; round < (uint64_t)(8000 * scale) + 1; round++) {
        struct growing one = {.tag = round * 0x9E3779B97F4A7C15}, other = {.tag = ~one.tag};
        while (one.size + 48 <= 64 << 10) {
            growing_extend(&one, one.size + 48);
            growing_extend(&other, other.size + 48);
        }
        growing_finish(&one, 48, 48);
        growing_finish(&other, 48, 48);
    }
}

/* Sizes from 8 to 8,192, lifetimes exponential in three groups: replacing a random one of n slots
 * gives each block a geometric lifetime of mean n, here of 16, 1,000 and 16,000 allocations. */
static void random_lifetimes(unsigned threads, double scale)
{
    (void)threads;
    static block_word slots[16 + 1000 + 16000];
    uint64_t state = random_seed(0);
    for (uint64_t left = (uint64_t)(5e6 * scale); left; left--) {
        uint32_t draw = random_below(&state, 10), slot;
        if (draw < 6)
            slot = random_below(&state, 16);
        else if (draw < 9)
            slot = 16 + random_below(&state, 1000);
        else
            slot = 1016 + random_below(&state, 16000);
        if (slots[slot])
            block_release(slots[slot]);
        slots[slot] = block_take(random_size(&state, 10), next_random(&state));
    }
    release_all(slots, sizeof slots / sizeof *slots);
}

/* A program that changes its mind: 48 MiB of one size, all but every 64th block freed, then the
 * next size. What the first phases took should serve the later ones, or go back. */
static void phases(unsigned threads, double scale)
{
    (void)threads;
    static const uint32_t sizes[] = {32, 1500, 100, 6000, 48, 20000, 256, 700};
    enum { BYTES = 48 << 20, MOST = BYTES / 32 };
    block_word *slots = calloc(MOST, sizeof *slots), *kept = calloc(MOST, sizeof *kept);
    if (!slots || !kept)
        fail("no usable block", NULL);
    uint64_t state = random_seed(0), rounds = (uint64_t)(2 * scale) + 1;
    for (uint64_t round = 0; round < rounds; round++) {
        uint32_t survivors = 0;
        for (unsigned phase = 0; phase < sizeof sizes / sizeof *sizes; phase++) {
            uint32_t count = BYTES / sizes[phase];
            for (uint32_t i = 0; i < count; i++)
                slots[i] = block_take(sizes[phase], next_random(&state));
            for (uint32_t i = 0; i < count; i++)
                if (i % 64 == 63)
                    kept[survivors++] = slots[i];
                else
                    block_release(slots[i]);
        }
        release_all(kept, survivors);
    }
    free(slots);
    free(kept);
}

/* mstress with every byte of every block written and compared: slow, for trust rather than time. */
static void verify(unsigned threads, double scale)
{
    check_every_byte = true;
    mstress(threads, scale / 4);
}

static const struct {
    const char *name;
    void (*run)(unsigned threads, double scale);
} patterns[] = {
    {"pair", pair},
    {"larson", larson},
    {"producer_consumer", producer_consumer},
    {"mstress", mstress},
    {"cache_scratch", cache_scratch},
    {"growing", growing},
    {"growing_large", growing_large},
    {"growing_doubling", growing_doubling},
    {"growing_interleaved", growing_interleaved},
    {"random_lifetimes", random_lifetimes},
    {"scaling", scaling},
    {"phases", phases},
    {"verify", verify},
};

int main(int argc, char **argv)
{
    unsigned threads = argc > 2 ? (unsigned)atoi(argv[2]) : 2;
    double scale = argc > 3 ? atof(argv[3]) : 1;
    for (size_t i = 0; argc > 1 && i < sizeof patterns / sizeof *patterns; i++)
        if (!strcmp(argv[1], patterns[i].name) && threads > 0 && threads <= MOST_THREADS &&
            scale > 0) {
            pattern_name = patterns[i].name;
            patterns[i].run(threads, scale);
            return 0;
        }
    fprintf(stderr, "usage: memory_patterns NAME [THREADS 1..%d] [SCALE]; names:", MOST_THREADS);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        fprintf(stderr, " %s", patterns[i].name);
    fprintf(stderr, "\n");
    return 2;
}
