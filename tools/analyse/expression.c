/* expression.c: the parser of expression.h: by recursive descent, depth counted, names resolved and units checked as it
 * goes. Evaluation is in expression_value.c.
 *
 * Invariant: `failed` is set with the first error and never overwritten; nodes[] holds only operands that were
 * checked before the node that uses them.
 */
#include "analyse/expression.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parser {
    struct expression *expression;
    const char *text;
    size_t at, depth;
    struct expression_error *error;
    bool failed;
};

static const char *const operator_texts[] = {
    [EXPRESSION_NUMBER] = "",   [EXPRESSION_METRIC] = "",         [EXPRESSION_MINUS] = "-",
    [EXPRESSION_ADD] = "+",     [EXPRESSION_SUBTRACT] = "-",      [EXPRESSION_MULTIPLY] = "*",
    [EXPRESSION_DIVIDE] = "/",  [EXPRESSION_LESS] = "<",          [EXPRESSION_LESS_EQUAL] = "<=",
    [EXPRESSION_GREATER] = ">", [EXPRESSION_GREATER_EQUAL] = ">=", [EXPRESSION_EQUAL] = "==",
    [EXPRESSION_NOT_EQUAL] = "!=", [EXPRESSION_NOT] = "!",        [EXPRESSION_AND] = "&&",
    [EXPRESSION_OR] = "||",
};

const char *expression_operator_text(enum expression_operator kind)
{
    return operator_texts[kind];
}

/* ---- errors, nodes, characters ---- */

__attribute__((format(printf, 3, 4))) static unsigned fail(struct parser *parser, size_t at,
                                                           const char *format, ...)
{
    if (!parser->failed) {
        va_list values;
        va_start(values, format);
        vsnprintf(parser->error->message, sizeof(parser->error->message), format, values);
        va_end(values);
        parser->error->at = at;
        parser->failed = true;
    }
    return 0;
}

static struct expression_node *node_of(const struct parser *parser, unsigned node)
{
    return &parser->expression->nodes[node];
}

static unsigned new_node(struct parser *parser, struct expression_node node)
{
    struct expression *expression = parser->expression;
    if (expression->count >= EXPRESSION_NODES)
        return fail(parser, node.start, "too long: more than %d parts", EXPRESSION_NODES);
    expression->nodes[expression->count] = node;
    return expression->count++;
}

static void skip_blanks(struct parser *parser)
{
    while (parser->text[parser->at] && isspace((unsigned char)parser->text[parser->at]))
        parser->at++;
}

static bool take(struct parser *parser, const char *token)
{
    skip_blanks(parser);
    if (strncmp(parser->text + parser->at, token, strlen(token)) != 0)
        return false;
    parser->at += strlen(token);
    return true;
}

static bool is_condition(const struct expression_node *node)
{
    return node->kind >= EXPRESSION_LESS;
}

/* ---- names ---- */

static bool take_word(struct parser *parser, struct metric_path *path)
{
    const char *start = parser->text + parser->at;
    size_t len = 0, used = strlen(path->text);
    if (isalpha((unsigned char)*start) || *start == '_')
        while (isalnum((unsigned char)start[len]) || start[len] == '_')
            len++;
    if (len == 0) {
        fail(parser, parser->at, "a name is missing");
        return false;
    }
    if (used + len + 2 > sizeof(path->text)) {
        fail(parser, parser->at, "no metric has so long a name; see strong-report help metrics");
        return false;
    }
    snprintf(path->text + used, sizeof(path->text) - used, "%s%.*s", used ? "." : "", (int)len, start);
    path->parts++;
    parser->at += len;
    return true;
}

/* "text" or 'text', \ before a quotation mark or itself. */
static const char *take_quoted(struct parser *parser)
{
    skip_blanks(parser);
    size_t start = parser->at, len = 0;
    char quote = parser->text[start];
    if (quote != '"' && quote != '\'') {
        fail(parser, start, "a text in quotation marks is missing");
        return NULL;
    }
    char *copy = arena_take(&parser->expression->arena, strlen(parser->text + start));
    for (parser->at++; copy && parser->text[parser->at] && parser->text[parser->at] != quote; parser->at++) {
        if (parser->text[parser->at] == '\\' && parser->text[parser->at + 1])
            parser->at++;
        copy[len++] = parser->text[parser->at];
    }
    if (!copy)
        fail(parser, start, "not enough memory");
    else if (parser->text[parser->at] != quote)
        fail(parser, start, "this text has no end");
    else if (len == 0)
        fail(parser, start, "this text is empty");
    parser->at += !parser->failed;
    return parser->failed ? NULL : copy;
}

