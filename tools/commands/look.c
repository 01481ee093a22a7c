/* look.c: see look.h. A process is known again by pid and start, as the segment's header has them. */
#include "commands/look.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "commands/commands.h"
#include "read/snapshot.h"

static bool same_process(const struct model *model, uint32_t pid, uint64_t start_boottime_ns)
{
    return (uint32_t)model->processes[0].pid == pid && model->processes[0].start_boottime_ns == start_boottime_ns;
}

static bool ran_before(const struct directory_entry *entry, const void *context)
{
    const struct look *before = context;
    for (size_t i = 0; before && i < before->count; i++)
        if (before->members[i].model->processes[0].state == PROCESS_RUNNING &&
            same_process(before->members[i].model, entry->summary.header.pid,
                         entry->summary.header.start_boottime_ns))
            return true;
    return false;
}

static bool read_member(const struct directory_entry *entry, bool told, struct subject *member)
{
    char message[SNAPSHOT_MESSAGE];
    struct snapshot *snapshot = NULL;
    if (snapshot_open(entry->path, &snapshot, message) != 0) {
        if (told)
            fprintf(stderr, "strong-report: %s\n", message);
        return false;
    }
    bool read = model_new(snapshot, entry->superseded, &member->model) == 0;
    snapshot_free(snapshot);
    return read;
}

int look_take(const char *word, const struct look *before, struct look *ret_look)
{
    struct selection selection;
    *ret_look = (struct look){0};
    bool is_file = word && select_is_file(word);
    int code = is_file ? select_word(word, false, &selection) : select_running(word, ran_before, before, &selection);
    if (code != EXIT_OK)
        return code;
    ret_look->members = calloc(selection.count, sizeof(*ret_look->members));
    for (size_t i = 0; ret_look->members && i < selection.count; i++) {
        struct subject *member = &ret_look->members[ret_look->count];
        if (!read_member(&selection.directory.entries[selection.chosen[i]], is_file, member))
            continue;
        ret_look->count++;
        ret_look->running += member->model->processes[0].state == PROCESS_RUNNING;
    }
    code = !ret_look->members ? EXIT_FAILED : ret_look->count ? EXIT_OK : EXIT_NO_DATA;
    select_done(&selection);
    if (code != EXIT_OK)
        look_done(ret_look);
    return code;
}

void look_done(struct look *look)
{
    for (size_t i = 0; i < look->count; i++)
        subject_done(&look->members[i]);
    free(look->members);
    *look = (struct look){0};
}

static bool has(const struct look *look, const struct model *model)
{
    for (size_t i = 0; i < look->count; i++)
        if (same_process(look->members[i].model, (uint32_t)model->processes[0].pid,
                         model->processes[0].start_boottime_ns))
            return true;
    return false;
}

int look_merge_common(const struct look *before, const struct look *now, struct model **ret_model)
{
    const struct model **models = calloc(before->count + 1, sizeof(*models));
    size_t count = 0;
    for (size_t i = 0; models && i < before->count; i++)
        if (has(now, before->members[i].model))
            models[count++] = before->members[i].model;
    int code = !models ? EXIT_FAILED : count ? EXIT_OK : EXIT_NO_DATA;
    if (code == EXIT_OK && model_merge(models, count, ret_model) != 0)
        code = EXIT_FAILED;
    free(models);
    return code;
}

int look_merge(const struct look *look, struct model **ret_model)
{
    return look_merge_common(look, look, ret_model);
}
