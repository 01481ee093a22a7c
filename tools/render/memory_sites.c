/* memory_sites.c: the heap's tables by place in the code. */
#include <stdlib.h>

#include "analyse/units.h"
#include "render/memory_report.h"
#include "render/table.h"

enum { WIDE = 80 };

/* Names read DWARF and live in the analysis' arena, which its reader does not otherwise change. */
static const char *name_of(const struct analysis *analysis, const struct heap_site *site)
{
    return heap_site_name((struct analysis *)analysis, site);
}

/* ---- where it was allocated ---- */

static void allocated_row(const struct table *table, const struct analysis *analysis,
                          const struct heap_site *site)
{
    char margin[80], some[32], below[80] = "";
    struct table_row row;
    uint64_t life = heap_median_life_ns(site->lifetimes);
    snprintf(margin, sizeof(margin), "± %s", units_bytes(heap_margin(&site->allocated)).text);
    if (life > 0)
        snprintf(below, sizeof(below), "%s%s", life == UINT64_MAX ? "> 1,000 s" : "< ",
                 life == UINT64_MAX ? "" : units_duration(life).text);
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_bytes(site->allocated.bytes).text);
    table_cell(&row, STYLE_DIM, margin);
    table_cell(&row, STYLE_PLAIN, units_count(units_whole(site->allocated.objects)).text);
    table_cell(&row, STYLE_PLAIN,
               table_share(some, sizeof(some), site->temporary.objects, site->freed.objects));
    table_cell(&row, STYLE_PLAIN,
               table_share(some, sizeof(some), site->remote.objects, site->freed.objects));
    table_cell(&row, STYLE_PLAIN, below);
    table_end(&row, name_of(analysis, site), "");
}

void memory_sites_allocated(struct screen *screen, const struct analysis *analysis,
                            const struct view_form *form)
{
    static const struct table_column columns[] = {{"bytes", 10, 0},    {"95 %", 11, WIDE},
                                                  {"objects", 14, WIDE}, {"temp.", 7, WIDE},
                                                  {"other", 7, WIDE},  {"half lived", 11, WIDE}};
    const struct table table = {screen, columns, 6, "place", form->rows, form->whole};
    const struct heap *heap = &analysis->heap;
    if (heap->total.allocated.bytes == 0)
        return;
    table_heading(screen, "Allocated, by place (temp.: freed at once; other: by another thread)");
    table_titles(&table);
    uint64_t shown = 0;
    size_t count = 0, with_bytes = 0;
    for (size_t i = 0; i < heap->site_count; i++) {
        const struct heap_site *site = &heap->sites[i];
        with_bytes += site->allocated.bytes > 0;
        if (count == i && site->allocated.bytes > 0 &&
            table_shows(&table, count, site->allocated.bytes, heap->total.allocated.bytes)) {
            allocated_row(&table, analysis, site);
            shown += site->allocated.bytes;
            count++;
        }
    }
    table_rest(&table, units_bytes(heap->total.allocated.bytes - shown).text, with_bytes - count,
               "smaller place", NULL);
}

/* ---- what lives, and lived at the peak ---- */

static size_t sorted_by; /* offset of the estimate that by_bytes compares */

static const struct heap_estimate *estimate_of(const struct heap_site *site, size_t offset)
{
    return (const struct heap_estimate *)(const void *)((const char *)site + offset);
}

static int by_bytes(const void *left, const void *right)
{
    const struct heap_site *a = *(const struct heap_site *const *)left;
    const struct heap_site *b = *(const struct heap_site *const *)right;
    uint64_t one = estimate_of(a, sorted_by)->bytes, two = estimate_of(b, sorted_by)->bytes;
    if (one != two)
        return one < two ? 1 : -1;
    return a < b ? -1 : a > b;
}

static void estimate_row(const struct table *table, const struct analysis *analysis,
                         const struct heap_site *site, const struct heap_estimate *estimate)
{
    char margin[80];
    struct table_row row;
    snprintf(margin, sizeof(margin), "± %s", units_bytes(heap_margin(estimate)).text);
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_bytes(estimate->bytes).text);
    table_cell(&row, STYLE_DIM, margin);
    table_cell(&row, STYLE_PLAIN, units_count(units_whole(estimate->objects)).text);
    table_end(&row, name_of(analysis, site), "");
}

/* The sum of the last line is that of the places left out: the header's total may be some bytes apart. */
static void estimates(struct screen *screen, const struct analysis *analysis,
                      const struct view_form *form, size_t offset, const char *title)
{
    static const struct table_column columns[] = {
        {"bytes", 10, 0}, {"95 %", 11, 0}, {"objects", 14, WIDE}};
    const struct table table = {screen, columns, 3, "place", form->rows, form->whole};
    const struct heap *heap = &analysis->heap;
    const struct heap_site **order = calloc(heap->site_count + 1, sizeof(*order));
    if (order == NULL)
        return;
    uint64_t all = 0, rest = 0, runtime = 0;
    size_t count = 0, shown = 0;
    for (size_t i = 0; i < heap->site_count; i++) {
        if (estimate_of(&heap->sites[i], offset)->bytes == 0)
            continue;
        if (heap->sites[i].runtime) {
            runtime += estimate_of(&heap->sites[i], offset)->bytes;
            continue;
        }
        all += estimate_of(&heap->sites[i], offset)->bytes;
        order[count++] = &heap->sites[i];
    }
    sorted_by = offset;
    qsort(order, count, sizeof(*order), by_bytes);
    if (count > 0 || runtime > 0) {
        table_heading(screen, title);
        table_titles(&table);
    }
    for (size_t i = 0; i < count; i++) {
        const struct heap_estimate *estimate = estimate_of(order[i], offset);
        if (i == shown && table_shows(&table, shown, estimate->bytes, all)) {
            estimate_row(&table, analysis, order[i], estimate);
            shown++;
        } else {
            rest += estimate->bytes;
        }
    }
    if (count > shown)
        table_rest(&table, units_bytes(rest).text, count - shown, "smaller place",
                   units_bytes(estimate_of(order[shown], offset)->bytes).text);
    if (runtime > 0)
        screen_print(screen, STYLE_DIM, "%10s  the runtime's own: no code of the program asked for it",
                     units_bytes(runtime).text);
    free(order);
}

void memory_sites_live(struct screen *screen, const struct analysis *analysis,
                       const struct view_form *form)
{
    estimates(screen, analysis, form, offsetof(struct heap_site, live),
              analysis->heap.ended
                  ? "Unfreed at exit, by the place that allocated it (the system takes it back)"
                  : "Live now, by the place that allocated it");
}

void memory_sites_peak(struct screen *screen, const struct analysis *analysis,
                       const struct view_form *form)
{
    estimates(screen, analysis, form, offsetof(struct heap_site, peak),
              "Live at the peak, by the place that allocated it");
}

void memory_sites_temporary(struct screen *screen, const struct analysis *analysis,
                            const struct view_form *form)
{
    estimates(screen, analysis, form, offsetof(struct heap_site, temporary),
              "Freed again at once, by the place that allocated it");
}
