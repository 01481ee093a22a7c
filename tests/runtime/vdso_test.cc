// The kernel's clocks, found in the library that it maps.
#include "runtime_support.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/syscall.h>

extern "C" {
#include "runtime/vdso.h"
}

using namespace runtime_test;

namespace
{
#if defined(__x86_64__)
const char clock_name[] = "__vdso_clock_gettime";
#else
const char clock_name[] = "__kernel_clock_gettime";
#endif

uint64_t by_system_call(clockid_t clock)
{
    timespec now = {};
    syscall(SYS_clock_gettime, clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

const char *image()
{
    return (const char *)getauxval(AT_SYSINFO_EHDR);
}

// A copy of the image in which each dynamic entry of this tag is of a kind that nobody knows.
std::vector<char> without(ElfW(Sxword) tag)
{
    auto *header = (const ElfW(Ehdr) *)image();
    auto *segments = (const ElfW(Phdr) *)(image() + header->e_phoff);
    size_t bytes = 0;
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_LOAD)
            bytes = std::max<size_t>(bytes, segments[i].p_offset + segments[i].p_filesz);
    std::vector<char> copy(image(), image() + bytes);
    for (unsigned i = 0; i < header->e_phnum; i++)
        if (segments[i].p_type == PT_DYNAMIC)
            for (auto *entry = (ElfW(Dyn) *)&copy[segments[i].p_offset]; entry->d_tag != DT_NULL; entry++)
                if (entry->d_tag == tag)
                    entry->d_tag = DT_LOOS;
    return copy;
}
} // namespace

RUNTIME_TEST(Vdso, TellsTheKernelsTimeOfEachClock)
{
    for (bool found : {false, true}) {
        if (found) {
            ASSERT_EQ(vdso_init(), 0);
        }
        for (clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME}) {
            uint64_t before = by_system_call(clock), now = vdso_clock_ns(clock), after = by_system_call(clock);
            EXPECT_LE(before, now) << clock;
            EXPECT_LE(now, after) << clock;
        }
    }
}

TEST(VdsoSymbol, IsFoundWhereTheImageDefinesIt)
{
    if (!image())
        GTEST_SKIP() << "this kernel has no such library";
    auto *found = (const char *)vdso_symbol(image(), clock_name);
    ASSERT_NE(found, nullptr);
    EXPECT_GT(found, image());
    EXPECT_LT(found, image() + (1 << 20));
    EXPECT_EQ(vdso_symbol(image(), "clock_gettime_of_nobody"), nullptr);
}

TEST(VdsoSymbol, IsFoundByEitherHashTableAndNotWithout)
{
    if (!image())
        GTEST_SKIP() << "this kernel has no such library";
    auto offset = (const char *)vdso_symbol(image(), clock_name) - image();
    unsigned kinds = 0;
    for (auto tag : {DT_HASH, DT_GNU_HASH}) {
        std::vector<char> copy = without(tag);
        auto *found = (const char *)vdso_symbol(copy.data(), clock_name);
        if (found) {
            EXPECT_EQ(found - copy.data(), offset);
        }
        kinds += found != nullptr;
    }
    EXPECT_GE(kinds, 1u) << "a kernel has at least one of them, and neither alone may be needed where there are both";
    EXPECT_EQ(vdso_symbol(without(DT_SYMTAB).data(), clock_name), nullptr);
    EXPECT_EQ(vdso_symbol(without(DT_STRTAB).data(), clock_name), nullptr);
}
