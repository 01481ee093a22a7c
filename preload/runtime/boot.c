/* boot.c: see boot.h.
 *
 * The first hooked call of the process, or our constructor, whichever comes first, runs boot.def. It
 * is single-threaded by construction: a second thread cannot be made without pthread_create, which is a
 * hook. Calls that libc makes to hooks meanwhile find their thread BUSY and forward. Disabled
 * (STRONG_ENABLED=0) and set-user-id processes stop after libc_init: nothing is opened or changed.
 */
#include "runtime/boot.h"

#include <dlfcn.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/identity.h"
#include "runtime/libc.h"
#include "runtime/segment.h"
#include "runtime/text.h"
#include "runtime/thread.h"

#define BOOT_STAGE(function) int function(void);
#include "runtime/boot.def"
#undef BOOT_STAGE
int libc_init(void);

enum { ARGUMENTS_MOST = 1 << 22 };

bool boot_done, boot_off;
static bool booting;

static const struct {
    int (*run)(void);
    const char *name;
} stages[] = {
#define BOOT_STAGE(function) {function, #function},
#include "runtime/boot.def"
#undef BOOT_STAGE
};

/* Before libc's own constructor (a sanitizer's runtime starts in .preinit_array) environ is not set, and every
 * setting would be missed. Here it is set to what libc will set it to: where the kernel put it, behind the
 * arguments. */
static void find_environment(void)
{
    void **const *stack_end = environ ? NULL : dlsym(RTLD_DEFAULT, "__libc_stack_end"); /* of the loader */
    if (!stack_end || !*stack_end)
        return;
    long count = (long)(*stack_end)[0];
    char **arguments = (char **)(*stack_end + 1);
    if (count >= 0 && count < ARGUMENTS_MOST && !arguments[count])
        environ = arguments + count + 1;
}

static bool wanted(void)
{
    if (getauxval(AT_SECURE))
        return false;
    const char *enabled = getenv("STRONG_ENABLED");
    bool value = true;
    if (enabled && enabled[0] && config_parse_flag(enabled, &value) == 0)
        return value;
    return true;
}

static void run_stages(void)
{
    for (unsigned i = 0; i < sizeof stages / sizeof *stages; i++) {
        int ret = stages[i].run();
        if (ret == 0)
            continue;
        char room[100];
        struct text text = text_in(room, sizeof room);
        text_string(&text, stages[i].name);
        text_string(&text, " failed with errno ");
        text_unsigned(&text, (uint64_t)-ret);
        segment_note(room);
    }
}

void boot_ensure(void)
{
    if (boot_done || booting)
        return;
    booting = true;
    int ret = libc_init();
    find_environment();
    if (ret < 0 || !wanted()) {
        boot_off = true;
    } else {
        run_stages();
    }
    __atomic_store_n(&boot_done, true, __ATOMIC_RELEASE);
    booting = false;
}

static __attribute__((constructor)) void start(int argc, char **argv)
{
    thread_attach();
    if (!boot_off)
        identity_arguments(argc, argv);
}
