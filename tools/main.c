/* main.c: strong-report's entry; everything is in commands/.
 *
 * Output that cannot be written is a failure, except that a reader who went away (head, a pager) is none
 * worth a message.
 */
#include <errno.h>
#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands/commands.h"

int main(int argc, char **argv)
{
    setlocale(LC_CTYPE, "");
    int code = commands_main(argc, argv);
    errno = 0;
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (failed && errno != EPIPE)
        fprintf(stderr, "strong-report: cannot write: %s\n", errno ? strerror(errno) : "output error");
    return failed && code == EXIT_OK ? EXIT_FAILED : code;
}
