/* modules.c: see modules.h.
 *
 * A pass stamps every record it meets with its number (private array); records not stamped are gone:
 * they get unloaded_generation = ++header.module_generation, once for the pass, and the unwinder
 * forgets its rules. `scanning` lets one thread work: whoever comes meanwhile asks for another pass.
 */
#include "runtime/modules.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/counters.h"
#include "runtime/segment.h"
#include "runtime/unwind.h"

enum { MODULES_MOST = 4096, SCAN_IDLE = 0, SCAN_RUNNING = 1, SCAN_AGAIN = 2 };

static uint32_t scanning;
static bool marked;
static uint32_t pass;
static uint32_t *stamps; /* wiped in a forked child, as the table is */

static void build_id_of(const struct dl_phdr_info *info, struct module_record *module)
{
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_NOTE)
            continue;
        const char *at = (const char *)(info->dlpi_addr + header->p_vaddr), *end = at + header->p_memsz;
        while (at + sizeof(ElfW(Nhdr)) <= end) {
            const ElfW(Nhdr) *note = (const void *)at;
            const char *name = at + sizeof *note, *data = name + ((note->n_namesz + 3) & ~3u);
            if (data + note->n_descsz > end)
                break;
            if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4 && memcmp(name, "GNU", 4) == 0 &&
                note->n_descsz <= sizeof module->build_id) {
                memcpy(module->build_id, data, note->n_descsz);
                module->build_id_len = note->n_descsz;
                return;
            }
            at = data + ((note->n_descsz + 3) & ~3u);
        }
    }
}

static bool span_of(const struct dl_phdr_info *info, uint64_t *ret_start, uint64_t *ret_end)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        if (header->p_type != PT_LOAD)
            continue;
        if (header->p_vaddr < low)
            low = header->p_vaddr;
        if (header->p_vaddr + header->p_memsz > high)
            high = header->p_vaddr + header->p_memsz;
    }
    *ret_start = info->dlpi_addr + low;
    *ret_end = info->dlpi_addr + high;
    return high > 0;
}

static bool same_path(const struct module_record *module, const char *path, size_t len)
{
    return module->path.len == len &&
           memcmp(segment_at(segment->tables[TABLE_STRINGS].offset + module->path.offset), path, len) == 0;
}

static void append(const struct dl_phdr_info *info, uint64_t start, uint64_t end, const char *path, size_t len)
{
    struct module_record *module;
    uint32_t row = segment_append(TABLE_MODULES, (void **)&module);
    if (!row || row >= MODULES_MOST) {
        counters_add(COUNTER_module_table_full, 1);
        return;
    }
    module->end = end;
    module->bias = info->dlpi_addr;
    module->path = segment_string(path, (unsigned)len);
    build_id_of(info, module);
    module->loaded_generation = segment->module_generation;
    stamps[row] = pass;
    __atomic_store_n(&module->start, start, __ATOMIC_RELEASE); /* readers skip rows with start 0 */
}

static int visit(struct dl_phdr_info *info, size_t size, void *context)
{
    (void)size, (void)context;
    uint64_t start, end;
    if (!span_of(info, &start, &end))
        return 0;
    const char *path = info->dlpi_name && info->dlpi_name[0] ? info->dlpi_name : "";
    size_t len = strlen(path);
    uint64_t count = segment->tables[TABLE_MODULES].used;
    for (uint32_t i = 1; i < count && i < MODULES_MOST && i < segment->tables[TABLE_MODULES].capacity; i++) {
        struct module_record *module = segment_record(TABLE_MODULES, i);
        if (module->start != start || module->end != end || !same_path(module, path, len))
            continue;
        stamps[i] = pass;
        if (module->unloaded_generation) /* back at the same place: everything about it holds again */
            __atomic_store_n(&module->unloaded_generation, 0, __ATOMIC_RELEASE);
        return 0;
    }
    append(info, start, end, path, len);
    return 0;
}

static void mark_unloaded(void)
{
    bool any = false;
    uint64_t count = segment->tables[TABLE_MODULES].used;
    for (uint32_t i = 1; i < count && i < MODULES_MOST && i < segment->tables[TABLE_MODULES].capacity; i++) {
        struct module_record *module = segment_record(TABLE_MODULES, i);
        if (!module->start || module->unloaded_generation || stamps[i] == pass)
            continue;
        if (!any)
            __atomic_fetch_add(&segment->module_generation, 1, __ATOMIC_RELAXED);
        any = true;
        __atomic_store_n(&module->unloaded_generation, segment->module_generation, __ATOMIC_RELEASE);
    }
    if (any)
        unwind_flush();
}

void modules_scan(void)
{
    if (!stamps || __atomic_exchange_n(&scanning, SCAN_AGAIN, __ATOMIC_ACQ_REL) != SCAN_IDLE)
        return; /* whoever is at it sees SCAN_AGAIN when it is done */
    do {
        __atomic_store_n(&scanning, SCAN_RUNNING, __ATOMIC_RELAXED);
        pass++;
        dl_iterate_phdr(visit, NULL);
        mark_unloaded();
        uint32_t running = SCAN_RUNNING;
        if (__atomic_compare_exchange_n(&scanning, &running, SCAN_IDLE, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return;
    } while (true);
}

void modules_mark(void)
{
    __atomic_store_n(&marked, true, __ATOMIC_RELAXED);
}

void modules_scan_marked(void)
{
    if (__atomic_exchange_n(&marked, false, __ATOMIC_RELAXED))
        modules_scan();
}

int modules_init(void)
{
    if (!stamps)
        stamps = arena_take_wiped(MODULES_MOST * sizeof *stamps);
    scanning = SCAN_IDLE;
    modules_scan();
    return 0;
}
