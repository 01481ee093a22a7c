/* list_runs.c: processes in groups, a run each: what runs_report prints. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyse/units.h"
#include "commands/commands.h"
#include "commands/list.h"
#include "commands/subject.h"
#include "read/process.h"
#include "render/runs_report.h"
#include "render/screen.h"

static uint64_t known(uint64_t value)
{
    return value == RESOURCE_UNKNOWN || value > MODEL_UNKNOWN / 4 ? MODEL_UNKNOWN : value;
}

static uint64_t cpu_of(uint64_t user_ns, uint64_t system_ns)
{
    return user_ns == MODEL_UNKNOWN || system_ns == MODEL_UNKNOWN ? MODEL_UNKNOWN
                                                                  : user_ns + system_ns;
}

void list_use(const struct directory_entry *entry, uint64_t *ret_cpu_ns, uint64_t *ret_peak_bytes)
{
    const struct resource_record *first = &entry->summary.first, *last = &entry->summary.last;
    uint64_t cpu = MODEL_UNKNOWN, peak = MODEL_UNKNOWN;
    if (last->ticks) {
        cpu = cpu_of(known(last->cpu_user_ns), known(last->cpu_system_ns));
        peak = known(last->peak_rss_bytes);
    }
    if (entry->local_pid) { /* the kernel knows it newer */
        struct model_resource now = {0};
        process_read(entry->local_pid, &now);
        cpu = cpu_of(now.cpu_user_ns, now.cpu_system_ns);
        peak = now.peak_rss_bytes;
    }
    /* an image that replaced another goes on counting that one's time */
    uint64_t before = first->ticks ? cpu_of(known(first->cpu_user_ns), known(first->cpu_system_ns))
                                   : MODEL_UNKNOWN;
    if (!entry->local_pid && first->ticks == last->ticks) /* ended before there was a second reading */
        cpu = MODEL_UNKNOWN;
    if (cpu != MODEL_UNKNOWN && before != MODEL_UNKNOWN)
        cpu = cpu > before ? cpu - before : 0;
    *ret_cpu_ns = cpu;
    *ret_peak_bytes = peak;
}

void list_table(FILE *out, const struct directory *directory, const size_t *indices, size_t count)
{
    struct screen screen;
    screen_init(&screen, out);
    if (!isatty(fileno(out)))
        screen.width = SCREEN_LINE_BYTES / 4;
    struct runs_process *processes = calloc(count, sizeof(*processes));
    struct runs_run *runs = calloc(count, sizeof(*runs));
    for (size_t i = 0; processes && runs && i < count; i++) {
        processes[i].entry = &directory->entries[indices[i]];
        list_use(processes[i].entry, &processes[i].cpu_ns, &processes[i].peak_bytes);
        runs[i] = (struct runs_run){"", i, 1, 0};
    }
    if (processes && runs)
        runs_report_print(&screen, runs, count, processes, 0);
    free(processes);
    free(runs);
}

/* ---- the tree of runs ---- */

/* What is listed, in groups. */
struct listing {
    const struct directory *directory;
    struct runs_process *processes;
    struct runs_run *runs;
    size_t count, run_count;
    bool with_findings;
    struct arena texts;
};

static const char *finding_text(struct listing *listing, const struct directory_entry *entry)
{
    size_t index = (size_t)(entry - listing->directory->entries);
    struct selection selection = {.directory = *listing->directory, .chosen = &index, .count = 1};
    struct subject subject;
    const char *text = NULL;
    if (subject_whole(&selection, &subject) == EXIT_OK) {
        const struct finding *first = analysis_first(subject.analysis);
        char line[256];
        int len = 0;
        if (first && first->gain_ns)
            len = snprintf(line, sizeof(line), "%s: at most %s (%.0f %%)", first->title,
                           units_duration(first->gain_ns).text, first->share * 100);
        else if (first)
            len = snprintf(line, sizeof(line), "%s", first->title);
        if (len > 0)
            text = arena_text(&listing->texts, line, (size_t)len);
    }
    subject_done(&subject);
    return text;
}

