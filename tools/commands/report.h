/* report.h: from chosen segments to printed report; shared by `report` and `run`. Single-threaded. */
#ifndef STRONG_COMMANDS_REPORT_H
#define STRONG_COMMANDS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "commands/select.h"
#include "render/view.h"

struct report_form {
    const struct view *view; /* a part of what was measured, in tables of its own; NULL: the verdict */
    struct view_form part;   /* how much of it, or its tree */
    bool json;               /* always the whole document */
    bool full;
    bool tree;      /* the processes, one line each */
    unsigned width; /* columns; 0: the terminal's */
};

/* Reads, merges if there are several, analyses and prints. EXIT_OK, or EXIT_FAILED after a message. */
int report_print(FILE *out, const struct selection *selection, const struct report_form *form);

#endif
