/* Loads a table, answers for a second, and ends without freeing it. */
#include "planted_peer.h"

#include <poll.h>

enum { ROWS = 60000, BYTES = 1000 };

static char *rows[ROWS];

__attribute__((noinline)) static void load_row(int number)
{
    rows[number] = malloc(BYTES);
    if (rows[number] == NULL)
        planted_fail("malloc");
    memset(rows[number], number, BYTES);
}

int main(void)
{
    for (int i = 0; i < ROWS; i++)
        load_row(i);
    poll(NULL, 0, 1000);
    return 0;
}
