/* symbols.c: the caches, and the words for what could not be found. */
#include "read/symbols.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/demangle.h"
#include "read/elf_file.h"
#include "read/lookup.h"
#include "read/perf_map.h"
#include "read/text.h"
#include "read/vector.h"

enum { INLINE_LIMIT = 32, WORDS_BYTES = 256 };

/* What is cached for one address. */
struct entry {
    struct model_frame frame;
    const struct symbol *function; /* NULL: not asked for yet */
    const struct symbol *site;
    const char *place;
};

struct symbols {
    const struct model *model;
    struct arena arena;
    struct elf_file **files;  /* by module; several modules may share one */
    struct perf_map *maps;    /* by process */
    bool *maps_read;
    struct vector entries;
    struct lookup index;
};

struct symbols *symbols_new(const struct model *model)
{
    struct symbols *symbols = calloc(1, sizeof(*symbols));
    if (!symbols)
        return NULL;
    symbols->model = model;
    symbols->entries.bytes = sizeof(struct entry);
    symbols->files = calloc(model->module_count + 1, sizeof(*symbols->files));
    symbols->maps = calloc(model->process_count + 1, sizeof(*symbols->maps));
    symbols->maps_read = calloc(model->process_count + 1, sizeof(*symbols->maps_read));
    if (symbols->files && symbols->maps && symbols->maps_read)
        return symbols;
    symbols_free(symbols);
    return NULL;
}

static bool shared_with_earlier(const struct symbols *symbols, size_t module)
{
    for (size_t i = 0; i < module; i++)
        if (symbols->files[i] == symbols->files[module])
            return true;
    return false;
}

void symbols_free(struct symbols *symbols)
{
    if (!symbols)
        return;
    for (size_t i = 0; symbols->files && i < symbols->model->module_count; i++)
        if (symbols->files[i] && !shared_with_earlier(symbols, i))
            elf_file_free(symbols->files[i]);
    free(symbols->files);
    free(symbols->maps);
    free(symbols->maps_read);
    vector_done(&symbols->entries);
    lookup_done(&symbols->index);
    arena_done(&symbols->arena);
    free(symbols);
}

static bool same_file(const struct model_module *a, const struct model_module *b)
{
    return a->build_id_len == b->build_id_len &&
           memcmp(a->build_id, b->build_id, a->build_id_len) == 0 && strcmp(a->file, b->file) == 0;
}

static struct elf_file *file_of(struct symbols *symbols, uint32_t module)
{
    const struct model *model = symbols->model;
    if (symbols->files[module])
        return symbols->files[module];
    for (size_t i = 0; i < model->module_count; i++)
        if (symbols->files[i] && same_file(&model->modules[i], &model->modules[module]))
            return symbols->files[module] = symbols->files[i];
    uint32_t process = model->modules[module].process;
    return symbols->files[module] =
               elf_file_new(&model->modules[module], model->processes[process].local_pid);
}

static const struct perf_map *map_of(struct symbols *symbols, uint32_t process)
{
    if (!symbols->maps_read[process]) {
        symbols->maps_read[process] = true;
        perf_map_read(&symbols->maps[process], &symbols->arena,
                      &symbols->model->processes[process]);
    }
    return &symbols->maps[process];
}

/* Returned where memory is exhausted: still something to print. */
static const struct symbol nobody = {.function = "?", .module = "?"};

static struct entry *entry_of(struct symbols *symbols, const struct model_frame *frame)
{
    uint64_t key = frame->address * 31 + ((uint64_t)frame->module << 32 | frame->process);
    for (uint32_t found; (found = lookup_find(&symbols->index, key)) != LOOKUP_NONE; key++) {
        struct entry *entry = (struct entry *)symbols->entries.items + found;
        if (entry->frame.address == frame->address && entry->frame.module == frame->module &&
            entry->frame.process == frame->process)
            return entry;
    }
    struct entry *entry = vector_push(&symbols->entries);
    if (!entry)
        return NULL;
    entry->frame = *frame;
    if (lookup_add(&symbols->index, key, (uint32_t)symbols->entries.count - 1) != 0)
        return NULL;
    return entry;
}

static const char *words(struct symbols *symbols, const char *module, uint64_t offset)
{
    char buf[WORDS_BYTES], short_name[128];
    text_fit_tail(short_name, sizeof(short_name), module, 100);
    int len = *module ? snprintf(buf, sizeof(buf), "%s+0x%llx", short_name, (unsigned long long)offset)
                      : snprintf(buf, sizeof(buf), "0x%llx", (unsigned long long)offset);
    return arena_text(&symbols->arena, buf, (size_t)len);
}

static bool function_outside(struct symbols *symbols, const struct model_frame *frame,
                             struct symbol *symbol)
{
    const struct perf_map_line *line =
        perf_map_find(map_of(symbols, frame->process), frame->address);
    symbol->offset = frame->address;
    symbol->named = line != NULL;
    symbol->module = line ? "[jit]" : "[unknown]";
    symbol->function = line ? line->name : words(symbols, "", frame->address);
    return symbol->function != NULL;
}

