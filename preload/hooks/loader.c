/* loader.c: dlopen, dlmopen, dlclose: timed, without RTLD_DEEPBIND, the module map kept current.
 *
 * RTLD_DEEPBIND is taken out and counted: it would bind the library's malloc and free past libstrong
 * and past whatever else was preloaded (php-src #10670, jemalloc #2419).
 *
 * libc finds out by the return address who calls dlopen: a bare name is looked for along the DT_RUNPATH
 * of that module, $ORIGIN and friends mean its place, and the DT_RPATHs of its loaders hold for what it
 * loads. Called from here, it would take libstrong for the caller. So the exported functions are
 * trampolines that leave the caller's return address in place and jump
 *   - to measured_*, which calls libc normally, where the caller cannot matter: a name with a slash or
 *     a caller without search path, no $ in the name, and no library with a DT_RPATH;
 *   - straight to libc otherwise. Then nothing of ours runs when libc is done: such a call is counted
 *     but not timed, and the module map is brought up to date at the next chance (modules_mark).
 * Any thread; not in signal handlers, as in libc. Nothing is held across libc's call.
 */
#include <link.h>
#include <string.h>

#include "hooks/site.h"
#include "hooks/trampoline.h"
#include "runtime/boot.h"
#include "runtime/counters.h"
#include "runtime/modules.h"
#include "runtime/unwind.h"

#undef p_type /* resolv.h's */

TRAMPOLINE(dlopen, loader_pick_dlopen);
TRAMPOLINE(dlmopen, loader_pick_dlmopen);

/* ---- does the caller matter? ---- */

struct search {
    uintptr_t caller;
    bool found, caller_has_path, library_has_rpath;
    unsigned modules;
};

/* Whether a module is mapped at an address, and which search paths its dynamic section has. */
static int look(struct dl_phdr_info *info, size_t size, void *argument)
{
    (void)size;
    struct search *search = argument;
    bool rpath = false, runpath = false, is_caller = false;
    for (unsigned i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + header->p_vaddr;
        if (header->p_type == PT_LOAD && search->caller - start < header->p_memsz)
            is_caller = true;
        if (header->p_type != PT_DYNAMIC)
            continue;
        for (const ElfW(Dyn) *entry = (const void *)start; entry->d_tag != DT_NULL; entry++) {
            rpath |= entry->d_tag == DT_RPATH;
            runpath |= entry->d_tag == DT_RUNPATH;
        }
    }
    if (is_caller) {
        search->found = true;
        search->caller_has_path = rpath || runpath;
    }
    /* The first one is the program, whose DT_RPATH holds whoever calls. */
    if (search->modules++ > 0 && rpath && !runpath)
        search->library_has_rpath = true;
    return 0;
}

static bool caller_matters(const char *file, const void *caller)
{
    if (!file || !*file)
        return false;
    if (strchr(file, '$'))
        return true;
    struct search search = {.caller = (uintptr_t)caller - 1};
    dl_iterate_phdr(look, &search);
    return search.library_has_rpath || (!strchr(file, '/') && (!search.found || search.caller_has_path));
}

/* ---- the measured way ---- */

static uint32_t file_target(const char *file)
{
    return site_ready() && file ? targets_string(TARGET_FILE, file) : 0;
}

static void *measured_dlopen(const char *file, int mode)
{
    struct span span;
    span_begin(&span, HOOK_dlopen, file_target(file));
    void *handle = next.dlopen(file, mode);
    span_end(&span, 0, handle ? 0 : ENOENT);
    if (handle && !boot_off)
        modules_scan();
    return handle;
}

static void *measured_dlmopen(Lmid_t list, const char *file, int mode)
{
    struct span span;
    span_begin(&span, HOOK_dlmopen, file_target(file));
    void *handle = next.dlmopen(list, file, mode);
    span_end(&span, 0, handle ? 0 : ENOENT);
    if (handle && !boot_off)
        modules_scan();
    return handle;
}

/* ---- the trampolines' C side ---- */

static void *pick(unsigned hook, const char *file, long *mode, const void *caller, void *direct, void *measured)
{
    if (boot_off)
        return direct;
    if ((int)*mode & RTLD_DEEPBIND) {
        *mode &= ~(long)RTLD_DEEPBIND;
        counters_add(COUNTER_deepbind_stripped, 1);
    }
    int saved_errno = errno;
    bool matters = caller_matters(file, caller);
    if (matters) {
        struct span span;
        span_begin(&span, hook, file_target(file));
        span_end(&span, 0, 0);
        modules_mark();
    }
    errno = saved_errno;
    return matters ? direct : measured;
}

/* next is filled by boot: so attach before looking at it. */
TRAMPOLINE_PICKER void *loader_pick_dlopen(long *arguments, const void *caller)
{
    site_ready();
    return pick(HOOK_dlopen, (const char *)arguments[0], &arguments[1], caller, (void *)next.dlopen,
                (void *)measured_dlopen);
}

TRAMPOLINE_PICKER void *loader_pick_dlmopen(long *arguments, const void *caller)
{
    site_ready();
    return pick(HOOK_dlmopen, (const char *)arguments[1], &arguments[2], caller, (void *)next.dlmopen,
                (void *)measured_dlmopen);
}

STRONG_EXPORT int dlclose(void *handle)
{
    struct span span;
    span_begin(&span, HOOK_dlclose, 0);
    unwind_unload_begin(); /* rules of code that goes must not be met by what is loaded in its place */
    int ret = next.dlclose(handle);
    unwind_unload_end();
    span_end(&span, 0, ret ? EINVAL : 0);
    if (!boot_off)
        modules_scan();
    return ret;
}
