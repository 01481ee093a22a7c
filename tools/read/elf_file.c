/* elf_file.c: libdwfl with one module at bias 0, and a table of functions of our own: libdwfl's search
 * by address is linear in the number of symbols, which a flat profile of a large program cannot pay. */
#include "read/elf_file.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <elfutils/libdwelf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "read/cut_file.h"
#include "read/guarded_open.h"
#include "read/trusted.h"
#include "read/vector.h"

struct elf_file {
    Dwfl *dwfl;
    Dwfl_Module *module; /* NULL: no file of this build id */
    struct elf_function *functions;
    size_t function_count;
    bool functions_read;
};

static const Dwfl_Callbacks callbacks = {
    .find_elf = dwfl_build_id_find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

static bool same_build_id(int fd, const struct model_module *module)
{
    if (module->build_id_len == 0)
        return true;
    Elf *elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
    const void *id = NULL;
    ssize_t len = elf ? dwelf_elf_gnu_build_id(elf, &id) : -1;
    bool same = len == (ssize_t)module->build_id_len && memcmp(id, module->build_id, (size_t)len) == 0;
    elf_end(elf);
    return same;
}

/* An open descriptor of the file at path if it is the module's, else -1. */
static int open_matching(const char *path, const struct model_module *module)
{
    if (path[0] != '/')
        return -1;
    char why[TRUSTED_WHY];
    int fd = trusted_open(path, TRUSTED_PLAIN, 0, NULL, why);
    if (fd < 0 || same_build_id(fd, module))
        return fd;
    close(fd);
    return -1;
}

/* Tries the places in the order the header promises. ret_path gets the one that was it. */
static int find_file(const struct model_module *module, pid_t local_pid, char *ret_path,
                     size_t size)
{
    snprintf(ret_path, size, "%s", module->file);
    int fd = open_matching(ret_path, module);
    if (fd < 0 && local_pid) {
        snprintf(ret_path, size, "/proc/%d/root%s", (int)local_pid, module->file);
        fd = open_matching(ret_path, module);
    }
    if (fd < 0 && module->build_id_len > 1) {
        int used = snprintf(ret_path, size, "/usr/lib/debug/.build-id/%02x/", module->build_id[0]);
        for (uint32_t i = 1; i < module->build_id_len; i++)
            used += snprintf(ret_path + used, size - (size_t)used, "%02x", module->build_id[i]);
        snprintf(ret_path + used, size - (size_t)used, ".debug");
        fd = open_matching(ret_path, module);
    }
    return fd;
}

/* Nothing on this machine: by build id alone, which asks debuginfod where the user wants that. */
static Dwfl_Module *report_by_build_id(Dwfl *dwfl, const struct model_module *module)
{
    const char *servers = getenv("DEBUGINFOD_URLS");
    if (!servers || !*servers || module->build_id_len == 0)
        return NULL;
    Dwfl_Module *reported = dwfl_report_module(dwfl, module->file, module->start - module->bias,
                                               module->end - module->bias);
    if (!reported ||
        dwfl_module_report_build_id(reported, module->build_id, module->build_id_len, 0) != 0)
        return NULL;
    GElf_Addr bias;
    return dwfl_module_getelf(reported, &bias) ? reported : NULL;
}

struct elf_file *elf_file_new(const struct model_module *module, pid_t local_pid)
{
    char path[4200];
    struct elf_file *file = calloc(1, sizeof(*file));
    if (!file)
        return NULL;
    elf_version(EV_CURRENT);
    cut_file_reads_as_zeros();
    guarded_open_begin();
    int fd = find_file(module, local_pid, path, sizeof(path));
    file->dwfl = dwfl_begin(&callbacks);
    if (!file->dwfl) {
        if (fd >= 0)
            close(fd);
        guarded_open_end();
        return file;
    }
    dwfl_report_begin(file->dwfl);
    if (fd >= 0) {
        /* takes the descriptor when it succeeds */
        file->module = dwfl_report_elf(file->dwfl, module->file, path, fd, 0, true);
        if (!file->module)
            close(fd);
    } else {
        file->module = report_by_build_id(file->dwfl, module);
    }
    dwfl_report_end(file->dwfl, NULL, NULL);
    guarded_open_end();
    return file;
}

void elf_file_free(struct elf_file *file)
{
    if (!file)
        return;
    if (file->dwfl)
        dwfl_end(file->dwfl);
    free(file->functions);
    free(file);
}

bool elf_file_matches(const struct elf_file *file)
{
    return file->module != NULL;
}

struct candidate {
    struct elf_function function;
    unsigned rank; /* smaller is the better of two names for one address */
};

static int compare_candidates(const void *a, const void *b)
{
    const struct candidate *left = a, *right = b;
    if (left->function.start != right->function.start)
        return left->function.start < right->function.start ? -1 : 1;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    size_t len = strlen(left->function.name), other = strlen(right->function.name);
    if (len != other) /* free, not cfree; open, not open64 */
        return len < other ? -1 : 1;
    return strcmp(left->function.name, right->function.name);
}

/* Of the names of one address, the one a programmer would use: exported, few leading underscores. */
static unsigned name_rank(const GElf_Sym *symbol, const char *name)
{
    unsigned underscores = 0;
    while (name[underscores] == '_' && underscores < 3)
        underscores++;
    return (GELF_ST_BIND(symbol->st_info) == STB_LOCAL ? 8 : 0) + underscores +
           (symbol->st_size == 0 ? 16 : 0);
}

static int collect_functions(struct elf_file *file, struct vector *candidates)
{
    int count = dwfl_module_getsymtab(file->module);
    for (int i = 1; i < count; i++) {
        GElf_Sym symbol;
        GElf_Addr address;
        GElf_Word section;
        const char *name =
            dwfl_module_getsym_info(file->module, i, &symbol, &address, &section, NULL, NULL);
        int type = name ? GELF_ST_TYPE(symbol.st_info) : STT_NOTYPE;
        if (!name || !*name || (type != STT_FUNC && type != STT_GNU_IFUNC) ||
            section == SHN_UNDEF)
            continue;
        struct candidate *candidate = vector_push(candidates);
        if (!candidate)
            return -ENOMEM;
        candidate->function.name = name;
        candidate->function.start = address;
        candidate->function.end = address + symbol.st_size;
        candidate->rank = name_rank(&symbol, name);
    }
    return 0;
}

/* Fills functions[]: one name an address; assembly without a size reaches to the next function. */
static void read_functions(struct elf_file *file)
{
    struct vector candidates = {.bytes = sizeof(struct candidate)};
    file->functions_read = true;
    guarded_open_begin();
    int error = file->module ? collect_functions(file, &candidates) : -ENOENT;
    guarded_open_end();
    if (error || candidates.count == 0) {
        vector_done(&candidates);
        return;
    }
    struct candidate *sorted = candidates.items;
    qsort(sorted, candidates.count, sizeof(*sorted), compare_candidates);
    file->functions = calloc(candidates.count, sizeof(*file->functions));
    for (size_t i = 0; file->functions && i < candidates.count; i++) {
        struct elf_function *last =
            file->function_count ? &file->functions[file->function_count - 1] : NULL;
        if (last && last->start == sorted[i].function.start) {
            if (sorted[i].function.end > last->end)
                last->end = sorted[i].function.end;
            continue;
        }
        if (last && last->end == last->start)
            last->end = sorted[i].function.start;
        file->functions[file->function_count++] = sorted[i].function;
    }
    vector_done(&candidates);
}

const struct elf_function *elf_file_function(struct elf_file *file, uint64_t address)
{
    if (!file->functions_read)
        read_functions(file);
    size_t low = 0, high = file->function_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (file->functions[middle].start <= address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct elf_function *found = low ? &file->functions[low - 1] : NULL;
    return found && address < found->end ? found : NULL;
}

bool elf_file_segment(const struct elf_file *file, uint64_t address, struct elf_segment *ret_segment)
{
    GElf_Addr bias;
    Elf *elf = file->module ? dwfl_module_getelf(file->module, &bias) : NULL;
    size_t count = 0;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    if (!elf || elf_getphdrnum(elf, &count) != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        GElf_Phdr header;
        if (!gelf_getphdr(elf, (int)i, &header) || header.p_type != PT_LOAD ||
            address < header.p_vaddr || address - header.p_vaddr >= header.p_memsz)
            continue;
        uint64_t into = header.p_vaddr & (page - 1);
        ret_segment->start = header.p_vaddr - into;
        ret_segment->end = (header.p_vaddr + header.p_memsz + page - 1) & ~(page - 1);
        ret_segment->offset = header.p_offset - (into < header.p_offset ? into : header.p_offset);
        return true;
    }
    return false;
}

static const char *die_name(Dwarf_Die *die)
{
    Dwarf_Attribute attribute;
    const char *name = NULL;
    if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attribute) ||
        dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attribute) ||
        dwarf_attr_integrate(die, DW_AT_name, &attribute))
        name = dwarf_formstring(&attribute);
    return name;
}