/* The oldest process that it came from and that is of no other run. */
static size_t root_of(const struct directory *directory, size_t index)
{
    const struct directory_entry *entries = directory->entries;
    while (entries[index].parent != DIRECTORY_NONE &&
           strcmp(entries[entries[index].parent].summary.run, entries[index].summary.run) == 0)
        index = entries[index].parent;
    return index;
}

static bool same_run(const struct directory *directory, size_t a, size_t b)
{
    const char *run = directory->entries[a].summary.run;
    if (*run)
        return strcmp(run, directory->entries[b].summary.run) == 0;
    return !*directory->entries[b].summary.run && root_of(directory, a) == root_of(directory, b);
}

static bool listed(const size_t *order, size_t count, size_t index)
{
    for (size_t i = 0; i < count; i++)
        if (order[i] == index)
            return true;
    return false;
}

/* How deep below those of its run that are listed. An image that replaced another is the same process. */
static unsigned depth_of(const struct directory *directory, const size_t *order, size_t count,
                         size_t index)
{
    unsigned depth = 0;
    for (size_t at = index, up; (up = directory->entries[at].parent) != DIRECTORY_NONE &&
                                same_run(directory, up, index);
         at = up)
        depth += directory->entries[up].next_image != at && listed(order, count, up);
    return depth;
}

static void add_process(struct listing *listing, const size_t *order, size_t count, size_t index)
{
    const struct directory_entry *entry = &listing->directory->entries[index];
    struct runs_process *process = &listing->processes[listing->count++];
    process->entry = entry;
    process->depth = depth_of(listing->directory, order, count, index);
    process->replaced = entry->parent != DIRECTORY_NONE &&
                        listing->directory->entries[entry->parent].next_image == index;
    list_use(entry, &process->cpu_ns, &process->peak_bytes);
    if (listing->with_findings)
        process->finding = finding_text(listing, entry);
}

static int newest_first(const void *left, const void *right)
{
    const struct runs_run *a = left, *b = right;
    if (a->newest_ns != b->newest_ns)
        return a->newest_ns < b->newest_ns ? 1 : -1;
    return a->first < b->first ? 1 : -1;
}

/* order: the tree of all that is listed. 0 or -1 where memory is exhausted. */
static int group(struct listing *listing, const size_t *order, size_t count)
{
    bool *taken = calloc(count, sizeof(*taken));
    listing->processes = calloc(count, sizeof(*listing->processes));
    listing->runs = calloc(count, sizeof(*listing->runs));
    if (!taken || !listing->processes || !listing->runs) {
        free(taken);
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        if (taken[i])
            continue;
        struct runs_run *run = &listing->runs[listing->run_count++];
        *run = (struct runs_run){listing->directory->entries[order[i]].summary.run, listing->count,
                                 0, 0};
        for (size_t j = i; j < count; j++) {
            if (taken[j] || !same_run(listing->directory, order[i], order[j]))
                continue;
            uint64_t start =
                listing->directory->entries[order[j]].summary.header.start_realtime_ns;
            taken[j] = true;
            run->count++;
            run->newest_ns = start > run->newest_ns ? start : run->newest_ns;
            add_process(listing, order, count, order[j]);
        }
    }
    free(taken);
    qsort(listing->runs, listing->run_count, sizeof(*listing->runs), newest_first);
    return 0;
}

int list_runs(const struct directory *directory, const size_t *order, size_t count,
              bool with_findings, size_t most)
{
    struct listing listing = {.directory = directory, .with_findings = with_findings};
    struct screen screen;
    int error = group(&listing, order, count);
    if (!error) {
        screen_init(&screen, stdout);
        if (!isatty(fileno(stdout)))
            screen.width = SCREEN_LINE_BYTES / 4;
        runs_report_print(&screen, listing.runs, listing.run_count, listing.processes, most);
    } else {
        fprintf(stderr, "strong-report: not enough memory\n");
    }
    free(listing.processes);
    free(listing.runs);
    arena_done(&listing.texts);
    return error ? EXIT_FAILED : EXIT_OK;
}
