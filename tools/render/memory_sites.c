/* memory_sites.c: the heap's tables by place in the code.
 *
 * Tables end where a place is below a hundredth of the whole, or at SITES_MOST; the last line says how many
 * places were left out and what they have together, so the lines always add up to the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/memory_report.h"

enum { SITES_MOST = 12, SHARE_LEAST_PERCENT = 1, WIDE = 80 };

static void heading(struct screen *screen, const char *title)
{
    screen_blank(screen);
    screen_print(screen, STYLE_BOLD, "%s", title);
}

/* Names read DWARF and live in the analysis' arena, which its reader does not otherwise change. */
static void add_site_name(struct screen_line *line, const struct analysis *analysis,
                          const struct heap_site *site)
{
    const char *name = heap_site_name((struct analysis *)analysis, site);
    const struct screen *screen = line->screen;
    screen_add(line, STYLE_PLAIN, "  ");
    unsigned room = screen->width > line->columns + 10 ? screen->width - line->columns - 1 : 10;
    screen_add_text(line, STYLE_PLAIN, name, strlen(name), room);
}

/* ---- where it was allocated ---- */

static void titles(struct screen *screen, const char *const *names, const unsigned *ends,
                   unsigned count, const char *last)
{
    struct screen_line line;
    screen_begin(&line, screen);
    for (unsigned i = 0; i < count; i++)
        screen_right(&line, ends[i], STYLE_DIM, names[i]);
    screen_add(&line, STYLE_DIM, "  %s", last);
    screen_end(&line, screen);
}

static const char *share_of(char *buf, size_t size, double some, double all)
{
    buf[0] = '\0';
    if (all >= 1 && some > 0)
        snprintf(buf, size, "%.0f %%", some / all < 1 ? some / all * 100 : 100);
    return buf;
}

static void allocated_row(struct screen *screen, const struct analysis *analysis,
                          const struct heap_site *site)
{
    char margin[80], some[32];
    struct screen_line line;
    snprintf(margin, sizeof(margin), "± %s", units_bytes(heap_margin(&site->allocated)).text);
    screen_begin(&line, screen);
    screen_right(&line, 10, STYLE_PLAIN, units_bytes(site->allocated.bytes).text);
    if (screen->width >= WIDE) {
        screen_right(&line, 21, STYLE_DIM, margin);
        screen_right(&line, 35, STYLE_PLAIN,
                     units_count(units_whole(site->allocated.objects)).text);
        screen_right(&line, 42, STYLE_PLAIN,
                     share_of(some, sizeof(some), site->temporary.objects, site->freed.objects));
        screen_right(&line, 49, STYLE_PLAIN,
                     share_of(some, sizeof(some), site->remote.objects, site->freed.objects));
        uint64_t life = heap_median_life_ns(site->lifetimes);
        char below[80] = "";
        if (life > 0)
            snprintf(below, sizeof(below), "%s%s", life == UINT64_MAX ? "> 1,000 s" : "< ",
                     life == UINT64_MAX ? "" : units_duration(life).text);
        screen_right(&line, 60, STYLE_PLAIN, below);
    }
    add_site_name(&line, analysis, site);
    screen_end(&line, screen);
}

void memory_sites_allocated(struct screen *screen, const struct analysis *analysis)
{
    static const char *const names[] = {"bytes", "95 %", "objects", "temp.", "other", "half lived"};
    static const unsigned ends[] = {10, 21, 35, 42, 49, 60};
    const struct heap *heap = &analysis->heap;
    if (heap->total.allocated.bytes == 0)
        return;
    heading(screen, "Allocated, by place (temp.: freed at once; other: by another thread)");
    titles(screen, names, ends, screen->width >= WIDE ? 6 : 1, "place");
    uint64_t shown = 0;
    size_t count = 0, with_bytes = 0;
    for (size_t i = 0; i < heap->site_count; i++) {
        const struct heap_site *site = &heap->sites[i];
        with_bytes += site->allocated.bytes > 0;
        if (count == i && count < SITES_MOST && site->allocated.bytes > 0 &&
            site->allocated.bytes >= heap->total.allocated.bytes / 100 * SHARE_LEAST_PERCENT) {
            allocated_row(screen, analysis, site);
            shown += site->allocated.bytes;
            count++;
        }
    }
    if (with_bytes > count)
        screen_print(screen, STYLE_DIM, "%10s  %s", units_bytes(heap->total.allocated.bytes - shown).text,
                     units_plural(with_bytes - count, "smaller place").text);
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

static void estimate_row(struct screen *screen, const struct analysis *analysis,
                         const struct heap_site *site, const struct heap_estimate *estimate)
{
    char margin[80];
    struct screen_line line;
    snprintf(margin, sizeof(margin), "± %s", units_bytes(heap_margin(estimate)).text);
    screen_begin(&line, screen);
    screen_right(&line, 10, STYLE_PLAIN, units_bytes(estimate->bytes).text);
    screen_right(&line, 21, STYLE_DIM, margin);
    if (screen->width >= WIDE)
        screen_right(&line, 35, STYLE_PLAIN, units_count(units_whole(estimate->objects)).text);
    add_site_name(&line, analysis, site);
    screen_end(&line, screen);
}

/* The sum of the last line is that of the places left out: the header's total may be some bytes apart. */
static void estimates(struct screen *screen, const struct analysis *analysis, size_t offset,
                      const char *title)
{
    static const char *const names[] = {"bytes", "95 %", "objects"};
    static const unsigned ends[] = {10, 21, 35};
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
        heading(screen, title);
        titles(screen, names, ends, screen->width >= WIDE ? 3 : 2, "place");
    }
    for (size_t i = 0; i < count; i++) {
        const struct heap_estimate *estimate = estimate_of(order[i], offset);
        if (i == shown && shown < SITES_MOST && estimate->bytes >= all / 100 * SHARE_LEAST_PERCENT) {
            estimate_row(screen, analysis, order[i], estimate);
            shown++;
        } else {
            rest += estimate->bytes;
        }
    }
    if (count > shown)
        screen_print(screen, STYLE_DIM, "%10s  %s, the largest has %s", units_bytes(rest).text,
                     units_plural(count - shown, "smaller place").text,
                     units_bytes(estimate_of(order[shown], offset)->bytes).text);
    if (runtime > 0)
        screen_print(screen, STYLE_DIM, "%10s  the runtime's own: no code of the program asked for it",
                     units_bytes(runtime).text);
    free(order);
}

void memory_sites_live(struct screen *screen, const struct analysis *analysis)
{
    estimates(screen, analysis, offsetof(struct heap_site, live),
              analysis->heap.ended
                  ? "Unfreed at exit, by the place that allocated it (the system takes it back)"
                  : "Live now, by the place that allocated it");
}

void memory_sites_peak(struct screen *screen, const struct analysis *analysis)
{
    estimates(screen, analysis, offsetof(struct heap_site, peak),
              "Live at the peak, by the place that allocated it");
}
