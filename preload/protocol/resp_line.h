/* resp_line.h: the two shapes everything in RESP is made of: a line that starts with a type, and a blob with its CRLF.
 *
 * For resp_request.c and resp_reply.c alone.
 */
#ifndef STRONG_PROTOCOL_RESP_LINE_H
#define STRONG_PROTOCOL_RESP_LINE_H

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

/* Reads a number and its CRLF, as far as the piece goes: returns where it stopped, NULL if it is none. *ret_whole: the LF is
 * read. A sign is taken only for -1 (null), noughts in front are not. */
const char *resp_line_number(struct resp_side *side, const char *p, const char *end, bool *ret_whole);

#endif
