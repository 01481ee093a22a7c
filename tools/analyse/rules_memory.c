/* rules_memory.c: the rules about places that allocate too often: temporary, replaced, grown step by step,
 * freed elsewhere. A site is of one kind only, so that no time is promised twice.
 *
 * The bound of each is the site's share of all sampled objects, of the CPU time in malloc and free.
 */
#include "analyse/rules_allocator.h"

enum kind { KIND_NONE, KIND_TEMPORARY, KIND_CHURN, KIND_GROWN, KIND_REMOTE };

enum {
    OBJECTS_LEAST = 10000,
    SAMPLES_LEAST = 10, /* fewer leave the number of objects open by more than half */
    CHURN_TURNOVER = 10, /* objects freed for one that lived at the peak */
    COPY_BYTES_PER_NS = 2, /* what a copy moves at least, pages of fresh memory included */
};

/* What most of a site's objects came to. */
static enum kind kind_of(const struct heap_site *site)
{
    double grown = site->grown.objects > site->resized ? site->grown.objects : site->resized;
    if (site->grown.objects > 0 && grown * 2 > site->allocated.objects)
        return KIND_GROWN;
    if (site->freed.objects * 4 < site->allocated.objects * 3)
        return KIND_NONE; /* it keeps what it allocates */
    if (site->remote.objects * 2 > site->freed.objects)
        return KIND_REMOTE;
    if (site->temporary.objects * 2 > site->freed.objects)
        return KIND_TEMPORARY;
    return site->freed.objects > site->peak.objects * CHURN_TURNOVER ? KIND_CHURN : KIND_NONE;
}

/* The site of that kind with most objects; NULL if none has enough. */
static const struct heap_site *top_site(const struct heap *heap, enum kind kind)
{
    const struct heap_site *top = NULL;
    for (size_t i = 0; i < heap->site_count; i++) {
        const struct heap_site *one = &heap->sites[i];
        if (one->allocated.objects >= OBJECTS_LEAST &&
            one->allocated.samples >= SAMPLES_LEAST && kind_of(one) == kind &&
            (top == NULL || one->allocated.objects > top->allocated.objects))
            top = one;
    }
    return top;
}

static double objects_share(const struct heap *heap, const struct heap_site *site)
{
    double all = heap->total.allocated.objects;
    return all > 0 ? site->allocated.objects / all : 0;
}

/* "30,123,000 objects (± 2.0 %) of 1.0 KiB on average, 7,500,000 a second" */
static const char *objects_text(struct analysis *analysis, const struct heap_site *site)
{
    const struct heap_estimate *all = &site->allocated;
    double relative = all->bytes > 0 ? (double)heap_margin(all) / (double)all->bytes : 0;
    return rules_text(analysis, "%s: %s objects (± %s) of %s, %s a second",
                      heap_site_name(analysis, site), units_count(units_whole(all->objects)).text,
                      units_share(relative).text,
                      units_bytes(units_whole((double)all->bytes / all->objects)).text,
                      units_number(all->objects / rules_seconds(analysis)).text);
}

static const char *life_text(struct analysis *analysis, const struct heap_site *site)
{
    uint64_t median = heap_median_life_ns(site->lifetimes);
    if (median == 0 || median == UINT64_MAX)
        return "";
    return rules_text(analysis, ", half of them lived less than %s", units_duration(median).text);
}

/* What the rules about a site's objects have in common. False: not found, with evidence. */
static bool found_site(struct analysis *analysis, struct finding *finding, enum kind kind,
                       const struct heap_site **ret_site)
{
    const struct heap *heap = &analysis->heap;
    if (!rules_allocator_measured(analysis, finding))
        return false;
    const struct heap_site *site = top_site(heap, kind);
    if (site == NULL) {
        finding->evidence = "no place in the code has enough of them";
        return false;
    }
    uint64_t gain = units_whole(objects_share(heap, site) * (double)heap->cost.ns);
    if (!rules_allocator_found(analysis, finding, gain, units_whole(site->allocated.objects))) {
        finding->evidence =
            rules_text(analysis, "most at %s; little time", objects_text(analysis, site));
        return false;
    }
    rules_allocator_rests_on(analysis, finding, site->allocated.samples);
    finding->where = heap_site_place(analysis, site);
    finding->assumption = "each call of malloc and free costs the same, and none is needed there";
    *ret_site = site;
    return true;
}

