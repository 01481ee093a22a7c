/* rules_heap.c: the rules about what memory holds: pages that no live object needs, objects that nobody
 * freed. Neither promises time. Programs that end leave things unfreed as a matter of course (the system
 * takes them back), so that is a note at most unless it also grows.
 */
#include "analyse/rules_allocator.h"

enum {
    WASTE_LEAST = 32 << 20,
    WASTE_WARNING = 128 << 20,
    WASTE_READINGS = 3,
    UNFREED_LEAST = 4 << 20,
};
#define UNFREED_SHARE 0.25 /* of the peak: less is what a program keeps all its life */
#define UNFREED_WARNING_SHARE 0.5

/* ---- fragmentation ---- */

static bool has_account(const struct model_resource *one)
{
    return one->heap_allocated_bytes != MODEL_UNKNOWN && one->heap_active_bytes != MODEL_UNKNOWN &&
           one->heap_resident_bytes != MODEL_UNKNOWN && one->heap_resident_bytes > 0;
}

static uint64_t wasted(const struct model_resource *one)
{
    return one->heap_resident_bytes > one->heap_allocated_bytes
               ? one->heap_resident_bytes - one->heap_allocated_bytes
               : 0;
}

/* The last reading, and how many before it in a row were as wasteful. At exit all has been freed. */
static const struct model_resource *last_account(const struct model *model, unsigned *ret_readings,
                                                 unsigned *ret_wasteful)
{
    const struct model_resource *last = NULL;
    size_t count = model->resource_count;
    if (count > 0 && model->processes[0].state == PROCESS_EXITED)
        count--;
    *ret_readings = *ret_wasteful = 0;
    for (size_t i = 0; i < count; i++) {
        const struct model_resource *one = &model->resources[i];
        if (!has_account(one))
            continue;
        bool wasteful =
            wasted(one) >= WASTE_LEAST && one->heap_allocated_bytes * 2 < one->heap_resident_bytes;
        *ret_wasteful = wasteful ? *ret_wasteful + 1 : 0;
        ++*ret_readings;
        last = one;
    }
    return last;
}

/* Several arenas each keep pages of their own half empty. */
static bool several_arenas(const struct analysis *analysis)
{
    return analysis->optimizers[OPTIMIZER_MEMORY].state == OPTIMIZER_ACTIVE &&
           analysis->model->processes[0].threads_peak > 1;
}

static void fragmentation_advice(struct analysis *analysis, struct finding *finding, bool pinned)
{
    bool pool = analysis->optimizers[OPTIMIZER_MEMORY].state == OPTIMIZER_ACTIVE, arenas = several_arenas(analysis);
    if (pinned)
        finding->fix = rules_text(
            analysis,
            "allocate what lives long apart from what does not, so that whole pages come free%s%s",
            arenas ? "; or fewer arenas: " : "",
            arenas ? rules_pool_conf(analysis, "narenas:1") : "");
    else
        finding->fix =
            pool ? rules_text(analysis, "%s gives unused pages back after a second",
                              rules_pool_conf(analysis, "dirty_decay_ms:1000,muzzy_decay_ms:0"))
                 : rules_text(analysis, "call malloc_trim(0) after the work that needed it%s",
                              rules_pool_advice(analysis, "it gives unused pages back by itself"));
    finding->risk = !pinned  ? "pages that are needed again cost a fault each"
                    : arenas ? "threads wait for each other more often in one arena"
                             : "what lived side by side is further apart";
}

const struct finding_about rules_fragmentation_about = {
    .looks_for = "Memory that the allocator keeps though no live object needs it.",
    .precondition =
        "Applies where the allocator gives an account of itself (jemalloc's statistics or "
        "mallinfo2).",
    .formula =
        "Found where, in three readings in a row, less than half of the allocator's resident memory "
        "was live, and 32 MiB or more was not. No time is promised.",
    .fix =
        "Depends on what holds it: pages pinned by few live objects, or free pages not given back "
        "yet.",
    .risk = "Pages that are given back are faulted in again when they are needed.",
};

void rules_fragmentation(struct analysis *analysis, struct finding *finding)
{
    unsigned readings, wasteful;
    const struct model_resource *last = last_account(analysis->model, &readings, &wasteful);
    if (readings < WASTE_READINGS) {
        rules_not_measured(finding, "too few readings of the allocator: it has to run for seconds");
        return;
    }
    uint64_t waste = wasted(last), active = last->heap_active_bytes;
    uint64_t live = last->heap_allocated_bytes, resident = last->heap_resident_bytes;
    uint64_t pinned = active > live ? active - live : 0;
    finding->evidence = rules_text(
        analysis, "%s live in %s of pages in use (%s of them empty), %s kept in memory: %s more than live",
        units_bytes(live).text, units_bytes(active).text,
        units_share(active > 0 ? (double)pinned / (double)active : 0).text,
        units_bytes(resident).text, units_bytes(waste).text);
    if (wasteful < WASTE_READINGS)
        return;
    const char *facts = finding->evidence;
    rules_found_anyway(analysis, finding, 0, wasteful,
                       waste >= WASTE_WARNING ? SEVERITY_WARNING : SEVERITY_NOTE);
    rules_rests_on_readings(analysis, finding, wasteful);
    const struct heap_site *keeps = heap_keeps_most(&analysis->heap);
    const struct heap_site *top = keeps != NULL ? keeps : heap_had_most(&analysis->heap);
    finding->where = top != NULL ? heap_site_place(analysis, top) : "";
    finding->evidence =
        rules_text(analysis, "%s, in the last %s%s%s", facts, units_plural(wasteful, "reading").text,
                   keeps != NULL ? "; most that lives between: "
                   : top != NULL ? "; most at the peak: "
                                 : "",
                   top != NULL ? heap_site_name(analysis, top) : "");
    finding->assumption = "no time is gained; the memory could serve something else";
    fragmentation_advice(analysis, finding, pinned * 2 > waste);
}

