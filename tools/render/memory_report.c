/* memory_report.c: see memory_report.h. Owns the totals and the order of the tables. */
#include "render/memory_report.h"

#include "analyse/units.h"
#include "render/text_report.h"
#include "render/view_text.h"

static void estimate_row(struct screen *screen, const char *label,
                         const struct heap_estimate *estimate, const char *detail)
{
    char text[300];
    snprintf(text, sizeof(text), "± %s, %s objects%s%s", units_bytes(heap_margin(estimate)).text,
             units_count(units_whole(estimate->objects)).text, detail[0] != '\0' ? "; " : "", detail);
    view_text_fact(screen, label, units_bytes(estimate->bytes).text, text);
}

static void cost_row(struct screen *screen, const struct analysis *analysis)
{
    const struct heap_cost *cost = &analysis->heap.cost;
    char text[300] = "";
    size_t len = 0;
    if (cost->timed)
        len += (size_t)snprintf(text, sizeof(text), "%s to %s by %s (malloc %s, free %s)%s",
                                units_share(cost->timed_low).text,
                                units_share(cost->timed_share).text,
                                units_plural(cost->timed_calls, "timed call").text,
                                units_duration(units_whole(cost->allocate_each_ns)).text,
                                units_duration(units_whole(cost->free_each_ns)).text,
                                cost->sampled ? "; " : "");
    if (cost->sampled)
        snprintf(text + len, sizeof(text) - len, "%s ± %s by CPU samples%s",
                 units_share(cost->sampled_share).text, units_share(cost->sampled_margin).text,
                 cost->agree ? "" : "; the two contradict each other");
    if (cost->known)
        view_text_fact(screen, "CPU time in malloc and free", units_share(cost->share).text, text);
    else
        view_text_fact(screen, "CPU time in malloc and free", "not measured",
            "too few timed calls and CPU samples");
}

static const char *part(char *buf, size_t size, double some, double all, const char *of)
{
    buf[0] = '\0';
    if (all > 0)
        snprintf(buf, size, "%s of %s", units_share(some / all < 1 ? some / all : 1).text, of);
    return buf;
}

static void totals(struct screen *screen, const struct analysis *analysis)
{
    const struct heap *heap = &analysis->heap;
    const struct heap_site *total = &heap->total;
    const struct model_heap *model = &analysis->model->heap;
    char text[300];
    snprintf(text, sizeof(text), "in %s, %s freed (exact)",
             units_plural(heap->calls, "allocation").text, units_count(heap->free_calls).text);
    view_text_fact(screen, "asked for", units_bytes(heap->bytes).text, text);
    if (!heap->measured) {
        view_text_fact(screen, "places, peak, lifetimes", "not measured", "STRONG_ALLOC_PERIOD=0");
        cost_row(screen, analysis);
        return;
    }
    estimate_row(screen, "allocated", &total->allocated,
                 total->grown.objects >= 1 ? "large blocks that grew count once" : "estimated like all below");
    estimate_row(screen, heap->ended ? "unfreed at exit" : "live now", &total->live, "");
    snprintf(text, sizeof(text), "%s%s", model->peak_at_ns > 0 ? "at " : "",
             model->peak_at_ns > 0 ? units_duration(model->peak_at_ns).text : "");
    estimate_row(screen, "peak", &total->peak, text);
    estimate_row(screen, "temporary (within 1 ms)", &total->temporary,
                 part(text, sizeof(text), total->temporary.objects, total->freed.objects,
                      "those freed"));
    estimate_row(screen, "freed by another thread", &total->remote,
                 part(text, sizeof(text), total->remote.objects, total->freed.objects, "those freed"));
    snprintf(text, sizeof(text), "± %s copied at most, %s calls%s%s%s",
             units_bytes(heap_margin(&total->grown)).text,
             units_count(units_whole(total->grown.objects)).text,
             total->grown.objects >= 1 ? ", " : "",
             total->grown.objects >= 1
                 ? units_bytes(units_whole((double)total->grown.bytes / total->grown.objects)).text
                 : "",
             total->grown.objects >= 1 ? " each" : "");
    view_text_fact(screen, "grown by realloc", units_bytes(total->grown.bytes).text, text);
    cost_row(screen, analysis);
}

void memory_report_tables(struct screen *screen, const struct analysis *analysis,
                          const struct view_form *form)
{
    const struct heap *heap = &analysis->heap;
    screen_blank(screen);
    if (heap->measured)
        screen_print(screen, STYLE_BOLD,
                     "Memory; sampled about every %s of allocation, ± is the 95 %% interval",
                     units_bytes(analysis->model->processes[0].alloc_period_bytes).text);
    else
        screen_print(screen, STYLE_BOLD, "Memory");
    totals(screen, analysis);
    if (heap->measured) {
        memory_sites_allocated(screen, analysis, form);
        memory_sites_live(screen, analysis, form);
        memory_sites_peak(screen, analysis, form);
        memory_sites_temporary(screen, analysis, form);
        memory_parts_lifetimes(screen, analysis);
        memory_parts_sizes(screen, analysis);
        memory_parts_threads(screen, analysis, form);
    }
    memory_parts_allocator(screen, analysis);
}

static bool is_about_memory(enum finding_id id)
{
    static const enum finding_id ids[] = {
        FINDING_temporary_allocations, FINDING_allocation_churn,    FINDING_realloc_chains,
        FINDING_cross_thread_frees,    FINDING_allocation_pressure, FINDING_memory_growth,
        FINDING_fragmentation,         FINDING_unfreed_at_exit,
    };
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
        if (ids[i] == id)
            return true;
    return false;
}

void memory_report_view(struct screen *screen, const struct analysis *analysis,
                        const struct view_form *form)
{
    unsigned number = 0;
    memory_report_tables(screen, analysis, form);
    for (unsigned i = 0; i < FINDING_COUNT; i++) {
        const struct finding *finding = &analysis->findings[i];
        if (finding->state != FINDING_FOUND || !is_about_memory(finding->id))
            continue;
        if (number == 0) {
            screen_blank(screen);
            screen_print(screen, STYLE_BOLD, "Findings about memory");
        }
        text_report_finding(screen, analysis, finding, ++number, true);
    }
}
