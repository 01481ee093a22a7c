// What libstrong.so is from outside: its exports, its needs, and the variants of hooked functions that
// libc exports under other names.
#include "interpose_support.h"

#include <algorithm>
#include <cstring>
#include <dlfcn.h>
#include <elf.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <link.h>
#include <set>

using namespace interpose_test;

namespace
{
struct Symbol {
    std::string name, version;
    uint64_t value;
    bool defined, function, absolute, hidden_version;
};

// The dynamic part of an ELF file of this machine.
class Library {
public:
    explicit Library(const std::string &path)
    {
        std::ifstream file(path, std::ios::binary);
        bytes_.assign(std::istreambuf_iterator<char>(file), {});
        EXPECT_GT(bytes_.size(), sizeof(ElfW(Ehdr))) << path;
    }
    std::vector<ElfW(Phdr)> segments() const
    {
        const auto &header = at<ElfW(Ehdr)>(0);
        const auto *first = &at<ElfW(Phdr)>(header.e_phoff);
        return {first, first + header.e_phnum};
    }
    std::vector<ElfW(Dyn)> dynamic() const
    {
        for (const ElfW(Phdr) &segment : segments())
            if (segment.p_type == PT_DYNAMIC) {
                const auto *first = &at<ElfW(Dyn)>(segment.p_offset);
                return {first, first + segment.p_filesz / sizeof(ElfW(Dyn))};
            }
        return {};
    }
    std::vector<uint64_t> values(int64_t tag) const
    {
        std::vector<uint64_t> result;
        for (const ElfW(Dyn) &entry : dynamic()) {
            if (entry.d_tag == DT_NULL)
                break;
            if (entry.d_tag == tag)
                result.push_back(entry.d_un.d_val);
        }
        return result;
    }
    const char *string(uint64_t offset) const { return &at<char>(section(SHT_STRTAB, true) + offset); }
    std::vector<Symbol> symbols() const
    {
        std::vector<Symbol> result;
        uint64_t bytes = 0, table = section(SHT_DYNSYM, false, &bytes), versions = section(SHT_GNU_versym, false);
        for (uint64_t i = 1; i < bytes / sizeof(ElfW(Sym)); i++) {
            const auto &symbol = at<ElfW(Sym)>(table + i * sizeof(ElfW(Sym)));
            uint16_t version = versions ? at<uint16_t>(versions + i * 2) : 1;
            unsigned type = ELF64_ST_TYPE(symbol.st_info);
            result.push_back({string(symbol.st_name), version_name(version & 0x7fff), symbol.st_value,
                              symbol.st_shndx != SHN_UNDEF, type == STT_FUNC || type == STT_GNU_IFUNC,
                              symbol.st_shndx == SHN_ABS, (version & 0x8000) != 0});
        }
        return result;
    }

private:
    template <class T> const T &at(uint64_t offset) const
    {
        if (offset + sizeof(T) > bytes_.size())
            throw std::runtime_error("ELF offset");
        return *reinterpret_cast<const T *>(bytes_.data() + offset);
    }
    uint64_t section(uint32_t type, bool of_dynamic_symbols, uint64_t *ret_bytes = nullptr) const
    {
        const auto &header = at<ElfW(Ehdr)>(0);
        auto get = [&](unsigned i) -> const ElfW(Shdr) & {
            return at<ElfW(Shdr)>(header.e_shoff + i * sizeof(ElfW(Shdr)));
        };
        for (unsigned i = 0; i < header.e_shnum; i++) {
            if (of_dynamic_symbols ? get(i).sh_type != SHT_DYNSYM : get(i).sh_type != type)
                continue;
            const ElfW(Shdr) &found = of_dynamic_symbols ? get(get(i).sh_link) : get(i);
            if (ret_bytes)
                *ret_bytes = found.sh_size;
            return found.sh_offset;
        }
        return 0;
    }
    std::string version_name(unsigned index) const
    {
        for (uint64_t at_entry = section(SHT_GNU_verdef, false); index > 1 && at_entry;) {
            const auto &entry = at<ElfW(Verdef)>(at_entry);
            if (entry.vd_ndx == index)
                return string(at<ElfW(Verdaux)>(at_entry + entry.vd_aux).vda_name);
            at_entry = entry.vd_next ? at_entry + entry.vd_next : 0;
        }
        return "";
    }
    std::vector<char> bytes_;
};

std::set<std::string> hooks()
{
    std::set<std::string> names;
    for (int id = 1; id < HOOK_COUNT; id++)
        if (hook_kinds[id] != HOOK_KIND_PSEUDO)
            names.insert(hook_names[id]);
    return names;
}

std::string libc_path()
{
    Dl_info info;
    EXPECT_NE(dladdr((void *)&abort, &info), 0);
    return info.dli_fname;
}

// Why a name that reaches the code of a hooked function is not hooked itself.
const std::map<std::string, const char *> &unhooked_names()
{
    static const char stdio[] = "libio's name of a stdio function: for programs of the last century";
    static const char allocator[] = "for a malloc that replaces libc's and wants the original: hooking it would loop";
    static const char undeclared[] = "declared in no header of glibc";
    static const std::map<std::string, const char *> names = {
        {"_IO_fclose", stdio},
        {"_IO_fdopen", stdio},
        {"_IO_fflush", stdio},
        {"_IO_fgets", stdio},
        {"_IO_fopen", stdio},
        {"_IO_fprintf", stdio},
        {"_IO_fputs", stdio},
        {"_IO_fread", stdio},
        {"_IO_fwrite", stdio},
        {"_IO_popen", stdio},
        {"_IO_printf", stdio},
        {"_IO_puts", stdio},
        {"_IO_vfprintf", stdio},
        {"_IO_getline", "not getline: the helper below fgets"},
        {"__libc_calloc", allocator},
        {"__libc_free", allocator},
        {"__libc_malloc", allocator},
        {"__libc_memalign", allocator},
        {"__libc_pvalloc", allocator},
        {"__libc_realloc", allocator},
        {"__libc_valloc", allocator},
        {"__nanosleep", undeclared},
        {"__sigsuspend", undeclared},
        {"__wait", undeclared},
        {"__waitpid", undeclared},
        {"ssignal", "System V's name of signal: <signal.h> has it under _GNU_SOURCE, nobody calls it"},
        {"exit", "runs our destructor: nothing to add"},
        {"__libc_mallinfo", allocator},
        {"__libc_mallopt", allocator},
    };
    return names;
}

// Exported, and not a hook of its own: calls count under the hook it is another name of.
const std::map<std::string, const char *> &aliases()
{
    static const std::map<std::string, const char *> names = {
        {"cfree", "free, for binaries linked before C89 had won: libc keeps it for them alone"},
    };
    return names;
}

// Two versions of one name with code of their own, and what becomes of the older.
const std::map<std::string, const char *> &merged_versions()
{
    static const std::map<std::string, const char *> names = {
        {"pthread_cond_wait", "both versions are hooked"},
        {"pthread_cond_timedwait", "both versions are hooked"},
        {"posix_spawn", "2.2.5 retried scripts without #! through the shell"},
        {"posix_spawnp", "2.2.5 retried scripts without #! through the shell"},
        {"quick_exit", "2.10 ran the destructors of thread_local objects, against C++11"},
    };
    return names;
}

// __open64_nocancel → open: what a name is a variant of.
std::string stem(std::string name)
{
    name.erase(0, name.find_first_not_of('_'));
    for (const char *prefix : {"libc_", "IO_", "GI_", "isoc99_", "isoc23_"})
        if (name.compare(0, strlen(prefix), prefix) == 0)
            name.erase(0, strlen(prefix));
    for (const char *suffix : {"_chk", "_2", "_nocancel", "_unlocked", "_time64", "64v2", "64"}) {
        size_t len = strlen(suffix);
        if (name.size() > len && name.compare(name.size() - len, len, suffix) == 0)
            name.erase(name.size() - len);
    }
    return name;
}
} // namespace

