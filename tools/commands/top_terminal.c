/* top_terminal.c: whether this terminal can be drawn on at all.
 *
 * A file of its own because <term.h> makes macros of words such as columns and lines. */
#include <stdlib.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/top.h"

#include <curses.h>
#include <term.h>

int top_terminal_check(void)
{
    const char *name = getenv("TERM");
    int error = 0;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return arguments_wrong("top", "this is no terminal: --batch prints lines");
    if (!name || !*name)
        return arguments_wrong("top", "TERM does not say what terminal this is: --batch prints lines");
    if (setupterm(name, STDOUT_FILENO, &error) != OK)
        return arguments_wrong("top", "no terminal of type '%s' is known here: --batch prints lines",
                               name);
    const char *move = tigetstr("cup"); /* moving the cursor */
    if (!move || move == (const char *)-1)
        return arguments_wrong("top", "a terminal of type '%s' cannot be drawn on: --batch prints lines",
                               name);
    return EXIT_OK;
}
