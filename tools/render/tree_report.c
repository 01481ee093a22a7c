/* tree_report.c: see tree_report.h. A process whose parent is not among the members is a root; a
 * loop of parents (recycled pids) is cut by printing each process once.
 */
#include "render/tree_report.h"

#include <stdlib.h>
#include <string.h>

#include "analyse/units.h"
#include "render/text_blocks.h"

struct tree {
    struct screen *screen;
    const struct analysis *const *members;
    size_t count;
    bool *printed;
    unsigned left; /* lines */
    size_t shown;
};

static const struct model_process *process_at(const struct tree *tree, size_t i)
{
    return &tree->members[i]->model->processes[0];
}

/* The member that was this one's parent when it started; count if none. */
static size_t parent_of(const struct tree *tree, size_t child)
{
    const struct model_process *process = process_at(tree, child);
    size_t best = tree->count;
    for (size_t i = 0; i < tree->count; i++) {
        const struct model_process *one = process_at(tree, i);
        if (i == child || one->start_boottime_ns > process->start_boottime_ns)
            continue;
        /* An exec'd image stands under the one it replaced. */
        if (one->pid != process->parent_pid && one->pid != process->pid)
            continue;
        if (best == tree->count ||
            one->start_boottime_ns > process_at(tree, best)->start_boottime_ns)
            best = i;
    }
    return best;
}

static void process_line(struct tree *tree, size_t index, unsigned depth)
{
    const struct analysis *analysis = tree->members[index];
    const struct model_process *process = process_at(tree, index);
    const struct finding *first = analysis_first(analysis);
    struct screen_line line;
    screen_begin(&line, tree->screen);
    screen_column(&line, 2 + 2 * (depth < 10 ? depth : 10));
    if (depth > 0)
        screen_add(&line, STYLE_DIM, "└ ");
    const char *command = text_blocks_command(process);
    unsigned width = tree->screen->width;
    unsigned end = width >= 80 ? 42 : width - 22;
    screen_add_text(&line, STYLE_PLAIN, command, strlen(command),
                    end > line.columns + 8 ? end - line.columns : 8);
    screen_column(&line, end + 1);
    screen_add(&line, STYLE_DIM, "%d", (int)process->pid);
    screen_right(&line, end + 19, STYLE_PLAIN, units_duration(process->duration_ns).text);
    if (width >= 80) {
        screen_add(&line, STYLE_PLAIN, "   ");
        if (first == NULL)
            screen_add(&line, STYLE_DIM, "nothing found");
        else if (first->gain_ns > 0)
            screen_add(&line, first->severity > SEVERITY_NOTE ? STYLE_WARNING : STYLE_DIM,
                       "%s (%s)", first->title, units_duration(first->gain_ns).text);
        else
            screen_add(&line, first->severity > SEVERITY_NOTE ? STYLE_WARNING : STYLE_DIM, "%s",
                       first->title);
    }
    screen_end(&line, tree->screen);
}

static void print_below(struct tree *tree, size_t index, unsigned depth)
{
    if (tree->printed[index] || tree->left == 0)
        return;
    tree->printed[index] = true;
    process_line(tree, index, depth);
    tree->left--;
    tree->shown++;
    /* Deeper than this is shown beside, not below: a chain of parents must not exhaust our stack.
     */
    for (size_t i = 0; i < tree->count && depth < 64; i++)
        if (!tree->printed[i] && parent_of(tree, i) == index)
            print_below(tree, i, depth + 1);
}

void tree_report_print(struct screen *screen, const struct analysis *const *members, size_t count,
                       unsigned max_lines)
{
    struct tree tree = {.screen = screen, .members = members, .count = count};
    if (count == 0 || max_lines < 3)
        return;
    tree.left = max_lines - 2; /* the heading, and what was left out */
    tree.printed = calloc(count, sizeof(*tree.printed));
    if (tree.printed == NULL)
        return;
    screen_print(screen, STYLE_BOLD, "%s process%s of this run", units_count(count).text,
                 count == 1 ? "" : "es");
    for (size_t i = 0; i < count; i++)
        if (parent_of(&tree, i) == count)
            print_below(&tree, i, 0);
    for (size_t i = 0; i < count; i++)
        print_below(&tree, i, 0);
    if (tree.shown < count)
        screen_print(screen, STYLE_DIM, "  and %s more", units_count(count - tree.shown).text);
    free(tree.printed);
}
