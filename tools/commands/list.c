/* list.c: `strong-report list`. */
#include "commands/list.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "analyse/units.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "read/text.h"
#include "render/screen.h"

/* Files that are no segments of this build are named up to here, then counted. */
enum { REFUSED_SHOWN = 3 };

static bool as_json;
static bool running_only;

static const struct argument arguments[] = {
    {"json", NULL, NULL, &as_json, "a JSON array, one object a process", 0},
    {"running", NULL, NULL, &running_only, "only processes that run", 0},
    {0},
};

const struct argument *list_arguments(void)
{
    return arguments;
}

static void started(const struct directory_entry *entry, char *buf, size_t size)
{
    time_t seconds = (time_t)(entry->summary.header.start_realtime_ns / 1000000000u), now = time(NULL);
    struct tm local;
    if (!localtime_r(&seconds, &local)) {
        snprintf(buf, size, "?");
        return;
    }
    bool today = now >= seconds && now - seconds < 20 * 3600;
    strftime(buf, size, today ? "%H:%M:%S" : "%Y-%m-%d", &local);
}

static const char *command_of(const struct directory_entry *entry)
{
    return entry->summary.command[0] ? entry->summary.command : entry->summary.executable;
}

void list_table(FILE *out, const struct directory *directory, const size_t *indices, size_t count,
                bool as_tree)
{
    struct screen screen;
    screen_init(&screen, out);
    bool cut = isatty(fileno(out));
    screen_print(&screen, STYLE_BOLD, "%8s  %-8s  %-10s  %12s  %s", "PID", "STATE", "STARTED",
                 "DURATION", "COMMAND");
    for (size_t i = 0; i < count; i++) {
        const struct directory_entry *entry = &directory->entries[indices[i]];
        struct screen_line line;
        char start[32];
        started(entry, start, sizeof(start));
        if (!cut)
            screen.width = SCREEN_LINE_BYTES / 4;
        screen_begin(&line, &screen);
        screen_add(&line, entry->state == PROCESS_RUNNING ? STYLE_BOLD : STYLE_PLAIN,
                   "%8u  %-8s  %-10s  %12s  ", entry->summary.header.pid,
                   entry->state == PROCESS_UNKNOWN ? "unknown" : model_state_name(entry->state), start,
                   units_duration(entry->duration_ns).text);
        unsigned depth = as_tree ? entry->depth : 0;
        screen_add(&line, STYLE_PLAIN, "%*s", (int)(depth < 20 ? depth * 2 : 40), "");
        const char *command = command_of(entry);
        screen_add_text(&line, STYLE_PLAIN, command, strlen(command), screen.width);
        screen_end(&line, &screen);
    }
}

static json_t *entry_json(const struct directory_entry *entry)
{
    const struct segment_header *header = &entry->summary.header;
    return json_pack("{s:I, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s}", "pid",
                     (json_int_t)header->pid, "parent_pid", (json_int_t)header->parent_pid, "state",
                     model_state_name(entry->state), "exe", entry->summary.executable, "cmdline",
                     entry->summary.command, "run", entry->summary.run, "start_ns",
                     (json_int_t)header->start_realtime_ns, "duration_ns",
                     (json_int_t)entry->duration_ns, "disk_bytes",
                     (json_int_t)entry->summary.disk_bytes, "path", entry->path);
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

int list_command(int argc, char **argv)
{
    struct arguments rest;
    struct directory directory = {0};
    if (arguments_parse("list", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count)
        return arguments_wrong("list", "takes no argument: '%s'", rest.rest[0]);
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
    for (size_t i = 0; i < directory.count; i++)
        if (!running_only || directory.entries[order[i]].state == PROCESS_RUNNING)
            order[kept++] = order[i];
    int code = EXIT_OK;
    if (as_json)
        code = print_json(&directory, order, kept);
    else if (kept)
        list_table(stdout, &directory, order, kept, true);
    for (size_t i = 0; i < directory.refused_count && i < REFUSED_SHOWN; i++)
        fprintf(stderr, "strong-report: %s\n", directory.refused[i].message);
    if (directory.refused_count > REFUSED_SHOWN)
        fprintf(stderr, "strong-report: and %zu more that cannot be read; strong-report gc removes old ones\n",
                directory.refused_count - REFUSED_SHOWN);
    if (!as_json && kept == 0 && directory.refused_count == 0)
        fprintf(stderr, "strong-report: no segments; strong-report run -- COMMAND makes one\n");
    code = code == EXIT_OK && kept == 0 ? EXIT_NO_DATA : code;
    free(order);
    directory_done(&directory);
    return code;
}
