/* export_html.c: `strong-report export html`: one measurement as one page that needs nothing else. Owns which parts are
 * in it; what a browser makes of them is html/.
 */
#include "render/export.h"

#include <errno.h>

#include "read/text.h"
#include "render/html_flames.h"
#include "render/html_page.h"
#include "render/html_parts.h"
#include "render/json_values.h"
#include "render/text_blocks.h"

struct page {
    const struct export_source *source;
    struct calltree trees[CALLTREE_COSTS][2]; /* own the names that the flames have */
    struct html_flame flames[CALLTREE_COSTS];
};

static int fill(struct html_document *document, const void *context)
{
    const struct page *page = context;
    const struct analysis *analysis = page->source->analysis;
    set(document->root, "kind", text("report"));
    html_verdict_add(document, analysis);
    html_flames_add(document, page->flames, CALLTREE_COSTS, 1);
    html_resources_add(document, analysis->model);
    html_events_add(document, analysis);
    html_histograms_add(document, analysis);
    html_tables_add(document, page->source);
    return 0;
}

static int make_flame(struct page *page, enum calltree_cost cost)
{
    const struct analysis *analysis = page->source->analysis;
    struct html_flame *flame = &page->flames[cost];
    *flame = (struct html_flame){
        .id = calltree_cost_name(cost), .title = calltree_cost_title(analysis->model, cost),
        .bytes = calltree_cost_is_bytes(cost), .measured = calltree_measured(analysis->model, cost)};
    for (unsigned order = 0; order < 2; order++) {
        struct calltree *tree = &page->trees[cost][order];
        int error = calltree_make(analysis->model, analysis->symbols, cost, (enum calltree_order)order, tree);
        if (error == 0)
            error = html_tree_of(tree, &flame->order[order]);
        if (error != 0)
            return error;
    }
    flame->samples = page->trees[cost][0].samples;
    return 0;
}

static void page_done(struct page *page)
{
    for (unsigned cost = 0; cost < CALLTREE_COSTS; cost++)
        for (unsigned order = 0; order < 2; order++) {
            html_tree_done(&page->flames[cost].order[order]);
            calltree_done(&page->trees[cost][order]);
        }
}

int export_html(FILE *out, const struct export_source *source)
{
    struct page page = {.source = source};
    char title[800];
    int error = 0;
    text_fit(title, sizeof(title), text_blocks_command(&source->analysis->model->processes[0]), 100);
    for (unsigned cost = 0; cost < CALLTREE_COSTS && error == 0; cost++)
        error = make_flame(&page, (enum calltree_cost)cost);
    if (error == 0)
        error = html_page_write(out, title, fill, &page);
    page_done(&page);
    return error;
}