static void take_selection(struct parser *parser, struct metric_path *path)
{
    if (take(parser, "(")) {
        path->name = take_quoted(parser);
        if (!parser->failed && !take(parser, ")"))
            fail(parser, parser->at, "')' is missing");
    } else if (take(parser, "{")) {
        skip_blanks(parser);
        size_t start = parser->at;
        if (!take(parser, "target") || !take(parser, "="))
            fail(parser, start, "only {target=\"...\"} can stand here");
        path->target = parser->failed ? NULL : take_quoted(parser);
        if (!parser->failed && !take(parser, "}"))
            fail(parser, parser->at, "'}' is missing");
    }
}

static unsigned parse_metric(struct parser *parser)
{
    struct metric_path path = {0};
    struct expression_node node = {.kind = EXPRESSION_METRIC, .start = (unsigned short)parser->at};
    char message[METRIC_MESSAGE];
    bool selected = false;
    while (!parser->failed && take_word(parser, &path)) {
        char next = parser->text[parser->at];
        if ((next == '(' || next == '{') && !selected) {
            take_selection(parser, &path);
            selected = true;
        }
        if (parser->failed || parser->text[parser->at] != '.')
            break;
        parser->at++;
    }
    if (!parser->failed && metrics_resolve(&path, &node.metric, message) != 0)
        fail(parser, node.start, "%s", message);
    if (parser->failed)
        return 0;
    node.unit = node.metric.unit;
    node.end = (unsigned short)parser->at;
    parser->expression->needs_analysis |= metrics_needs_analysis(&node.metric);
    return new_node(parser, node);
}

/* ---- values ---- */

static unsigned parse_or(struct parser *parser);

static unsigned parse_number(struct parser *parser)
{
    struct expression_node node = {.kind = EXPRESSION_NUMBER, .start = (unsigned short)parser->at,
                                   .constant = true};
    size_t unit_at = 0, unit_len = 0;
    int taken = quantity_read(parser->text + parser->at, &node.number, &node.unit, &unit_at, &unit_len);
    if (taken < 0) {
        char word[40];
        snprintf(word, sizeof(word), "%.*s", (int)(unit_len < 39 ? unit_len : 39),
                 parser->text + parser->at + unit_at);
        const char *nearest = quantity_nearest(word);
        return fail(parser, parser->at + unit_at, nearest ? "no unit '%s'; nearest: %s" : "no unit '%s'; there are ns us ms s min h, B kB MB GB KiB MiB GiB, %s",
                    word, nearest ? nearest : "%");
    }
    if (taken == 0)
        return fail(parser, parser->at,
                    parser->text[parser->at] ? "a number or a metric should stand here" : "a value is missing at the end");
    parser->at += (size_t)taken;
    node.end = (unsigned short)parser->at;
    return new_node(parser, node);
}

static unsigned parse_primary(struct parser *parser)
{
    skip_blanks(parser);
    size_t start = parser->at;
    char next = parser->text[start];
    if (next == '(') {
        parser->at++;
        unsigned inner = parse_or(parser);
        if (!parser->failed && !take(parser, ")"))
            return fail(parser, parser->at, "')' is missing for '(' at column %zu", start + 1);
        if (!parser->failed) { /* shown as it was written */
            node_of(parser, inner)->start = (unsigned short)start;
            node_of(parser, inner)->end = (unsigned short)parser->at;
        }
        return inner;
    }
    if (isalpha((unsigned char)next) || next == '_')
        return parse_metric(parser);
    return parse_number(parser);
}

static bool need_value(struct parser *parser, unsigned node)
{
    if (!parser->failed && is_condition(node_of(parser, node)))
        fail(parser, node_of(parser, node)->start, "this is true or false, not a value");
    return !parser->failed;
}

