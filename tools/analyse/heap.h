/* heap.h: the heap by the place in the code that allocated: totals, sites, the allocator's time and growth.
 *
 * A site is the program's frame behind an allocation (profile_site); stacks that allocate at one address of
 * one file, in however many processes, are one site. Sums over sites are the totals. Every figure under
 * `estimate` comes from samples: unbiased, 95 % of the time within heap_margin of the truth; calls and
 * bytes are exact. Built once from a model; needs its symbols for as long as it lives. Single-threaded.
 */
#ifndef STRONG_ANALYSE_HEAP_H
#define STRONG_ANALYSE_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#include "read/arena.h"
#include "read/model.h"
#include "read/symbols.h"

struct analysis;

struct heap_estimate {
    uint64_t bytes;
    double objects;
    double variance; /* of bytes */
    uint64_t samples; /* behind it; 0 where that is not known (live, peak) */
};

struct heap_site {
    const struct model_frame *frame; /* NULL: allocations without a stack */
    bool runtime; /* no code of the program on the stack: made by the C or C++ runtime for itself */
    uint32_t stack; /* the heaviest of its stacks */
    struct heap_estimate allocated, freed, temporary, remote;
    struct heap_estimate grown; /* realloc calls at this site: objects = calls, bytes = what blocks had */
    double resized; /* of the allocated objects, those that realloc made: new ones and moved ones */
    struct heap_estimate live, peak;
    double lifetimes[HEAP_LIFETIMES];
    uint64_t largest_bytes;
};

/* CPU time in malloc, free and their kin. */
struct heap_cost {
    bool timed;   /* enough timed calls to tell */
    bool sampled; /* enough CPU samples to tell */
    uint64_t timed_calls, timed_ns;         /* ns: estimate for all calls, waiting for a CPU included */
    uint64_t allocate_ns, free_ns;          /* its parts */
    double allocate_each_ns, free_each_ns;  /* of one call */
    double timed_low, timed_share; /* of the CPU time: without and with what timing itself may have added */
    double sampled_share, sampled_margin;
    double sampled_most; /* sampled_share with the samples inside libstrong whose function has no name */
    bool known;
    double share; /* the one to go by, see heap_cost.c */
    uint64_t ns;  /* that share of the CPU time */
    bool agree;   /* false where the two estimates contradict each other */
};

/* A straight line through a series of readings, by least squares. */
struct heap_trend {
    bool known;
    double per_second, margin; /* 95 %, widened for readings that follow one another (lag-1) */
    double seconds;
    uint64_t readings, first_bytes, last_bytes;
};

struct heap {
    bool measured; /* allocations were sampled */
    bool ended;    /* the process is gone: what lives is what was unfreed at exit */
    /* exact: calls that allocate, those of realloc among them, bytes asked for, calls of free */
    uint64_t calls, realloc_calls, bytes, free_calls;
    struct heap_site *sites; /* by allocated bytes, most first */
    size_t site_count;
    struct heap_site total;
    struct heap_cost cost;
    struct heap_trend trend; /* of the allocator's live bytes over the second half */
};

/* After accounting and profile are made. 0 or -ENOMEM. */
int heap_make(struct analysis *analysis);

/* Half the width of the 95 % interval, in bytes. */
uint64_t heap_margin(const struct heap_estimate *estimate);

/* "parse_row at parse.c:40", "parse_row", "(no stack)". Reads DWARF: only for what is shown. */
const char *heap_site_name(struct analysis *analysis, const struct heap_site *site);
/* "parse.c:40" alone. */
const char *heap_site_place(struct analysis *analysis, const struct heap_site *site);

/* The site that keeps most of what lives (or was unfreed); NULL where nothing is known to live. */
const struct heap_site *heap_keeps_most(const struct heap *heap);
/* The site that had most at the peak; NULL where nothing is known of it. */
const struct heap_site *heap_had_most(const struct heap *heap);

/* Age below which half of the freed objects were when they were freed (upper end of the class). 0: none. */
uint64_t heap_median_life_ns(const double *lifetimes);

/* The line through the readings from `from_ns` on of the field at that offset in struct model_resource;
 * the reading at exit is left out. */
struct heap_trend heap_trend_of(const struct model *model, size_t field, uint64_t from_ns);

#endif
