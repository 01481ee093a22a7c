/* heap.c: see heap.h. Owns which stacks are one site, and the sums over them. Invariant: each sample row and
 * each live row is added to exactly one site.
 */
#include "analyse/heap.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/analysis.h"
#include "analyse/heap_cost.h"
#include "analyse/rules.h"
#include "read/lookup.h"
#include "read/vector.h"

/* A model's numbers are at most this: two of them can be added. */
#define BYTES_MOST (UINT64_MAX / 4)

struct walk {
    struct analysis *analysis;
    struct vector sites;
    struct lookup by_place;  /* hash of file and offset -> site */
    uint32_t *site_of_stack; /* index + 1; 0: not looked at yet */
};

/* ---- which site a stack belongs to ---- */

static bool same_place(const struct model *model, const struct model_frame *a,
                       const struct model_frame *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->module == MODEL_NO_MODULE || b->module == MODEL_NO_MODULE)
        return a->module == b->module && a->address == b->address && a->process == b->process;
    const struct model_module *left = &model->modules[a->module];
    const struct model_module *right = &model->modules[b->module];
    return a->address - left->bias == b->address - right->bias &&
           strcmp(left->file, right->file) == 0;
}

static uint64_t place_hash(const struct model *model, const struct model_frame *frame)
{
    if (frame == NULL)
        return LOOKUP_SEED;
    uint64_t key = LOOKUP_SEED, address = frame->address;
    if (frame->module != MODEL_NO_MODULE) {
        const struct model_module *module = &model->modules[frame->module];
        key = lookup_hash(key, module->file, strlen(module->file));
        address -= module->bias;
    }
    return lookup_hash(key, &address, sizeof(address));
}

static struct heap_site *site_at(struct walk *walk, uint32_t stack)
{
    return (struct heap_site *)walk->sites.items + (walk->site_of_stack[stack] - 1);
}

/* NULL when memory is exhausted. Valid until the next call. */
static struct heap_site *site_of(struct walk *walk, uint32_t stack)
{
    const struct model *model = walk->analysis->model;
    if (walk->site_of_stack[stack] != 0)
        return site_at(walk, stack);
    bool runtime = false;
    const struct model_frame *frame =
        profile_program_site(model, walk->analysis->symbols, stack, &runtime);
    uint64_t key = place_hash(model, frame);
    for (uint32_t found; (found = lookup_find(&walk->by_place, key)) != LOOKUP_NONE; key++) {
        const struct heap_site *known = (struct heap_site *)walk->sites.items + found;
        if (same_place(model, known->frame, frame) && known->runtime == runtime) {
            walk->site_of_stack[stack] = found + 1;
            return site_at(walk, stack);
        }
    }
    struct heap_site *site = vector_push(&walk->sites);
    if (site == NULL || lookup_add(&walk->by_place, key, (uint32_t)walk->sites.count - 1) != 0)
        return NULL;
    site->frame = frame;
    site->runtime = runtime;
    site->stack = stack;
    walk->site_of_stack[stack] = (uint32_t)walk->sites.count;
    return site;
}

/* ---- sums ---- */

static void add(struct heap_estimate *sum, uint64_t bytes, double objects, double variance,
                uint64_t samples)
{
    sum->bytes = sum->bytes + bytes < BYTES_MOST ? sum->bytes + bytes : BYTES_MOST;
    sum->objects += objects;
    sum->variance += variance;
    sum->samples += samples;
}

static bool add_samples(struct walk *walk, enum sample_cost cost, size_t field)
{
    const struct model_samples *samples = &walk->analysis->model->samples[cost];
    struct heap_estimate *total =
        (struct heap_estimate *)(void *)((char *)&walk->analysis->heap.total + field);
    for (size_t i = 0; i < samples->count; i++) {
        const struct model_sample *one = &samples->items[i];
        struct heap_site *site = site_of(walk, one->stack);
        if (site == NULL)
            return false;
        struct heap_estimate *sum = (struct heap_estimate *)(void *)((char *)site + field);
        if (sum->bytes == 0 && cost == SAMPLE_ALLOCATED) /* rows come heaviest first */
            site->stack = one->stack;
        add(sum, one->weight, one->objects, one->variance, one->count);
        if (cost == SAMPLE_ALLOCATED &&
            (one->hook == HOOK_realloc || one->hook == HOOK_reallocarray))
            site->resized += one->objects;
        add(total, one->weight, one->objects, one->variance, one->count);
    }
    return true;
}

static bool add_rows(struct walk *walk)
{
    const struct model_heap *heap = &walk->analysis->model->heap;
    struct heap_site *total = &walk->analysis->heap.total;
    for (size_t i = 0; i < heap->row_count; i++) {
        const struct model_heap_row *row = &heap->rows[i];
        struct heap_site *site = site_of(walk, row->stack);
        if (site == NULL)
            return false;
        struct heap_site *const both[] = {site, total};
        for (int j = 0; j < 2; j++) {
            add(&both[j]->live, row->live_bytes, row->live_objects, row->live_variance, 0);
            add(&both[j]->peak, row->peak_bytes, row->peak_objects, row->peak_variance, 0);
            for (int age = 0; age < HEAP_LIFETIMES; age++)
                both[j]->lifetimes[age] += row->lifetimes[age];
            if (row->largest_bytes > both[j]->largest_bytes)
                both[j]->largest_bytes = row->largest_bytes;
        }
    }
    return true;
}

