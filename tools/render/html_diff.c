/* html_diff.c: see html_diff.h. Owns by what each flame graph is divided: what is spent, by the difference's own basis; what
 * lives, or lived at the peak, is no sum over requests or seconds, so by runs.
 */
#include "render/html_diff.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "analyse/units.h"
#include "read/text.h"
#include "render/html_diff_tables.h"
#include "render/html_flames.h"
#include "render/html_page.h"
#include "render/json_values.h"
#include "render/text_blocks.h"

enum { SIDES = 2, ORDERS = 2 };

struct page {
    const struct difference *difference;
    struct calltree trees[CALLTREE_COSTS][ORDERS][SIDES];
    struct calltree_pair pairs[CALLTREE_COSTS][ORDERS];
    struct html_flame flames[CALLTREE_COSTS];
};

/* ---- flame graphs ---- */

static int make_order(struct page *page, enum calltree_cost cost, enum calltree_order order)
{
    struct html_flame *flame = &page->flames[cost];
    struct calltree *trees = page->trees[cost][order];
    for (unsigned side = 0; side < SIDES; side++) {
        const struct analysis *analysis = page->difference->side[side].analysis;
        int error = calltree_make(analysis->model, analysis->symbols, cost, order, &trees[side]);
        if (error != 0)
            return error;
    }
    int error = calltree_pair_make(&trees[0], flame->units[0], &trees[1], flame->units[1], &page->pairs[cost][order]);
    return error != 0 ? error : html_tree_of_pair(&page->pairs[cost][order], &flame->order[order]);
}

static int make_flame(struct page *page, enum calltree_cost cost)
{
    static const char *const per[] = {" a second", " a request", " a run"};
    const struct difference *difference = page->difference;
    const struct model *models[SIDES];
    bool lives = cost == CALLTREE_LIVE || cost == CALLTREE_PEAK;
    struct html_flame *flame = &page->flames[cost];
    for (unsigned side = 0; side < SIDES; side++) {
        const struct difference_side *of = &difference->side[side];
        models[side] = of->analysis->model;
        flame->units[side] = lives ? of->runs : of->units;
    }
    flame->id = calltree_cost_name(cost);
    flame->title = calltree_cost_title(models[1], cost);
    flame->bytes = calltree_cost_is_bytes(cost);
    flame->measured = calltree_measured(models[0], cost) && calltree_measured(models[1], cost);
    flame->per = lives && difference->side[0].runs == 1 && difference->side[1].runs == 1 ? ""
                 : per[lives ? DIFFERENCE_RUN : difference->basis];
    int error = make_order(page, cost, CALLTREE_ROOT_FIRST);
    return error != 0 ? error : make_order(page, cost, CALLTREE_LEAF_FIRST);
}

static void page_done(struct page *page)
{
    for (unsigned cost = 0; cost < CALLTREE_COSTS; cost++)
        for (unsigned order = 0; order < ORDERS; order++) {
            html_tree_done(&page->flames[cost].order[order]);
            calltree_pair_done(&page->pairs[cost][order]);
            for (unsigned side = 0; side < SIDES; side++)
                calltree_done(&page->trees[cost][order][side]);
        }
}

/* ---- the first screen ---- */

static json_t *sides_of(struct html_document *document, const struct difference *difference)
{
    json_t *array = json_array();
    for (unsigned side = 0; side < SIDES; side++) {
        const struct difference_side *of = &difference->side[side];
        const struct model *model = of->analysis->model;
        uint64_t threads = 0;
        for (size_t i = 0; i < model->process_count; i++)
            threads += model->processes[i].threads_started;
        json_t *object = json_object();
        set(object, "command", html_word(document, text_blocks_command(&model->processes[0])));
        set(object, "pid", number((uint64_t)model->processes[0].pid));
        set(object, "run", html_word(document, model->processes[0].run));
        set(object, "wall_ns", number(model->duration_ns));
        set(object, "threads", number(threads));
        set(object, "runs", number(of->runs));
        append(array, object);
    }
    return array;
}

static json_t *time_of(const struct difference *difference)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < PART_COUNT; i++) {
        const struct difference_part *one = &difference->parts[i];
        json_t *row = json_object();
        set(row, "id", text(accounting_part_name(one->part)));
        set(row, "title", text(accounting_part_title(one->part)));
        set(row, "a", real(one->time.a));
        set(row, "b", real(one->time.b));
        set(row, "judgement", number(one->time.judgement));
        append(array, row);
    }
    return array;
}

static json_t *basis_note(const struct difference *difference)
{
    char note[500];
    const struct difference_side *side = difference->side;
    int len = snprintf(note, sizeof(note), "Times are for each %s", difference_basis_name(difference->basis));
    if (difference->basis != DIFFERENCE_RUN)
        len += snprintf(note + len, sizeof(note) - (size_t)len, ": %s in A, %s in B",
                        units_number(side[0].units).text, units_number(side[1].units).text);
    snprintf(note + len, sizeof(note) - (size_t)len,
             ". Less and more are said only of what lies outside its 99 %% interval and changed by more than a tenth; "
             "all else is within noise.%s",
             side[0].runs == 1 && side[1].runs == 1
                 ? " With one run on each side the intervals do not know what differs from run to run."
                 : "");
    return text(note);
}

static int fill(struct html_document *document, const void *context)
{
    const struct page *page = context;
    const struct difference *difference = page->difference;
    set(document->root, "kind", text("diff"));
    set(document->root, "sides", sides_of(document, difference));
    set(document->root, "basis", text(difference_basis_name(difference->basis)));
    set(document->root, "verdict", text(difference->verdict));
    set(document->root, "judgement", text(noise_judgement_name(difference->verdict_judgement)));
    set(document->root, "basis_note", basis_note(difference));
    set(document->root, "time", time_of(difference));
    html_flames_add(document, page->flames, CALLTREE_COSTS, SIDES);
    html_diff_tables_add(document, difference);
    return 0;
}

int html_diff_write(FILE *out, const struct difference *difference)
{
    char name[800], title[820];
    struct page *page = calloc(1, sizeof(*page));
    int error = page == NULL ? -ENOMEM : 0;
    if (page != NULL)
        page->difference = difference;
    for (unsigned cost = 0; cost < CALLTREE_COSTS && error == 0; cost++)
        error = make_flame(page, (enum calltree_cost)cost);
    text_fit(name, sizeof(name), text_blocks_command(&difference->side[1].analysis->model->processes[0]), 100);
    snprintf(title, sizeof(title), "diff, %s", name);
    if (error == 0)
        error = html_page_write(out, title, fill, page);
    if (page != NULL)
        page_done(page);
    free(page);
    return error;
}
