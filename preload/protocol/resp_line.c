/* resp_line.c: see resp_line.h. Any context. */
#include "protocol/resp_line.h"

/* A whole line of plain digits: most of them. NULL: the careful way, which also says what is wrong. */
static const char *plain(struct resp_side *side, const char *p, const char *end)
{
    if (side->state != RESP_NUMBER || side->digits > 0 || side->negative)
        return NULL;
    const char *first = p;
    uint64_t number = 0;
    for (unsigned digit; p < end && (digit = (unsigned char)*p - '0') <= 9 && p - first < RESP_DIGITS; p++)
        number = number * 10 + digit;
    if (p == first || end - p < 2 || p[0] != '\r' || p[1] != '\n' || (*first == '0' && p - first > 1))
        return NULL;
    side->number = number;
    return p + 2;
}

static bool take(struct resp_side *side, char byte)
{
    unsigned digit = (unsigned char)byte - '0';
    if (side->state == RESP_NUMBER_LF)
        return byte == '\n';
    if (byte == '\r') {
        side->state = RESP_NUMBER_LF;
        return side->digits > 0 && (!side->negative || side->number == 1);
    }
    if (byte == '-' && side->digits == 0 && !side->negative) {
        side->negative = true;
        return true;
    }
    if (digit > 9 || side->digits == RESP_DIGITS || (side->digits > 0 && side->number == 0))
        return false;
    side->number = side->number * 10 + digit;
    side->digits++;
    return true;
}

const char *resp_line_number(struct resp_side *side, const char *p, const char *end, bool *ret_whole)
{
    const char *after = plain(side, p, end);
    *ret_whole = after != NULL;
    if (after)
        return after;
    while (p < end && !*ret_whole) {
        *ret_whole = side->state == RESP_NUMBER_LF;
        if (!take(side, *p++))
            return NULL;
    }
    return p;
}
