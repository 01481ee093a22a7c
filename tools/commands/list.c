/* list.c: `strong-report list`: which processes are listed, and the JSON form; the tree is list_runs.c. */
#include "commands/list.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/select.h"
#include "read/text.h"

/* Files that are no segments of this build are named up to here, then counted; lines without --all. */
enum { REFUSED_SHOWN = 3, LINES_MOST = 50 };

static bool as_json, running_only, all, with_findings;

static const struct argument arguments[] = {
    {"json", NULL, NULL, &as_json, "a JSON array, one object a process", 0},
    {"running", NULL, NULL, &running_only, "only processes that run", 0},
    {"long", NULL, NULL, &with_findings, "the first finding of each process, too", 0},
    {"all", NULL, NULL, &all, "however many there are", 0},
    {0},
};

const struct argument *list_arguments(void)
{
    return arguments;
}

/* ---- JSON ---- */

static json_t *known_json(uint64_t value)
{
    return value == MODEL_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

static json_t *entry_json(const struct directory_entry *entry)
{
    const struct segment_header *header = &entry->summary.header;
    uint64_t cpu_ns, peak_bytes;
    list_use(entry, &cpu_ns, &peak_bytes);
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:o, s:o}", "pid",
                     (json_int_t)header->pid, "parent_pid", (json_int_t)header->parent_pid, "state",
                     model_state_name(entry->state), "exe", entry->summary.executable, "cmdline",
                     entry->summary.command, "run", entry->summary.run, "start_ns",
                     (json_int_t)header->start_realtime_ns, "duration_ns",
                     (json_int_t)entry->duration_ns, "disk_bytes",
                     (json_int_t)entry->summary.disk_bytes, "path", entry->path, "cpu_ns",
                     known_json(cpu_ns), "peak_rss_bytes", known_json(peak_bytes));
}

static int print_json(const struct directory *directory, const size_t *order, size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < count; i++) {
        json_t *item = entry_json(&directory->entries[order[i]]);
        if (item)
            json_array_append_new(list, item);
    }
    int error = list ? json_dumpf(list, stdout, JSON_INDENT(2)) : -1;
    json_decref(list);
    printf("\n");
    return error ? EXIT_FAILED : EXIT_OK;
}

/* ---- the command ---- */

/* By pid, by the whole name of a run or program, or by a part of one of these. */
static bool is_meant(const struct directory_entry *entry, const char *word)
{
    return select_matches(entry, word) ||
           (word[strspn(word, "0123456789")] != 0 &&
            (strcasestr(entry->name, word) || strcasestr(entry->summary.run, word)));
}

static int nothing(const struct directory *directory, const char *word)
{
    char clean[256] = "";
    if (word)
        text_clean(clean, sizeof(clean), word, strlen(word));
    if (word && directory->count)
        fprintf(stderr, "strong-report: no process or run '%s'; strong-report list shows what there is\n",
                clean);
    else if (directory->count && running_only)
        fprintf(stderr, "strong-report: no measured process runs\n");
    else if (directory->refused_count == 0)
        fprintf(stderr, "strong-report: no segments; strong-report run -- COMMAND makes one\n");
    return EXIT_NO_DATA;
}

static void tell_refused(const struct directory *directory)
{
    for (size_t i = 0; i < directory->refused_count && i < REFUSED_SHOWN; i++)
        fprintf(stderr, "strong-report: %s\n", directory->refused[i].message);
    if (directory->refused_count > REFUSED_SHOWN)
        fprintf(stderr, "strong-report: and %zu more that cannot be read; strong-report gc removes old ones\n",
                directory->refused_count - REFUSED_SHOWN);
}

int list_command(int argc, char **argv)
{
    struct arguments rest;
    struct directory directory = {0};
    if (arguments_parse("list", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count > 1)
        return arguments_wrong("list", "one name at a time; not '%s' too", rest.rest[1]);
    const char *word = rest.count ? rest.rest[0] : NULL;
    size_t *order = NULL;
    if (directory_read(&directory, true) == 0)
        order = calloc(directory.count + 1, sizeof(*order));
    if (!order) {
        fprintf(stderr, "strong-report: not enough memory\n");
        directory_done(&directory);
        return EXIT_FAILED;
    }
    directory_tree(&directory, order);
    size_t kept = 0;
    for (size_t i = 0; i < directory.count; i++) {
        const struct directory_entry *entry = &directory.entries[order[i]];
        if ((!running_only || entry->state == PROCESS_RUNNING) && (!word || is_meant(entry, word)))
            order[kept++] = order[i];
    }
    int code = EXIT_OK;
    if (as_json)
        code = print_json(&directory, order, kept);
    else if (kept)
        code = list_runs(&directory, order, kept, with_findings, all ? 0 : LINES_MOST);
    tell_refused(&directory);
    if (!as_json && kept == 0)
        nothing(&directory, word);
    code = code == EXIT_OK && kept == 0 ? EXIT_NO_DATA : code;
    free(order);
    directory_done(&directory);
    return code;
}