static int most_allocated_first(const void *left, const void *right)
{
    const struct heap_site *a = left, *b = right;
    if (a->allocated.bytes != b->allocated.bytes)
        return a->allocated.bytes < b->allocated.bytes ? 1 : -1;
    if (a->live.bytes != b->live.bytes)
        return a->live.bytes < b->live.bytes ? 1 : -1;
    return a->stack < b->stack ? -1 : a->stack > b->stack;
}

static bool walk_all(struct walk *walk)
{
    return add_samples(walk, SAMPLE_ALLOCATED, offsetof(struct heap_site, allocated)) &&
           add_samples(walk, SAMPLE_FREED, offsetof(struct heap_site, freed)) &&
           add_samples(walk, SAMPLE_TEMPORARY, offsetof(struct heap_site, temporary)) &&
           add_samples(walk, SAMPLE_REMOTE, offsetof(struct heap_site, remote)) &&
           add_samples(walk, SAMPLE_GROWN, offsetof(struct heap_site, grown)) && add_rows(walk);
}

static void count_calls(struct analysis *analysis)
{
    struct heap *heap = &analysis->heap;
    for (unsigned hook = HOOK_malloc; hook <= HOOK_pvalloc; hook++) {
        const struct model_hook *one = &analysis->model->hooks[hook];
        heap->calls += hook != HOOK_free ? one->calls : 0;
        heap->bytes += one->bytes;
    }
    heap->realloc_calls = analysis->model->hooks[HOOK_realloc].calls +
                          analysis->model->hooks[HOOK_reallocarray].calls;
    heap->free_calls = analysis->model->hooks[HOOK_free].calls;
}

static void live_from_difference(struct heap_site *site)
{
    const struct heap_estimate *in = &site->allocated, *out = &site->freed;
    site->live = (struct heap_estimate){
        .bytes = in->bytes > out->bytes ? in->bytes - out->bytes : 0,
        .objects = in->objects > out->objects ? in->objects - out->objects : 0,
        .variance = in->variance + out->variance,
    };
}

/* The header's totals are what the peak was taken of: the rows may be some bytes apart from them. Without
 * rows what lives is the difference; what lived at the peak is not known then. */
static void take_totals(struct analysis *analysis)
{
    const struct model_heap *from = &analysis->model->heap;
    struct heap *heap = &analysis->heap;
    if (from->row_count == 0) {
        for (size_t i = 0; i < heap->site_count; i++)
            live_from_difference(&heap->sites[i]);
        live_from_difference(&heap->total);
        return;
    }
    heap->total.live.bytes = from->live_bytes;
    heap->total.peak.bytes = from->peak_bytes;
}

int heap_make(struct analysis *analysis)
{
    const struct model *model = analysis->model;
    struct heap *heap = &analysis->heap;
    struct walk walk = {.analysis = analysis, .sites = {.bytes = sizeof(struct heap_site)}};
    enum process_state state = model->processes[0].state;
    heap->measured = model->heap.measured;
    heap->ended = state != PROCESS_RUNNING && state != PROCESS_UNKNOWN;
    count_calls(analysis);
    walk.site_of_stack = calloc(model->stack_count + 1, sizeof(*walk.site_of_stack));
    bool done = walk.site_of_stack != NULL && walk_all(&walk);
    if (done) {
        heap->site_count = walk.sites.count;
        heap->sites = vector_seal(&walk.sites, &analysis->arena);
        done = heap->sites != NULL;
    }
    if (done && heap->site_count > 1)
        qsort(heap->sites, heap->site_count, sizeof(*heap->sites), most_allocated_first);
    vector_done(&walk.sites);
    lookup_done(&walk.by_place);
    free(walk.site_of_stack);
    if (!done)
        return -ENOMEM;
    take_totals(analysis);
    heap_cost_make(analysis);
    return 0;
}

/* ---- for people ---- */

uint64_t heap_margin(const struct heap_estimate *estimate)
{
    return units_whole(1.96 * sqrt(estimate->variance > 0 ? estimate->variance : 0));
}

const char *heap_site_place(struct analysis *analysis, const struct heap_site *site)
{
    return site->frame != NULL ? symbols_place(analysis->symbols, site->frame) : "(no stack)";
}

const char *heap_site_name(struct analysis *analysis, const struct heap_site *site)
{
    if (site->frame == NULL)
        return "(no stack)";
    const struct symbol *symbol = symbols_function(analysis->symbols, site->frame);
    const char *place = symbols_place(analysis->symbols, site->frame);
    if (!symbol->named || strcmp(place, symbol->function) == 0)
        return place;
    return rules_text(analysis, "%s at %s", symbol->function, place);
}

const struct heap_site *heap_keeps_most(const struct heap *heap)
{
    const struct heap_site *top = NULL;
    for (size_t i = 0; i < heap->site_count; i++)
        if (heap->sites[i].live.bytes > (top != NULL ? top->live.bytes : 0))
            top = &heap->sites[i];
    return top;
}

const struct heap_site *heap_had_most(const struct heap *heap)
{
    const struct heap_site *top = NULL;
    for (size_t i = 0; i < heap->site_count; i++)
        if (heap->sites[i].peak.bytes > (top != NULL ? top->peak.bytes : 0))
            top = &heap->sites[i];
    return top;
}

uint64_t heap_median_life_ns(const double *lifetimes)
{
    double all = 0, below = 0;
    for (unsigned i = 0; i < HEAP_LIFETIMES; i++)
        all += lifetimes[i];
    for (unsigned i = 0; all > 0 && i < HEAP_LIFETIMES; i++) {
        below += lifetimes[i];
        if (below * 2 >= all)
            return heap_lifetime_limit_ns(i);
    }
    return 0;
}
