/* run.c: `strong-report run -- COMMAND`: preload, run, report.
 *
 * The program's standard output stays its own: the report goes to stderr or a file, and the exit code is
 * the program's. What cannot be preloaded is said, then run unmeasured.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/child.h"
#include "commands/commands.h"
#include "commands/output.h"
#include "commands/program.h"
#include "commands/report.h"
#include "commands/settings.h"
#include "read/text.h"

#ifndef STRONG_LIBRARY_FOLDER /* seen from the folder of strong-report, where both are installed */
#define STRONG_LIBRARY_FOLDER "../lib/libstrong"
#endif

enum { OWN_ARGUMENTS = 7, SETTINGS_LIMIT = 64, PATH_BYTES = 4096 };

static const char *output, *config, *library, *run_name;
static bool as_json, full, no_report;

static const struct argument own_arguments[OWN_ARGUMENTS] = {
    {"config", "FILE", &config, NULL, "settings, instead of ~/.config/strong/config.ini", 0},
    {"full", NULL, NULL, &full, "the long report", 0},
    {"json", NULL, NULL, &as_json, "the report as JSON", 0},
    {"library", "FILE", &library, NULL, "libstrong.so to preload, instead of the one that came along", 0},
    {"name", "RUN", &run_name, NULL, "name of the run, for strong-report RUN", 0},
    {"no-report", NULL, NULL, &no_report, "only measure", 0},
    {"output", "FILE", &output, NULL, "where the report goes, instead of stderr", 0},
};

static char setting_flags[SETTINGS_LIMIT][64];
static const char *setting_values[SETTINGS_LIMIT];

/* Our own options, then one for each setting but RUN, which is ours to set. */
const struct argument *run_arguments(void)
{
    static struct argument arguments[OWN_ARGUMENTS + SETTINGS_LIMIT + 1];
    size_t count = 0;
    for (; count < OWN_ARGUMENTS; count++)
        arguments[count] = own_arguments[count];
    for (size_t i = 0; i < settings_count && i < SETTINGS_LIMIT; i++) {
        if (strcmp(settings[i].name, "RUN") == 0)
            continue;
        arguments[count++] = (struct argument){
            .name = settings_flag(&settings[i], setting_flags[i]),
            .value_name = strcmp(settings[i].name, "OPTIMIZE") == 0 ? "OPTIMIZERS" : settings[i].value,
            .value = &setting_values[i],
            .meaning = settings[i].meaning,
        };
    }
    memset(&arguments[count], 0, sizeof(arguments[count]));
    return arguments;
}

/* Also the loader would wait for a fifo. */
static bool is_library(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISREG(facts.st_mode) && access(path, R_OK) == 0;
}

static bool try_library(char *path, size_t size, const char *folder, const char *below)
{
    int len = snprintf(path, size, "%s%s%s/libstrong.so", folder, *below ? "/" : "", below);
    return (size_t)len < size && is_library(path);
}

/* Beside strong-report, where both were built, or where both are installed. */
static bool find_library(char *path, size_t size)
{
    char own[PATH_BYTES], *real;
    if (library) {
        real = realpath(library, NULL);
        snprintf(path, size, "%s", real ? real : library);
        free(real);
        return is_library(path);
    }
    ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
    own[len > 0 ? len : 0] = 0;
    char *slash = strrchr(own, '/');
    if (slash)
        *slash = 0;
    bool found =
        try_library(path, size, own, "") || try_library(path, size, own, STRONG_LIBRARY_FOLDER);
    real = found ? realpath(path, NULL) : NULL;
    if (real)
        snprintf(path, size, "%s", real);
    free(real);
    return found;
}

static int set_preload(const char *path)
{
    const char *before = getenv("LD_PRELOAD");
    char *joined;
    if (strpbrk(path, ": ")) /* ld.so(8): both separate, and there is no escape */
        return arguments_wrong("run", "%s: a path with a blank or a colon cannot be preloaded", path);
    if (asprintf(&joined, "%s%s%s", path, before && *before ? ":" : "", before ? before : "") < 0)
        return EXIT_FAILED;
    int error = setenv("LD_PRELOAD", joined, 1);
    free(joined);
    return error ? EXIT_FAILED : EXIT_OK;
}

