/* decode_tables.c: modules, targets and stacks: what every other record refers to by index.
 *
 * Records that were never finished (first word 0) or whose references lead nowhere are left out.
 * Two threads may have appended equal records at the same time: they become one here, and the maps
 * from recorded to decoded index hide that from everybody else.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read/decode.h"
#include "read/text.h"

enum { MODULE_LIMIT = 65536 };

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static int module_order(const void *a, const void *b)
{
    const struct model_module *left = a, *right = b;
    if (left->start != right->start)
        return left->start < right->start ? -1 : 1;
    return left->loaded_generation < right->loaded_generation ? -1
                                                               : left->loaded_generation > right->loaded_generation;
}

int decode_modules(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct module_record *records = snapshot_table(decoder->snapshot, TABLE_MODULES);
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_MODULES);
    if (count > MODULE_LIMIT)
        count = MODULE_LIMIT;
    model->modules = arena_array(&model->arena, count, sizeof(*model->modules));
    if (!model->modules)
        return -ENOMEM;
    for (uint64_t i = 1; i < count; i++) {
        const struct module_record *record = &records[i];
        size_t len = 0;
        const char *path = snapshot_string(decoder->snapshot, record->path, &len);
        if (record->start == 0)
            continue;
        if (path && len == 0) /* the loader has no name for the program itself */
            path = snapshot_string(decoder->snapshot, decoder->snapshot->header->executable, &len);
        if (!path || record->end <= record->start) {
            model->damaged++;
            continue;
        }
        struct model_module *module = &model->modules[model->module_count++];
        module->file = arena_text(&model->arena, path, len);
        module->path = text_clean_copy(&model->arena, path, len);
        if (!module->file || !module->path)
            return -ENOMEM;
        module->name = last_part(module->path);
        module->start = record->start;
        module->end = record->end;
        module->bias = record->bias;
        module->loaded_generation = record->loaded_generation;
        module->unloaded_generation = record->unloaded_generation;
        module->build_id_len = record->build_id_len <= sizeof(record->build_id)
                                   ? record->build_id_len
                                   : 0;
        memcpy(module->build_id, record->build_id, sizeof(module->build_id));
        module->is_libstrong = strncmp(module->name, "libstrong.so", 12) == 0;
    }
    qsort(model->modules, model->module_count, sizeof(*model->modules), module_order);
    return 0;
}