static unsigned parse_minus(struct parser *parser)
{
    skip_blanks(parser);
    size_t start = parser->at;
    if (++parser->depth > EXPRESSION_DEPTH)
        return fail(parser, start, "nested too deeply: more than %d levels", EXPRESSION_DEPTH);
    unsigned result;
    if (take(parser, "-")) {
        unsigned operand = parse_minus(parser);
        if (!need_value(parser, operand))
            return 0;
        struct expression_node node = *node_of(parser, operand);
        node.kind = EXPRESSION_MINUS;
        node.left = (unsigned short)operand;
        node.start = (unsigned short)start;
        result = new_node(parser, node);
    } else {
        result = parse_primary(parser);
    }
    parser->depth--;
    return parser->failed ? 0 : result;
}

/* 0 is 0 in every unit. */
static bool is_zero(const struct expression_node *node)
{
    return node->kind == EXPRESSION_NUMBER && node->number == 0;
}

/* Makes the node of two values. `at`: where the operator stands. */
static unsigned join_values(struct parser *parser, enum expression_operator kind, unsigned left,
                            unsigned right, size_t at)
{
    if (!need_value(parser, left) || !need_value(parser, right))
        return 0;
    const struct expression_node *a = node_of(parser, left), *b = node_of(parser, right);
    struct expression_node node = {.kind = kind,
                                   .left = (unsigned short)left,
                                   .right = (unsigned short)right,
                                   .start = a->start,
                                   .end = b->end,
                                   .constant = a->constant && b->constant};
    bool scales = kind == EXPRESSION_MULTIPLY || kind == EXPRESSION_DIVIDE;
    if (!scales && !quantity_alike(a->unit, b->unit) && !is_zero(a) && !is_zero(b)) {
        bool forgot = (a->constant || b->constant) &&
                      (quantity_alike(a->unit, QUANTITY_NUMBER) || quantity_alike(b->unit, QUANTITY_NUMBER));
        bool share = quantity_alike(a->unit, QUANTITY_PERCENT) || quantity_alike(b->unit, QUANTITY_PERCENT);
        return fail(parser, at, "%s on the left, %s on the right of '%s'%s", quantity_name(a->unit),
                    quantity_name(b->unit), operator_texts[kind],
                    !forgot ? "" : share ? ": write 80%, not 80" : ": a unit is missing");
    }
    if (kind == EXPRESSION_MULTIPLY)
        node.unit = quantity_product(a->unit, b->unit);
    else if (kind == EXPRESSION_DIVIDE)
        node.unit = quantity_quotient(a->unit, b->unit);
    else
        node.unit = is_zero(a) ? b->unit : a->unit;
    return new_node(parser, node);
}

static unsigned parse_product(struct parser *parser)
{
    unsigned left = parse_minus(parser);
    while (!parser->failed) {
        skip_blanks(parser);
        size_t at = parser->at;
        enum expression_operator kind;
        if (take(parser, "*"))
            kind = EXPRESSION_MULTIPLY;
        else if (take(parser, "/"))
            kind = EXPRESSION_DIVIDE;
        else
            break;
        unsigned right = parse_minus(parser);
        left = join_values(parser, kind, left, right, at);
    }
    return left;
}

static unsigned parse_sum(struct parser *parser)
{
    unsigned left = parse_product(parser);
    while (!parser->failed) {
        skip_blanks(parser);
        size_t at = parser->at;
        enum expression_operator kind;
        if (take(parser, "+"))
            kind = EXPRESSION_ADD;
        else if (take(parser, "-"))
            kind = EXPRESSION_SUBTRACT;
        else
            break;
        unsigned right = parse_product(parser);
        left = join_values(parser, kind, left, right, at);
    }
    return left;
}

/* ---- conditions ---- */

static bool take_comparison(struct parser *parser, enum expression_operator *ret_operator)
{
    static const enum expression_operator order[] = {
        EXPRESSION_LESS_EQUAL, EXPRESSION_GREATER_EQUAL, EXPRESSION_EQUAL,
        EXPRESSION_NOT_EQUAL,  EXPRESSION_LESS,          EXPRESSION_GREATER,
    };
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (take(parser, operator_texts[order[i]])) {
            *ret_operator = order[i];
            return true;
        }
    if (parser->text[parser->at] == '=')
        fail(parser, parser->at, "'=' compares nothing; write ==");
    return false;
}

