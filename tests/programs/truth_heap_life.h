/* truth_heap_life.h: allocates from several sites and frees at random, in a rise, a sharp peak and a fall, and counts
 * exactly what the heap profile estimates. Prints, for each site and under the name "all":
 *
 *   NAME START END asked A live L peak P
 *
 * START and END: where the site's code is, so that a stack can be given to its site. P: what of it was live when the
 * sum over all sites was highest. Then "remote R": bytes freed by another thread than the one that allocated them.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SITES_MOST = 8, HELD_MOST = 30000 };

struct site {
    const char *name;
    void *(*make)(size_t size);
    void (*release)(void *ptr);
    uintptr_t start, end;
    uint64_t asked, live, peak;
};

struct held {
    void *ptr;
    size_t size;
    unsigned site, thread;
};

static struct site sites[SITES_MOST];
static unsigned site_count, steps;
static int resizes; /* blocks are realloc'ed as well; all sites must be free's */
static uint64_t live_bytes, peak_bytes, remote_bytes;
static struct held held[HELD_MOST];
static unsigned held_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t state;

static uint64_t next_random(void)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return state;
}

static void reach_peak(void)
{
    if (live_bytes <= peak_bytes)
        return;
    peak_bytes = live_bytes;
    for (unsigned i = 0; i < site_count; i++)
        sites[i].peak = sites[i].live;
}

static void born(unsigned thread)
{
    unsigned which = (unsigned)(next_random() % site_count);
    struct site *site = &sites[which];
    size_t size = next_random() % 100 < 96 ? 16 + next_random() % (400 * (which + 1)) : 5000 + next_random() % 100000;
    held[held_count++] = (struct held){site->make(size), size, which, thread};
    site->asked += size;
    site->live += size;
    live_bytes += size;
    reach_peak();
}

static void gone(unsigned thread)
{
    unsigned at = (unsigned)(next_random() % held_count);
    struct held one = held[at];
    held[at] = held[--held_count];
    sites[one.site].live -= one.size;
    live_bytes -= one.size;
    if (one.thread != thread)
        remote_bytes += one.size;
    sites[one.site].release(one.ptr);
}

/* A block grows or shrinks. What is asked for by that is for each reader to define: not counted. */
static void resized(void)
{
    struct held *one = &held[next_random() % held_count];
    size_t size = one->size / 4 + next_random() % (one->size * 2) + 1;
    if (size > 300000)
        size = 300000;
    one->ptr = realloc(one->ptr, size);
    sites[one->site].live += size - one->size;
    live_bytes += size - one->size;
    one->size = size;
    reach_peak();
}

static void *live_a_life(void *argument)
{
    unsigned thread = (unsigned)(uintptr_t)argument;
    for (;;) {
        pthread_mutex_lock(&lock);
        unsigned step = steps++;
        /* rise to step 15,000, fall from there, then some coming and going */
        unsigned allocates = step < 15000 ? 85 : step < 22000 ? 15 : 50;
        if (step < 30000) {
            if (held_count == 0 || (held_count < HELD_MOST && next_random() % 100 < allocates))
                born(thread);
            else if (resizes && next_random() % 2)
                resized();
            else
                gone(thread);
        }
        pthread_mutex_unlock(&lock);
        if (step >= 30000)
            return NULL;
    }
}

static void show(void)
{
    uint64_t asked = 0, live = 0, peak = 0;
    for (unsigned i = 0; i < site_count; i++) {
        const struct site *site = &sites[i];
        printf("%s %lx %lx asked %lu live %lu peak %lu\n", site->name, (unsigned long)site->start,
               (unsigned long)site->end, (unsigned long)site->asked, (unsigned long)site->live,
               (unsigned long)site->peak);
        asked += site->asked, live += site->live, peak += site->peak;
    }
    printf("all 0 0 asked %lu live %lu peak %lu\nremote %lu\n", (unsigned long)asked, (unsigned long)live,
           (unsigned long)peak, (unsigned long)remote_bytes);
}

static void add_site(const char *name, void *(*make)(size_t), void (*release)(void *), const char *start,
                     const char *end)
{
    sites[site_count++] = (struct site){name, make, release, (uintptr_t)start, (uintptr_t)end, 0, 0, 0};
}

/* SEED THREADS [resize] */
static int live_lives(int argc, char **argv)
{
    static char room[4096];
    setvbuf(stdout, room, _IOFBF, sizeof room);
    state = 88172645463325252u + (uint64_t)(argc > 1 ? atoi(argv[1]) : 0) * 1000003u;
    for (int i = 0; i < 20; i++)
        next_random();
    unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
    resizes = argc > 3;
    pthread_t threads[16];
    for (unsigned i = 1; i < count && i < 16; i++)
        pthread_create(&threads[i], NULL, live_a_life, (void *)(uintptr_t)i);
    live_a_life(NULL);
    for (unsigned i = 1; i < count && i < 16; i++)
        pthread_join(threads[i], NULL);
    return held_count ? 0 : 1;
}

/* Code of its own section is found by its ends. */
#define SITE(name)                                                                                 \
    extern const char __start_code_of_##name[], __stop_code_of_##name[];                                           \
    __attribute__((noinline, section("code_of_" #name))) void *name(size_t size);                             \
    void *name(size_t size)
