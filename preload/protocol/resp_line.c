/* resp_line.c: see resp_line.h. Any context. */
#include "protocol/resp_line.h"

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
    const char *after = NULL;
    if (side->state == RESP_NUMBER && side->digits == 0 && !side->negative)
        after = resp_line_plain(p, end, &side->number);
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
