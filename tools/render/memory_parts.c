/* memory_parts.c: the heap's tables by age, size and thread, and the allocator's own account over time. */
#include <string.h>

#include "analyse/units.h"
#include "render/memory_report.h"
#include "render/table.h"

enum { THREADS_MOST = 16, READINGS_MOST = 12, BAR = 20 };

/* ---- ages ---- */

void memory_parts_lifetimes(struct screen *screen, const struct analysis *analysis)
{
    const double *lifetimes = analysis->heap.total.lifetimes;
    double all = 0;
    unsigned first = HEAP_LIFETIMES, last = 0;
    for (unsigned i = 0; i < HEAP_LIFETIMES; i++) {
        all += lifetimes[i];
        if (lifetimes[i] > 0) {
            first = first < i ? first : i;
            last = i;
        }
    }
    if (all <= 0)
        return;
    table_heading(screen, "How long objects lived that were freed");
    for (unsigned i = first; i <= last; i++) {
        char age[96];
        uint64_t limit = heap_lifetime_limit_ns(i);
        if (limit == UINT64_MAX)
            snprintf(age, sizeof(age), "longer");
        else
            snprintf(age, sizeof(age), "below %s", units_duration(limit).text);
        struct screen_line line;
        screen_begin(&line, screen);
        screen_column(&line, 2);
        screen_add(&line, STYLE_PLAIN, "%s", age);
        screen_right(&line, 28, STYLE_PLAIN, units_count(units_whole(lifetimes[i])).text);
        screen_right(&line, 37, STYLE_PLAIN, units_share(lifetimes[i] / all).text);
        screen_add(&line, STYLE_PLAIN, "  ");
        screen_bar(&line, lifetimes[i] / all, BAR);
        screen_end(&line, screen);
    }
}

/* ---- sizes and threads ---- */

static const char *const SUM_NAMES[] = {"objects", "allocated", "live", "temp.", "other"};
static const unsigned SUM_ENDS[] = {14, 26, 38, 46, 54}; /* behind the name */

static void sum_titles(struct screen *screen, unsigned at, const char *name)
{
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add(&line, STYLE_DIM, "%s", name);
    for (unsigned i = 0; i < 5 && at + SUM_ENDS[i] < screen->width; i++)
        screen_right(&line, at + SUM_ENDS[i], STYLE_DIM, SUM_NAMES[i]);
    screen_end(&line, screen);
}

static void sum_row(struct screen *screen, unsigned at, const char *name,
                    const struct model_heap_sum *sum)
{
    char columns[5][80];
    uint64_t live =
        sum->allocated_bytes > sum->freed_bytes ? sum->allocated_bytes - sum->freed_bytes : 0;
    double freed = sum->freed_objects > 0 ? sum->freed_objects : 1;
    double temporary = sum->temporary_objects / freed, remote = sum->remote_objects / freed;
    snprintf(columns[0], sizeof(columns[0]), "%s",
             units_count(units_whole(sum->allocated_objects)).text);
    snprintf(columns[1], sizeof(columns[1]), "%s", units_bytes(sum->allocated_bytes).text);
    snprintf(columns[2], sizeof(columns[2]), "%s", live > 0 ? units_bytes(live).text : "");
    columns[3][0] = columns[4][0] = '\0';
    if (temporary > 0)
        snprintf(columns[3], sizeof(columns[3]), "%.0f %%", temporary < 1 ? temporary * 100 : 100);
    if (remote > 0)
        snprintf(columns[4], sizeof(columns[4]), "%.0f %%", remote < 1 ? remote * 100 : 100);
    struct screen_line line;
    screen_begin(&line, screen);
    screen_column(&line, 2);
    screen_add_text(&line, STYLE_PLAIN, name, strlen(name), at - 3);
    for (unsigned i = 0; i < 5 && at + SUM_ENDS[i] < screen->width; i++)
        screen_right(&line, at + SUM_ENDS[i], STYLE_PLAIN, columns[i]);
    screen_end(&line, screen);
}

void memory_parts_sizes(struct screen *screen, const struct analysis *analysis)
{
    const struct model_heap *heap = &analysis->model->heap;
    bool any = false;
    for (unsigned i = 0; i < HEAP_SIZES; i++) {
        char name[80];
        uint64_t limit = heap_size_limit(i);
        if (heap->sizes[i].allocated_bytes == 0)
            continue;
        if (!any) {
            table_heading(screen, "By size of the objects");
            sum_titles(screen, 16, "up to");
        }
        any = true;
        snprintf(name, sizeof(name), "%s",
                 limit == UINT64_MAX ? "more" : units_bytes(limit).text);
        sum_row(screen, 16, name, &heap->sizes[i]);
    }
}

