/* select.c: from a word to segments. */
#include "commands/select.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/list.h"
#include "read/text.h"

static bool is_live(const struct directory_entry *entry)
{
    return entry->state == PROCESS_RUNNING;
}

/* strong-report may be preloaded like any program; it is not what it is asked about. */
static bool is_ourselves(const struct directory_entry *entry)
{
    static char own[4096];
    if (!own[0] && readlink("/proc/self/exe", own, sizeof(own) - 1) <= 0)
        own[0] = '?';
    return strcmp(entry->summary.executable, own) == 0;
}

static const char *first_word_name(const struct directory_entry *entry, char *buf, size_t size)
{
    snprintf(buf, size, "%.*s", (int)strcspn(entry->summary.command, " "), entry->summary.command);
    const char *slash = strrchr(buf, '/');
    return slash ? slash + 1 : buf;
}

enum match { MATCH_ANY, MATCH_PID, MATCH_RUN, MATCH_NAME };

static bool matches(const struct directory_entry *entry, enum match match, const char *word)
{
    char buf[256];
    switch (match) {
    case MATCH_ANY:
        return entry->summary.header.uid == geteuid() && !is_ourselves(entry);
    case MATCH_PID:
        return entry->summary.header.pid == strtoul(word, NULL, 10) ||
               (entry->local_pid && entry->local_pid == (pid_t)strtoul(word, NULL, 10));
    case MATCH_RUN:
        return *word && strcmp(entry->summary.run, word) == 0;
    case MATCH_NAME:
        return strcmp(entry->name, word) == 0 ||
               strcmp(first_word_name(entry, buf, sizeof(buf)), word) == 0;
    }
    return false;
}

/* Follows exec to the image that counts. */
static size_t last_image(const struct directory *directory, size_t index)
{
    while (directory->entries[index].next_image != DIRECTORY_NONE)
        index = directory->entries[index].next_image;
    return index;
}

/* The one that is meant: the only one running, else the one that started last. Returns how many run
 * when that is more than one, else 1 with *ret_index set, 0 for none. */
static size_t pick(const struct directory *directory, enum match match, const char *word,
                   size_t *ret_index)
{
    size_t running = 0, newest = DIRECTORY_NONE, live = DIRECTORY_NONE;
    uint64_t newest_end = 0;
    for (size_t i = 0; i < directory->count; i++) {
        const struct directory_entry *entry = &directory->entries[i];
        if (!matches(entry, match, word) || entry->next_image != DIRECTORY_NONE)
            continue;
        uint64_t end = entry->summary.header.start_realtime_ns + entry->duration_ns;
        if (is_live(entry)) {
            running++;
            live = i;
        } else if (end >= newest_end) {
            newest = i;
            newest_end = end;
        }
    }
    if (running > 1)
        return running;
    *ret_index = running == 1 ? live : newest;
    return *ret_index != DIRECTORY_NONE;
}

/* What the first process became by exec is what the user started: it comes first. */
static void put_root_first(struct selection *selection)
{
    size_t root = last_image(&selection->directory, selection->chosen[0]);
    for (size_t i = 1; i < selection->count; i++) {
        if (selection->chosen[i] != root)
            continue;
        memmove(&selection->chosen[1], &selection->chosen[0], i * sizeof(root));
        selection->chosen[0] = root;
    }
}

/* Everything of the same run, or where it has no name, everything below. The root is first. */
static int choose_whole(struct selection *selection, size_t index)
{
    const struct directory *directory = &selection->directory;
    const char *run = directory->entries[index].summary.run;
    for (size_t i = 0; i < directory->count; i++) {
        bool wanted = i == index;
        for (size_t up = i; !*run && !wanted && up != DIRECTORY_NONE;
             up = directory->entries[up].parent)
            wanted = up == index;
        if (wanted || (*run && strcmp(directory->entries[i].summary.run, run) == 0))
            selection->chosen[selection->count++] = i;
    }
    put_root_first(selection);
    return EXIT_OK;
}

static int choose(struct selection *selection, size_t index, bool whole)
{
    selection->chosen = calloc(selection->directory.count, sizeof(*selection->chosen));
    if (!selection->chosen)
        return EXIT_FAILED;
    if (whole)
        return choose_whole(selection, index);
    selection->chosen[selection->count++] = last_image(&selection->directory, index);
    return EXIT_OK;
}

static bool is_number(const char *word)
{
    return *word && word[strspn(word, "0123456789")] == 0;
}

