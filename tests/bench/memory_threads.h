/* The patterns of memory_patterns with several threads: blocks that outlive the thread that took
 * them, are freed by another one, or share a cache line with another thread's. Each thread has its
 * own random state, seeded by its lane; only the order in which threads meet at a shared slot or
 * queue differs between two runs.
 */
#ifndef MEMORY_THREADS_H
#define MEMORY_THREADS_H

#include "memory_blocks.h"
#include <pthread.h>

#define MOST_THREADS 64

static void release_all(block_word *slots, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (slots[i])
            block_release(slots[i]);
}

static pthread_t start_thread(void *(*body)(void *), void *lane)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, body, lane))
        fail("no thread", NULL);
    return thread;
}

/* One thread a lane; lanes are elements of an array of lane_size each. */
static void run_lanes(void *(*body)(void *), void *lanes, size_t lane_size, unsigned threads)
{
    pthread_t started[MOST_THREADS];
    for (unsigned i = 0; i < threads; i++)
        started[i] = start_thread(body, (char *)lanes + i * lane_size);
    for (unsigned i = 0; i < threads; i++)
        pthread_join(started[i], NULL);
}

/* larson: a server whose connections move on. A lane's thread replaces random ones of its slots,
 * then starts its successor, which inherits the slots (and frees what the dead thread took), and
 * ends. */
enum { LARSON_SLOTS = 2000, LARSON_SESSIONS = 60 };

struct larson_lane {
    block_word slots[LARSON_SLOTS];
    uint64_t state, replacements;
    unsigned sessions_left;
    pthread_t previous;
    bool has_previous;
    pthread_mutex_t *mutex;
    pthread_cond_t *ended;
    unsigned *lanes_left;
};

static void *larson_session(void *argument)
{
    struct larson_lane *lane = argument;
    if (lane->has_previous)
        pthread_join(lane->previous, NULL);
    for (uint64_t left = lane->replacements; left; left--) {
        block_word *slot = &lane->slots[random_below(&lane->state, LARSON_SLOTS)];
        if (*slot)
            block_release(*slot);
        *slot = block_take(8 + random_below(&lane->state, 992), next_random(&lane->state));
    }
    lane->previous = pthread_self();
    lane->has_previous = true;
    if (--lane->sessions_left) {
        start_thread(larson_session, lane);
        return NULL;
    }
    pthread_mutex_lock(lane->mutex);
    --*lane->lanes_left;
    pthread_cond_signal(lane->ended);
    pthread_mutex_unlock(lane->mutex);
    return NULL;
}

static void larson(unsigned threads, double scale)
{
    static struct larson_lane lanes[MOST_THREADS];
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t ended = PTHREAD_COND_INITIALIZER;
    unsigned lanes_left = threads;
    for (unsigned i = 0; i < threads; i++) {
        lanes[i].state = random_seed(i);
        lanes[i].replacements = (uint64_t)(120000 * scale) + 1;
        lanes[i].sessions_left = LARSON_SESSIONS;
        lanes[i].mutex = &mutex;
        lanes[i].ended = &ended;
        lanes[i].lanes_left = &lanes_left;
        start_thread(larson_session, &lanes[i]);
    }
    pthread_mutex_lock(&mutex);
    while (lanes_left)
        pthread_cond_wait(&ended, &mutex);
    pthread_mutex_unlock(&mutex);
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(lanes[i].previous, NULL);
        release_all(lanes[i].slots, LARSON_SLOTS);
    }
}

/* producer_consumer: every block is freed by a thread that never took one. Batches through a
 * bounded queue, one queue for each pair of threads, so that the queue's lock is a small part of
 * it. */
enum { BATCH = 512, QUEUE_BATCHES = 16 };

struct pipeline {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    block_word batches[QUEUE_BATCHES][BATCH];
    uint64_t put, taken, total;
    unsigned lane;
};

static void *produce(void *argument)
{
    struct pipeline *pipeline = argument;
    uint64_t state = random_seed(pipeline->lane);
    for (uint64_t number = 0; number < pipeline->total; number++) {
        block_word batch[BATCH];
        for (unsigned i = 0; i < BATCH; i++)
            batch[i] = block_take(8 + random_below(&state, 248), next_random(&state));
        pthread_mutex_lock(&pipeline->mutex);
        while (pipeline->put - pipeline->taken == QUEUE_BATCHES)
            pthread_cond_wait(&pipeline->changed, &pipeline->mutex);
        memcpy(pipeline->batches[number % QUEUE_BATCHES], batch, sizeof batch);
        if (pipeline->put++ == pipeline->taken)
            pthread_cond_signal(&pipeline->changed);
        pthread_mutex_unlock(&pipeline->mutex);
    }
    return NULL;
}

static void *consume(void *argument)
{
    struct pipeline *pipeline = argument;
    for (uint64_t number = 0; number < pipeline->total; number++) {
        block_word batch[BATCH];
        pthread_mutex_lock(&pipeline->mutex);
        while (pipeline->put == pipeline->taken)
            pthread_cond_wait(&pipeline->changed, &pipeline->mutex);
        memcpy(batch, pipeline->batches[number % QUEUE_BATCHES], sizeof batch);
        if (pipeline->put - pipeline->taken++ == QUEUE_BATCHES)
            pthread_cond_signal(&pipeline->changed);
        pthread_mutex_unlock(&pipeline->mutex);
        release_all(batch, BATCH);
    }
    return NULL;
}