static unsigned die_number(Dwarf_Die *die, unsigned name)
{
    Dwarf_Attribute attribute;
    Dwarf_Word value;
    return dwarf_attr(die, name, &attribute) && dwarf_formudata(&attribute, &value) == 0
               ? (unsigned)value
               : 0;
}

/* Where an inlined function was called: becomes the place in the one it was inlined into. */
static void call_site(Dwarf_Die *unit, Dwarf_Die *inlined, struct elf_site *place)
{
    Dwarf_Files *files;
    size_t count;
    unsigned file = die_number(inlined, DW_AT_call_file);
    place->line = die_number(inlined, DW_AT_call_line);
    place->file = NULL;
    if (dwarf_getsrcfiles(unit, &files, &count) == 0 && file < count)
        place->file = dwarf_filesrc(files, file, NULL, NULL);
}

static unsigned find_sites(struct elf_file *file, uint64_t address, struct elf_site *sites, unsigned limit)
{
    Dwarf_Addr bias;
    Dwarf_Die *unit = file->module ? dwfl_module_addrdie(file->module, address, &bias) : NULL;
    if (!unit || limit == 0)
        return 0;
    struct elf_site place = {0};
    Dwfl_Line *line = dwfl_module_getsrc(file->module, address);
    int number = 0;
    if (line)
        place.file = dwfl_lineinfo(line, NULL, &number, NULL, NULL, NULL);
    place.line = number > 0 ? (unsigned)number : 0;

    /* dwarf_getscopes follows an inlined function to where it was defined; the physical nesting is
     * that of the innermost scope alone */
    Dwarf_Die *scopes = NULL, *nested = NULL;
    unsigned found = 0;
    if (dwarf_getscopes(unit, address - bias, &scopes) > 0) {
        int count = dwarf_getscopes_die(&scopes[0], &nested);
        for (int i = 0; i < count && found < limit; i++) {
            int tag = dwarf_tag(&nested[i]);
            if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram)
                continue;
            place.name = die_name(&nested[i]);
            sites[found++] = place;
            if (tag == DW_TAG_subprogram)
                break;
            call_site(unit, &nested[i], &place);
        }
    }
    free(nested);
    free(scopes);
    if (found == 0 && place.file)
        sites[found++] = place;
    return found;
}

unsigned elf_file_sites(struct elf_file *file, uint64_t address, struct elf_site *sites,
                        unsigned limit)
{
    guarded_open_begin();
    unsigned found = find_sites(file, address, sites, limit);
    guarded_open_end();
    return found;
}
