/* demangle.h: C++, Rust and D names as people write them, without parameter lists. Single-threaded. */
#ifndef STRONG_READ_DEMANGLE_H
#define STRONG_READ_DEMANGLE_H

struct arena;

/* The clean, demangled form of an ELF symbol's name, a clean copy where it is not mangled, NULL when
 * memory is exhausted. Version suffixes ("@@GLIBC_2.2.5") are cut; names beyond 4 KiB stay mangled. */
const char *demangle(struct arena *arena, const char *name);

#endif
