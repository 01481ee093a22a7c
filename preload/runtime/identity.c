/* identity.c: see identity.h.
 *
 * Arguments are kept in private memory (cut at 4 KiB) so that a forked child can write them into its own
 * segment. What needs a file read waits for identity_lives_on: a process of a few milliseconds cannot
 * afford it, and a reader takes zeros for unknown. STRONG_ARGUMENTS=0 keeps only argv[0]. The environment is never recorded.
 */
#include "runtime/identity.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/arena.h"
#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/segment.h"
#include "runtime/system.h"
#include "runtime/vdso.h"

#ifndef STRONG_VERSION
#define STRONG_VERSION "0"
#endif

enum { COMMAND_MOST = 4096 };

static char executable[1024];
static unsigned executable_len;
static char *command; /* argv joined by NUL */
static unsigned command_len;
static uint8_t boot_id[16];

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void read_boot_id(void)
{
    char text[64];
    if (system_read_file("/proc/sys/kernel/random/boot_id", text, sizeof text) < 0)
        return;
    unsigned digits = 0;
    for (const char *at = text; *at && digits < 32; at++)
        if (hex_digit(*at) >= 0) {
            boot_id[digits / 2] = (uint8_t)(boot_id[digits / 2] << 4 | hex_digit(*at));
            digits++;
        }
}

static void write_command(void)
{
    struct string_ref ref = segment_string(command, command_len);
    if (ref.len)
        segment->command = ref;
}

void identity_arguments(int argc, char **argv)
{
    if (command || argc <= 0 || !(command = arena_take(COMMAND_MOST)))
        return;
    int count = config.arguments ? argc : 1;
    for (int i = 0; i < count && argv[i] && command_len < COMMAND_MOST; i++) {
        size_t len = strlen(argv[i]) + 1;
        if (len > COMMAND_MOST - command_len)
            len = COMMAND_MOST - command_len;
        memcpy(command + command_len, argv[i], len);
        command_len += (unsigned)len;
    }
    if (command_len)
        command_len--; /* NUL separates, it does not end */
    write_command();
}

void identity_publish(void)
{
    segment->parent_pid = (uint32_t)system_call0(SYS_getppid);
    segment->uid = (uint32_t)system_call0(SYS_geteuid);
    segment->start_realtime_ns = vdso_clock_ns(CLOCK_REALTIME);
    segment->start_ticks = segment->last_ticks = clock_ticks();
    segment->cpu_period_ns = config.cpu_hz ? 1000000000u / config.cpu_hz : 0;
    segment->alloc_period_bytes = config.alloc_period_bytes;
    segment->block_period_ticks = clock_ns_to_ticks(config.block_period_ns);
    segment->executable = segment_string(executable, executable_len);
    segment->run = segment_string(config.run, (unsigned)strlen(config.run));
    segment->library_version = segment_string(STRONG_VERSION, sizeof STRONG_VERSION - 1);
    char options[2048];
    segment->options = segment_string(options, config_describe(options, sizeof options));
    if (command)
        write_command();
    clock_refine();
    segment->state = SEGMENT_RUNNING;
    __atomic_store_n(&segment->magic, SEGMENT_MAGIC, __ATOMIC_RELEASE); /* readers check it first */
}

void identity_lives_on(void)
{
    struct stat status;
    if (segment->pid_namespace)
        return;
    if (system_call4(SYS_newfstatat, AT_FDCWD, "/proc/self/ns/pid", &status, 0) == 0)
        segment->pid_namespace = status.st_ino;
    read_boot_id();
    memcpy(segment->boot_id, boot_id, sizeof boot_id);
}

int identity_init(void)
{
    long len = system_call4(SYS_readlinkat, AT_FDCWD, "/proc/self/exe", executable, sizeof executable);
    executable_len = len > 0 ? (unsigned)len : 0;
    identity_publish();
    return 0;
}