TEST(Exports, AreTheHooksTheTableOfTheApiAndNothingElse)
{
    std::set<std::string> exported, expected = hooks();
    bool table = false;
    for (const Symbol &symbol : Library(STRONG_SO).symbols()) {
        if (!symbol.defined)
            continue;
        if (symbol.absolute) { // GNU ld writes the names of the version nodes
            EXPECT_TRUE(symbol.name == "GLIBC_2.2.5" || symbol.name == "GLIBC_2.3.2") << symbol.name;
            continue;
        }
        if (symbol.name == "strong_api_v1") { // what include/strong.h looks up
            EXPECT_FALSE(symbol.function);
            table = true;
            continue;
        }
        EXPECT_TRUE(symbol.function) << symbol.name;
        exported.insert(symbol.name);
    }
    for (const std::string &name : expected)
        EXPECT_EQ(exported.count(name), 1u) << name << " is in hooks.def and not exported";
    for (const auto &[name, reason] : aliases())
        EXPECT_EQ(exported.erase(name), 1u) << name;
    for (const std::string &name : exported)
        EXPECT_EQ(expected.count(name), 1u) << name << " is exported and not in hooks.def";
    EXPECT_TRUE(table) << "strong_api_v1 is not exported";
}

TEST(Exports, OnlyConditionVariablesHaveVersionsAndTheyHaveBoth)
{
    std::map<std::string, std::set<std::string>> versions;
    for (const Symbol &symbol : Library(STRONG_SO).symbols())
        if (symbol.defined && !symbol.absolute && !symbol.version.empty())
            versions[symbol.name].insert(symbol.version);
    std::set<std::string> both = {"GLIBC_2.2.5", "GLIBC_2.3.2"};
    EXPECT_EQ(versions, (std::map<std::string, std::set<std::string>>{{"pthread_cond_wait", both},
                                                                      {"pthread_cond_timedwait", both}}));
}