static void producer_consumer(unsigned threads, double scale)
{
    static struct pipeline pipelines[MOST_THREADS / 2];
    pthread_t started[MOST_THREADS];
    unsigned pairs = threads > 1 ? threads / 2 : 1;
    for (unsigned i = 0; i < pairs; i++) {
        pthread_mutex_init(&pipelines[i].mutex, NULL);
        pthread_cond_init(&pipelines[i].changed, NULL);
        pipelines[i].total = (uint64_t)(7000 * scale) + 1;
        pipelines[i].lane = i;
        started[2 * i] = start_thread(produce, &pipelines[i]);
        started[2 * i + 1] = start_thread(consume, &pipelines[i]);
    }
    for (unsigned i = 0; i < 2 * pairs; i++)
        pthread_join(started[i], NULL);
}

/* mstress: every lifetime at once. Threads take blocks, keep some, free some at random and swap
 * others with a shared array; all threads end and are made anew each round, the shared array lives
 * on. */
enum { MSTRESS_SHARED = 1000, MSTRESS_OWN = 4096, MSTRESS_ROUNDS = 40 };

struct mstress_lane {
    uint64_t state, steps;
};

static _Atomic block_word mstress_shared[MSTRESS_SHARED];

static uint32_t mstress_size(uint64_t *state)
{
    uint32_t draw = random_below(state, 1000);
    if (draw < 2) /* a few large ones: up to 64 KiB */
        return 8192 + random_below(state, 57344);
    return draw < 50 ? random_size(state, 10) : random_size(state, 6);
}

static void *mstress_round(void *argument)
{
    struct mstress_lane *lane = argument;
    block_word own[MSTRESS_OWN] = {0};
    uint64_t state = lane->state;
    for (uint64_t left = lane->steps; left; left--) {
        uint32_t draw = random_below(&state, 100);
        block_word *slot = &own[random_below(&state, MSTRESS_OWN)];
        if (draw < 20) { /* memory_order: releases the block's bytes to, and acquires them from, the
                          * same exchange in another thread */
            *slot = atomic_exchange_explicit(&mstress_shared[random_below(&state, MSTRESS_SHARED)],
                                             *slot, memory_order_acq_rel);
        } else if (*slot) {
            block_release(*slot);
            *slot = 0;
        } else {
            *slot = block_take(mstress_size(&state), next_random(&state));
        }
    }
    release_all(own, MSTRESS_OWN);
    lane->state = state;
    return NULL;
}

static void mstress(unsigned threads, double scale)
{
    static struct mstress_lane lanes[MOST_THREADS];
    for (unsigned i = 0; i < threads; i++)
        lanes[i] = (struct mstress_lane){random_seed(i), (uint64_t)(250000 * scale) + 1};
    for (unsigned round = 0; round < MSTRESS_ROUNDS; round++)
        run_lanes(mstress_round, lanes, sizeof *lanes, threads);
    for (unsigned i = 0; i < MSTRESS_SHARED; i++)
        if (mstress_shared[i])
            block_release(mstress_shared[i]);
}

/* cache_scratch: main takes one small object for each thread, next to each other as likely as not;
 * each thread frees its own and works on objects of the same size. An allocator that hands the
 * freed ones back to their threads makes them share a cache line for good. */
struct scratch_lane {
    unsigned char *object;
    uint64_t objects;
};

static void *scratch(void *argument)
{
    struct scratch_lane *lane = argument;
    free(lane->object);
    for (uint64_t number = 0; number < lane->objects; number++) {
        volatile unsigned char *object = escape(malloc(8));
        if (!object)
            fail("no usable block", NULL);
        for (unsigned i = 0; i < 8; i++)
            object[i] = (unsigned char)number;
        for (unsigned i = 0; i < 4000; i++)
            object[i & 7]++;
        for (unsigned i = 0; i < 8; i++)
            if (object[i] != (unsigned char)(number + 500))
                fail("a byte was overwritten", (const void *)object);
        free((void *)object);
    }
    return NULL;
}

static void cache_scratch(unsigned threads, double scale)
{
    struct scratch_lane lanes[MOST_THREADS];
    for (unsigned i = 0; i < threads; i++) {
        lanes[i].objects = (uint64_t)(200000 * scale) + 1;
        lanes[i].object = escape(malloc(8));
        if (!lanes[i].object)
            fail("no usable block", NULL);
    }
    run_lanes(scratch, lanes, sizeof *lanes, threads);
}

/* scaling: threads that have nothing to do with each other; each does the same work however many.
 */
struct scaling_lane {
    uint64_t state, replacements;
};

static void *scaling_lane_run(void *argument)
{
    struct scaling_lane *lane = argument;
    block_word slots[1000] = {0};
    uint64_t state = lane->state;
    for (uint64_t left = lane->replacements; left; left--) {
        block_word *slot = &slots[random_below(&state, 1000)];
        if (*slot)
            block_release(*slot);
        *slot = block_take(random_size(&state, 6), next_random(&state));
    }
    release_all(slots, 1000);
    return NULL;
}

static void scaling(unsigned threads, double scale)
{
    struct scaling_lane lanes[MOST_THREADS];
    for (unsigned i = 0; i < threads; i++)
        lanes[i] = (struct scaling_lane){random_seed(i), (uint64_t)(10e6 * scale) + 1};
    run_lanes(scaling_lane_run, lanes, sizeof *lanes, threads);
}

#endif
