/* subject.h: from chosen segments to an analysis, shared by report and diff. Single-threaded. */
#ifndef STRONG_COMMANDS_SUBJECT_H
#define STRONG_COMMANDS_SUBJECT_H

#include <stddef.h>

#include "analyse/analysis.h"
#include "commands/select.h"

/* One model with what was made of it; zeros: nothing yet. */
struct subject {
    struct model *model;
    struct symbols *symbols;
    struct analysis *analysis;
    struct model **members; /* where it is merged by subject_whole: what it is made of */
    size_t member_count;
};

void subject_done(struct subject *subject);

/* Reads the models of every chosen segment that can be read, with a message for each other one: one that vanished
 * meanwhile does not spoil the rest. `subjects` holds selection->count. Returns how many there are. */
size_t subject_read(const struct selection *selection, struct subject *subjects);

/* Both return EXIT_OK, or EXIT_FAILED where memory is exhausted. */
int subject_analyse(struct subject *subject);
int subject_merge(const struct subject *subjects, size_t count, struct subject *whole);

/* The same model as subject_whole's, not analysed: for what needs the figures alone. EXIT_OK, or EXIT_FAILED after a
 * message. */
int subject_model(const struct selection *selection, struct subject *ret_subject);

/* All of a selection as one: read, merged where there are several, analysed. EXIT_OK, or EXIT_FAILED after a
 * message. */
int subject_whole(const struct selection *selection, struct subject *ret_subject);

#endif