void select_tell_folders(const struct directory *directory)
{
    static bool told;
    for (size_t i = 0; i < directory->refused_count && !told; i++)
        if (directory->refused[i].is_folder)
            fprintf(stderr, "strong-report: %s\n", directory->refused[i].message);
    told = true;
}

static int nothing_named(const struct directory *directory)
{
    if (directory->count == 0 && directory->refused_count > 0) {
        for (size_t i = 0; i < directory->refused_count; i++)
            if (!directory->refused[i].is_folder)
                fprintf(stderr, "strong-report: %s\n", directory->refused[i].message);
        return EXIT_FAILED;
    }
    fprintf(stderr, "strong-report: nothing to report yet. Run a program under libstrong first:\n"
                    "  strong-report run -- ./app\n");
    return EXIT_NO_DATA;
}

static int nothing_found(const char *word)
{
    char clean[256];
    const char *parts[64] = {0};
    text_clean(clean, sizeof(clean), word, strlen(word));
    const struct command_word *words = report_words();
    for (int i = 0; words[i].name && i < 63; i++)
        parts[i] = words[i].name;
    const char *nearest = is_number(word) ? NULL : commands_nearest(word);
    const char *part = is_number(word) ? NULL : text_nearest(word, parts);
    if (nearest)
        return arguments_wrong("", "no command and no process '%s'; nearest command: %s", clean,
                               nearest);
    if (part && strcmp(part, word) != 0)
        return arguments_wrong("", "no process and no part of the report '%s'; nearest part: strong-report report %s",
                               clean, part);
    if (part) {
        fprintf(stderr, "strong-report: no process, run or file '%s'; the part of the report: strong-report report %s\n",
                clean, part);
        return EXIT_NO_DATA;
    }
    if (is_number(word))
        fprintf(stderr,
                "strong-report: no segment of process %s: was it started with libstrong.so preloaded? "
                "(strong-report run -- COMMAND)\n",
                clean);
    else
        fprintf(stderr,
                "strong-report: no process, run or file '%s'; strong-report list shows what there "
                "is\n",
                clean);
    return EXIT_NO_DATA;
}

static int several(const struct directory *directory, enum match match, const char *word)
{
    size_t *running = calloc(directory->count, sizeof(*running)), count = 0;
    if (!running)
        return EXIT_FAILED;
    for (size_t i = 0; i < directory->count; i++)
        if (matches(&directory->entries[i], match, word) && is_live(&directory->entries[i]) &&
            directory->entries[i].next_image == DIRECTORY_NONE)
            running[count++] = i;
    fprintf(stderr, "strong-report: %zu processes run; name one by its pid:\n", count);
    list_table(stderr, directory, running, count);
    free(running);
    return EXIT_USAGE;
}

static int select_file(const char *path, struct selection *selection)
{
    char message[SNAPSHOT_MESSAGE];
    if (directory_read_file(&selection->directory, path, message) != 0) {
        fprintf(stderr, "strong-report: %s\n", message);
        return EXIT_FAILED;
    }
    return choose(selection, 0, false);
}

static int select_folder(const char *path, struct selection *selection)
{
    struct directory *directory = &selection->directory;
    char clean[512];
    text_clean(clean, sizeof(clean), path, strlen(path));
    int error = directory_read_folder(directory, path);
    for (size_t i = 0; !error && i < directory->refused_count; i++)
        fprintf(stderr, "strong-report: %s\n", directory->refused[i].message);
    if (!error && directory->count == 0) {
        if (directory->refused_count == 0)
            fprintf(stderr, "strong-report: %s: no file in it ends in %s\n", clean, SEGMENT_SUFFIX);
        return directory->refused_count ? EXIT_FAILED : EXIT_NO_DATA;
    }
    if (!error)
        selection->chosen = calloc(directory->count, sizeof(*selection->chosen));
    if (!selection->chosen) {
        fprintf(stderr, "strong-report: not enough memory\n");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < directory->count; i++)
        selection->chosen[selection->count++] = i;
    put_root_first(selection);
    return EXIT_OK;
}

