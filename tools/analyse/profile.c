/* profile.c: see profile.h. Owns the walk over samples and stacks. Invariant: a sample's weight is
 * added to cpu_ns of each function on its stack once, and to every other column once in all.
 */
#include "analyse/profile.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

uint64_t profile_margin(double variance)
{
    double margin = variance > 0 ? 1.96 * sqrt(variance) : 0;
    return margin < 0x1p62 ? (uint64_t)margin : 1ull << 62;
}

/* ---- what a function is ---- */

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_one_of(const char *text, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strcmp(text, *names) == 0)
            return true;
    return false;
}

bool profile_is_allocator(const char *function)
{
    static const char *const names[] = {"malloc",
                                        "calloc",
                                        "realloc",
                                        "reallocarray",
                                        "free",
                                        "cfree",
                                        "memalign",
                                        "aligned_alloc",
                                        "posix_memalign",
                                        "valloc",
                                        "pvalloc",
                                        "malloc_consolidate",
                                        "unlink_chunk",
                                        "sysmalloc",
                                        "systrim",
                                        "malloc_trim",
                                        "_mid_memalign",
                                        "tcache_init",
                                        "arena_get2",
                                        "grow_heap",
                                        "heap_trim",
                                        "sdallocx",
                                        "mallocx",
                                        "rallocx",
                                        "__malloc_arena_thread_freeres",
                                        "checked_request2size",
                                        NULL};
    static const char *const starts[] = {"_int_malloc",
                                         "_int_free",
                                         "_int_realloc",
                                         "_int_memalign",
                                         "__libc_malloc",
                                         "__libc_free",
                                         "__libc_calloc",
                                         "__libc_realloc",
                                         "__libc_memalign",
                                         "__GI___libc_malloc",
                                         "__GI___libc_free",
                                         "je_",
                                         "mi_",
                                         "_mi_",
                                         "tc_malloc",
                                         "tc_free",
                                         "tc_new",
                                         "tc_delete",
                                         "tcmalloc::",
                                         "operator new",
                                         "operator delete",
                                         NULL};
    if (is_one_of(function, names))
        return true;
    for (const char *const *start = starts; *start != NULL; start++)
        if (starts_with(function, *start))
            return true;
    return false;
}

/* Functions that only pass an allocation on: their caller is who asked for the memory. */
static bool is_wrapper(const char *function)
{
    static const char *const names[] = {"strdup",          "strndup",          "__strdup",
                                        "__strndup",       "asprintf",         "vasprintf",
                                        "__asprintf",      "xmalloc",          "xcalloc",
                                        "xrealloc",        "xstrdup",          "g_malloc",
                                        "g_malloc0",       "g_realloc",        "g_strdup",
                                        "PyMem_Malloc",    "PyMem_Realloc",    "PyMem_RawMalloc",
                                        "PyObject_Malloc", "PyObject_Realloc", NULL};
    return profile_is_allocator(function) || is_one_of(function, names) ||
           starts_with(function, "std::") || starts_with(function, "__gnu_cxx::") ||
           starts_with(function, "void std::");
}

static bool is_system_module(const char *module)
{
    return starts_with(module, "libc.so") || starts_with(module, "libc-2") ||
           starts_with(module, "ld-linux") || starts_with(module, "libjemalloc") ||
           starts_with(module, "libtcmalloc") || starts_with(module, "libmimalloc");
}

static bool is_runtime_module(const char *module)
{
    return is_system_module(module) || starts_with(module, "libstdc++.so") ||
           starts_with(module, "libgcc_s.so") || starts_with(module, "libm.so") ||
           starts_with(module, "libpthread") || starts_with(module, "libdl.so");
}

const struct model_frame *profile_program_site(const struct model *model, struct symbols *symbols,
                                               uint32_t stack, bool *ret_runtime)
{
    uint32_t depth;
    const struct model_frame *frames = model_stack_frames(model, stack, &depth);
    bool runtime = depth > 0 && model->stacks[stack].end == STACK_COMPLETE;
    for (uint32_t i = 0; i < depth && runtime; i++) {
        const struct symbol *symbol = symbols_function(symbols, &frames[i]);
        runtime = symbol->is_libstrong || is_runtime_module(symbol->module);
    }
    *ret_runtime = runtime;
    return profile_site(model, symbols, stack);
}