static unsigned parse_compare(struct parser *parser)
{
    enum expression_operator kind, another;
    unsigned left = parse_sum(parser);
    skip_blanks(parser);
    size_t at = parser->at;
    if (parser->failed || !take_comparison(parser, &kind))
        return parser->failed ? 0 : left;
    unsigned right = parse_sum(parser);
    left = join_values(parser, kind, left, right, at);
    skip_blanks(parser);
    at = parser->at;
    if (!parser->failed && take_comparison(parser, &another))
        return fail(parser, at, "one comparison at a time; join two with &&");
    return parser->failed ? 0 : left;
}

static bool need_condition(struct parser *parser, unsigned node)
{
    if (!parser->failed && !is_condition(node_of(parser, node)))
        fail(parser, node_of(parser, node)->end, "a comparison is missing behind this value: < <= > >= == !=");
    return !parser->failed;
}

static unsigned join_conditions(struct parser *parser, enum expression_operator kind, unsigned left,
                                unsigned right)
{
    if (!need_condition(parser, left) || !need_condition(parser, right))
        return 0;
    return new_node(parser, (struct expression_node){.kind = kind,
                                                     .left = (unsigned short)left,
                                                     .right = (unsigned short)right,
                                                     .start = node_of(parser, left)->start,
                                                     .end = node_of(parser, right)->end});
}

static unsigned parse_not(struct parser *parser)
{
    skip_blanks(parser);
    size_t start = parser->at;
    if (parser->text[start] != '!' || parser->text[start + 1] == '=')
        return parse_compare(parser);
    if (++parser->depth > EXPRESSION_DEPTH)
        return fail(parser, start, "nested too deeply: more than %d levels", EXPRESSION_DEPTH);
    parser->at++;
    unsigned operand = parse_not(parser);
    parser->depth--;
    if (!need_condition(parser, operand))
        return 0;
    return new_node(parser, (struct expression_node){.kind = EXPRESSION_NOT,
                                                     .left = (unsigned short)operand,
                                                     .start = (unsigned short)start,
                                                     .end = node_of(parser, operand)->end});
}

static unsigned parse_and(struct parser *parser)
{
    unsigned left = parse_not(parser);
    while (!parser->failed && take(parser, "&&")) {
        unsigned right = parse_not(parser);
        left = join_conditions(parser, EXPRESSION_AND, left, right);
    }
    return left;
}

static unsigned parse_or(struct parser *parser)
{
    unsigned left = parse_and(parser);
    while (!parser->failed && take(parser, "||")) {
        unsigned right = parse_and(parser);
        left = join_conditions(parser, EXPRESSION_OR, left, right);
    }
    return left;
}

int expression_parse(const char *text, struct expression **ret_expression,
                     struct expression_error *ret_error)
{
    struct parser parser = {.error = ret_error};
    if (strlen(text) > EXPRESSION_LONGEST) {
        fail(&parser, 0, "longer than %d bytes", EXPRESSION_LONGEST);
        return -1;
    }
    parser.expression = calloc(1, sizeof(*parser.expression));
    if (parser.expression)
        parser.expression->text = arena_text(&parser.expression->arena, text, strlen(text));
    if (!parser.expression || !parser.expression->text) {
        fail(&parser, 0, "not enough memory");
        expression_free(parser.expression);
        return -1;
    }
    parser.text = parser.expression->text;
    unsigned root = parse_or(&parser);
    skip_blanks(&parser);
    if (!parser.failed && parser.text[parser.at])
        fail(&parser, parser.at, "nothing more can stand here; join comparisons with && or ||");
    need_condition(&parser, root);
    if (parser.failed) {
        expression_free(parser.expression);
        return -1;
    }
    parser.expression->root = (unsigned short)root;
    *ret_expression = parser.expression;
    return 0;
}

void expression_free(struct expression *expression)
{
    if (!expression)
        return;
    arena_done(&expression->arena);
    free(expression);
}