static int select_known(const char *word, bool whole, struct selection *selection)
{
    const struct directory *directory = &selection->directory;
    enum match order[] = {MATCH_RUN, MATCH_NAME};
    size_t index = DIRECTORY_NONE, first = 0, last = 1;
    select_tell_folders(directory);
    if (!word || is_number(word)) {
        order[0] = word ? MATCH_PID : MATCH_ANY;
        last = 0;
    }
    for (size_t i = first; i <= last; i++) {
        /* the name of a run means all of it, however many of them run */
        if (order[i] == MATCH_RUN) {
            for (size_t j = 0; j < directory->count; j++)
                if (matches(&directory->entries[j], MATCH_RUN, word))
                    return choose(selection, j, true);
            continue;
        }
        size_t found = pick(directory, order[i], word, &index);
        if (found > 1)
            return several(directory, order[i], word);
        if (found == 1)
            return choose(selection, index, whole);
    }
    return word ? nothing_found(word) : nothing_named(directory);
}

static bool is_folder(const char *word)
{
    struct stat facts;
    return !is_number(word) && stat(word, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* A program's file is a name too: ./server */
static bool is_program(const char *word)
{
    struct stat facts;
    return strstr(word, SEGMENT_SUFFIX) == NULL && lstat(word, &facts) == 0 && S_ISREG(facts.st_mode) &&
           access(word, X_OK) == 0;
}

bool select_is_file(const char *word)
{
    struct stat facts;
    if (is_number(word))
        return false;
    bool looks_like_file = strchr(word, '/') || strstr(word, SEGMENT_SUFFIX) || lstat(word, &facts) == 0;
    return looks_like_file && !is_program(word);
}

static const char *without_folder(const char *word)
{
    const char *slash = is_number(word) ? NULL : strrchr(word, '/');
    return slash ? slash + 1 : word;
}

int select_word(const char *word, bool whole, struct selection *ret_selection)
{
    memset(ret_selection, 0, sizeof(*ret_selection));
    int code = EXIT_FAILED;
    if (word && select_is_file(word))
        code = is_folder(word) ? select_folder(word, ret_selection) : select_file(word, ret_selection);
    else if (directory_read(&ret_selection->directory, word != NULL) == 0)
        code = select_known(word ? without_folder(word) : NULL, whole, ret_selection);
    else
        fprintf(stderr, "strong-report: not enough memory\n");
    if (code != EXIT_OK)
        select_done(ret_selection);
    return code;
}

bool select_matches(const struct directory_entry *entry, const char *word)
{
    if (!word)
        return matches(entry, MATCH_ANY, NULL);
    if (is_number(word))
        return matches(entry, MATCH_PID, word);
    return matches(entry, MATCH_RUN, word) || matches(entry, MATCH_NAME, word);
}

int select_running(const char *word, bool (*also)(const struct directory_entry *entry, const void *context),
                   const void *context, struct selection *ret_selection)
{
    struct directory *directory = &ret_selection->directory;
    memset(ret_selection, 0, sizeof(*ret_selection));
    int code = directory_read(directory, word != NULL) == 0 ? EXIT_NO_DATA : EXIT_FAILED;
    select_tell_folders(directory);
    if (code == EXIT_NO_DATA)
        ret_selection->chosen = calloc(directory->count + 1, sizeof(*ret_selection->chosen));
    const char *name = word ? without_folder(word) : NULL;
    for (size_t i = 0; ret_selection->chosen && i < directory->count; i++) {
        const struct directory_entry *entry = &directory->entries[i];
        bool meant = select_matches(entry, name);
        bool runs = is_live(entry) && entry->next_image == DIRECTORY_NONE;
        if ((meant && runs) || also(entry, context))
            ret_selection->chosen[ret_selection->count++] = i;
    }
    if (!ret_selection->chosen)
        code = EXIT_FAILED;
    else if (ret_selection->count)
        code = EXIT_OK;
    if (code != EXIT_OK)
        select_done(ret_selection);
    return code;
}

int select_run(const char *run, struct selection *ret_selection)
{
    memset(ret_selection, 0, sizeof(*ret_selection));
    int code = EXIT_NO_DATA;
    if (directory_read(&ret_selection->directory, false) == 0) {
        select_tell_folders(&ret_selection->directory);
        for (size_t i = 0; code == EXIT_NO_DATA && i < ret_selection->directory.count; i++)
            if (matches(&ret_selection->directory.entries[i], MATCH_RUN, run))
                code = choose(ret_selection, i, true);
    }
    if (code != EXIT_OK)
        select_done(ret_selection);
    return code;
}

void select_done(struct selection *selection)
{
    directory_done(&selection->directory);
    free(selection->chosen);
    memset(selection, 0, sizeof(*selection));
}
