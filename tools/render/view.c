/* view.c: the list of views, and which of its two forms one is printed in. */
#include "render/view.h"

#include <string.h>

#include "render/call_tree_report.h"
#include "render/text_report.h"

#define TREE(cost) (1u << CALLTREE_##cost)
#define VIEW(name, meaning, trees, function) {#name, meaning, trees, function},
const struct view views[] = {
#include "render/views.def"
    {0},
};
#undef VIEW

const struct view *view_find(const char *name)
{
    for (const struct view *view = views; view->name != NULL; view++)
        if (strcmp(view->name, name) == 0)
            return view;
    return NULL;
}

enum calltree_cost view_cost(const struct view *view)
{
    unsigned cost = 0;
    while (cost < CALLTREE_COSTS && !(view->trees >> cost & 1))
        cost++;
    return (enum calltree_cost)cost;
}

void view_print(const struct view *view, struct screen *screen, const struct analysis *analysis,
                const struct view_form *form)
{
    text_report_header(screen, analysis);
    if (form->tree != VIEW_TABLES && form->cost < CALLTREE_COSTS)
        call_tree_report_print(screen, analysis, form);
    else
        view->print(screen, analysis, form);
}
