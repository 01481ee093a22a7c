/* system.h: raw system calls and the few machine details the runtime needs.
 *
 * The runtime never calls libc by name for anything libstrong itself interposes: inside the library
 * `read` is our own hook. These go straight to the kernel, return -errno and leave errno alone, so
 * they are safe in signal handlers, before boot and between fork and exec.
 */
#ifndef STRONG_RUNTIME_SYSTEM_H
#define STRONG_RUNTIME_SYSTEM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#define strong_likely(x) __builtin_expect(!!(x), 1)
#define strong_unlikely(x) __builtin_expect(!!(x), 0)

static inline long system_call(long number, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
    long ret;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "=a"(ret)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return ret;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory");
    return x0;
#else
#error "libstrong knows x86-64 and aarch64"
#endif
}

#define system_call0(n) system_call(n, 0, 0, 0, 0, 0, 0)
#define system_call1(n, a) system_call(n, (long)(a), 0, 0, 0, 0, 0)
#define system_call2(n, a, b) system_call(n, (long)(a), (long)(b), 0, 0, 0, 0)
#define system_call3(n, a, b, c) system_call(n, (long)(a), (long)(b), (long)(c), 0, 0, 0)
#define system_call4(n, a, b, c, d) system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), 0, 0)
#define system_call6(n, a, b, c, d, e, f)                                                          \
    system_call(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))

/* Reads a whole small file (procfs, sysfs) into buf; returns the length or -errno. NUL-terminates.
 * Holds a descriptor for the moment: only at start and exit, see shared rules on descriptors. */
long system_read_file(const char *path, char *buf, unsigned long size);

/* Adds without a lock to a counter with one writing thread. On x86-64 one instruction, so that a
 * signal handler of the same thread cannot lose it. */
static inline void system_add(uint64_t *counter, uint64_t amount)
{
#if defined(__x86_64__)
    __asm__("addq %1, %0" : "+m"(*counter) : "er"(amount) : "cc");
#else
    __atomic_store_n(counter, __atomic_load_n(counter, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
#endif
}

/* Waiting for another thread's few instructions. */
static inline void system_relax(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Subtracts; true: there was less than that, and the counter has wrapped. One instruction, so that a signal
 * handler of the same thread finds either state and its own subtraction is never lost. */
static inline bool system_take(int64_t *counter, uint64_t amount)
{
#if defined(__x86_64__)
    bool less;
    __asm__("subq %2, %0" : "+m"(*counter), "=@ccc"(less) : "er"(amount));
    return less;
#else
    uint64_t had = (uint64_t)*counter;
    *counter = (int64_t)(had - amount);
    return had < amount;
#endif
}

/* Subtracts 1; true: the counter is below 0 now. */
static inline bool system_count_down(int32_t *counter)
{
#if defined(__x86_64__)
    bool negative;
    __asm__("subl $1, %0" : "+m"(*counter), "=@ccs"(negative));
    return negative;
#else
    return --*counter < 0;
#endif
}
static inline void system_count_up(int32_t *counter)
{
#if defined(__x86_64__)
    __asm__("addl $1, %0" : "+m"(*counter) : : "cc");
#else
    ++*counter;
#endif
}

#endif
