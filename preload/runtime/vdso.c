/* vdso.c: finds clock_gettime in the library that the kernel maps into each process. See vdso.h.
 *
 * Found once at boot and never changed: the library stays where it is over fork, and exec boots anew. The kernel built the
 * image, so it is trusted. Some kernels give it one kind of hash table and some the other; all that is wanted of it is the number
 * of symbols.
 */
#include "runtime/vdso.h"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <sys/auxv.h>

#if defined(__x86_64__)
static const char name_of_clock[] = "__vdso_clock_gettime";
#else
static const char name_of_clock[] = "__kernel_clock_gettime";
#endif

static int by_name(clockid_t clock, struct timespec *ret_now)
{
    return clock_gettime(clock, ret_now);
}

static int (*read_clock)(clockid_t clock, struct timespec *ret_now) = by_name;

/* The last symbol is in the chain of the highest bucket. */
static uint32_t count_by_gnu_hash(const uint32_t *table)
{
    uint32_t buckets = table[0], first = table[1], bloom_words = table[2], last = 0;
    const uint32_t *bucket = table + 4 + bloom_words * (sizeof(ElfW(Addr)) / sizeof *table), *chain = bucket + buckets;
    for (uint32_t i = 0; i < buckets; i++)
        last = bucket[i] > last ? bucket[i] : last;
    if (last < first)
        return first;
    while (!(chain[last - first] & 1))
        last++;
    return last + 1;
}

void *vdso_symbol(const void *image, const char *name)
{
    const ElfW(Ehdr) *header = image;
    const ElfW(Phdr) *segment = (const void *)((uintptr_t)image + header->e_phoff);
    const ElfW(Dyn) *dynamic = NULL;
    uintptr_t bias = (uintptr_t)image;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD && segment[i].p_offset == 0)
            bias = (uintptr_t)image - segment[i].p_vaddr;
        else if (segment[i].p_type == PT_DYNAMIC)
            dynamic = (const void *)((uintptr_t)image + segment[i].p_offset);
    }
    const ElfW(Sym) *symbols = NULL;
    const char *strings = NULL;
    uint32_t count = 0;
    for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
        const void *at = (const void *)(bias + dynamic->d_un.d_ptr);
        if (dynamic->d_tag == DT_SYMTAB)
            symbols = at;
        else if (dynamic->d_tag == DT_STRTAB)
            strings = at;
        else if (dynamic->d_tag == DT_HASH)
            count = ((const uint32_t *)at)[1];
        else if (dynamic->d_tag == DT_GNU_HASH && !count)
            count = count_by_gnu_hash(at);
    }
    for (uint32_t i = 0; symbols && strings && i < count; i++)
        if (symbols[i].st_shndx != SHN_UNDEF && strcmp(strings + symbols[i].st_name, name) == 0)
            return (void *)(bias + symbols[i].st_value);
    return NULL;
}

int vdso_init(void)
{
    const void *image = (const void *)getauxval(AT_SYSINFO_EHDR);
    void *found = image ? vdso_symbol(image, name_of_clock) : NULL;
    struct timespec now;
    if (!found)
        return 0;
    *(void **)(void *)&read_clock = found;
    if (read_clock(CLOCK_MONOTONIC, &now) != 0)
        read_clock = by_name;
    return 0;
}

uint64_t vdso_clock_ns(clockid_t clock)
{
    struct timespec now = {0, 0};
    read_clock(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