const struct finding_about rules_temporary_allocations_about = {
    .looks_for = "Places that allocate memory which is freed again at once.",
    .precondition =
        "Applies where it allocated; allocations have to be sampled (STRONG_ALLOC_PERIOD) and the "
        "allocator's cost known.",
    .formula =
        "Found for a place with 10,000 objects or more, most of them freed within 1 ms or before "
        "the next allocation. Bound: the place's share of all objects, of the CPU time in malloc "
        "and free.",
    .fix = "Keep one buffer and use it again, or put what is small and of known size on the stack.",
    .risk =
        "A buffer that is used again must not be in use twice at once: one for each thread, none "
        "across recursion.",
};

void rules_temporary_allocations(struct analysis *analysis, struct finding *finding)
{
    const struct heap_site *site;
    if (!found_site(analysis, finding, KIND_TEMPORARY, &site))
        return;
    finding->evidence = rules_text(
        analysis, "%s; %s of those freed were freed within 1 ms or before the next allocation%s",
        objects_text(analysis, site),
        units_share(site->temporary.objects / site->freed.objects).text, life_text(analysis, site));
    finding->fix =
        rules_text(analysis,
                   "at %s: keep one buffer and use it again, or put what is small and of known "
                   "size on the stack%s",
                   heap_site_name(analysis, site),
                   rules_pool_advice(analysis, "its malloc and free cost less"));
    finding->risk = "a buffer that is used again must not be in use twice at once: one for each "
                    "thread, none across recursion";
}

const struct finding_about rules_allocation_churn_about = {
    .looks_for = "Places whose objects are replaced all the time.",
    .precondition =
        "Applies where it allocated; allocations have to be sampled (STRONG_ALLOC_PERIOD) and the "
        "allocator's cost known.",
    .formula =
        "Found for a place with 10,000 objects or more that freed ten times what lived at its "
        "peak. Bound: the place's share of all objects, of the CPU time in malloc and free.",
    .fix = "Give freed objects to the next one that needs the same size, or allocate many at once.",
    .risk =
        "An object that is used again must be cleared, and tools that look for use after free see "
        "less.",
};

void rules_allocation_churn(struct analysis *analysis, struct finding *finding)
{
    const struct heap_site *site;
    if (!found_site(analysis, finding, KIND_CHURN, &site))
        return;
    finding->evidence = rules_text(
        analysis, "%s; %s objects lived at the peak, so each place was filled %s times%s",
        objects_text(analysis, site), units_count(units_whole(site->peak.objects)).text,
        units_number(site->freed.objects / (site->peak.objects > 1 ? site->peak.objects : 1)).text,
        life_text(analysis, site));
    finding->fix = rules_text(analysis,
                              "at %s: give freed objects to the next one that needs the same size (a "
                              "free list, an array of slots), or allocate many at once%s",
                              heap_site_name(analysis, site),
                              rules_pool_advice(analysis, "its malloc and free cost less"));
    finding->risk = "an object that is used again must be cleared of what it held, and tools that "
                    "look for use after free see less";
}

const struct finding_about rules_cross_thread_frees_about = {
    .looks_for = "Memory that one thread allocates and another one frees.",
    .precondition =
        "Applies where it allocated; allocations have to be sampled (STRONG_ALLOC_PERIOD) and the "
        "allocator's cost known.",
    .formula =
        "Found for a place with 10,000 objects or more, most of them freed by another thread. "
        "Bound: the place's share of all objects, of the CPU time in malloc and free.",
    .fix = "Hand blocks back to their thread for the next one, or pass several in one block.",
    .risk = "Blocks that travel back need a queue of their own, which must not become the next lock.",
};

