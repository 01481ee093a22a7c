/* export.c: `strong-report export FORMAT`: what was measured as a file of somebody else's format. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/subject.h"
#include "read/text.h"
#include "render/export.h"

enum { FORMATS_MOST = 32 };

static const char *output_path, *cost_word;
static bool merge;

static const struct argument arguments[] = {
    {"cost", "COST", &cost_word, NULL,
     "of the samples only cpu, blocked, lock, allocated, live, peak or temporary", 0},
    {"merge", NULL, NULL, &merge, "the whole run as one, children included", 0},
    {"output", "FILE", &output_path, NULL, "where it goes, instead of standard output", 'o'},
    {0},
};

const struct argument *export_arguments(void)
{
    return arguments;
}

const struct command_word *export_words(void)
{
    static struct command_word words[FORMATS_MOST + 1];
    for (size_t i = 0; export_formats[i].name != NULL && i < FORMATS_MOST; i++)
        words[i] = (struct command_word){export_formats[i].name, export_formats[i].meaning};
    return words;
}

static int unknown_format(const char *word)
{
    const char *names[FORMATS_MOST + 1] = {0};
    char all[512] = "";
    for (size_t i = 0; export_formats[i].name != NULL && i < FORMATS_MOST; i++) {
        names[i] = export_formats[i].name;
        strncat(all, i ? ", " : "", sizeof(all) - strlen(all) - 1);
        strncat(all, names[i], sizeof(all) - strlen(all) - 1);
    }
    if (word == NULL)
        return arguments_wrong("export", "needs a format: %s", all);
    const char *nearest = text_nearest(word, names);
    if (nearest != NULL)
        return arguments_wrong("export", "no format '%s'; nearest: %s", word, nearest);
    return arguments_wrong("export", "no format '%s'; there are: %s", word, all);
}

static int find_cost(const char *word, enum calltree_cost *ret_cost)
{
    const char *names[CALLTREE_COSTS + 1] = {0};
    for (int i = 0; i < CALLTREE_COSTS; i++) {
        names[i] = calltree_cost_name((enum calltree_cost)i);
        if (strcmp(names[i], word) == 0) {
            *ret_cost = (enum calltree_cost)i;
            return EXIT_OK;
        }
    }
    const char *nearest = text_nearest(word, names);
    if (nearest != NULL)
        return arguments_wrong("export", "--cost: no cost '%s'; nearest: %s", word, nearest);
    return arguments_wrong("export",
                           "--cost: no cost '%s'; there are: cpu, blocked, lock, allocated, live, "
                           "peak, temporary",
                           word);
}

/* Which formats are not text is seen by their files' names. */
static bool is_binary(const struct export_format *format)
{
    size_t len = strlen(format->file_suffix);
    return len > 3 && strcmp(format->file_suffix + len - 3, ".gz") == 0;
}

static int write_document(const struct export_format *format, const struct export_source *source)
{
    struct output output;
    int code = output_open("export", output_path, &output);
    if (code != EXIT_OK)
        return code;
    if (format->write(output.file, source) != 0) {
        fprintf(stderr, "strong-report export: not enough memory\n");
        code = EXIT_FAILED;
    }
    code = output_close(&output, code);
    /* folded is the one format that has nothing else to say */
    bool by_cost = source->cost_given || format->write == export_folded;
    if (code == EXIT_OK && by_cost &&
        !calltree_measured(source->analysis->model, source->cost))
        fprintf(stderr, "strong-report export: nothing of the cost %s was sampled\n",
                calltree_cost_name(source->cost));
    return code;
}

static int export_subjects(const struct export_format *format, struct export_source *source,
                           struct subject *subjects, size_t count)
{
    struct subject whole = {0};
    const struct analysis **members = calloc(count, sizeof(*members));
    int code = members != NULL ? EXIT_OK : EXIT_FAILED;
    for (size_t i = 0; i < count && code == EXIT_OK; i++) {
        code = subject_analyse(&subjects[i]);
        members[i] = subjects[i].analysis;
    }
    if (code == EXIT_OK && count > 1)
        code = subject_merge(subjects, count, &whole);
    if (code == EXIT_OK) {
        source->analysis = count > 1 ? whole.analysis : subjects[0].analysis;
        source->members = members;
        source->member_count = count;
        code = write_document(format, source);
    } else {
        fprintf(stderr, "strong-report export: not enough memory\n");
    }
    subject_done(&whole);
    free(members);
    return code;
}

static int export_selection(const struct export_format *format, struct export_source *source,
                            const struct selection *selection)
{
    struct subject *subjects = calloc(selection->count, sizeof(*subjects));
    int code = EXIT_FAILED; /* what could not be read has been named */
    size_t count = subjects != NULL ? subject_read(selection, subjects) : 0;
    if (count > 0)
        code = export_subjects(format, source, subjects, count);
    for (size_t i = 0; i < count; i++)
        subject_done(&subjects[i]);
    free(subjects);
    return code;
}

int export_command(int argc, char **argv)
{
    struct arguments rest;
    struct selection selection;
    struct export_source source = {.cost = CALLTREE_CPU};
    if (arguments_parse("export", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    const struct export_format *format = export_formats;
    while (rest.count > 0 && format->name != NULL && strcmp(format->name, rest.rest[0]) != 0)
        format++;
    if (rest.count == 0 || format->name == NULL)
        return unknown_format(rest.count > 0 ? rest.rest[0] : NULL);
    if (rest.count > 2)
        return arguments_wrong("export", "one process, file or run at a time; not '%s' too",
                               rest.rest[2]);
    source.cost_given = cost_word != NULL;
    if (source.cost_given && find_cost(cost_word, &source.cost) != EXIT_OK)
        return EXIT_USAGE;
    bool to_stdout = output_path == NULL || strcmp(output_path, "-") == 0;
    if (is_binary(format) && to_stdout && isatty(STDOUT_FILENO))
        return arguments_wrong("export", "%s is binary: name a file for it, -o NAME.%s",
                               format->name, format->file_suffix);
    int code = select_word(rest.count > 1 ? rest.rest[1] : NULL, merge, &selection);
    if (code != EXIT_OK)
        return code;
    code = export_selection(format, &source, &selection);
    select_done(&selection);
    return code;
}