/* ---- unfreed at exit ---- */

/* The places of the program with most of it. */
static const char *unfreed_sites(struct analysis *analysis, const struct heap_site **ret_top)
{
    const struct heap *heap = &analysis->heap;
    const struct heap_site *top[2] = {NULL, NULL};
    for (size_t i = 0; i < heap->site_count; i++) {
        const struct heap_site *one = &heap->sites[i];
        if (one->runtime || one->live.bytes == 0)
            continue;
        if (top[0] == NULL || one->live.bytes > top[0]->live.bytes) {
            top[1] = top[0];
            top[0] = one;
        } else if (top[1] == NULL || one->live.bytes > top[1]->live.bytes) {
            top[1] = one;
        }
    }
    *ret_top = top[0];
    const char *text = "";
    if (top[1] != NULL && top[1]->live.bytes < top[0]->live.bytes / 10)
        top[1] = NULL; /* not worth a word */
    for (int i = 0; i < 2 && top[i] != NULL; i++)
        text = rules_text(analysis, "%s%s%s ± %s by %s", text, i == 0 ? "; " : ", ",
                          units_bytes(top[i]->live.bytes).text,
                          units_bytes(heap_margin(&top[i]->live)).text,
                          heap_site_name(analysis, top[i]));
    return text;
}

const struct finding_about rules_unfreed_at_exit_about = {
    .looks_for = "Memory that was still allocated when the program ended.",
    .precondition = "Applies where it ended; allocations have to be sampled (STRONG_ALLOC_PERIOD).",
    .formula =
        "Found for 4 MiB or more, beyond the 95 % interval, that are a quarter of what lived at the "
        "peak. No time is promised.",
    .fix = "Only if it would also grow in a longer run: free it when it is not needed any more.",
    .risk = "Freeing everything just before the end only costs time.",
};

void rules_unfreed_at_exit(struct analysis *analysis, struct finding *finding)
{
    const struct heap *heap = &analysis->heap;
    if (!heap->measured) {
        rules_not_measured(finding, "allocations were not sampled: STRONG_ALLOC_PERIOD=0");
        return;
    }
    if (!heap->ended) {
        rules_not_applicable(finding, "it still runs");
        return;
    }
    uint64_t live = heap->total.live.bytes, peak = heap->total.peak.bytes;
    double share = peak > 0 ? (double)live / (double)peak : 0;
    const char *facts =
        rules_text(analysis, "%s ± %s was unfreed at exit, %s of the most that lived at once",
                   units_bytes(live).text, units_bytes(heap_margin(&heap->total.live)).text,
                   units_share(share < 1 ? share : 1).text);
    finding->evidence = facts;
    if (live < UNFREED_LEAST + heap_margin(&heap->total.live) || share < UNFREED_SHARE)
        return;
    bool grows = analysis->findings[FINDING_memory_growth].state == FINDING_FOUND;
    rules_found_anyway(analysis, finding, 0, units_whole(heap->total.live.objects),
                       grows && share >= UNFREED_WARNING_SHARE ? SEVERITY_WARNING : SEVERITY_NOTE);
    rules_limit(finding, grows ? analysis->findings[FINDING_memory_growth].severity : SEVERITY_NOTE);
    const struct heap_site *top;
    const char *sites = unfreed_sites(analysis, &top);
    /* As many equal samples as would leave its margin. */
    double relative = (double)heap_margin(&heap->total.live) / (double)live;
    rules_rests_on_samples(analysis, finding, relative > 0 ? units_whole(3.84 / (relative * relative)) : 0);
    finding->where = top != NULL ? heap_site_place(analysis, top) : "";
    finding->evidence = rules_text(analysis, "%s%s%s", facts, sites,
                                   grows ? "" : "; normal for a program that ends");
    finding->assumption = "no time is gained; the system takes all of it back at exit";
    finding->fix =
        top != NULL ? rules_text(analysis,
                                 "%sfree what %s allocated when it is not needed any more",
                                 grows ? "" : "only if it would also grow in a longer run: ",
                                 heap_site_name(analysis, top))
                    : "only if it would also grow in a longer run: free it when it is not needed any "
                      "more";
    finding->risk = "freeing everything just before the end only costs time";
}
