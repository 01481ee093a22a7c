/* liar.h: what the lying server (liar.c) and its clients agree on: which request is which, and what a run is made of. Each
 * decision is a hash of seed and request, so that it is the same with and without libstrong, whatever the timing.
 */
#ifndef LIAR_H
#define LIAR_H

#include <stdint.h>

enum { RUN_REQUESTS = 20 }; /* ids of a run: run * RUN_REQUESTS and on */

static inline uint32_t liar_hash(uint32_t seed, uint32_t id, uint32_t what)
{
    uint64_t x = (uint64_t)seed * 0x9e3779b97f4a7c15ull + (uint64_t)id * 0xbf58476d1ce4e5b9ull + what * 0x94d049bb133111ebull;
    x ^= x >> 30;
    x *= 0xbf58476d1ce4e5b9ull;
    x ^= x >> 27;
    x *= 0x94d049bb133111ebull;
    return (uint32_t)(x >> 33);
}

enum { ASK_REQUEST = 1, ASK_LIE, ASK_WHICH, ASK_AFTER, ASK_DELAY, ASK_LENGTH, ASK_CONNECT, ASK_SPLIT, ASK_GAP, ASK_END, ASK_KIND,
       ASK_OPTION };

/* One request in ten must not be repeated: POST, INCR, incr. */
static inline int liar_unrepeatable(uint32_t seed, uint32_t id)
{
    return liar_hash(seed, id, ASK_REQUEST) % 10 == 0;
}

/* What a run's server does besides the truth. */
enum liar_kind {
    KIND_HONEST,  /* in odd pieces and late, but the truth */
    KIND_LEAVES,  /* closes and resets when an answer was sent */
    KIND_ANSWERS, /* lies in the answer itself */
    KIND_ALL,
    KINDS
};
static inline enum liar_kind liar_kind(uint32_t seed, uint32_t id)
{
    return (enum liar_kind)(liar_hash(seed, id / RUN_REQUESTS, ASK_KIND) % KINDS);
}

/* What it does when an answer was sent whole. */
enum liar_after {
    STAY, CLOSE_NOW, RESET_NOW, CLOSE_SOON, RESET_SOON, CLOSE_ON_NEXT, RESET_ON_NEXT, HALF_CLOSE, /* KIND_LEAVES: up to here */
    EXTRA_NOW, EXTRA_SOON, AFTERS
};
static inline enum liar_after liar_after(uint32_t seed, uint32_t id)
{
    enum liar_kind kind = liar_kind(seed, id);
    uint32_t which = liar_hash(seed, id, ASK_AFTER);
    if (kind == KIND_HONEST || which % 3 != 0)
        return STAY;
    return (enum liar_after)(which / 3 % (kind == KIND_LEAVES ? HALF_CLOSE + 1 : AFTERS));
}

/* Whether even a program that connects for each request can find the answer reset, if it is slow to read. */
static inline int liar_may_reset(uint32_t seed, uint32_t id)
{
    enum liar_after after = liar_after(seed, id);
    return after == RESET_NOW || after == RESET_SOON;
}

#endif
