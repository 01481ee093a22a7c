/* top_state.c: which processes top looks at, and what it shows of them. See top.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyse/units.h"
#include "commands/commands.h"
#include "commands/select.h"
#include "commands/top.h"

/* Processes that ended stay in the list for some rounds; the verdict is made anew at most every 5 s; and all
 * processes together are looked at for at most a part of 30 of the time, the first round excepted. */
enum { ENDED_ROUNDS = 10, FINDINGS_SECONDS = 5, LOOKS_PART = 30, FIRST_LOOKS_MS = 500 };

static uint64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* ---- which processes ---- */

static uint64_t id_of(const struct follow *follow)
{
    return (uint64_t)follow->pid;
}

static struct follow *add_follow(struct top *top, const struct directory_entry *entry)
{
    struct follow **larger =
        realloc(top->follows, (top->follow_count + 1) * sizeof(*top->follows));
    if (!larger)
        return NULL;
    top->follows = larger;
    struct follow *follow = follow_new(entry);
    if (!follow)
        return NULL;
    follow->seen = top->round;
    top->follows[top->follow_count++] = follow;
    return follow;
}

static struct follow *find_follow(const struct top *top, const char *path)
{
    for (size_t i = 0; i < top->follow_count; i++)
        if (strcmp(top->follows[i]->path, path) == 0)
            return top->follows[i];
    return NULL;
}

/* Those that run now: new ones are added, those that go on are marked as seen. */
static int find_running(struct top *top)
{
    struct directory directory = {0};
    int error = directory_read(&directory, top->word != NULL);
    select_tell_folders(&directory);
    for (size_t i = 0; !error && i < directory.count; i++) {
        const struct directory_entry *entry = &directory.entries[i];
        if (entry->state != PROCESS_RUNNING || !select_matches(entry, top->word))
            continue;
        struct follow *follow = find_follow(top, entry->path);
        if (!follow)
            follow = add_follow(top, entry);
        if (follow)
            follow->seen = top->round;
        else
            error = -ENOMEM;
    }
    directory_done(&directory);
    return error;
}

static void drop_ended(struct top *top)
{
    size_t kept = 0;
    for (size_t i = 0; i < top->follow_count; i++) {
        struct follow *follow = top->follows[i];
        bool old = follow->seen + ENDED_ROUNDS < top->round;
        if (follow == top->subject || top->file || !old)
            top->follows[kept++] = follow;
        else
            follow_free(follow);
    }
    top->follow_count = kept;
}

/* The word names a file, a folder, or what has ended: select.h knows, and says what is wrong. */
static int init_from_selection(struct top *top)
{
    struct selection selection;
    int code = select_word(top->word, false, &selection);
    if (code != EXIT_OK)
        return code;
    top->file = true;
    for (size_t i = 0; i < selection.count && code == EXIT_OK; i++)
        if (!add_follow(top, &selection.directory.entries[selection.chosen[i]]))
            code = EXIT_FAILED;
    select_done(&selection);
    return code;
}

int top_init(struct top *top, const char *word, unsigned interval_ms)
{
    *top = (struct top){.word = word, .interval_ms = interval_ms, .round = 1};
    for (unsigned i = 0; i < LIVE_VIEW_COUNT; i++)
        top->sort[i] = live_kinds[i].sort;
    int code = EXIT_OK;
    bool path = word && (strchr(word, '/') || strstr(word, SEGMENT_SUFFIX));
    if (!path && find_running(top) != 0)
        code = EXIT_FAILED;
    if (code == EXIT_OK && word && top->follow_count == 0)
        code = init_from_selection(top);
    if (code == EXIT_FAILED && top->follow_count == 0 && !path)
        fprintf(stderr, "strong-report top: not enough memory\n");
    if (code == EXIT_OK && word && top->follow_count == 1) {
        top->subject = top->follows[0];
        top->view = LIVE_calls;
    }
    if (code != EXIT_OK)
        top_done(top);
    return code;
}

