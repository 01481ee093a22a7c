/* serve_address.h: addresses to listen at, and names that a request may call them by. Pure but for the machine's name. */
#ifndef STRONG_COMMANDS_SERVE_ADDRESS_H
#define STRONG_COMMANDS_SERVE_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

struct serve_address {
    struct sockaddr_storage address;
    socklen_t len;
    bool loopback;
    char text[80]; /* "127.0.0.1:9464", "[::1]:9464" */
};

/* "address:port", "[address]:port", "localhost:port" or ":port" (127.0.0.1). False where it is none of these. */
bool serve_address_parse(const char *text, struct serve_address *ret_address);

/* Fills text and loopback from address. */
void serve_address_name(struct serve_address *address);

/* May a request name its host so? Addresses, localhost, and where `remote` the machine's own name. */
bool serve_address_known(const char *host, bool remote);

#endif
