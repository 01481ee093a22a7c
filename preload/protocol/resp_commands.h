/* resp_commands.h: what the commands of Redis do to a connection. For resp_request.c alone. */
#ifndef STRONG_PROTOCOL_RESP_COMMANDS_H
#define STRONG_PROTOCOL_RESP_COMMANDS_H

#include "protocol/resp.h"

enum resp_command {
    RESP_UNKNOWN, /* the server may remember it */
    RESP_READ,
    RESP_WRITE,
    RESP_SET,    /* a READ without options, else a WRITE */
    RESP_LOGIN,  /* makes state, the same on any connection: may be repeated */
    RESP_SELECT, /* the same; but 0 is what every connection starts with */
    RESP_CLIENT, /* all make state or ask for it; SETNAME and SETINFO may be repeated */
    RESP_SCRIPT, /* LOAD, EXISTS and FLUSH are a WRITE; DEBUG and others make state */
    RESP_QUIT,   /* closes */
};

/* In any case of letters; `name` has RESP_NAME bytes of room, zero beyond `len`. Changes it to upper case. */
enum resp_command resp_commands_find(char *name, size_t len);

#endif
