/* elf_file.h: one ELF file on disk as a source of names: a sorted table of its functions, and DWARF.
 *
 * Addresses are in the file's own terms (the address at run time minus the load bias). A file is used
 * only when its build id is the recorded one; then, in order: the recorded path, the same path seen
 * through the running process's root, the separate debug file of that build id, debuginfod (only where
 * the user set DEBUGINFOD_URLS). A module recorded without a build id is taken at its path.
 * Single-threaded; libdw does not lock either.
 */
#ifndef STRONG_READ_ELF_FILE_H
#define STRONG_READ_ELF_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "read/model.h"

struct elf_file;

struct elf_function {
    uint64_t start, end;
    const char *name; /* as in the symbol table; valid as long as the file */
};

/* One function at an address: the innermost of an inline chain, or the real one. */
struct elf_site {
    const char *name; /* linkage name, or the plain one; NULL unknown */
    const char *file; /* NULL unknown */
    unsigned line;
};

/* Opens nothing yet but the file; never NULL unless memory is exhausted. elf_file_matches tells
 * whether a file of the right build id was found. */
struct elf_file *elf_file_new(const struct model_module *module, pid_t local_pid);
void elf_file_free(struct elf_file *file);
bool elf_file_matches(const struct elf_file *file);

/* The function whose code holds the address; reads symbol tables on first use. NULL if none. */
const struct elf_function *elf_file_function(struct elf_file *file, uint64_t address);

/* The segment of the file that holds an address, as the kernel maps it: whole pages. */
struct elf_segment {
    uint64_t start, end; /* addresses in the file's own terms */
    uint64_t offset;     /* of start in the file */
};
bool elf_file_segment(const struct elf_file *file, uint64_t address, struct elf_segment *ret_segment);

/* From DWARF: up to `limit` sites, innermost first, the real function last. Returns how many; 0 where
 * there is no debug information. Texts live as long as the file and are not clean. */
unsigned elf_file_sites(struct elf_file *file, uint64_t address, struct elf_site *sites,
                        unsigned limit);

#endif
