/* expression_value.c: what an expression comes to, and how it and its errors are shown. Operands come before the
 * nodes that use them, so one pass over nodes[] is enough: nothing recurses.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "analyse/expression.h"
#include "read/text.h"

enum { SHOWN_AROUND = 60 }; /* bytes of a long text before the place of an error */

static struct metric_value value_of(const struct expression_node *node, const struct metric_value *values,
                                    const struct metrics_context *context)
{
    const struct metric_value *left = &values[node->left], *right = &values[node->right];
    if (node->kind == EXPRESSION_NUMBER)
        return metrics_known(node->number);
    if (node->kind == EXPRESSION_METRIC)
        return metrics_value(&node->metric, context);
    if (!left->known || (node->kind != EXPRESSION_MINUS && !right->known))
        return metrics_unknown(!left->known ? left->why : right->why);
    double value = 0;
    switch (node->kind) {
    case EXPRESSION_MINUS:
        value = -left->value;
        break;
    case EXPRESSION_ADD:
        value = left->value + right->value;
        break;
    case EXPRESSION_SUBTRACT:
        value = left->value - right->value;
        break;
    case EXPRESSION_MULTIPLY:
        value = left->value * right->value;
        break;
    case EXPRESSION_DIVIDE:
        value = right->value != 0 ? left->value / right->value : NAN;
        break;
    default:
        break;
    }
    if (isnan(value) || isinf(value))
        return metrics_unknown(node->kind == EXPRESSION_DIVIDE ? "divided by 0" : "too large a number");
    return metrics_known(value);
}

static enum expression_result compare(enum expression_operator kind, const struct metric_value *left,
                                      const struct metric_value *right)
{
    if (!left->known || !right->known)
        return EXPRESSION_UNKNOWN;
    double a = left->value, b = right->value;
    switch (kind) {
    case EXPRESSION_LESS:
        return a < b ? EXPRESSION_TRUE : EXPRESSION_FALSE;
    case EXPRESSION_LESS_EQUAL:
        return a <= b ? EXPRESSION_TRUE : EXPRESSION_FALSE;
    case EXPRESSION_GREATER:
        return a > b ? EXPRESSION_TRUE : EXPRESSION_FALSE;
    case EXPRESSION_GREATER_EQUAL:
        return a >= b ? EXPRESSION_TRUE : EXPRESSION_FALSE;
    case EXPRESSION_EQUAL:
        return a == b ? EXPRESSION_TRUE : EXPRESSION_FALSE;
    default:
        return a != b ? EXPRESSION_TRUE : EXPRESSION_FALSE;
    }
}

static enum expression_result join(enum expression_operator kind, enum expression_result left,
                                   enum expression_result right)
{
    if (kind == EXPRESSION_NOT)
        return left == EXPRESSION_UNKNOWN ? left
               : left == EXPRESSION_TRUE  ? EXPRESSION_FALSE
                                          : EXPRESSION_TRUE;
    /* what decides, whatever the other side is */
    enum expression_result decisive = kind == EXPRESSION_AND ? EXPRESSION_FALSE : EXPRESSION_TRUE;
    if (left == decisive || right == decisive)
        return decisive;
    return left == EXPRESSION_UNKNOWN ? left : right;
}

enum expression_result expression_evaluate(const struct expression *expression,
                                           const struct metrics_context *context,
                                           struct expression_compared *ret_compared, size_t most,
                                           size_t *ret_count)
{
    struct metric_value values[EXPRESSION_NODES];
    enum expression_result results[EXPRESSION_NODES];
    size_t count = 0;
    for (unsigned i = 0; i < expression->count; i++) {
        const struct expression_node *node = &expression->nodes[i];
        values[i] = metrics_unknown("");
        results[i] = EXPRESSION_UNKNOWN;
        if (node->kind < EXPRESSION_LESS) {
            values[i] = value_of(node, values, context);
        } else if (node->kind > EXPRESSION_NOT_EQUAL) {
            results[i] = join(node->kind, results[node->left], results[node->right]);
        } else {
            results[i] = compare(node->kind, &values[node->left], &values[node->right]);
            if (ret_compared && count < most)
                ret_compared[count++] = (struct expression_compared){
                    (unsigned short)i, results[i], values[node->left], values[node->right]};
        }
    }
    if (ret_count)
        *ret_count = count;
    return results[expression->root];
}

char *expression_node_text(const struct expression *expression, unsigned node, char *buf, size_t size)
{
    const struct expression_node *one = &expression->nodes[node];
    text_clean(buf, size, expression->text + one->start, (size_t)(one->end - one->start));
    return buf;
}

/* What a side comes to; of a ratio that is compared with a share, in percent. */
static void side_text(const struct expression *expression, unsigned node, const struct metric_value *value,
                      struct quantity_unit other, char *buf, size_t size)
{
    char text[256];
    struct quantity_unit unit = expression->nodes[node].unit;
    if (unit.kind == QUANTITY_RATIO && quantity_alike(unit, other) && other.kind == QUANTITY_SHARE)
        unit = other;
    expression_node_text(expression, node, text, sizeof(text));
    if (value->known)
        snprintf(buf, size, "%s is %s", text, quantity_text(value->value, unit).text);
    else
        snprintf(buf, size, "%s is not measured: %s", text, value->why);
}

char *expression_compared_text(const struct expression *expression, const struct expression_compared *compared,
                               char *buf, size_t size)
{
    char left[512], right[512];
    const struct expression_node *node = &expression->nodes[compared->node];
    const struct expression_node *a = &expression->nodes[node->left], *b = &expression->nodes[node->right];
    const char *kind = expression_operator_text(node->kind);
    side_text(expression, node->left, &compared->left, b->unit, left, sizeof(left));
    side_text(expression, node->right, &compared->right, a->unit, right, sizeof(right));
    if (b->constant && compared->right.known)
        snprintf(buf, size, "%s, limit %s %s", left, kind, quantity_text(compared->right.value, b->unit).text);
    else
        snprintf(buf, size, "%s, %s", left, right);
    return buf;
}

char *expression_point(const char *text, const struct expression_error *error, char *buf, size_t size)
{
    char before[SHOWN_AROUND * 2], behind[SHOWN_AROUND];
    size_t len = strlen(text), at = error->at < len ? error->at : len;
    size_t start = at > SHOWN_AROUND ? at - SHOWN_AROUND : 0;
    text_clean(before, sizeof(before), text + start, at - start);
    size_t rest = len - at < SHOWN_AROUND - 1 ? len - at : SHOWN_AROUND - 1;
    text_clean(behind, sizeof(behind), text + at, rest);
    snprintf(buf, size, "  %s%s%s\n  %*s^\n", start ? "..." : "", before, behind,
             (int)(text_columns(before) + (start ? 3 : 0)), "");
    return buf;
}
