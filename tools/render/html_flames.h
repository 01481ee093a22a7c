/* html_flames.h: trees of calls in the page, of one measurement or of two that are compared.
 *
 * Made once (html_tree_*), then written as often as it takes until the page fits. A tree's names belong to what it
 * was made from, which must outlive it. For the html_*.c files alone. Single-threaded.
 */
#ifndef STRONG_RENDER_HTML_FLAMES_H
#define STRONG_RENDER_HTML_FLAMES_H

#include "analyse/calltree.h"
#include "analyse/calltree_pair.h"
#include "render/html_document.h"

struct html_node;

struct html_tree {
    struct html_node *nodes;
    size_t count;
    double *sorted; /* the nodes' shares, largest first */
    size_t wanted;  /* how many are worth showing */
};

struct html_flame {
    const char *id, *title;
    bool bytes;         /* else ns */
    bool measured;
    uint64_t samples;
    double units[2];    /* by which a comparison divides each side */
    const char *per;    /* " a request" */
    struct html_tree order[2]; /* enum calltree_order */
};

/* 0 or -ENOMEM. */
int html_tree_of(const struct calltree *tree, struct html_tree *ret_tree);
int html_tree_of_pair(const struct calltree_pair *pair, struct html_tree *ret_tree);
void html_tree_done(struct html_tree *tree);

/* Writes the document's "flames"; sides: 1, or 2 for a comparison. */
void html_flames_add(struct html_document *document, const struct html_flame *flames, size_t count, unsigned sides);

#endif
