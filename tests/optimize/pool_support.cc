// pool_support: see the header. Defines what runtime/boot.c defines, so that its constructor is not
// linked.
#include "pool_support.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

bool boot_done, boot_off;
extern "C" void boot_ensure()
{
}
extern "C" int libc_init(void);
extern "C" int config_init(void);

#if defined(__SANITIZE_THREAD__)
// Around fork the pool and jemalloc hold more locks than the detector of lock orders can count.
extern "C" __attribute__((visibility("default"))) const char *__tsan_default_options()
{
    return "detect_deadlocks=0";
}
#endif

namespace pool_test
{
void load()
{
    libc_init();
    config_init();
    pool_range_init();
    ASSERT_NE(pool_range.size, 0u);
}

void start()
{
    load();
    pool_conf_apply();
    ASSERT_NE(strong_je_nallocx(POOL_LARGEST + 1, 0), 0u);
    pool_classes_init();
    pool_span_init();
    ASSERT_EQ(pool_cache_init(), 0);
    ASSERT_EQ(pthread_atfork(pool_span_fork_prepare, pool_span_fork_done, pool_cache_fork_child),
              0);
}

void fill(void *ptr, size_t size, unsigned value)
{
    if (size)
        memset(ptr, (int)value, size);
}

bool holds(const void *ptr, size_t size, unsigned value)
{
    const auto *bytes = (const unsigned char *)ptr;
    return size == 0 ||
           (bytes[0] == (unsigned char)value && memcmp(bytes, bytes + 1, size - 1) == 0);
}
} // namespace pool_test
