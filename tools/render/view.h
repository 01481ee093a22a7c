/* view.h: the parts of the report that can be asked for by name: `strong-report report cpu`.
 *
 * A view prints what ran, then its tables, or one tree of calls where that was asked for (call_tree_report.h); what
 * was not measured says so, and which setting turns it on. Writes to the screen only. Single-threaded.
 */
#ifndef STRONG_RENDER_VIEW_H
#define STRONG_RENDER_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "analyse/analysis.h"
#include "analyse/calltree.h"
#include "render/screen.h"

enum view_tree { VIEW_TABLES, VIEW_CALLERS, VIEW_CALLEES };

struct view_form {
    enum view_tree tree;
    enum calltree_cost cost; /* of the tree */
    size_t rows; /* of each table, or lines of the tree; 0: as many as it has by itself */
    bool whole;  /* nothing is cut */
};

struct view {
    const char *name, *meaning;
    unsigned trees; /* bit c: it has a tree of enum calltree_cost c */
    void (*print)(struct screen *screen, const struct analysis *analysis,
                  const struct view_form *form);
};

/* Ends with a NULL name. Made from views.def. */
extern const struct view views[];

const struct view *view_find(const char *name);
/* The cost of its trees where none is named; CALLTREE_COSTS: it has no trees. */
enum calltree_cost view_cost(const struct view *view);

/* Its tables, or its tree. */
void view_print(const struct view *view, struct screen *screen, const struct analysis *analysis,
                const struct view_form *form);

#define VIEW(name, meaning, trees, function)                                                       \
    void function(struct screen *screen, const struct analysis *analysis,                          \
                  const struct view_form *form);
#include "render/views.def"
#undef VIEW

#endif