const struct model_frame *profile_site(const struct model *model, struct symbols *symbols,
                                       uint32_t stack)
{
    uint32_t depth;
    const struct model_frame *frames = model_stack_frames(model, stack, &depth);
    for (uint32_t i = 0; i < depth; i++) {
        const struct symbol *symbol = symbols_function(symbols, &frames[i]);
        if (symbol->is_libstrong || is_system_module(symbol->module) ||
            is_wrapper(symbol->function))
            continue;
        return &frames[i];
    }
    return depth > 0 ? &frames[0] : NULL;
}

/* The memory pool inside libstrong, and the jemalloc inside that. The pool of connections has pool_close and its kin. */
static bool is_pool(const char *function)
{
    static const char *const parts[] = {"cache_", "depot_", "span_", "range_", "room_", "system_", "state_",
                                        "conf_",  "class",  "large_class", "usable_size", "mall",  NULL};
    if (starts_with(function, "memory_pool_") || starts_with(function, "strong_je_"))
        return true;
    if (!starts_with(function, "pool_"))
        return false;
    const char *rest = function + strlen("pool_");
    for (const char *const *part = parts; *part != NULL; part++)
        if (starts_with(rest, *part))
            return true;
    return profile_is_allocator(rest);
}

/* CPU time is the allocator's when a function of it is on the stack with nothing but libc,
 * libstrong and other allocator functions further in. */
static bool in_allocator(const struct model *model, struct symbols *symbols,
                         const struct model_stack *stack)
{
    const struct model_frame *frames = model->frames + stack->frame;
    for (uint32_t i = 0; i < stack->depth; i++) {
        const struct symbol *symbol = symbols_function(symbols, &frames[i]);
        if (symbol->named &&
            (profile_is_allocator(symbol->function) ||
             (symbol->is_libstrong && is_pool(symbol->function))))
            return true;
        if (!symbol->is_libstrong && !is_system_module(symbol->module))
            return false;
    }
    return false;
}

const struct model_frame *profile_pool_frame(const struct model *model, struct symbols *symbols,
                                             uint32_t stack)
{
    const struct model_stack *of = &model->stacks[stack];
    const struct model_frame *found = NULL;
    for (uint32_t i = 0; i < of->skip; i++) {
        const struct model_frame *frame = &model->frames[of->frame + i];
        const struct symbol *symbol = symbols_function(symbols, frame);
        if (symbol->named && (profile_is_allocator(symbol->function) || is_pool(symbol->function)))
            found = frame;
    }
    return found;
}

/* ---- functions by name ---- */

struct table {
    struct profile_function *functions;
    uint32_t *last_sample; /* number of the sample that last added to cpu_ns: once a sample */
    size_t count, capacity;
    uint32_t *slots; /* index + 1 */
    size_t slot_count;
};

static uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3ull;
    return hash;
}

static bool table_grow(struct table *table)
{
    size_t capacity = table->capacity == 0 ? 256 : table->capacity * 2;
    struct profile_function *functions = realloc(table->functions, capacity * sizeof(*functions));
    if (functions == NULL)
        return false;
    table->functions = functions;
    uint32_t *last = realloc(table->last_sample, capacity * sizeof(*last));
    if (last == NULL)
        return false;
    table->last_sample = last;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    if (slots == NULL)
        return false;
    free(table->slots);
    table->slots = slots;
    table->slot_count = capacity * 2;
    table->capacity = capacity;
    for (size_t i = 0; i < table->count; i++) {
        const struct profile_function *function = &functions[i];
        uint64_t hash =
            hash_text(hash_text(0xcbf29ce484222325ull, function->name), function->module);
        size_t at = hash & (table->slot_count - 1);
        while (slots[at] != 0)
            at = (at + 1) & (table->slot_count - 1);
        slots[at] = (uint32_t)i + 1;
    }
    return true;
}

