/* expression.h: "network.p99 < 5ms && threads <= 200": parsed once, evaluated as often as one likes.
 *
 *   or       = and { "||" and }
 *   and      = not { "&&" not }
 *   not      = "!" not | compare
 *   compare  = sum [ ( "<" | "<=" | ">" | ">=" | "==" | "!=" ) sum ]
 *   sum      = product { ( "+" | "-" ) product }
 *   product  = minus { ( "*" | "/" ) minus }
 *   minus    = "-" minus | number [ unit ] | metric | "(" or ")"
 *   metric   = name { "." name } [ "(" text ")" | "{" "target" "=" text "}" ] { "." name }
 *
 * Units are checked while it is parsed: only like is compared with like, and 0 with everything. What comes out is true,
 * false or not known: a comparison with a value that was not measured is not known, and what follows from the known parts
 * alone is known (false && anything). Depth and size are bounded. Single-threaded.
 */
#ifndef STRONG_ANALYSE_EXPRESSION_H
#define STRONG_ANALYSE_EXPRESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "analyse/metrics.h"

enum {
    EXPRESSION_LONGEST = 2000, /* bytes */
    EXPRESSION_NODES = 256,
    EXPRESSION_DEPTH = 40,
};

enum expression_result { EXPRESSION_FALSE, EXPRESSION_TRUE, EXPRESSION_UNKNOWN };

enum expression_operator {
    EXPRESSION_NUMBER,
    EXPRESSION_METRIC,
    EXPRESSION_MINUS,
    EXPRESSION_ADD,
    EXPRESSION_SUBTRACT,
    EXPRESSION_MULTIPLY,
    EXPRESSION_DIVIDE,
    EXPRESSION_LESS, /* from here on: true or false */
    EXPRESSION_LESS_EQUAL,
    EXPRESSION_GREATER,
    EXPRESSION_GREATER_EQUAL,
    EXPRESSION_EQUAL,
    EXPRESSION_NOT_EQUAL, /* the last comparison */
    EXPRESSION_NOT,
    EXPRESSION_AND,
    EXPRESSION_OR,
};

struct expression_node {
    enum expression_operator kind;
    struct quantity_unit unit;   /* of a value */
    unsigned short left, right;  /* nodes */
    unsigned short start, end;   /* its bytes in the text */
    bool constant;               /* no metric in it */
    double number;
    struct metric metric;
};

struct expression {
    struct arena arena;
    const char *text;
    struct expression_node nodes[EXPRESSION_NODES];
    unsigned short count, root;
    bool needs_analysis; /* names a figure that only the rules know */
};

struct expression_error {
    size_t at; /* bytes into the text */
    char message[METRIC_MESSAGE];
};

/* 0 and the expression, to be given to expression_free; -1 with *ret_error filled. Every node's operands come
 * before it. */
int expression_parse(const char *text, struct expression **ret_expression,
                     struct expression_error *ret_error);
void expression_free(struct expression *expression);

/* One comparison in it, with both sides' values. */
struct expression_compared {
    unsigned short node;
    enum expression_result result;
    struct metric_value left, right;
};

/* Evaluates all of it, so that every comparison's values are known: up to `most` are put into ret_compared in
 * the order of the text, *ret_count is how many. ret_compared may be NULL. */
enum expression_result expression_evaluate(const struct expression *expression,
                                           const struct metrics_context *context,
                                           struct expression_compared *ret_compared, size_t most,
                                           size_t *ret_count);

/* "<", "&&", …; the text of a node's bytes goes into buf, clean. Returns buf. */
const char *expression_operator_text(enum expression_operator kind);
char *expression_node_text(const struct expression *expression, unsigned node, char *buf, size_t size);

/* "network.p99 is 6.2 ms, limit < 5 ms", or why one side has no value: clean, into buf. Returns buf. */
char *expression_compared_text(const struct expression *expression, const struct expression_compared *compared,
                               char *buf, size_t size);

/* The text, clean, and a line below it with a caret under the error: two lines, ended. buf holds at least 256
 * bytes; of a long text only what is around the place. */
char *expression_point(const char *text, const struct expression_error *error, char *buf, size_t size);

#endif
