/* steps.c: does what a line on its standard input says, and answers each with a line: so a test knows exactly what
 * happened between two moments.
 *
 *   calls N      N calls of pwrite to /dev/null
 *   exec NAME    replaces itself by itself under that name
 *   exit N       exits with that status
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Unbuffered: what comes behind a line is the next image's. */
static int read_line(char *line, size_t size)
{
    size_t len = 0;
    while (len + 1 < size && read(STDIN_FILENO, line + len, 1) == 1 && line[len] != '\n')
        len++;
    line[len] = 0;
    return len > 0;
}

int main(void)
{
    char line[128];
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    dprintf(STDOUT_FILENO, "ready\n");
    while (read_line(line, sizeof line)) {
        if (strncmp(line, "calls ", 6) == 0) {
            for (int i = atoi(line + 6); i > 0; i--)
                if (pwrite(null, "x", 1, 0) != 1)
                    return 99;
            dprintf(STDOUT_FILENO, "done\n");
        } else if (strncmp(line, "exec ", 5) == 0) {
            char *arguments[] = {line + 5, NULL};
            execv("/proc/self/exe", arguments);
            return 98;
        } else if (strncmp(line, "exit ", 5) == 0) {
            return atoi(line + 5);
        }
    }
    return 0;
}
