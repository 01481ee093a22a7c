/* vdso.h: the kernel's clocks, read from the kernel's own library.
 *
 * `clock_gettime` by name may be another preloaded library's (faketime's), whose time steps and is not what the kernel waits
 * by. What we measure and what we wait for is real time whoever is stacked; a program's deadline is the one thing to
 * compare with the program's clock. No system call where the kernel's library has none: threads in a strict seccomp filter
 * read it too. Any thread, any context; before vdso_init it is clock_gettime by name.
 */
#ifndef STRONG_RUNTIME_VDSO_H
#define STRONG_RUNTIME_VDSO_H

#include <stdint.h>
#include <time.h>

/* Boot. Where the kernel has no such library (some emulators) it stays clock_gettime by name. */
int vdso_init(void);
uint64_t vdso_clock_ns(clockid_t clock);

/* A function that an ELF image in memory, not relocated, defines; NULL: none. */
void *vdso_symbol(const void *image, const char *name);

#endif