void memory_parts_threads(struct screen *screen, const struct analysis *analysis,
                          const struct view_form *form)
{
    const struct model_heap *heap = &analysis->model->heap;
    size_t most = form->whole ? heap->owner_count : form->rows > 0 ? form->rows : THREADS_MOST;
    if (heap->owner_count == 0)
        return;
    table_heading(screen, "By thread that allocated");
    sum_titles(screen, 30, "thread");
    for (size_t i = 0; i < heap->owner_count && i < most; i++) {
        const struct model_heap_owner *owner = &heap->owners[i];
        char name[400];
        if (owner->owners > 1)
            snprintf(name, sizeof(name), "%d %s and %s before", (int)owner->tid, owner->name,
                     units_count(owner->owners - 1).text);
        else
            snprintf(name, sizeof(name), "%d %s", (int)owner->tid, owner->name);
        sum_row(screen, 30, name, &owner->sum);
    }
    table_left_out(screen, heap->owner_count > most ? heap->owner_count - most : 0);
}

/* ---- the allocator over time ---- */

static bool has_account(const struct model_resource *one)
{
    return one->heap_allocated_bytes != MODEL_UNKNOWN || one->heap_resident_bytes != MODEL_UNKNOWN;
}

static void bytes_right(struct screen_line *line, unsigned end, uint64_t bytes)
{
    screen_right(line, end, bytes == MODEL_UNKNOWN ? STYLE_DIM : STYLE_PLAIN,
                 bytes == MODEL_UNKNOWN ? "?" : units_bytes(bytes).text);
}

static void account_row(struct screen *screen, const struct model_resource *one, uint64_t most)
{
    struct screen_line line;
    uint64_t live = one->heap_allocated_bytes, active = one->heap_active_bytes;
    screen_begin(&line, screen);
    screen_right(&line, 12, STYLE_PLAIN, units_duration(one->at_ns).text);
    bytes_right(&line, 23, live);
    bytes_right(&line, 34, active);
    bool known = live != MODEL_UNKNOWN && active != MODEL_UNKNOWN && active > 0;
    double empty = known && active > live ? (double)(active - live) / (double)active : 0;
    screen_right(&line, 43, STYLE_PLAIN, known ? units_share(empty).text : "");
    bytes_right(&line, 54, one->heap_resident_bytes);
    if (screen->width >= 80) {
        bytes_right(&line, 65, one->heap_retained_bytes);
        bytes_right(&line, 75, one->heap_metadata_bytes);
        screen_add(&line, STYLE_PLAIN, "  ");
        if (one->heap_resident_bytes != MODEL_UNKNOWN && most > 0)
            screen_bar(&line, (double)one->heap_resident_bytes / (double)most,
                       screen->width >= 100 ? BAR : 3);
    }
    screen_end(&line, screen);
}

static void account_titles(struct screen *screen)
{
    static const char *const names[] = {"at",       "live",     "in use",  "empty",
                                        "resident", "retained", "its own"};
    static const unsigned ends[] = {12, 23, 34, 43, 54, 65, 75};
    struct screen_line line;
    screen_begin(&line, screen);
    for (unsigned i = 0; i < (screen->width >= 80 ? 7 : 5); i++)
        screen_right(&line, ends[i], STYLE_DIM, names[i]);
    if (screen->width >= 100)
        screen_add(&line, STYLE_DIM, "  resident");
    screen_end(&line, screen);
}

void memory_parts_allocator(struct screen *screen, const struct analysis *analysis)
{
    const struct model *model = analysis->model;
    const struct heap_trend *trend = &analysis->heap.trend;
    uint64_t most = 0;
    size_t count = 0, number = 0;
    for (size_t i = 0; i < model->resource_count; i++) {
        const struct model_resource *one = &model->resources[i];
        count += has_account(one);
        if (one->heap_resident_bytes != MODEL_UNKNOWN && one->heap_resident_bytes > most)
            most = one->heap_resident_bytes;
    }
    table_heading(screen, "The allocator's own account (empty: of the pages in use)");
    if (count == 0) {
        screen_print(screen, STYLE_DIM, "  not measured");
        return;
    }
    account_titles(screen);
    size_t rows = count < READINGS_MOST ? count : READINGS_MOST, shown = 0;
    for (size_t i = 0; i < model->resource_count; i++) {
        if (!has_account(&model->resources[i]))
            continue;
        /* Evenly spread, the first and the last among them. */
        if (rows < 2 || number * (rows - 1) >= shown * (count - 1)) {
            account_row(screen, &model->resources[i], most);
            shown++;
        }
        number++;
    }
    if (count > rows)
        screen_print(screen, STYLE_DIM, "  %s of %s", units_count(shown).text,
                     units_plural(count, "reading").text);
    if (trend->known)
        screen_print(screen, STYLE_DIM,
                     "  live bytes %s %s ± %s a second over the last %.0f s (95 %%)",
                     trend->per_second < 0 ? "fell by" : "grew by",
                     units_bytes(units_whole(trend->per_second < 0 ? -trend->per_second
                                                                 : trend->per_second)).text,
                     units_bytes(units_whole(trend->margin)).text, trend->seconds);
}