static bool function_inside(struct symbols *symbols, const struct model_frame *frame,
                            struct symbol *symbol)
{
    const struct model_module *module = &symbols->model->modules[frame->module];
    struct elf_file *file = file_of(symbols, frame->module);
    symbol->offset = frame->address - module->bias;
    symbol->module = module->name;
    symbol->is_libstrong = module->is_libstrong;
    symbol->mismatch = !file || !elf_file_matches(file);
    const struct elf_function *function =
        symbol->mismatch ? NULL : elf_file_function(file, symbol->offset);
    symbol->named = function != NULL;
    symbol->function = function ? demangle(&symbols->arena, function->name)
                                : words(symbols, module->name, symbol->offset);
    return symbol->function != NULL;
}

const struct symbol *symbols_function(struct symbols *symbols, const struct model_frame *frame)
{
    struct entry *entry = entry_of(symbols, frame);
    if (!entry)
        return &nobody;
    if (entry->function)
        return entry->function;
    struct symbol *symbol = arena_take(&symbols->arena, sizeof(*symbol));
    if (!symbol)
        return &nobody;
    bool inside = frame->module != MODEL_NO_MODULE;
    if (!(inside ? function_inside : function_outside)(symbols, frame, symbol))
        return &nobody;
    entry->function = symbol;
    return symbol;
}

/* One link of the chain; what DWARF does not say is taken from the symbol table's answer. */
static struct symbol *site_symbol(struct symbols *symbols, const struct elf_site *site,
                                  const struct symbol *function, bool is_last)
{
    struct symbol *symbol = arena_take(&symbols->arena, sizeof(*symbol));
    if (!symbol)
        return NULL;
    *symbol = *function;
    symbol->line = site->line;
    symbol->file = site->file
                       ? text_clean_copy(&symbols->arena, site->file, strlen(site->file))
                       : NULL;
    /* the real function keeps its symbol's name: DWARF may know only the short one */
    if (site->name && !(is_last && function->named)) {
        const char *name = demangle(&symbols->arena, site->name);
        symbol->function = name ? name : function->function;
        symbol->named = true;
    }
    return symbol;
}

const struct symbol *symbols_site(struct symbols *symbols, const struct model_frame *frame)
{
    const struct symbol *function = symbols_function(symbols, frame);
    struct entry *entry = entry_of(symbols, frame);
    if (!entry || function == &nobody)
        return function;
    if (entry->site)
        return entry->site;
    entry->site = function;
    if (frame->module == MODEL_NO_MODULE || function->mismatch)
        return function;
    struct elf_site sites[INLINE_LIMIT];
    unsigned count =
        elf_file_sites(file_of(symbols, frame->module), function->offset, sites, INLINE_LIMIT);
    const struct symbol *caller = NULL;
    for (unsigned i = count; i-- > 0;) {
        struct symbol *symbol = site_symbol(symbols, &sites[i], function, i == count - 1);
        if (!symbol)
            return entry->site;
        symbol->caller = caller;
        caller = symbol;
    }
    if (caller)
        entry->site = caller;
    return entry->site;
}

bool symbols_mapping(struct symbols *symbols, const struct model_frame *frame,
                     struct symbols_mapping *ret_mapping)
{
    struct elf_segment segment;
    if (frame->module == MODEL_NO_MODULE)
        return false;
    const struct model_module *module = &symbols->model->modules[frame->module];
    struct elf_file *file = file_of(symbols, frame->module);
    if (!file || !elf_file_segment(file, frame->address - module->bias, &segment))
        return false;
    ret_mapping->start = segment.start + module->bias;
    ret_mapping->end = segment.end + module->bias;
    ret_mapping->offset = segment.offset;
    return true;
}

/* The headers of the compiler and the C and C++ libraries. */
static bool in_system_header(const char *file)
{
    return strncmp(file, "/usr/include/", 13) == 0 || strncmp(file, "/usr/lib/gcc/", 13) == 0 ||
           strncmp(file, "/usr/local/include/c++/", 23) == 0 ||
           (strncmp(file, "/usr/lib/llvm", 13) == 0 && strstr(file, "/include/"));
}

static const struct symbol *own_site(const struct symbol *site)
{
    for (const struct symbol *at = site; at; at = at->caller)
        if (at->file && at->line && !in_system_header(at->file))
            return at;
    return site;
}

const char *symbols_place(struct symbols *symbols, const struct model_frame *frame)
{
    const struct symbol *site = own_site(symbols_site(symbols, frame));
    struct entry *entry = entry_of(symbols, frame);
    if (!entry || !site->file || site->line == 0)
        return site->function;
    if (!entry->place) {
        char buf[WORDS_BYTES], name[160];
        const char *slash = strrchr(site->file, '/');
        text_fit_tail(name, sizeof(name), slash ? slash + 1 : site->file, 100);
        int len = snprintf(buf, sizeof(buf), "%s:%u", name, site->line);
        entry->place = arena_text(&symbols->arena, buf, (size_t)len);
    }
    return entry->place ? entry->place : site->function;
}
