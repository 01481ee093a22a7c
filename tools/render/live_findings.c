/* live_findings.c: the verdict as lines among the views: the same text as the report's. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "render/live.h"
#include "render/text_report.h"

void live_findings_view(const struct live_input *input, struct live_table *table)
{
    char *text = NULL, *next = NULL;
    size_t len = 0;
    table->nothing = "reading symbols and looking for bottlenecks…";
    FILE *out = input->findings ? open_memstream(&text, &len) : NULL;
    if (!out)
        return;
    struct screen screen = *input->screen;
    screen.out = out;
    screen.lines = 0;
    text_report_print(&screen, input->findings);
    if (fclose(out) == 0) {
        char *copy = arena_text(&table->arena, text, len);
        uint64_t number = 0;
        for (char *line = copy; line && *line; line = next) {
            next = line + strcspn(line, "\n");
            if (*next)
                *next++ = 0;
            struct live_row *row = live_table_add(table, number++);
            if (row)
                row->line = line;
        }
    }
    free(text);
}
