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

enum { LINES = 40, INDENT_BYTES = 120, INDENT_MOST = 24, CHAIN_ENDS = 2 };

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

/* Does it have nearly all that its parent has? Then its line says little. */
static bool passes_on(const struct calltree *tree, uint32_t node)
{
    uint32_t parent = tree->nodes[node].parent;
    return parent != 0 && tree->nodes[node].total >= tree->nodes[parent].total / 100 * 99;
}

/* The root is not shown: its line would say what the heading says. What is folded takes no line. */
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
        if (node->total == 0 ||
            !table_shows(&drawing->table, shown, node->total, tree->nodes[0].total))
            break;
        drawing->shown[order[i]] = true;
        shown += !passes_on(tree, order[i]);
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

static void node_line(const struct drawing *drawing, const struct calltree_node *node,
                      const char *indent)
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
    table_cell(
        &row, STYLE_PLAIN,
        table_share(share, sizeof(share), (double)node->total, (double)tree->nodes[0].total));
    table_cell(&row, STYLE_DIM, node->self > 0 ? amount(tree, node->self).text : "");
    table_end(&row, name, place);
}

static void fold_line(const struct drawing *drawing, const char *indent, unsigned count)
{
    char name[INDENT_BYTES + 80];
    struct table_row row;
    snprintf(name, sizeof(name), "%s… %s in between", indent, units_plural(count, "function").text);
    table_begin(&row, &drawing->table);
    for (unsigned i = 0; i < drawing->table.count; i++)
        table_cell(&row, STYLE_DIM, "");
    table_end(&row, name, "");
}

static uint32_t only_child(const struct drawing *drawing, uint32_t node)
{
    uint32_t child = next_shown(drawing, drawing->tree->nodes[node].first_child);
    bool only = child != CALLTREE_NONE &&
                next_shown(drawing, drawing->tree->nodes[child].next_sibling) == CALLTREE_NONE;
    return only && passes_on(drawing->tree, child) ? child : CALLTREE_NONE;
}

/* A node, and those below it that only pass on what it has: both ends of a long chain, and how many are between
 * them. Returns the last. */
static uint32_t chain(const struct drawing *drawing, uint32_t node, const char *own,
                      const char *below)
{
    unsigned length = 1, at = 0;
    for (uint32_t next = node; (next = only_child(drawing, next)) != CALLTREE_NONE;)
        length++;
    bool folded = !drawing->table.whole && length > 2 * CHAIN_ENDS + 1;
    for (uint32_t next = node; next != CALLTREE_NONE; next = only_child(drawing, next), at++) {
        if (!folded || at < CHAIN_ENDS || at + CHAIN_ENDS >= length)
            node_line(drawing, &drawing->tree->nodes[next], at == 0 ? own : below);
        else if (at == CHAIN_ENDS)
            fold_line(drawing, below, length - 2 * CHAIN_ENDS);
        node = next;
    }
    return node;
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
                 parent == 0 && branches ? "  "
                 : bare                  ? ""
                 : next != CALLTREE_NONE ? "│ "
                                         : "  ");
        draw_below(drawing, chain(drawing, child, own, below), below);
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

static void heading(struct screen *screen, const struct analysis *analysis,
                    const struct view_form *form, const struct calltree *tree)
{
    char title[200], about[300], margin[80];
    const struct calltree_node *root = &tree->nodes[0];
    view_text_margin(margin, sizeof(margin), root->variance, calltree_cost_is_bytes(tree->cost));
    snprintf(title, sizeof(title), "%s, %s", form->tree == VIEW_CALLERS ? "Callers" : "Callees",
             calltree_cost_title(analysis->model, form->cost));
    snprintf(about, sizeof(about), "%s; %s%s%s%s by samples",
             form->tree == VIEW_CALLERS ? "what costs, and below it who called it"
                                        : "who calls what, from the first function down",
             amount(tree, root->total).text, margin[0] != '\0' ? " " : "", margin,
             margin[0] != '\0' ? " (95 %)" : "");
    table_heading(screen, title);
    table_about(screen, about);
}

void call_tree_report_print(struct screen *screen, const struct analysis *analysis,
                            const struct view_form *form)
{
    static const struct table_column columns[] = {
        {"total", 10, 0}, {"95 %", 11, 80}, {"share", 7, 50}, {"self", 10, 60}};
    struct calltree tree;
    /* Upside down a node's own part is that of the paths that end there: nothing anybody asks for. */
    struct drawing drawing = {{screen, columns, form->tree == VIEW_CALLERS ? 3 : 4, "call",
                               form->rows > 0 ? form->rows : LINES, form->whole},
                              analysis,
                              &tree,
                              NULL};
    if (!calltree_measured(analysis->model, form->cost)) {
        char title[200];
        snprintf(title, sizeof(title), "%s, %s", form->tree == VIEW_CALLERS ? "Callers" : "Callees",
                 calltree_cost_title(analysis->model, form->cost));
        table_heading(screen, title);
        view_text_not_measured(screen, analysis, form->cost);
        return;
    }
    if (calltree_make(analysis->model, analysis->symbols, form->cost,
                      form->tree == VIEW_CALLERS ? CALLTREE_LEAF_FIRST : CALLTREE_ROOT_FIRST,
                      &tree) != 0)
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
