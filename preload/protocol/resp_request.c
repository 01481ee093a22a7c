/* resp_request.c: commands on their way to the server.
 *
 * "*<arguments>" and as many "$<length>" with a blob each. The first blob is the command's name, the second is looked at
 * where it decides; all others are skipped by their length. Any context.
 */
#include <string.h>

#include "protocol/refuse.h"
#include "protocol/resp_commands.h"
#include "protocol/resp_line.h"

enum { RESP_ARGUMENTS_MAX = 1 << 20 }; /* Redis' own limit */

static const char *mismatch(struct exchange *exchange)
{
    refuse(exchange, EXCHANGE_REFUSED_MISMATCH);
    return NULL;
}

static bool is(const struct resp *resp, const char *name)
{
    return strnlen(name, RESP_NAME) == resp->name_len && memcmp(resp->name, name, resp->name_len) == 0;
}

/* The name is known. */
static bool judge_name(struct exchange *exchange, struct resp *resp)
{
    if (resp->name_len != resp->last_len || memcmp(resp->name, resp->last, RESP_NAME) != 0) {
        memcpy(resp->last, resp->name, RESP_NAME);
        resp->last_len = resp->name_len;
        resp->last_command = (uint8_t)resp_commands_find(resp->name, resp->name_len);
    }
    resp->command = resp->last_command;
    switch ((enum resp_command)resp->command) {
    case RESP_READ:
        return true;
    case RESP_WRITE:
        return not_repeatable(exchange);
    case RESP_SET: /* the name, key and value */
        return resp->arguments == 3 || not_repeatable(exchange);
    case RESP_LOGIN:
        return refuse(exchange, EXCHANGE_REFUSED_STATE);
    case RESP_QUIT:
        return refuse(exchange, EXCHANGE_REFUSED_CLOSE);
    case RESP_SELECT:
    case RESP_CLIENT:
    case RESP_SCRIPT:
        if (resp->arguments > 1)
            return true; /* the second argument decides */
        break;
    case RESP_UNKNOWN:
        break;
    }
    return not_repeatable(exchange) && refuse(exchange, EXCHANGE_REFUSED_STATE);
}

static bool judge_second(struct exchange *exchange, struct resp *resp)
{
    char digit = resp->name[0];
    resp_commands_find(resp->name, resp->name_len); /* to upper case */
    switch ((enum resp_command)resp->command) {
    case RESP_SELECT:
        return (resp->name_len == 1 && digit == '0') || refuse(exchange, EXCHANGE_REFUSED_STATE);
    case RESP_SCRIPT:
        if (is(resp, "LOAD") || is(resp, "EXISTS") || is(resp, "FLUSH"))
            return not_repeatable(exchange);
        break;
    default: /* CLIENT */
        if (is(resp, "SETNAME") || is(resp, "SETINFO"))
            return refuse(exchange, EXCHANGE_REFUSED_STATE);
        break;
    }
    refuse(exchange, EXCHANGE_REFUSED_STATE);
    return not_repeatable(exchange);
}

static bool second_decides(const struct resp *resp)
{
    return resp->argument == 1 && resp->command >= RESP_SELECT && resp->command <= RESP_SCRIPT;
}

/* A count or a length is whole. */
static const char *number_whole(struct exchange *exchange, struct resp *resp, const char *p)
{
    struct resp_side *side = &resp->request;
    if (side->negative)
        return mismatch(exchange);
    if (resp->arguments == 0) {
        if (side->number == 0 || side->number > RESP_ARGUMENTS_MAX)
            return mismatch(exchange); /* Redis answers nothing to an empty command */
        resp->arguments = (uint32_t)side->number;
        resp->argument = 0;
        side->state = RESP_TYPE;
        return p;
    }
    side->state = RESP_BLOB;
    if (resp->argument == 0 || second_decides(resp)) {
        resp->name_len = 0;
        memset(resp->name, 0, RESP_NAME);
        if (side->number > RESP_NAME) {
            /* No name that is known, no number 0. */
            not_repeatable(exchange);
            refuse(exchange, EXCHANGE_REFUSED_STATE);
            return NULL;
        }
    }
    return p;
}

