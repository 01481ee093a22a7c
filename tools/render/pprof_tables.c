/* pprof_tables.c: see pprof_tables.h. Owns the numbers of everything; a number is one more than the index of what it
 * means, because 0 means nothing in the format (but for texts, whose first is "").
 *
 * Inlined functions and lines come from DWARF, which can take minutes for a program with thousands of addresses: it
 * is read until that took LINES_NS of CPU time, and places come heaviest first, so what is left without weighs least.
 */
#include "render/pprof_tables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "analyse/profile.h"

enum { LINES_NS = 400000000, INLINES_MOST = 64 };

struct function {
    const char *name, *file;
};

struct place {
    struct model_frame frame; /* module MODEL_NO_MODULE and address 0: words */
    const char *words;
};

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void pprof_tables_init(struct pprof_tables *tables, FILE *out, const struct model *model,
                       struct symbols *symbols)
{
    *tables = (struct pprof_tables){
        .model = model,
        .symbols = symbols,
        .texts = {.bytes = sizeof(const char *)},
        .functions = {.bytes = sizeof(struct function)},
        .places = {.bytes = sizeof(struct place)},
        .lines_until_ns = now_ns() + LINES_NS,
    };
    tables->mappings = calloc(model->module_count + 1, sizeof(*tables->mappings));
    tables->failed = gzip_stream_init(&tables->gzip, out) != 0 || tables->mappings == NULL;
    pprof_tables_text(tables, "");
}

void pprof_tables_put(struct pprof_tables *tables, const Pprof__Profile *piece)
{
    size_t bytes = pprof__profile__get_packed_size(piece);
    if (bytes > tables->piece_bytes) {
        uint8_t *larger = realloc(tables->piece, bytes * 2);
        tables->failed |= larger == NULL;
        if (larger == NULL)
            return;
        tables->piece = larger;
        tables->piece_bytes = bytes * 2;
    }
    pprof__profile__pack(piece, tables->piece);
    gzip_stream_write(&tables->gzip, tables->piece, bytes);
}

int64_t pprof_tables_text(struct pprof_tables *tables, const char *text)
{
    uint64_t key = lookup_hash(LOOKUP_SEED, text, strlen(text));
    for (uint32_t found; (found = lookup_find(&tables->by_text, key)) != LOOKUP_NONE; key++)
        if (strcmp(((const char **)tables->texts.items)[found], text) == 0)
            return found;
    const char **known = vector_push(&tables->texts);
    uint32_t index = (uint32_t)tables->texts.count - 1;
    if (known == NULL || lookup_add(&tables->by_text, key, index) != 0) {
        tables->failed = true;
        return 0;
    }
    *known = text;
    char *table[] = {(char *)text}; /* only read */
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    piece.n_string_table = 1;
    piece.string_table = table;
    pprof_tables_put(tables, &piece);
    return index;
}

static uint64_t function_of(struct pprof_tables *tables, const char *name, const char *file)
{
    uint64_t key = lookup_hash(LOOKUP_SEED, name, strlen(name) + 1);
    key = lookup_hash(key, file, strlen(file));
    for (uint32_t found; (found = lookup_find(&tables->by_function, key)) != LOOKUP_NONE; key++) {
        const struct function *known = (struct function *)tables->functions.items + found;
        if (strcmp(known->name, name) == 0 && strcmp(known->file, file) == 0)
            return found + 1;
    }
    struct function *function = vector_push(&tables->functions);
    uint32_t index = (uint32_t)tables->functions.count - 1;
    if (function == NULL || lookup_add(&tables->by_function, key, index) != 0) {
        tables->failed = true;
        return 0;
    }
    *function = (struct function){name, file};
    Pprof__Function message = PPROF__FUNCTION__INIT, *messages[] = {&message};
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    message.id = index + 1;
    message.name = pprof_tables_text(tables, name);
    message.filename = pprof_tables_text(tables, file);
    piece.n_function = 1;
    piece.function = messages;
    pprof_tables_put(tables, &piece);
    return index + 1;
}

/* ---- places ---- */

/* The number of a place known or new; *ret_new says which. */
static uint64_t place_of(struct pprof_tables *tables, const struct place *wanted, bool *ret_new)
{
    uint64_t facts[2] = {wanted->frame.address,
                         (uint64_t)wanted->frame.module << 32 | wanted->frame.process};
    uint64_t key = lookup_hash(LOOKUP_SEED, facts, sizeof(facts));
    key = lookup_hash(key, wanted->words, strlen(wanted->words));
    *ret_new = false;
    for (uint32_t found; (found = lookup_find(&tables->by_place, key)) != LOOKUP_NONE; key++) {
        const struct place *known = (struct place *)tables->places.items + found;
        if (known->frame.address == wanted->frame.address &&
            known->frame.module == wanted->frame.module &&
            known->frame.process == wanted->frame.process &&
            strcmp(known->words, wanted->words) == 0)
            return found + 1;
    }
    struct place *place = vector_push(&tables->places);
    uint32_t index = (uint32_t)tables->places.count - 1;
    if (place == NULL || lookup_add(&tables->by_place, key, index) != 0) {
        tables->failed = true;
        return 0;
    }
    *place = *wanted;
    *ret_new = true;
    return index + 1;
}

static void put_place(struct pprof_tables *tables, Pprof__Location *message)
{
    Pprof__Location *messages[] = {message};
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    piece.n_location = 1;
    piece.location = messages;
    pprof_tables_put(tables, &piece);
}

