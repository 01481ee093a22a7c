/* subject.c: see subject.h. */
#include "commands/subject.h"

#include <stdio.h>
#include <stdlib.h>

#include "commands/commands.h"
#include "read/snapshot.h"

void subject_done(struct subject *subject)
{
    analysis_free(subject->analysis);
    symbols_free(subject->symbols);
    model_free(subject->model);
    for (size_t i = 0; i < subject->member_count; i++)
        model_free(subject->members[i]);
    free(subject->members);
}

int subject_analyse(struct subject *subject)
{
    subject->symbols = symbols_new(subject->model);
    return subject->symbols &&
                   analysis_new(subject->model, subject->symbols, &subject->analysis) == 0
               ? EXIT_OK
               : EXIT_FAILED;
}

static int read_model(const struct directory_entry *entry, struct model **ret_model)
{
    char message[SNAPSHOT_MESSAGE];
    struct snapshot *snapshot = NULL;
    if (snapshot_open(entry->path, &snapshot, message) != 0) {
        fprintf(stderr, "strong-report: %s\n", message);
        return EXIT_FAILED;
    }
    int error = model_new(snapshot, entry->superseded, ret_model);
    snapshot_free(snapshot);
    if (error)
        fprintf(stderr, "strong-report: not enough memory\n");
    return error ? EXIT_FAILED : EXIT_OK;
}

size_t subject_read(const struct selection *selection, struct subject *subjects)
{
    size_t count = 0;
    for (size_t i = 0; i < selection->count; i++) {
        const struct directory_entry *entry = &selection->directory.entries[selection->chosen[i]];
        if (read_model(entry, &subjects[count].model) == EXIT_OK)
            count++;
    }
    return count;
}

static int merge(const struct subject *subjects, size_t count, struct subject *whole)
{
    const struct model **models = calloc(count, sizeof(*models));
    int error = models ? 0 : -1;
    for (size_t i = 0; i < count && !error; i++)
        models[i] = subjects[i].model;
    if (!error)
        error = model_merge(models, count, &whole->model);
    free(models);
    return error ? EXIT_FAILED : EXIT_OK;
}

int subject_merge(const struct subject *subjects, size_t count, struct subject *whole)
{
    int code = merge(subjects, count, whole);
    return code == EXIT_OK ? subject_analyse(whole) : code;
}

int subject_model(const struct selection *selection, struct subject *ret_subject)
{
    struct subject *members = calloc(selection->count, sizeof(*members));
    size_t count = members ? subject_read(selection, members) : 0;
    int code = EXIT_FAILED; /* what could not be read has been named */
    *ret_subject = (struct subject){0};
    if (count == 1) {
        *ret_subject = members[0];
        members[0] = (struct subject){0};
        code = EXIT_OK;
    } else if (count > 1) {
        code = merge(members, count, ret_subject);
        ret_subject->members = calloc(count, sizeof(*ret_subject->members));
        code = ret_subject->members ? code : EXIT_FAILED;
        for (size_t i = 0; ret_subject->members && i < count; i++) {
            ret_subject->members[ret_subject->member_count++] = members[i].model;
            members[i].model = NULL;
        }
    }
    if (!members || (count && code != EXIT_OK))
        fprintf(stderr, "strong-report: not enough memory\n");
    for (size_t i = 0; i < count; i++)
        subject_done(&members[i]);
    free(members);
    return code;
}

int subject_whole(const struct selection *selection, struct subject *ret_subject)
{
    int code = subject_model(selection, ret_subject);
    if (code != EXIT_OK)
        return code;
    code = subject_analyse(ret_subject);
    if (code != EXIT_OK)
        fprintf(stderr, "strong-report: not enough memory\n");
    return code;
}