/* The row of a function; NULL when memory is exhausted. Valid until the next call. Without symbols
 * every address would be a function of its own: the module as a whole is the row then. */
static struct profile_function *table_find(struct table *table, const struct symbol *symbol)
{
    const char *name = symbol->named ? symbol->function : symbol->module;
    if (table->count == table->capacity && !table_grow(table))
        return NULL;
    uint64_t hash = hash_text(hash_text(0xcbf29ce484222325ull, name), symbol->module);
    size_t at = hash & (table->slot_count - 1);
    for (; table->slots[at] != 0; at = (at + 1) & (table->slot_count - 1)) {
        struct profile_function *found = &table->functions[table->slots[at] - 1];
        if (strcmp(found->name, name) == 0 && strcmp(found->module, symbol->module) == 0)
            return found;
    }
    struct profile_function *function = &table->functions[table->count];
    *function =
        (struct profile_function){.name = name, .module = symbol->module, .named = symbol->named};
    table->last_sample[table->count] = 0;
    table->slots[at] = (uint32_t)++table->count;
    return function;
}

static void saw_at(struct profile_function *function, const struct model_frame *frame,
                   uint64_t weight)
{
    if (weight > function->hottest_weight) {
        function->hottest_weight = weight;
        function->hottest = *frame;
    }
}

/* ---- the walk ---- */

struct walk {
    const struct model *model;
    struct symbols *symbols;
    struct table table;
    struct profile *profile;
    uint32_t number; /* of the present CPU sample row, from 1 */
};

static bool add_self(struct walk *walk, const struct model_frame *frame,
                     const struct model_sample *sample)
{
    struct profile_function *function =
        table_find(&walk->table, symbols_function(walk->symbols, frame));
    if (function == NULL)
        return false;
    function->cpu_self_ns += sample->weight;
    function->cpu_samples += sample->count;
    function->cpu_ns += sample->weight;
    function->cpu_self_variance += sample->variance;
    function->cpu_variance += sample->variance;
    saw_at(function, frame, sample->weight);
    return true;
}

static bool add_cpu(struct walk *walk, const struct model_sample *sample)
{
    const struct model *model = walk->model;
    const struct model_stack *stack = &model->stacks[sample->stack];
    struct profile *profile = walk->profile;
    profile->cpu_ns += sample->weight;
    profile->cpu_samples += sample->count;
    if (in_allocator(model, walk->symbols, stack)) {
        profile->allocator_ns += sample->weight;
        profile->allocator_samples += sample->count;
    } else if (stack->skip > 0) {
        profile->libstrong_ns += sample->weight;
    }
    walk->number++;
    const struct model_frame *pool = profile_pool_frame(model, walk->symbols, sample->stack);
    if (pool != NULL && !add_self(walk, pool, sample))
        return false;
    bool innermost = pool == NULL;
    for (uint32_t i = stack->skip; i < stack->depth; i++) {
        const struct model_frame *frame = &model->frames[stack->frame + i];
        const struct symbol *symbol = symbols_function(walk->symbols, frame);
        if (symbol->is_libstrong)
            continue;
        struct profile_function *function = table_find(&walk->table, symbol);
        if (function == NULL)
            return false;
        size_t index = (size_t)(function - walk->table.functions);
        if (innermost) {
            function->cpu_self_ns += sample->weight;
            function->cpu_self_variance += sample->variance;
            function->cpu_samples += sample->count;
            saw_at(function, frame, sample->weight);
        }
        innermost = false;
        if (walk->table.last_sample[index] != walk->number) {
            function->cpu_ns += sample->weight;
            function->cpu_variance += sample->variance;
        }
        walk->table.last_sample[index] = walk->number;
    }
    return true;
}

/* Within the bounds of every number in a model: a segment can say anything, and so often that it overflows. */
static int64_t bounded(int64_t sum, int64_t more)
{
    const int64_t most = INT64_C(1) << 62;
    if (more > 0)
        return sum > most - more ? most : sum + more;
    return sum < -most - more ? -most : sum + more;
}

