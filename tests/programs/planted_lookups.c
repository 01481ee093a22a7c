/* A client that looks the same name up before everything it does. */
#include <netdb.h>

#include "planted_peer.h"

int main(void)
{
    unsigned found = 0;
    for (double end = planted_now() + 2; planted_now() < end;) {
        struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *result;
        if (getaddrinfo("localhost", "80", &hints, &result) == 0) {
            found++;
            freeaddrinfo(result);
        }
    }
    return found == 0;
}