/* "name-pid-time": nobody else's, and readable. */
static void name_run(const char *word, char *buf, size_t size)
{
    struct timespec now;
    const char *slash = strrchr(word, '/');
    char name[64];
    text_clean(name, 40, slash ? slash + 1 : word, strlen(slash ? slash + 1 : word));
    clock_gettime(CLOCK_REALTIME, &now);
    snprintf(buf, size, "%s-%d-%llx", name, (int)getpid(),
             (unsigned long long)now.tv_sec * 1000 + (unsigned long long)now.tv_nsec / 1000000);
}

/* Precedence: options, then the environment, then the file. */
static int apply_settings(void)
{
    for (size_t i = 0; i < settings_count && i < SETTINGS_LIMIT; i++)
        if (setting_values[i] && settings_set(&settings[i], setting_values[i]) != 0)
            return EXIT_FAILED;
    return settings_read(config) == 0 ? EXIT_OK : EXIT_USAGE;
}

static int print_report(const char *run, const struct program *program)
{
    struct selection selection;
    struct report_form form = {.json = as_json, .full = full};
    struct output out = {.file = stderr};
    if (select_run(run, &selection) != EXIT_OK) {
        fprintf(stderr,
                "strong-report: %s left no segment: libstrong.so was not loaded into it, switched off, "
                "or found no shared memory\n",
                program->path);
        return EXIT_NO_DATA;
    }
    int code = output ? output_open("run", output, &out) : EXIT_OK;
    if (!output)
        fputc('\n', stderr);
    if (code == EXIT_OK)
        code = report_print(out.file, &selection, &form);
    if (out.file && out.file != stderr)
        code = output_close(&out, code);
    select_done(&selection);
    return code;
}

/* Says what stands in the way; true when the program can be measured. */
static bool can_measure(const char *word, const struct program *program, const char *library_path,
                        bool has_library)
{
    const char *obstacle = program_obstacle(program);
    if (obstacle) {
        arguments_wrong("run", "%s cannot be preloaded: %s. It runs unmeasured.",
                        program->is_script ? program->path : word, obstacle);
        return false;
    }
    if (!has_library) {
        arguments_wrong("run", "no libstrong.so %s%s; --library=FILE names one: %s runs unmeasured.",
                        library ? "at " : "beside strong-report or where it is installed",
                        library ? library_path : "", word);
        return false;
    }
    if (program->kind == PROGRAM_GO)
        arguments_wrong("run", "%s is a Go program: only what it does through libc is seen", word);
    return true;
}

int run_command(int argc, char **argv)
{
    struct arguments rest;
    static struct program program;
    char path[PATH_BYTES], run[128];
    int started;
    if (arguments_parse("run", argc, argv, run_arguments(), true, &rest) != 0)
        return EXIT_USAGE;
    if (rest.count == 0)
        return arguments_wrong("run", "what? strong-report run [options] -- COMMAND [ARGUMENT...]");
    char **command = calloc((size_t)rest.count + 1, sizeof(*command));
    if (!command)
        return EXIT_FAILED;
    memcpy(command, rest.rest, (size_t)rest.count * sizeof(*command));
    int code = apply_settings();
    program_inspect(command[0], &program);
    bool measured = false;
    if (code == EXIT_OK && program.kind != PROGRAM_MISSING) {
        bool has_library = find_library(path, sizeof(path));
        measured = can_measure(command[0], &program, path, has_library);
        if (measured)
            code = set_preload(path);
    }
    if (run_name)
        snprintf(run, sizeof(run), "%s", run_name);
    else
        name_run(command[0], run, sizeof(run));
    if (code == EXIT_OK && setenv("STRONG_RUN", run, 1) == 0) {
        code = child_run(command, &started);
        signal(SIGPIPE, SIG_IGN); /* the program's code comes back even if nobody reads the report */
        if (started && measured && !no_report)
            print_report(run, &program);
    }
    free(command);
    return code;
}
