/*
 * libprobe_unwind: preloaded into a program, interrupts its main thread again and again and
 * compares two walks of the interrupted stack: unwind_walk's and libunwind's (unw_step). libunwind
 * is opened privately, because its exported _Unwind_* would catch the program's exceptions; it is
 * not asked during dlopen, where it may deadlock.
 *
 * UNWIND_PROBE=timer  SIGALRM at random intervals of 0.1 to 0.9 ms
 * UNWIND_PROBE=step   after every instruction (the processor's trap flag), to UNWIND_PROBE_POINTS
 * UNWIND_PROBE_OUT    file for the result: points, frames (of the longer walk), equal (frames equal
 *                     at the same place), whole (points with all frames equal), reason each walk
 *                     ended, then the first differing walks
 */
#include "../../preload/runtime/unwind.c"
#include "../../preload/runtime/unwind_cfi.c"
#include "../../preload/runtime/unwind_context.c"
#include "../../preload/runtime/unwind_find.c"
#include "../../preload/runtime/unwind_pack.c"
#include "../../preload/runtime/unwind_rules.c"

#define UNW_LOCAL_ONLY
#include <libunwind.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#define DEEPEST 400
#define KEPT 12
#define KEPT_FRAMES 8
#define NAME(x) NAME_TEXT(x)
#define NAME_TEXT(x) #x

static int (*init_local)(unw_cursor_t *, unw_context_t *, int);
static int (*step)(unw_cursor_t *);
static int (*get_register)(unw_cursor_t *, int, unw_word_t *);

struct difference {
    unsigned at, own_count, oracle_count;
    enum unwind_end end;
    uintptr_t own[KEPT_FRAMES], oracle[KEPT_FRAMES];
};

static struct {
    unsigned long points, frames, equal, whole, ends[UNWIND_ENDS], limit, skipped;
    unsigned differences;
    struct difference difference[KEPT];
} result;
static pid_t main_thread;
static uintptr_t stack_high;
static volatile int in_loader;
static bool stepping;
static unsigned long random_state = 88172645463325252ul;

static unsigned oracle_walk(ucontext_t *context, uintptr_t *pcs)
{
    unw_cursor_t cursor;
    unsigned count = 0;
    if (init_local(&cursor, context, UNW_INIT_SIGNAL_FRAME) != 0)
        return 0;
    do {
        unw_word_t pc;
        get_register(&cursor, UNW_REG_IP, &pc);
        if (pc == 0)
            break;
        pcs[count++] = pc;
    } while (count < DEEPEST && step(&cursor) > 0);
    return count;
}

static void keep_difference(const uintptr_t *own, unsigned own_count, const uintptr_t *oracle,
                            unsigned oracle_count, unsigned at, enum unwind_end end)
{
    if (result.differences == KEPT)
        return;
    struct difference *kept = &result.difference[result.differences++];
    unsigned from = at > 2 ? at - 2 : 0;
    *kept = (struct difference){.at = at, .own_count = own_count, .oracle_count = oracle_count};
    kept->end = end;
    for (unsigned i = 0; i < KEPT_FRAMES; i++) {
        kept->own[i] = from + i < own_count ? own[from + i] : 0;
        kept->oracle[i] = from + i < oracle_count ? oracle[from + i] : 0;
    }
}

static void compare_walks(ucontext_t *context)
{
    static uintptr_t own[DEEPEST], oracle[DEEPEST];
    struct unwind_start start;
    enum unwind_end end;
    unwind_start_context(context, &start);
    struct unwind_bounds bounds = {start.sp - 128, stack_high, 0, 0};
    unsigned own_count = unwind_walk(&start, &bounds, own, DEEPEST, &end);
    unsigned oracle_count = oracle_walk(context, oracle);
    unsigned longer = own_count > oracle_count ? own_count : oracle_count;
    unsigned shorter = own_count < oracle_count ? own_count : oracle_count;
    unsigned equal = 0, first = longer;
    for (unsigned i = 0; i < shorter; i++) {
        equal += own[i] == oracle[i];
        if (own[i] != oracle[i] && first == longer)
            first = i;
    }
    if (first == longer)
        first = shorter;
    result.points++;
    result.frames += longer;
    result.equal += equal;
    result.ends[end]++;
    if (equal == longer)
        result.whole++;
    else
        keep_difference(own, own_count, oracle, oracle_count, first, end);
}

