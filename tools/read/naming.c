/* naming.c: see naming.h. Holds a copy of what symbols need of a model: its processes and modules. */
#include "read/naming.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct naming {
    struct model copy; /* processes and modules only */
    struct symbols *symbols;
    off_t map_bytes; /* of /tmp/perf-<pid>.map when the symbols were made */
    time_t made;
};

enum { MAP_PAUSE_SECONDS = 10 };

struct naming *naming_new(void)
{
    return calloc(1, sizeof(struct naming));
}

static void forget(struct naming *naming)
{
    symbols_free(naming->symbols);
    arena_done(&naming->copy.arena);
    *naming = (struct naming){0};
}

void naming_free(struct naming *naming)
{
    if (!naming)
        return;
    forget(naming);
    free(naming);
}

static off_t map_size(const struct model *model)
{
    char path[64];
    struct stat facts;
    snprintf(path, sizeof(path), "/tmp/perf-%d.map", (int)model->processes[0].pid);
    return stat(path, &facts) == 0 ? facts.st_size : 0;
}

static time_t now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return clock.tv_sec;
}

static bool same_module(const struct model_module *a, const struct model_module *b)
{
    return a->start == b->start && a->end == b->end && a->bias == b->bias &&
           a->process == b->process && a->build_id_len == b->build_id_len &&
           memcmp(a->build_id, b->build_id, a->build_id_len) == 0 && strcmp(a->file, b->file) == 0;
}

static bool still_good(const struct naming *naming, const struct model *model)
{
    const struct model *copy = &naming->copy;
    if (!naming->symbols || copy->process_count != model->process_count ||
        copy->module_count != model->module_count)
        return false;
    for (size_t i = 0; i < model->process_count; i++) {
        const struct model_process *a = &copy->processes[i], *b = &model->processes[i];
        if (a->pid != b->pid || a->start_boottime_ns != b->start_boottime_ns)
            return false;
    }
    for (size_t i = 0; i < model->module_count; i++)
        if (!same_module(&copy->modules[i], &model->modules[i]))
            return false;
    return map_size(model) == naming->map_bytes || now() - naming->made < MAP_PAUSE_SECONDS;
}

static const char *copy_text(struct arena *arena, const char *text)
{
    return arena_text(arena, text, strlen(text));
}

static bool copy_modules(struct model *copy, const struct model *model)
{
    copy->modules = arena_array(&copy->arena, model->module_count + 1, sizeof(*copy->modules));
    for (size_t i = 0; copy->modules && i < model->module_count; i++) {
        struct model_module *module = &copy->modules[i];
        *module = model->modules[i];
        module->file = copy_text(&copy->arena, module->file);
        module->path = copy_text(&copy->arena, module->path);
        if (!module->file || !module->path)
            return false;
        const char *slash = strrchr(module->path, '/');
        module->name = slash && slash[1] ? slash + 1 : module->path;
        copy->module_count++;
    }
    return copy->modules != NULL;
}

static bool copy_processes(struct model *copy, const struct model *model)
{
    copy->processes = arena_array(&copy->arena, model->process_count, sizeof(*copy->processes));
    for (size_t i = 0; copy->processes && i < model->process_count; i++) {
        struct model_process *process = &copy->processes[i];
        *process = model->processes[i];
        /* what symbols do not look at is left out rather than left dangling */
        process->executable = process->name = process->command = process->run = "";
        process->library_version = process->path = "";
        process->stopped = NULL;
        copy->process_count++;
    }
    return copy->processes != NULL;
}

struct symbols *naming_symbols(struct naming *naming, const struct model *model)
{
    if (still_good(naming, model))
        return naming->symbols;
    forget(naming);
    if (copy_processes(&naming->copy, model) && copy_modules(&naming->copy, model))
        naming->symbols = symbols_new(&naming->copy);
    naming->map_bytes = map_size(model);
    naming->made = now();
    return naming->symbols;
}
