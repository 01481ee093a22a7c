/* cut_file.c: see cut_file.h. Owns the handler of SIGBUS, which puts a page of zeros where a mapping has lost its file.
 *
 * Only for faults beyond a file's end (BUS_ADRERR): a broken memory module, or no room for the page, ends the process as
 * before. The handler makes two system calls and touches nothing else, so it may come at any instruction of libelf.
 */
#include "read/cut_file.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static uintptr_t page_bytes;

static void fill(int number, siginfo_t *info, void *context)
{
    int before = errno;
    void *page = (void *)((uintptr_t)info->si_addr & ~(page_bytes - 1));
    (void)context;
    if (info->si_code != BUS_ADRERR ||
        mmap(page, page_bytes, PROT_READ | PROT_WRITE, MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        signal(number, SIG_DFL); /* the instruction is tried again, and this time it ends us */
    errno = before;
}

void cut_file_reads_as_zeros(void)
{
    static bool done;
    struct sigaction action = {.sa_sigaction = fill, .sa_flags = SA_SIGINFO | SA_RESTART};
    if (done)
        return;
    done = true;
    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    sigemptyset(&action.sa_mask);
    sigaction(SIGBUS, &action, NULL);
}
