/* network_parts.c: see network_view.h. */
#include "analyse/optimizers.h"
#include "analyse/units.h"
#include "render/error_table.h"
#include "render/network_view.h"
#include "render/table.h"
#include "render/view_text.h"

static bool is_network(unsigned hook)
{
    return hook_classes[hook] == CLASS_NETWORK || hook_classes[hook] == CLASS_RESOLVE ||
           hook == HOOK_accept || hook == HOOK_accept4;
}

void network_errors(struct screen *screen, const struct analysis *analysis,
                    const struct view_form *form)
{
    error_table_print(screen, analysis, form,
                      "Errors of network calls (EAGAIN, EINPROGRESS: not yet)", is_network);
}

static void reasons(struct screen *screen, const struct optimizer *one)
{
    static const struct table_column columns[] = {{"closes", 12, 0}};
    const struct table table = {screen, columns, 1, "were not kept because", 0, true};
    if (one->reason_count == 0)
        return;
    table_titles(&table);
    for (unsigned i = 0; i < one->reason_count; i++) {
        struct table_row row;
        table_begin(&row, &table);
        table_cell(&row, STYLE_PLAIN, units_count(one->reasons[i].count).text);
        table_end(&row, one->reasons[i].meaning, one->reasons[i].advice);
    }
}

void network_optimizers(struct screen *screen, const struct analysis *analysis)
{
    static const enum optimizer_id ids[] = {OPTIMIZER_CONNECTIONS, OPTIMIZER_TCP,
                                            OPTIMIZER_RESOLVER};
    struct arena arena = {0};
    table_heading(screen, "What the optimizers did for it");
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        const struct optimizer *one = &analysis->optimizers[ids[i]];
        screen_wrap(screen, 2, one->name, 13, optimizers_text(analysis->model, one, &arena), 3);
        reasons(screen, one);
    }
    arena_done(&arena);
}