uint32_t decode_module(const struct model *model, uint64_t address, uint64_t generation)
{
    /* the last module that starts at or below the address */
    size_t low = 0, high = model->module_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (model->modules[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    /* A process that unloads and loads has several at one place, and few of those. */
    uint32_t fallback = MODEL_NO_MODULE;
    for (size_t i = low, seen = 0; i > 0 && seen < 256; i--, seen++) {
        const struct model_module *module = &model->modules[i - 1];
        if (address >= module->end)
            continue;
        bool loaded = module->loaded_generation <= generation;
        bool gone = module->unloaded_generation != 0 && module->unloaded_generation <= generation;
        if (loaded && !gone)
            return (uint32_t)(i - 1);
        if (fallback == MODEL_NO_MODULE)
            fallback = (uint32_t)(i - 1);
    }
    return fallback;
}

static struct model_frame frame_of(const struct model *model, uint64_t recorded,
                                   uint64_t generation)
{
    struct model_frame frame = {.address = recorded ? recorded - 1 : 0};
    frame.module = decode_module(model, frame.address, generation);
    return frame;
}

uint32_t decode_target(const struct decoder *decoder, uint64_t target)
{
    return target < decoder->target_limit ? decoder->target_map[target] : 0;
}

uint32_t decode_stack(const struct decoder *decoder, uint64_t stack)
{
    return stack < decoder->stack_limit ? decoder->stack_map[stack] : 0;
}

static bool equal_targets(const struct model_target *a, const struct model_target *b)
{
    return a->kind == b->kind && a->has_site[0] == b->has_site[0] &&
           a->has_site[1] == b->has_site[1] && a->site[0].address == b->site[0].address &&
           a->site[1].address == b->site[1].address && strcmp(a->text, b->text) == 0;
}

/* The index of a target equal to the one just built at the end of targets[], which is kept only when
 * there is none. */
static int intern_target(struct model *model, struct lookup *index, uint32_t *ret_index)
{
    struct model_target *target = &model->targets[model->target_count];
    uint64_t key = lookup_hash(LOOKUP_SEED, target->text, strlen(target->text));
    uint64_t facts[3] = {target->kind, target->site[0].address, target->site[1].address};
    key = lookup_hash(key, facts, sizeof(facts));
    for (uint32_t found; (found = lookup_find(index, key)) != LOOKUP_NONE; key++) {
        if (equal_targets(&model->targets[found], target)) {
            memset(target, 0, sizeof(*target));
            *ret_index = found;
            return 0;
        }
    }
    *ret_index = (uint32_t)model->target_count++;
    return lookup_add(index, key, *ret_index);
}

static int decode_one_target(struct decoder *decoder, const struct target_record *record,
                             struct lookup *index, uint32_t *ret_index)
{
    struct model *model = decoder->model;
    struct model_target *target = &model->targets[model->target_count];
    *ret_index = 0;
    if (record->hash == 0)
        return 0;
    if (record->kind == TARGET_OTHER || record->kind >= TARGET_KIND_COUNT) {
        model->damaged++;
        return 0;
    }
    memset(target, 0, sizeof(*target));
    target->kind = record->kind;
    target->site[0].module = target->site[1].module = MODEL_NO_MODULE;
    target->text = decode_text(decoder, record->text);
    if (!target->text)
        return -ENOMEM;
    if (target->kind == TARGET_LOCK || target->kind == TARGET_SITE) {
        for (int i = 0; i < 2; i++) {
            target->has_site[i] = record->value[i] != 0;
            if (target->has_site[i])
                target->site[i] = frame_of(model, record->value[i], UINT64_MAX);
        }
    }
    return intern_target(model, index, ret_index);
}

int decode_targets(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct target_record *records = snapshot_table(decoder->snapshot, TABLE_TARGETS);
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_TARGETS);
    struct lookup index = {0};
    model->targets = arena_array(&model->arena, count + 1, sizeof(*model->targets));
    decoder->target_map = calloc(count + 1, sizeof(*decoder->target_map));
    int error = model->targets && decoder->target_map ? 0 : -ENOMEM;
    if (!error) {
        model->targets[0].text = "(other)";
        model->targets[0].site[0].module = model->targets[0].site[1].module = MODEL_NO_MODULE;
        model->target_count = 1;
        decoder->target_limit = count;
    }
    for (uint64_t i = 1; i < count && !error; i++)
        error = decode_one_target(decoder, &records[i], &index, &decoder->target_map[i]);
    lookup_done(&index);
    return error;
}

/* Adds a stack unless an equal one is there already. */
static int intern_stack(struct decoder *decoder, const struct stack_record *record,
                        const uint64_t *frames, struct lookup *index, uint32_t *ret_index)
{
    struct model *model = decoder->model;
    uint64_t key = lookup_hash(LOOKUP_SEED, frames, record->depth * sizeof(*frames));
    key = lookup_hash(key, &record->generation, sizeof(record->generation));
    for (uint32_t found; (found = lookup_find(index, key)) != LOOKUP_NONE; key++) {
        const struct model_stack *stack = &model->stacks[found];
        bool equal = stack->depth == record->depth &&
                     decoder->stack_generation[found] == record->generation;
        for (uint32_t i = 0; equal && i < stack->depth; i++)
            equal = model->frames[stack->frame + i].address == (frames[i] ? frames[i] - 1 : 0);
        if (equal) {
            *ret_index = found;
            return 0;
        }
    }
    struct model_stack *stack = &model->stacks[model->stack_count];
    stack->frame = (uint32_t)model->frame_count;
    stack->depth = record->depth;
    stack->end = record->end <= STACK_INCOMPLETE ? record->end : STACK_INCOMPLETE;
    for (uint32_t i = 0; i < stack->depth; i++) {
        struct model_frame *frame = &model->frames[model->frame_count++];
        *frame = frame_of(model, frames[i], record->generation);
        bool ours = frame->module != MODEL_NO_MODULE && model->modules[frame->module].is_libstrong;
        if (ours && stack->skip == i)
            stack->skip++;
    }
    decoder->stack_generation[model->stack_count] = record->generation;
    *ret_index = (uint32_t)model->stack_count++;
    return lookup_add(index, key, *ret_index);
}

/* Frames of all stacks that lead somewhere; a hostile segment may refer to one frame a million
 * times, so their sum is bounded by what the recorded heap could hold if none were shared. */
static uint64_t frame_room(const struct decoder *decoder)
{
    const struct stack_record *records = snapshot_table(decoder->snapshot, TABLE_STACKS);
    uint64_t limit = decoder->snapshot->header->tables[TABLE_FRAMES].capacity, sum = 0;
    for (uint64_t i = 1; i < snapshot_count(decoder->snapshot, TABLE_STACKS); i++)
        sum += records[i].hash ? records[i].depth : 0;
    return sum < limit ? sum : limit;
}

int decode_stacks(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct stack_record *records = snapshot_table(decoder->snapshot, TABLE_STACKS);
    const uint64_t *frames = snapshot_table(decoder->snapshot, TABLE_FRAMES);
    uint64_t heap = decoder->snapshot->header->tables[TABLE_FRAMES].capacity;
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_STACKS), room = frame_room(decoder);
    struct lookup index = {0};
    model->stacks = arena_array(&model->arena, count + 1, sizeof(*model->stacks));
    model->frames = arena_array(&model->arena, room + 1, sizeof(*model->frames));
    decoder->stack_map = calloc(count + 1, sizeof(*decoder->stack_map));
    decoder->stack_generation = calloc(count + 1, sizeof(*decoder->stack_generation));
    int error = model->stacks && model->frames && decoder->stack_map && decoder->stack_generation
                    ? 0
                    : -ENOMEM;
    if (!error) {
        model->stack_count = 1;
        decoder->stack_limit = count;
    }
    for (uint64_t i = 1; i < count && !error; i++) {
        const struct stack_record *record = &records[i];
        if (record->hash == 0)
            continue;
        if (record->depth == 0 || record->frame == 0 || record->frame > heap ||
            record->depth > heap - record->frame || record->depth > room - model->frame_count)
            model->damaged++;
        else
            error = intern_stack(decoder, record, frames + record->frame, &index,
                                 &decoder->stack_map[i]);
    }
    lookup_done(&index);
    return error;
}
