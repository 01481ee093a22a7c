/* paths.c: see paths.h. A directory is what stands before a path's last slash, of long paths before the fourth: a tree of
 * many small directories would be as long as the list of files. What has no path is a row of its own, "(other)". */
#include "analyse/paths.h"

#include <stdlib.h>
#include <string.h>

#include "read/lookup.h"

enum { DIRECTORY_LEVELS = 4 };

static const char *const operation_names[OPERATION_COUNT] = {
    [OPERATION_OTHER] = "other", [OPERATION_OPEN] = "open",   [OPERATION_CLOSE] = "close",
    [OPERATION_READ] = "read",   [OPERATION_WRITE] = "write", [OPERATION_SYNC] = "sync",
    [OPERATION_MOVE] = "move",   [OPERATION_CONNECT] = "",    [OPERATION_ACCEPT] = "",
    [OPERATION_READY] = "",      [OPERATION_LOOKUP] = "",
};

static void add_row(struct path *path, struct arena *arena, const struct model_row *row)
{
    path->ns += row->ns;
    path->errors += row->errors;
    (void)latency_merge(&path->latency, arena, &row->latency);
    switch (operations_of(row->hook)) {
    case OPERATION_OPEN:
        path->opens += row->calls;
        path->open_errors += row->errors;
        break;
    case OPERATION_READ:
        path->reads += row->calls;
        path->read_bytes += row->bytes;
        break;
    case OPERATION_WRITE:
    case OPERATION_MOVE:
        path->writes += row->calls;
        path->write_bytes += row->bytes;
        break;
    case OPERATION_SYNC:
        path->syncs += row->calls;
        path->sync_ns += row->ns;
        break;
    default:
        break;
    }
}

static int most_time_first(const void *left, const void *right)
{
    const struct path *a = left, *b = right;
    return a->ns < b->ns ? 1 : a->ns > b->ns ? -1 : strcmp(a->name, b->name);
}

/* ---- directories ---- */

static size_t directory_len(const char *name)
{
    const char *last = strrchr(name, '/');
    size_t len = last != NULL ? (size_t)(last - name) + 1 : 0;
    unsigned level = 0;
    for (size_t i = 1; i < len; i++)
        if (name[i] == '/' && ++level == DIRECTORY_LEVELS)
            return i + 1;
    return len;
}

static void add_path(struct path *sum, struct arena *arena, const struct path *one)
{
    sum->files += one->files;
    sum->opens += one->opens;
    sum->open_errors += one->open_errors;
    sum->reads += one->reads;
    sum->read_bytes += one->read_bytes;
    sum->writes += one->writes;
    sum->write_bytes += one->write_bytes;
    sum->syncs += one->syncs;
    sum->sync_ns += one->sync_ns;
    sum->ns += one->ns;
    sum->errors += one->errors;
    (void)latency_merge(&sum->latency, arena, &one->latency);
}

static bool by_directory(struct paths *paths, struct arena *arena)
{
    struct lookup known = {0};
    bool done = true;
    paths->directories = arena_array(arena, paths->file_count + 1, sizeof(struct path));
    for (size_t i = 0; paths->directories != NULL && i < paths->file_count && done; i++) {
        const struct path *file = &paths->files[i];
        size_t len = file->files > 0 ? directory_len(file->name) : strlen(file->name);
        uint64_t key = lookup_hash(LOOKUP_SEED, file->name, len);
        uint32_t found;
        while ((found = lookup_find(&known, key)) != LOOKUP_NONE &&
               (strncmp(paths->directories[found].name, len > 0 ? file->name : ".",
                        len > 0 ? len : 1) != 0 ||
                strlen(paths->directories[found].name) != (len > 0 ? len : 1)))
            key++;
        if (found == LOOKUP_NONE) {
            found = (uint32_t)paths->directory_count++;
            paths->directories[found].name = len > 0 ? arena_text(arena, file->name, len) : ".";
            done = paths->directories[found].name != NULL && lookup_add(&known, key, found) == 0;
        }
        if (done)
            add_path(&paths->directories[found], arena, file);
    }
    lookup_done(&known);
    if (!done || paths->directories == NULL)
        return false;
    qsort(paths->directories, paths->directory_count, sizeof(struct path), most_time_first);
    return true;
}

/* ---- the whole ---- */

/* Sums of the rows of files; a hook that can be about anything (read, close) counts only where a file was touched, or
 * where nothing is known of what was. */
static void add_operations(const struct analysis *analysis, struct arena *arena,
                           struct paths *paths)
{
    const struct model *model = analysis->model;
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        paths->operations[i].name = paths->stdio[i].name = operation_names[i];
    for (unsigned i = 0; i < OPERATION_COUNT; i++)
        paths->operations[i].detail = paths->stdio[i].detail = "";
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        enum target_kind kind = calls_kind(model, row);
        if (hook_kinds[row->hook] == HOOK_KIND_PSEUDO || hook_classes[row->hook] != CLASS_FILE ||
            (kind != TARGET_FILE && kind != TARGET_OTHER) || operations_is_stdio(row->hook))
            continue;
        calls_add_row(&paths->operations[operations_of(row->hook)], arena, row);
        if (operations_of(row->hook) == OPERATION_SYNC)
            calls_add_row(&paths->syncs, arena, row);
    }
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++) {
        if (!operations_is_stdio(hook) || model->hooks[hook].calls == 0)
            continue;
        calls_add_hook(&paths->stdio[operations_of(hook)], arena, &model->hooks[hook]);
    }
    paths->syncs.name = "syncs";
    paths->syncs.detail = "";
}

bool paths_make(const struct analysis *analysis, struct arena *arena, struct paths *ret_paths)
{
    const struct model *model = analysis->model;
    struct paths paths = {0};
    paths.files = arena_array(arena, model->target_count + 1, sizeof(struct path));
    if (paths.files == NULL)
        return false;
    for (uint32_t t = 0; t < model->target_count; t++) {
        struct path *path = &paths.files[paths.file_count];
        bool any = false;
        if (t != 0 && model->targets[t].kind != TARGET_FILE)
            continue;
        for (uint32_t i = analysis->first_of[t]; i < analysis->first_of[t + 1]; i++) {
            const struct model_row *row = &model->rows[analysis->by_target[i]];
            if (hook_classes[row->hook] != CLASS_FILE || hook_kinds[row->hook] == HOOK_KIND_PSEUDO)
                continue;
            add_row(path, arena, row);
            any = true;
        }
        path->name = calls_target_name(analysis, t);
        path->files = t != 0;
        paths.file_count += any;
    }
    if (paths.file_count > 1)
        qsort(paths.files, paths.file_count, sizeof(struct path), most_time_first);
    add_operations(analysis, arena, &paths);
    if (paths.file_count >= PATHS_MANY && !by_directory(&paths, arena))
        return false;
    *ret_paths = paths;
    return true;
}