void top_done(struct top *top)
{
    for (size_t i = 0; i < top->follow_count; i++)
        follow_free(top->follows[i]);
    free(top->follows);
    top->follows = NULL;
    top->follow_count = 0;
    top->subject = NULL;
}

/* ---- looking ---- */

/* Where many run, each is looked at in its turn: the next round goes on where this one ran out of time. */
static int look_at_all(struct top *top)
{
    uint64_t begin = cpu_ns();
    uint64_t most = (uint64_t)top->interval_ms * 1000000u / LOOKS_PART;
    if (top->round <= 2 && most < FIRST_LOOKS_MS * 1000000ull)
        most = FIRST_LOOKS_MS * 1000000ull;
    size_t start = top->follow_count ? top->next % top->follow_count : 0;
    for (size_t i = 0; i < top->follow_count; i++) {
        size_t at = (start + i) % top->follow_count;
        if (cpu_ns() - begin > most) {
            top->next = at;
            break;
        }
        if (follow_look(top->follows[at]) == -ENOMEM)
            return -ENOMEM;
    }
    return 0;
}

int top_look(struct top *top)
{
    top->round++;
    if (top->subject && !(live_kinds[top->view].needs & LIVE_PROCESSES))
        return follow_look(top->subject) == -ENOMEM ? -ENOMEM : 0;
    int error = top->file ? 0 : find_running(top);
    if (!error)
        error = look_at_all(top);
    drop_ended(top);
    return error;
}

bool top_ended(const struct top *top)
{
    bool single = top->subject && !(live_kinds[top->view].needs & LIVE_PROCESSES);
    if (single)
        return follow_ended(top->subject);
    for (size_t i = 0; i < top->follow_count; i++)
        if (!follow_ended(top->follows[i]))
            return false;
    return top->file;
}

/* ---- what is shown ---- */

void top_choose(struct top *top, uint64_t id)
{
    top->subject = NULL;
    for (size_t i = 0; i < top->follow_count; i++)
        if (id && id_of(top->follows[i]) == id)
            top->subject = top->follows[i];
}

bool top_show(struct top *top, enum live_view view)
{
    bool all = live_kinds[view].needs & LIVE_PROCESSES;
    if (!all && !top->subject && top->selected_id)
        top_choose(top, top->selected_id);
    if (!all && !top->subject)
        return false;
    top->view = view;
    top->selected = top->first = 0;
    *top->filter = 0; /* its word was meant for other lines */
    top->selected_id = all && top->subject ? id_of(top->subject) : 0;
    return true;
}

void top_sort_next(struct top *top, int step)
{
    unsigned count = top->column_count;
    if (count == 0)
        return;
    top->sort[top->view] = (top->sort[top->view] + count + (unsigned)(step + (int)count)) % count;
    top->reverse[top->view] = false;
}

const char *top_note(const struct top *top)
{
    return top->subject ? top->subject->note : "";
}

static struct live_process *list_processes(const struct top *top)
{
    struct live_process *processes = calloc(top->follow_count + 1, sizeof(*processes));
    for (size_t i = 0; processes && i < top->follow_count; i++) {
        const struct follow *follow = top->follows[i];
        const struct model *model = follow->final ? follow->final : follow->after;
        processes[i].id = id_of(follow);
        processes[i].pid = follow->pid;
        processes[i].command = follow->command;
        processes[i].rates = follow_rates(follow, top->totals);
        processes[i].ended = follow->state == PROCESS_RUNNING ? NULL : model_state_name(follow->state);
        if (model) {
            processes[i].age_ns = model->processes[0].duration_ns;
            processes[i].stopped = model->processes[0].stopped;
        }
    }
    return processes;
}