/* An argument with its CRLF is whole. */
static bool argument_whole(struct exchange *exchange, struct resp *resp)
{
    if (resp->argument == 0 ? !judge_name(exchange, resp)
                            : second_decides(resp) && !judge_second(exchange, resp))
        return false;
    resp->request.state = RESP_TYPE;
    resp->argument += resp->argument < 2;
    if (--resp->arguments == 0)
        exchange->sent++;
    return true;
}

static const char *blob(struct resp *resp, const char *p, const char *end)
{
    struct resp_side *side = &resp->request;
    size_t take = (size_t)(end - p) < side->number ? (size_t)(end - p) : (size_t)side->number;
    if (resp->argument == 0 || second_decides(resp)) {
        memcpy(resp->name + resp->name_len, p, take);
        resp->name_len += (uint8_t)take;
    }
    side->number -= take;
    if (side->number == 0)
        side->state = RESP_BLOB_CR;
    return p + take;
}

static const char *type(struct exchange *exchange, struct resp *resp, const char *p)
{
    struct resp_side *side = &resp->request;
    if (*p != (resp->arguments == 0 ? '*' : '$'))
        return mismatch(exchange);
    side->number = 0;
    side->digits = 0;
    side->negative = false;
    side->state = RESP_NUMBER;
    return p + 1;
}

/* "$<length>", the argument and its CRLF, when all of it is in this piece. NULL: the careful way. */
static const char *usual_argument(struct resp *resp, const char *p, const char *end)
{
    uint64_t length;
    const char *bytes = *p == '$' ? resp_line_plain(p + 1, end, &length) : NULL;
    if (bytes == NULL || (uint64_t)(end - bytes) < length + 2 || memcmp(bytes + length, "\r\n", 2) != 0)
        return NULL;
    if (resp->argument == 0 || second_decides(resp)) {
        if (length > RESP_NAME)
            return NULL;
        resp->name_len = (uint8_t)length;
        memset(resp->name, 0, RESP_NAME);
        for (size_t i = 0; i < length; i++)
            resp->name[i] = bytes[i];
    }
    return bytes + length + 2;
}

/* Whole arguments and counts the short way, then one line's first byte the careful way. NULL: stop reading. */
static const char *usual_commands(struct exchange *exchange, struct resp *resp, const char *p, const char *end)
{
    while (p < end) {
        const char *after;
        uint64_t count;
        if (resp->arguments > 0) {
            after = usual_argument(resp, p, end);
            if (after == NULL)
                break;
            if (!argument_whole(exchange, resp))
                return NULL;
        } else {
            after = *p == '*' ? resp_line_plain(p + 1, end, &count) : NULL;
            if (after == NULL || count == 0 || count > RESP_ARGUMENTS_MAX)
                break;
            resp->arguments = (uint32_t)count;
            resp->argument = 0;
        }
        p = after;
    }
    return p < end ? type(exchange, resp, p) : p;
}

void resp_sent(struct exchange *exchange, const char *buf, size_t len)
{
    struct resp *resp = &exchange->resp;
    struct resp_side *side = &resp->request;
    const char *p = buf, *end = buf + len;
    bool whole;
    while (p && p < end) {
        switch ((enum resp_state)side->state) {
        case RESP_TYPE:
            p = usual_commands(exchange, resp, p, end);
            break;
        case RESP_NUMBER:
        case RESP_NUMBER_LF:
            p = resp_line_number(side, p, end, &whole);
            if (p == NULL)
                mismatch(exchange);
            else if (whole)
                p = number_whole(exchange, resp, p);
            break;
        case RESP_BLOB:
            p = blob(resp, p, end);
            break;
        case RESP_BLOB_CR:
            side->state = RESP_BLOB_LF;
            p = *p == '\r' ? p + 1 : mismatch(exchange);
            break;
        default: /* RESP_BLOB_LF */
            p = *p == '\n' ? p + 1 : mismatch(exchange);
            if (p && !argument_whole(exchange, resp))
                return;
            break;
        }
    }
}

bool resp_request_whole(const struct resp *resp)
{
    return resp->arguments == 0 && resp->request.state == RESP_TYPE;
}
