/* report.h: from chosen segments to printed report; shared by `report` and `run`. Single-threaded. */
#ifndef STRONG_COMMANDS_REPORT_H
#define STRONG_COMMANDS_REPORT_H

#include <stdbool.h>
#include <stdio.h>

#include "commands/select.h"

/* A part of what was measured, in tables of its own. */
enum report_view { REPORT_VERDICT, REPORT_MEMORY };

struct report_form {
    enum report_view view;
    bool json;
    bool full;
    bool tree;      /* the processes, one line each */
    unsigned width; /* columns; 0: the terminal's */
};

/* Reads, merges if there are several, analyses and prints. EXIT_OK, or EXIT_FAILED after a message. */
int report_print(FILE *out, const struct selection *selection, const struct report_form *form);

#endif
