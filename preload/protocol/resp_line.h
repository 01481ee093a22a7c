/* resp_line.h: the two shapes everything in RESP is made of: a line that starts with a type, and a blob with its CRLF.
 *
 * For resp_request.c and resp_reply.c alone.
 */
#ifndef STRONG_PROTOCOL_RESP_LINE_H
#define STRONG_PROTOCOL_RESP_LINE_H

#include <stddef.h>

#include "protocol/resp.h"

enum resp_state {
    RESP_TYPE,    /* the first byte of a line */
    RESP_NUMBER,  /* a length or count */
    RESP_NUMBER_LF,
    RESP_TEXT,    /* the rest of any other line */
    RESP_TEXT_LF,
    RESP_BLOB,
    RESP_BLOB_CR,
    RESP_BLOB_LF,
};

enum { RESP_DIGITS = 10 }; /* of a length or count: more are refused */

/* A number that needs no care: plain digits and their CRLF, all in this piece. NULL: it may be one that does. */
static inline const char *resp_line_plain(const char *p, const char *end, uint64_t *ret_number)
{
    const char *first = p;
    uint64_t number = 0;
    for (unsigned digit; p < end && (digit = (unsigned char)*p - '0') <= 9 && p - first < RESP_DIGITS; p++)
        number = number * 10 + digit;
    if (p == first || end - p < 2 || p[0] != '\r' || p[1] != '\n' || (*first == '0' && p - first > 1))
        return NULL;
    *ret_number = number;
    return p + 2;
}

/* Reads a number and its CRLF, as far as the piece goes: returns where it stopped, NULL if it is none. *ret_whole: the LF is
 * read. A sign is taken only for -1 (null), noughts in front are not. */
const char *resp_line_number(struct resp_side *side, const char *p, const char *end, bool *ret_whole);

#endif
