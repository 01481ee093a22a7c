/* model.c: builds a model from a snapshot, step by step (decode.h), and answers simple questions. */
#include "read/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read/decode.h"
#include "read/process.h"

static void decoder_done(struct decoder *decoder)
{
    free(decoder->target_map);
    free(decoder->stack_map);
    free(decoder->stack_generation);
    lookup_done(&decoder->row_index);
    lookup_done(&decoder->error_index);
    vector_done(&decoder->rows);
    vector_done(&decoder->errors);
    vector_done(&decoder->events);
    vector_done(&decoder->threads);
}

static int decode_all(struct decoder *decoder)
{
    static int (*const steps[])(struct decoder *) = {
        decode_facts,  decode_modules, decode_targets,   decode_stacks,
        decode_blocks, decode_samples, decode_heap,      decode_resources,
        decode_gauges,
    };
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        int error = steps[i](decoder);
        if (error)
            return error;
    }
    model_total_targets(decoder->model);
    model_order(decoder->model);
    return 0;
}

int model_new(const struct snapshot *snapshot, bool superseded, struct model **ret_model)
{
    struct model *model = calloc(1, sizeof(*model));
    if (!model)
        return -ENOMEM;
    struct decoder decoder = {.snapshot = snapshot, .model = model};
    decoder.rows.bytes = sizeof(struct model_row);
    decoder.errors.bytes = sizeof(struct model_error);
    decoder.events.bytes = sizeof(struct model_event);
    decoder.threads.bytes = sizeof(struct model_thread);
    model->processes = arena_take(&model->arena, sizeof(*model->processes));
    int error = model->processes ? 0 : -ENOMEM;
    if (!error) {
        struct model_process *process = &model->processes[0];
        model->process_count = 1;
        process->state = process_state(snapshot->header, superseded, &process->local_pid);
        decoder.end_ns = decode_end(snapshot, process->state, process_clock_ahead(process->local_pid, CLOCK_MONOTONIC));
        error = decode_all(&decoder);
    }
    decoder_done(&decoder);
    if (error)
        model_free(model);
    else
        *ret_model = model;
    return error;
}

void model_free(struct model *model)
{
    if (!model)
        return;
    arena_done(&model->arena);
    free(model);
}

const char *model_option(const struct model *model, const char *name)
{
    for (size_t i = 0; i < model->option_count; i++)
        if (strcmp(model->options[i].name, name) == 0)
            return model->options[i].value;
    return NULL;
}

const char *model_state_name(enum process_state state)
{
    switch (state) {
    case PROCESS_RUNNING:
        return "running";
    case PROCESS_EXITED:
        return "exited";
    case PROCESS_EXECED:
        return "exec'd";
    case PROCESS_KILLED:
        return "killed";
    case PROCESS_UNKNOWN:
        break;
    }
    return "not visible from here";
}
