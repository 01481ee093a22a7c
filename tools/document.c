/* document.c: entry of strong-document, which is run when the project is built: writes a manual page or a completion from
 * its template.
 *
 *   strong-document TEMPLATE [NAME=TEXT...]
 */
#include <stdio.h>

#include "document/template.h"

int main(int argc, char **argv)
{
    static const char *const none[] = {NULL};
    if (argc < 2) {
        fprintf(stderr, "strong-document: usage: strong-document TEMPLATE [NAME=TEXT...]\n");
        return 2;
    }
    int code = template_write(argv[1], argc > 2 ? (const char *const *)argv + 2 : none, stdout);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("strong-document");
        return 1;
    }
    return code == 0 ? 0 : 1;
}