static uint64_t mapping_of(struct pprof_tables *tables, const struct model_frame *frame)
{
    if (frame->module == MODEL_NO_MODULE || tables->mappings == NULL)
        return 0;
    struct pprof_mapping *mapping = &tables->mappings[frame->module];
    if (mapping->id == 0) {
        mapping->id = ++tables->mapping_count;
        mapping->first = *frame;
    }
    return mapping->id;
}

static const struct symbol *symbol_of(struct pprof_tables *tables, const struct model_frame *frame)
{
    if (now_ns() < tables->lines_until_ns)
        return symbols_site(tables->symbols, frame);
    tables->without_lines++;
    return symbols_function(tables->symbols, frame);
}

uint64_t pprof_tables_place(struct pprof_tables *tables, const struct model_frame *frame)
{
    bool new;
    uint64_t number = place_of(tables, &(struct place){.frame = *frame, .words = ""}, &new);
    if (!new)
        return number;
    Pprof__Location message = PPROF__LOCATION__INIT;
    Pprof__Line lines[INLINES_MOST], *line_list[INLINES_MOST];
    struct pprof_mapping seen = {0};
    for (const struct symbol *at = symbol_of(tables, frame); at != NULL && message.n_line < INLINES_MOST;
         at = at->caller) {
        Pprof__Line *line = line_list[message.n_line] = &lines[message.n_line];
        const char *name = at->named ? at->function : profile_unnamed(&tables->arena, at->module);
        pprof__line__init(line);
        line->function_id = function_of(tables, name, at->file != NULL ? at->file : "");
        line->line = at->line;
        seen.functions |= at->named;
        seen.lines |= at->line != 0;
        seen.inlines |= at->caller != NULL;
        message.n_line++;
    }
    message.id = number;
    message.mapping_id = mapping_of(tables, frame);
    message.address = frame->address;
    message.line = line_list;
    if (message.mapping_id != 0) {
        struct pprof_mapping *mapping = &tables->mappings[frame->module];
        mapping->functions |= seen.functions;
        mapping->lines |= seen.lines;
        mapping->inlines |= seen.inlines;
    }
    put_place(tables, &message);
    return number;
}

uint64_t pprof_tables_words(struct pprof_tables *tables, const char *name)
{
    struct place place = {.frame = {.module = MODEL_NO_MODULE}, .words = name};
    bool new;
    uint64_t number = place_of(tables, &place, &new);
    if (!new)
        return number;
    Pprof__Location message = PPROF__LOCATION__INIT;
    Pprof__Line line = PPROF__LINE__INIT, *lines[] = {&line};
    line.function_id = function_of(tables, name, "");
    message.id = number;
    message.n_line = 1;
    message.line = lines;
    put_place(tables, &message);
    return number;
}

/* ---- files ---- */

static const char *build_id_text(struct pprof_tables *tables, const struct model_module *module)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_take(&tables->arena, module->build_id_len * 2 + 1);
    tables->failed |= text == NULL;
    for (uint32_t i = 0; text != NULL && i < module->build_id_len; i++) {
        text[i * 2] = digits[module->build_id[i] >> 4];
        text[i * 2 + 1] = digits[module->build_id[i] & 15];
    }
    return text != NULL ? text : "";
}

static void put_mapping(struct pprof_tables *tables, uint32_t index)
{
    const struct model_module *module = &tables->model->modules[index];
    const struct pprof_mapping *seen = &tables->mappings[index];
    Pprof__Mapping message = PPROF__MAPPING__INIT, *messages[] = {&message};
    Pprof__Profile piece = PPROF__PROFILE__INIT;
    /* readers want the segment that is code; without the file: a module begins with the head of its file */
    struct symbols_mapping code = {module->start, module->end, 0};
    symbols_mapping(tables->symbols, &seen->first, &code);
    message.id = seen->id;
    message.memory_start = code.start;
    message.memory_limit = code.end;
    message.file_offset = code.offset;
    message.filename = pprof_tables_text(tables, module->path);
    message.build_id = pprof_tables_text(tables, build_id_text(tables, module));
    message.has_functions = seen->functions;
    message.has_filenames = message.has_line_numbers = seen->lines;
    message.has_inline_frames = seen->inlines;
    piece.n_mapping = 1;
    piece.mapping = messages;
    pprof_tables_put(tables, &piece);
}

/* The program itself comes first: readers take the first mapping for what was profiled. */
static void put_mappings(struct pprof_tables *tables)
{
    const struct model *model = tables->model;
    for (int others = 0; others < 2 && tables->mappings != NULL; others++)
        for (uint32_t i = 0; i < model->module_count; i++) {
            bool main = strcmp(model->modules[i].path, model->processes[0].executable) == 0;
            if (tables->mappings[i].id != 0 && main != (bool)others)
                put_mapping(tables, i);
        }
}

int pprof_tables_done(struct pprof_tables *tables)
{
    put_mappings(tables);
    gzip_stream_done(&tables->gzip);
    arena_done(&tables->arena);
    vector_done(&tables->texts);
    vector_done(&tables->functions);
    vector_done(&tables->places);
    lookup_done(&tables->by_text);
    lookup_done(&tables->by_function);
    lookup_done(&tables->by_place);
    free(tables->mappings);
    free(tables->piece);
    return tables->failed ? -ENOMEM : 0;
}