void rules_cross_thread_frees(struct analysis *analysis, struct finding *finding)
{
    const struct heap_site *site;
    const struct heap *heap = &analysis->heap;
    if (!found_site(analysis, finding, KIND_REMOTE, &site))
        return;
    finding->evidence = rules_text(
        analysis, "%s; %s of those freed were freed by another thread (of all objects %s)%s",
        objects_text(analysis, site), units_share(site->remote.objects / site->freed.objects).text,
        units_share(heap->total.freed.objects > 0
                        ? heap->total.remote.objects / heap->total.freed.objects
                        : 0)
            .text,
        life_text(analysis, site));
    finding->fix = rules_text(
        analysis,
        "hand what is allocated at %s back to its thread for the next one, or pass several in one "
        "block%s",
        heap_site_name(analysis, site),
        rules_pool_advice(analysis, "its threads pass freed blocks on in batches"));
    finding->risk = "blocks that travel back need a queue of their own, which must not become the "
                    "next lock";
}

/* ---- growing step by step ---- */

static const struct heap_site *top_growing(const struct heap *heap)
{
    const struct heap_site *top = NULL;
    for (size_t i = 0; i < heap->site_count; i++)
        if (heap->sites[i].grown.samples >= SAMPLES_LEAST &&
            heap->sites[i].grown.bytes > (top != NULL ? top->grown.bytes : 0))
            top = &heap->sites[i];
    return top;
}

const struct finding_about rules_realloc_chains_about = {
    .looks_for = "Buffers that are made larger step by step.",
    .precondition =
        "Applies where it called realloc; allocations have to be sampled (STRONG_ALLOC_PERIOD) "
        "and the allocator's cost known.",
    .formula =
        "Found for the place whose blocks had most bytes when they grew. Bound: those bytes "
        "copied at 2 GB/s and the calls' own cost, at most the CPU time in malloc and free.",
    .fix = "Reserve the final size at once where it is known, else double the size each time.",
    .risk = "Up to twice the memory for a buffer that stops growing just after it doubled.",
};

void rules_realloc_chains(struct analysis *analysis, struct finding *finding)
{
    const struct heap *heap = &analysis->heap;
    if (!rules_allocator_measured(analysis, finding))
        return;
    const struct heap_site *site = top_growing(heap);
    if (site == NULL) {
        finding->evidence = "no block was seen to grow";
        return;
    }
    const struct heap_estimate *grown = &site->grown;
    double calls = grown->objects > 1 ? grown->objects : 1;
    if (calls > (double)heap->realloc_calls && heap->realloc_calls > 0) /* an estimate of all of them */
        calls = (double)heap->realloc_calls;
    /* Most calls find room and copy nothing; how many of them this place made, its share of the bytes tells. */
    double asked = (double)heap->realloc_calls * (double)grown->bytes / (double)heap->total.grown.bytes;
    uint64_t gain = units_whole((double)grown->bytes / COPY_BYTES_PER_NS +
                                asked * (double)heap->cost.ns /
                                    (double)(heap->calls + heap->free_calls + 1));
    /* The copies are made inside the calls that were timed. */
    uint64_t most = heap->cost.ns;
    gain = gain < most ? gain : most;
    const char *facts = rules_text(
        analysis,
        "%s: of %s calls of realloc %s made a block larger; it had %s on average, %s ± %s in all",
        heap_site_name(analysis, site), units_count(heap->realloc_calls).text,
        units_count(units_whole(calls)).text,
        units_bytes(units_whole((double)grown->bytes / calls)).text, units_bytes(grown->bytes).text,
        units_bytes(heap_margin(grown)).text);
    finding->evidence = facts;
    if (!rules_allocator_found(analysis, finding, gain, units_whole(calls)))
        return;
    finding->evidence = facts;
    rules_allocator_rests_on(analysis, finding, grown->samples);
    rules_rests_on_more(finding); /* how many of the blocks moved is not known */
    finding->where = heap_site_place(analysis, site);
    finding->assumption = "every block moved and was copied at 2 GB/s each time it grew";
    finding->fix =
        rules_text(analysis,
                   "at %s: reserve the final size at once where it is known, else double the size "
                   "each time it is too small (reserve(), capacity * 2)%s",
                   heap_site_name(analysis, site),
                   rules_pool_advice(analysis, "it grows large blocks without copying them"));
    finding->risk = "up to twice the memory for a buffer that stops growing just after it doubled";
}