TEST(Exports, EveryHookIsAFunctionOfThisLibc)
{
    std::set<std::string> functions;
    for (const Symbol &symbol : Library(libc_path()).symbols())
        if (symbol.defined && symbol.function)
            functions.insert(symbol.name);
    for (const std::string &name : hooks())
        EXPECT_EQ(functions.count(name), 1u) << name;
}

TEST(Exports, EveryOtherNameOfAHookedFunctionIsHookedOrExplained)
{
    std::vector<Symbol> symbols = Library(libc_path()).symbols();
    std::set<std::string> hooked = hooks(), stems;
    std::set<uint64_t> code;
    for (const std::string &name : hooked)
        stems.insert(stem(name));
    for (const Symbol &symbol : symbols)
        if (symbol.defined && symbol.function && hooked.count(symbol.name))
            code.insert(symbol.value);
    std::set<std::string> open, explained;
    for (const Symbol &symbol : symbols) {
        if (!symbol.defined || !symbol.function || hooked.count(symbol.name))
            continue;
        // Private to glibc's own libraries, or kept for binaries that were linked before it was hidden.
        if (symbol.version == "GLIBC_PRIVATE" || symbol.hidden_version)
            continue;
        if (!code.count(symbol.value) && !stems.count(stem(symbol.name)))
            continue;
        (unhooked_names().count(symbol.name) ? explained : open).insert(symbol.name);
    }
    for (const std::string &name : open)
        ADD_FAILURE() << name << " is a variant of a hooked function: hook it or say here why not";
    for (const auto &[name, reason] : unhooked_names())
        EXPECT_EQ(explained.count(name), 1u) << name << " needs no explanation any more";
}

TEST(Exports, OlderVersionsWithCodeOfTheirOwnAreKnown)
{
    std::map<std::string, std::set<uint64_t>> code;
    std::set<std::string> hooked = hooks(), found;
    for (const Symbol &symbol : Library(libc_path()).symbols())
        if (symbol.defined && symbol.function && hooked.count(symbol.name) && symbol.version != "GLIBC_PRIVATE")
            code[symbol.name].insert(symbol.value);
    for (const auto &[name, places] : code)
        if (places.size() > 1) {
            EXPECT_EQ(merged_versions().count(name), 1u) << name << " has two versions with different code";
            found.insert(name);
        }
    for (const auto &[name, reason] : merged_versions())
        EXPECT_EQ(found.count(name), 1u) << name;
}

TEST(Exports, NeedsLibcAlone)
{
    Library library(STRONG_SO);
    std::set<std::string> needed;
    for (uint64_t name : library.values(DT_NEEDED))
        needed.insert(library.string(name));
    needed.erase("ld-linux-x86-64.so.2");
    needed.erase("ld-linux-aarch64.so.1");
    EXPECT_EQ(needed, std::set<std::string>{"libc.so.6"});
    EXPECT_TRUE(library.values(DT_RPATH).empty());
    EXPECT_TRUE(library.values(DT_RUNPATH).empty());
}

TEST(Exports, IsBoundAtLoadReadOnlyAfterAndNotUnloaded)
{
    Library library(STRONG_SO);
    ASSERT_EQ(library.values(DT_FLAGS_1).size(), 1u);
    EXPECT_TRUE(library.values(DT_FLAGS_1)[0] & DF_1_NOW);
    EXPECT_TRUE(library.values(DT_FLAGS_1)[0] & DF_1_NODELETE);
    EXPECT_TRUE(library.values(DT_TEXTREL).empty());
    bool relro = false, stack = false;
    for (const ElfW(Phdr) &segment : library.segments()) {
        relro |= segment.p_type == PT_GNU_RELRO && segment.p_memsz > 0;
        if (segment.p_type == PT_GNU_STACK) {
            stack = true;
            EXPECT_FALSE(segment.p_flags & PF_X);
        }
        EXPECT_FALSE(segment.p_type == PT_LOAD && (segment.p_flags & PF_W) && (segment.p_flags & PF_X));
    }
    EXPECT_TRUE(relro);
    EXPECT_TRUE(stack);
}

/* Ours is scarce by our own rule; jemalloc's per-thread state (struct tsd_s of 5.3, 2,632 bytes) comes with it. A
 * preloaded library's TLS is part of every thread's initial image, so none of it is taken from the surplus
 * that dlopen lives on. */
TEST(Exports, StaticTlsIsAtMost256BytesBesideJemallocs)
{
    enum { OURS = 256, JEMALLOC = 2640 };
    for (const ElfW(Phdr) &segment : Library(STRONG_SO).segments())
        if (segment.p_type == PT_TLS) {
            EXPECT_LE(segment.p_memsz, unsigned{OURS} + JEMALLOC);
        }
}