/* The processor's flag that raises SIGTRAP after each instruction; step mode is x86-64's only. */
static inline __attribute__((always_inline)) void set_trap(bool on)
{
#if defined(__x86_64__)
    if (on)
        __asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
    else
        __asm__ volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
#else
    (void)on;
#endif
}

static void end_trap(ucontext_t *context)
{
#if defined(__x86_64__)
    context->uc_mcontext.gregs[REG_EFL] &= ~0x100;
#else
    (void)context;
#endif
}

static void next_timer(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    struct itimerval next = {.it_value.tv_usec = 100 + (long)(random_state % 800)};
    setitimer(ITIMER_REAL, &next, NULL);
}

static void handler(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)number, (void)info;
    if (gettid() != main_thread || in_loader != 0)
        result.skipped++;
    else if (result.points < result.limit)
        compare_walks(context);
    if (!stepping)
        next_timer();
    else if (result.points >= result.limit)
        end_trap(context);
    errno = saved;
}

void *dlopen(const char *name, int flags)
{
    static void *(*real)(const char *, int);
    if (real == NULL)
        real = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
    in_loader++;
    void *ret = real(name, flags);
    in_loader--;
    return ret;
}

static void __attribute__((constructor)) begin(void)
{
    const char *mode = getenv("UNWIND_PROBE"), *limit = getenv("UNWIND_PROBE_POINTS");
    void *library = dlopen("libunwind.so.8", RTLD_NOW | RTLD_LOCAL);
    pthread_attr_t attributes;
    void *low;
    size_t size;
    if (mode == NULL || library == NULL || unwind_init() != 0 ||
        pthread_getattr_np(pthread_self(), &attributes) != 0 ||
        pthread_attr_getstack(&attributes, &low, &size) != 0)
        return;
    unsetenv("LD_PRELOAD");
    init_local =
        (int (*)(unw_cursor_t *, unw_context_t *, int))dlsym(library, NAME(unw_init_local2));
    step = (int (*)(unw_cursor_t *))dlsym(library, NAME(unw_step));
    get_register = (int (*)(unw_cursor_t *, int, unw_word_t *))dlsym(library, NAME(unw_get_reg));
    stack_high = (uintptr_t)low + size;
    main_thread = getpid();
    result.limit = limit != NULL ? strtoul(limit, NULL, 10) : ~0ul;
    stepping = strcmp(mode, "step") == 0;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigfillset(&action.sa_mask);
    sigaction(stepping ? SIGTRAP : SIGALRM, &action, NULL);
    if (stepping)
        set_trap(true);
    else
        next_timer();
}

static void print_address(FILE *out, uintptr_t address)
{
    Dl_info info = {0};
    if (address == 0 || dladdr((void *)address, &info) == 0)
        fprintf(out, "  %#lx", address);
    else
        fprintf(out, "  %s!%s+%#lx", strrchr(info.dli_fname, '/') + 1,
                info.dli_sname ? info.dli_sname : "",
                address - (uintptr_t)(info.dli_sname ? info.dli_saddr : info.dli_fbase));
}

static void __attribute__((destructor)) finish(void)
{
    const char *path = getenv("UNWIND_PROBE_OUT");
    if (stepping)
        set_trap(false);
    setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
    FILE *out = path != NULL && getpid() == main_thread ? fopen(path, "w") : NULL;
    if (out == NULL)
        return;
    fprintf(out, "points %lu frames %lu equal %lu whole %lu skipped %lu\n", result.points,
            result.frames, result.equal, result.whole, result.skipped);
    fprintf(out, "complete %lu depth %lu no_rule %lu bounds %lu expression %lu\n", result.ends[0],
            result.ends[1], result.ends[2], result.ends[3], result.ends[4]);
    for (unsigned i = 0; i < result.differences; i++) {
        struct difference *kept = &result.difference[i];
        fprintf(out, "differ at %u: own %u (end %d), oracle %u\n", kept->at, kept->own_count,
                (int)kept->end, kept->oracle_count);
        for (unsigned j = 0; j < KEPT_FRAMES; j++) {
            print_address(out, kept->own[j]);
            print_address(out, kept->oracle[j]);
            fprintf(out, "\n");
        }
    }
    fclose(out);
}