static bool add_other(struct walk *walk, enum sample_cost cost, const struct model_sample *sample)
{
    const struct model_frame *frame = cost == SAMPLE_ALLOCATED || cost == SAMPLE_FREED
                                          ? profile_site(walk->model, walk->symbols, sample->stack)
                                          : NULL;
    if (frame == NULL) {
        uint32_t depth;
        const struct model_frame *frames = model_stack_frames(walk->model, sample->stack, &depth);
        if (depth == 0)
            return true;
        frame = frames;
    }
    struct profile_function *function =
        table_find(&walk->table, symbols_function(walk->symbols, frame));
    if (function == NULL)
        return false;
    if (cost == SAMPLE_ALLOCATED) {
        function->alloc_bytes += sample->weight;
        function->alloc_variance += sample->variance;
        function->alloc_objects += (uint64_t)sample->objects;
        function->live_bytes = bounded(function->live_bytes, (int64_t)sample->weight);
    } else if (cost == SAMPLE_FREED) {
        function->live_bytes = bounded(function->live_bytes, -(int64_t)sample->weight);
    } else {
        function->blocked_ns += sample->weight;
        function->blocked_variance += sample->variance;
    }
    if (function->cpu_self_ns == 0)
        saw_at(function, frame, sample->weight);
    return true;
}

static int hotter_first(const void *left, const void *right)
{
    const struct profile_function *a = left, *b = right;
    if (a->cpu_self_ns != b->cpu_self_ns)
        return a->cpu_self_ns < b->cpu_self_ns ? 1 : -1;
    if (a->blocked_ns != b->blocked_ns)
        return a->blocked_ns < b->blocked_ns ? 1 : -1;
    if (a->alloc_bytes != b->alloc_bytes)
        return a->alloc_bytes < b->alloc_bytes ? 1 : -1;
    return strcmp(a->name, b->name);
}

static bool walk_all(struct walk *walk)
{
    for (unsigned cost = SAMPLE_ALLOCATED; cost <= SAMPLE_LOCK_WAIT; cost++) {
        const struct model_samples *samples = &walk->model->samples[cost];
        for (size_t i = 0; i < samples->count; i++) {
            bool added = cost == SAMPLE_CPU ? add_cpu(walk, &samples->items[i])
                                            : add_other(walk, cost, &samples->items[i]);
            if (!added)
                return false;
        }
    }
    return true;
}

const char *profile_unnamed(struct arena *arena, const char *module)
{
    size_t len = strlen(module);
    char *name = module[0] != '[' ? arena_take(arena, len + 3) : NULL;
    if (name == NULL)
        return module;
    name[0] = '[';
    memcpy(name + 1, module, len);
    name[len + 1] = ']';
    return name;
}

int profile_make(const struct model *model, struct symbols *symbols, struct arena *arena,
                 struct profile *ret_profile)
{
    struct profile profile = {0};
    struct walk walk = {.model = model, .symbols = symbols, .profile = &profile};
    bool done = walk_all(&walk);
    if (done) {
        profile.count = walk.table.count;
        profile.functions = arena_array(arena, profile.count, sizeof(*profile.functions));
        done = profile.functions != NULL;
    }
    if (done && profile.count > 0) {
        memcpy(profile.functions, walk.table.functions, profile.count * sizeof(*profile.functions));
        for (size_t i = 0; i < profile.count; i++)
            if (!profile.functions[i].named)
                profile.functions[i].name = profile_unnamed(arena, profile.functions[i].module);
        qsort(profile.functions, profile.count, sizeof(*profile.functions), hotter_first);
    }
    free(walk.table.functions);
    free(walk.table.last_sample);
    free(walk.table.slots);
    if (!done)
        return -ENOMEM;
    *ret_profile = profile;
    return 0;
}

void profile_locate(struct profile_function *function, struct symbols *symbols)
{
    if (function->file != NULL || function->hottest_weight == 0)
        return;
    const struct symbol *symbol = symbols_site(symbols, &function->hottest);
    /* The row is the real function: the line wanted is where it was, not where an inlined one is.
     */
    while (symbol->caller != NULL)
        symbol = symbol->caller;
    function->file = symbol->file;
    function->line = symbol->line;
}
