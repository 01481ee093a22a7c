/* report_fuzz.cc: any bytes as a segment, all the way to every kind of report and export. Some forty a second: what is read
 * and made of them alone is segment_fuzz.cc's, which is fast.
 */
#include <cstdio>

#include "fuzz/segment_mutator.h"

#define _Static_assert static_assert
extern "C" {
#include "analyse/analysis.h"
#include "render/export.h"
#include "render/full_report.h"
#include "render/json_report.h"
#include "render/text_report.h"
#include "render/tree_report.h"
#include "render/view.h"
}
#undef _Static_assert

static FILE *nowhere()
{
    static FILE *out = fopen("/dev/null", "w");
    return out;
}

/* Tables and trees of every part, on screens of several widths. */
static void every_view(screen *screen, const analysis *found)
{
    unsigned width = screen->width;
    for (const view *one = views; one->name; one++) {
        view_form form = {};
        screen->width = width == SCREEN_MIN_WIDTH ? SCREEN_DEFAULT_WIDTH : SCREEN_MIN_WIDTH;
        view_print(one, screen, found, &form);
        screen->width = width;
        form.whole = true;
        view_print(one, screen, found, &form);
        for (unsigned cost = 0; cost < CALLTREE_COSTS; cost++) {
            if (!(one->trees >> cost & 1))
                continue;
            form = {cost % 2 ? VIEW_CALLERS : VIEW_CALLEES, static_cast<calltree_cost>(cost), 7, false};
            view_print(one, screen, found, &form);
        }
    }
}

static void report(const model *one)
{
    symbols *names = symbols_new(one);
    analysis *found = nullptr;
    if (names && analysis_new(one, names, &found) == 0) {
        screen screen;
        const analysis *members[] = {found};
        screen_init(&screen, nowhere());
        text_report_print(&screen, found);
        full_report_print(&screen, found);
        every_view(&screen, found);
        tree_report_print(&screen, members, 1, 24);
        json_report_print(nowhere(), found, members, 1);
        export_source source = {found, members, 1, false, CALLTREE_CPU};
        for (const export_format *format = export_formats; format->name; format++)
            format->write(nowhere(), &source);
        analysis_free(found);
    }
    symbols_free(names);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    each_model(bytes, size, report);
    return 0;
}
