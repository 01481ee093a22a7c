/* calltree_pair.c: see calltree_pair.h. Owns the matching: level by level, so that a node's children stand together
 * behind all that is above them. Of each side's node there is exactly one here.
 */
#include "analyse/calltree_pair.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "read/lookup.h"
#include "read/vector.h"

struct builder {
    const struct calltree *tree[2];
    double units[2];
    struct vector nodes;
    struct lookup children; /* (parent, function) to node */
};

static struct calltree_pair_node *node_at(struct builder *builder, uint32_t index)
{
    return (struct calltree_pair_node *)builder->nodes.items + index;
}

static bool same_function(const struct calltree_pair_node *node, const struct calltree_node *other)
{
    return node->kind == other->kind && strcmp(node->name, other->name) == 0 && strcmp(node->module, other->module) == 0;
}

/* Gives a side's node its place below `parent`: with the other side's node of that function, or a new one. */
static bool place(struct builder *builder, uint32_t parent, unsigned side, uint32_t index)
{
    const struct calltree_node *from = &builder->tree[side]->nodes[index];
    uint64_t key = lookup_hash(LOOKUP_SEED + from->kind, &parent, sizeof(parent));
    key = lookup_hash(key, from->name, strlen(from->name) + 1);
    key = lookup_hash(key, from->module, strlen(from->module));
    uint32_t found;
    while ((found = lookup_find(&builder->children, key)) != LOOKUP_NONE) {
        struct calltree_pair_node *known = node_at(builder, found);
        if (known->parent == parent && known->of[side] == CALLTREE_NONE && same_function(known, from)) {
            known->of[side] = index;
            return true;
        }
        key++;
    }
    found = (uint32_t)builder->nodes.count;
    struct calltree_pair_node *node = vector_push(&builder->nodes);
    if (node == NULL || lookup_add(&builder->children, key, found) != 0)
        return false;
    *node = (struct calltree_pair_node){
        .name = from->name, .module = from->module, .kind = from->kind, .parent = parent,
        .first_child = CALLTREE_NONE, .next_sibling = CALLTREE_NONE, .of = {CALLTREE_NONE, CALLTREE_NONE}};
    node->of[side] = index;
    return true;
}

static bool place_all(struct builder *builder)
{
    struct calltree_pair_node *root = vector_push(&builder->nodes);
    if (root == NULL)
        return false;
    *root = (struct calltree_pair_node){
        .name = builder->tree[0]->nodes[0].name, .module = "", .kind = CALLTREE_OTHER, .parent = CALLTREE_NONE,
        .first_child = CALLTREE_NONE, .next_sibling = CALLTREE_NONE};
    for (uint32_t at = 0; at < builder->nodes.count; at++)
        for (unsigned side = 0; side < 2; side++) {
            uint32_t of = node_at(builder, at)->of[side];
            uint32_t child = of != CALLTREE_NONE ? builder->tree[side]->nodes[of].first_child : CALLTREE_NONE;
            for (; child != CALLTREE_NONE; child = builder->tree[side]->nodes[child].next_sibling)
                if (!place(builder, at, side, child))
                    return false;
        }
    return true;
}

/* ---- figures ---- */

static void compare(struct builder *builder, struct calltree_pair_node *node)
{
    double each[2], error[2];
    for (unsigned side = 0; side < 2; side++) {
        const struct calltree_node *from =
            node->of[side] != CALLTREE_NONE ? &builder->tree[side]->nodes[node->of[side]] : NULL;
        node->self[side] = from != NULL ? from->self : 0;
        node->total[side] = from != NULL ? from->total : 0;
        each[side] = (double)node->total[side] / builder->units[side];
        error[side] = from != NULL && from->variance > 0 ? sqrt(from->variance) / builder->units[side] : 0;
    }
    bool known = builder->units[0] > 0 && builder->units[1] > 0;
    node->figure = known ? noise_between(each[0], error[0], each[1], error[1]) : noise_unknown(NAN, NAN);
}

static double share_of(const struct calltree_pair_node *node, const struct calltree_pair_node *root)
{
    double a = root->total[0] > 0 ? (double)node->total[0] / (double)root->total[0] : 0;
    double b = root->total[1] > 0 ? (double)node->total[1] / (double)root->total[1] : 0;
    return fmax(a, b);
}

static int smaller_first(const void *left, const void *right, void *nodes)
{
    const struct calltree_pair_node *root = nodes;
    uint32_t i = *(const uint32_t *)left, j = *(const uint32_t *)right;
    double a = share_of(&root[i], root), b = share_of(&root[j], root);
    if (a != b)
        return a < b ? -1 : 1;
    int by_name = strcmp(root[j].name, root[i].name);
    return by_name != 0 ? by_name : i < j ? 1 : -1;
}

static bool finish(struct builder *builder, struct calltree_pair *ret_pair)
{
    struct calltree_pair_node *nodes = builder->nodes.items;
    size_t count = builder->nodes.count;
    uint32_t *order = calloc(count, sizeof(*order));
    if (order == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        compare(builder, &nodes[i]);
        order[i] = (uint32_t)i;
    }
    qsort_r(order, count, sizeof(*order), smaller_first, nodes);
    for (size_t i = 0; i < count; i++) {
        struct calltree_pair_node *node = &nodes[order[i]];
        if (order[i] == 0)
            continue;
        node->next_sibling = nodes[node->parent].first_child;
        nodes[node->parent].first_child = order[i];
    }
    free(order);
    *ret_pair = (struct calltree_pair){nodes, count};
    builder->nodes.items = NULL;
    return true;
}

int calltree_pair_make(const struct calltree *a, double a_units, const struct calltree *b, double b_units,
                       struct calltree_pair *ret_pair)
{
    struct builder builder = {
        .tree = {a, b}, .units = {a_units, b_units}, .nodes = {.bytes = sizeof(struct calltree_pair_node)}};
    bool done = place_all(&builder) && finish(&builder, ret_pair);
    vector_done(&builder.nodes);
    lookup_done(&builder.children);
    return done ? 0 : -ENOMEM;
}

void calltree_pair_done(struct calltree_pair *pair)
{
    free(pair->nodes);
    *pair = (struct calltree_pair){0};
}
