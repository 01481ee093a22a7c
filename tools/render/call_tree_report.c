/* call_tree_report.c: see call_tree_report.h. Owns which nodes are shown and how the tree is drawn.
 *
 * A parent has at least the total of its child and stands before it in nodes[], so the heaviest nodes, parents first
 * among equals, are a tree by themselves. Below a node that has one shown child the child stands in the same column:
 * only branches are indented.
 */
#include "render/call_tree_report.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/table.h"
#include "render/view_text.h"

enum { LINES = 40, INDENT_BYTES = 120, INDENT_MOST = 24 };

struct drawing {
    struct table table;
    const struct analysis *analysis;
    const struct calltree *tree;
    bool *shown;
};

static struct units_text amount(const struct calltree *tree, uint64_t value)
{
    return calltree_cost_is_bytes(tree->cost) ? units_bytes(value) : units_duration(value);
}

/* ---- which nodes ---- */

static const struct calltree_node *sorted_nodes; /* what heavier_first compares */

static int heavier_first(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    if (sorted_nodes[a].total != sorted_nodes[b].total)
        return sorted_nodes[a].total < sorted_nodes[b].total ? 1 : -1;
    return a < b ? -1 : a > b;
}

/* The root is not shown: its line would say what the heading says. */
static bool choose(struct drawing *drawing)
{
    const struct calltree *tree = drawing->tree;
    uint32_t *order = calloc(tree->count, sizeof(*order));
    drawing->shown = calloc(tree->count, sizeof(*drawing->shown));
    if (order == NULL || drawing->shown == NULL) {
        free(order);
        return false;
    }
    for (uint32_t i = 0; i < tree->count; i++)
        order[i] = i;
    sorted_nodes = tree->nodes;
    qsort(order, tree->count, sizeof(*order), heavier_first);
    drawing->shown[0] = true;
    for (size_t i = 0, shown = 0; i < tree->count; i++) {
        const struct calltree_node *node = &tree->nodes[order[i]];
        if (order[i] == 0)
            continue;
        if (node->total == 0 || !table_shows(&drawing->table, shown, node->total, tree->nodes[0].total))
            break;
        drawing->shown[order[i]] = true;
        shown++;
    }
    free(order);
    return true;
}

/* ---- the lines ---- */

static uint32_t next_shown(const struct drawing *drawing, uint32_t node)
{
    while (node != CALLTREE_NONE && !drawing->shown[node])
        node = drawing->tree->nodes[node].next_sibling;
    return node;
}

static void node_line(const struct drawing *drawing, const struct calltree_node *node, const char *indent)
{
    const struct calltree *tree = drawing->tree;
    char name[700], share[32], margin[80];
    struct table_row row;
    const char *place = "";
    if (node->frame.module != MODEL_NO_MODULE || node->frame.address != 0)
        place = symbols_place(drawing->analysis->symbols, &node->frame);
    if (strcmp(place, node->name) == 0 || strchr(place, ':') == NULL)
        place = node->module;
    snprintf(name, sizeof(name), "%s%s", indent, node->name);
    view_text_margin(margin, sizeof(margin), node->variance, calltree_cost_is_bytes(tree->cost));
    table_begin(&row, &drawing->table);
    table_cell(&row, STYLE_PLAIN, amount(tree, node->total).text);
    table_cell(&row, STYLE_DIM, margin);
    table_cell(&row, STYLE_PLAIN,
               table_share(share, sizeof(share), (double)node->total, (double)tree->nodes[0].total));
    table_cell(&row, STYLE_DIM, node->self > 0 ? amount(tree, node->self).text : "");
    table_end(&row, name, place);
}

/* Everything shown below a node. `indent` stands before each of their lines. */
static void draw_below(const struct drawing *drawing, uint32_t parent, const char *indent)
{
    const struct calltree *tree = drawing->tree;
    uint32_t child = next_shown(drawing, tree->nodes[parent].first_child);
    bool branches = child != CALLTREE_NONE &&
                    (next_shown(drawing, tree->nodes[child].next_sibling) != CALLTREE_NONE);
    /* The functions that cost stand side by side: no line leads to them. */
    bool bare = parent == 0 || !branches || screen_columns(indent) >= INDENT_MOST;
    while (child != CALLTREE_NONE) {
        char own[INDENT_BYTES], below[INDENT_BYTES];
        uint32_t next = next_shown(drawing, tree->nodes[child].next_sibling);
        snprintf(own, sizeof(own), "%s%s", indent, bare ? "" : next != CALLTREE_NONE ? "├ " : "└ ");
        snprintf(below, sizeof(below), "%s%s", indent,
                 parent == 0 && branches ? "  " : bare ? "" : next != CALLTREE_NONE ? "│ " : "  ");
        node_line(drawing, &tree->nodes[child], own);
        draw_below(drawing, child, below);
        child = next;
    }
}

static void rest_line(const struct drawing *drawing)
{
    const struct calltree *tree = drawing->tree;
    uint64_t rest = 0, largest = 0;
    size_t count = 0;
    for (uint32_t i = 1; i < tree->count; i++) {
        const struct calltree_node *node = &tree->nodes[i];
        if (drawing->shown[i] || !drawing->shown[node->parent] || node->total == 0)
            continue;
        rest += node->total;
        largest = node->total > largest ? node->total : largest;
        count++;
    }
    table_rest(&drawing->table, amount(tree, rest).text, count, "smaller path",
               amount(tree, largest).text);
}

static void heading(struct screen *screen, const struct analysis *analysis, const struct view_form *form,
                    const struct calltree *tree)
{
    char title[300], margin[80];
    const struct calltree_node *root = &tree->nodes[0];
    view_text_margin(margin, sizeof(margin), root->variance, calltree_cost_is_bytes(tree->cost));
    snprintf(title, sizeof(title), "%s (%s): %s %s%s by samples",
             form->tree == VIEW_CALLERS ? "What costs, and below it who called it"
                                        : "Who calls what, from the first function down",
             calltree_cost_title(analysis->model, form->cost), amount(tree, root->total).text, margin,
             margin[0] != '\0' ? " (95 %)" : "");
    table_heading(screen, title);
}

void call_tree_report_print(struct screen *screen, const struct analysis *analysis,
                            const struct view_form *form)
{
    static const struct table_column columns[] = {
        {"total", 10, 0}, {"95 %", 11, 80}, {"share", 7, 50}, {"self", 10, 60}};
    struct calltree tree;
    struct drawing drawing = {{screen, columns, 4, "call", form->rows > 0 ? form->rows : LINES, form->whole},
                              analysis, &tree, NULL};
    if (!calltree_measured(analysis->model, form->cost)) {
        table_heading(screen, form->tree == VIEW_CALLERS ? "Callers" : "Callees");
        view_text_not_measured(screen, analysis, form->cost);
        return;
    }
    if (calltree_make(analysis->model, analysis->symbols, form->cost,
                      form->tree == VIEW_CALLERS ? CALLTREE_LEAF_FIRST : CALLTREE_ROOT_FIRST, &tree) != 0)
        return;
    heading(screen, analysis, form, &tree);
    if (tree.nodes[0].total == 0) {
        screen_print(screen, STYLE_DIM, "  no sample was taken: there was too little of it");
    } else if (choose(&drawing)) {
        table_titles(&drawing.table);
        draw_below(&drawing, 0, "");
        rest_line(&drawing);
    }
    free(drawing.shown);
    calltree_done(&tree);
}