/* The mark stays on what it was on, wherever that moved. */
static void place_mark(struct top *top, const struct live_table *table, size_t rows)
{
    size_t count = live_table_count(table);
    top->row_count = count;
    for (size_t i = 0; i < count && top->selected_id && !top->marked_anew; i++)
        if (live_table_at(table, i)->id == top->selected_id)
            top->selected = i;
    if (top->selected >= count)
        top->selected = count ? count - 1 : 0;
    top->selected_id =
        count && (live_kinds[top->view].needs & LIVE_PROCESSES) ? live_table_at(table, top->selected)->id
                                                               : 0;
    top->marked_anew = false;
    if (top->selected < top->first)
        top->first = top->selected;
    if (rows && top->selected >= top->first + rows)
        top->first = top->selected - rows + 1;
    if (top->first + rows > count)
        top->first = count > rows ? count - rows : 0;
}

/* All processes in one line: how many, what they use together. */
static void head_of_all(const struct top *top, struct screen *screen)
{
    size_t running = 0;
    double cpu = 0;
    uint64_t rss = 0;
    for (size_t i = 0; i < top->follow_count; i++) {
        const struct follow *follow = top->follows[i];
        if (follow->state != PROCESS_RUNNING || !follow->rates)
            continue;
        const struct model *model = &follow->rates->model;
        running++;
        if (rates_cpu(follow->rates) > 0)
            cpu += rates_cpu(follow->rates);
        if (model->resource_count &&
            model->resources[model->resource_count - 1].rss_bytes != MODEL_UNKNOWN)
            rss += model->resources[model->resource_count - 1].rss_bytes;
    }
    struct units_text count = units_count(running);
    screen_print(screen, STYLE_BOLD, "%s measured process%s run%s%s%s   cpu %s   rss %s", count.text,
                 running == 1 ? "" : "es", running == 1 ? "s" : "", top->word ? " of " : "",
                 top->word ? top->word : "", live_short(units_share(cpu)).text,
                 units_bytes(rss).text);
}

static void head_of_one(const struct top *top, struct screen *screen)
{
    char state[64];
    follow_state(top->subject, state, sizeof(state));
    live_head(screen, follow_rates(top->subject, top->totals), state);
}

unsigned top_print(struct top *top, struct screen *screen, unsigned height, size_t most)
{
    const struct live_kind *kind = &live_kinds[top->view];
    bool all = kind->needs & LIVE_PROCESSES;
    const struct rates *rates = all ? NULL : follow_rates(top->subject, top->totals);
    struct live_process *processes = all ? list_processes(top) : NULL;
    struct live_input input = {.rates = rates, .totals = top->totals || (rates && rates->whole),
                               .processes = processes, .screen = screen};
    struct live_table table;
    if (!all && !rates) {
        screen_print(screen, STYLE_WARNING, "%s", top_note(top));
        return 1;
    }
    if (!all) {
        input.looks = top->subject->looks;
        input.look_count = top->subject->look_count;
    }
    if (all)
        input.process_count = processes ? top->follow_count : 0;
    else if (kind->needs & LIVE_FINDINGS)
        input.findings = follow_findings(top->subject, FINDINGS_SECONDS * 1000000000ull);
    else if (kind->needs & LIVE_SYMBOLS)
        input.symbols = follow_symbols(top->subject, rates);
    live_make(top->view, &input, &table);
    top->column_count = table.column_count;
    live_table_filter(&table, top->filter);
    live_table_sort(&table, top->sort[top->view], top->reverse[top->view]);
    unsigned first = screen->lines;
    if (all)
        head_of_all(top, screen);
    else if (!(kind->needs & LIVE_FINDINGS)) /* the verdict has its own */
        head_of_one(top, screen);
    unsigned above = screen->lines - first + live_table_above(&table);
    size_t rows = height > above ? height - above : 0;
    if (most && most < rows)
        rows = most;
    place_mark(top, &table, rows);
    live_table_print(screen, &table, top->first, rows);
    live_table_done(&table);
    free(processes);
    return above;
}
