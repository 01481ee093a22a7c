/* Symbols against a program made for it: inlines, lines, separate debug files, wrong builds, perf maps. */
#include "tools/reader_case.h"

#include <fstream>
#include <sys/stat.h>

#define _Static_assert static_assert
extern "C" {
#include "read/demangle.h"
#include "read/elf_file.h"
#include "read/perf_map.h"
#include "read/symbols.h"
}
#undef _Static_assert

namespace {

const char kVictim[] = R"(#include <cstdio>
#include <link.h>
#include <mutex>
static std::mutex lock;
__attribute__((noinline)) void *here() { return __builtin_return_address(0); }
static inline __attribute__((always_inline)) void *innermost()
{
    void *address = here(); /* INNER */
    asm volatile("" : "+r"(address));
    return address;
}
namespace shop {
struct Cart {
    __attribute__((noinline)) void *total(int items);
};
void *Cart::total(int items)
{
    void *address = items ? innermost() : nullptr; /* OUTER */
    if (items == 1000000)
        lock.lock(); /* LOCK */
    asm volatile("" : "+r"(address));
    return address;
}
}
static int base(dl_phdr_info *info, size_t, void *out)
{
    *static_cast<unsigned long *>(out) = info->dlpi_addr;
    return 1;
}
int main(int argc, char **)
{
    unsigned long bias = 0;
    dl_iterate_phdr(base, &bias);
    shop::Cart cart;
    std::printf("%lx\n", (unsigned long)cart.total(argc) - bias);
}
)";

std::string output_of(const std::string &command)
{
    std::string text;
    FILE *pipe = popen(command.c_str(), "r");
    char buf[256];
    while (pipe && fgets(buf, sizeof(buf), pipe))
        text += buf;
    if (pipe && pclose(pipe) != 0)
        return "";
    return text;
}

class SymbolsTest : public testing::Test {
protected:
    void SetUp() override
    {
        std::ofstream(folder / "victim.cc") << kVictim;
        build("");
    }

    void build(const std::string &flags)
    {
        std::string command = "c++ -O2 -g -fPIE -pie -Wl,--build-id " + flags + " -pthread -o " + victim +
                              " " + (folder / "victim.cc");
        ASSERT_EQ(system(command.c_str()), 0);
        offset = strtoull(output_of(victim).c_str(), nullptr, 16);
        ASSERT_NE(offset, 0u);
        build_id.clear();
        std::string id = output_of("readelf -n " + victim + " 2>/dev/null | sed -n 's/.*Build ID: //p'");
        for (size_t i = 0; i + 1 < id.size(); i += 2)
            build_id.push_back(static_cast<uint8_t>(strtoul(id.substr(i, 2).c_str(), nullptr, 16)));
        ASSERT_EQ(build_id.size(), 20u);
    }

    /* Number of the source line with the mark. */
    static unsigned line_of(const std::string &mark)
    {
        std::string before = std::string(kVictim).substr(0, std::string(kVictim).find(mark));
        return 1 + static_cast<unsigned>(std::count(before.begin(), before.end(), '\n'));
    }

    void resolve(bool with_build_id = true)
    {
        SegmentBuilder segment;
        segment.module(victim, kBias, kBias + 0x100000, kBias,
                       with_build_id ? build_id : std::vector<uint8_t>{});
        segment.sample(SAMPLE_CPU, 0, 0, segment.stack({kBias + offset, 0x10}), 1, 1);
        names.reset(); /* before the model it refers to */
        made = model_of(segment);
        names.reset(symbols_new(made.get()));
        frame = made->frames[0];
    }

    static constexpr uint64_t kBias = 0x555500000000;
    TemporaryDirectory folder;
    std::string victim = folder / "victim";
    std::vector<uint8_t> build_id;
    uint64_t offset = 0;
    ModelPointer made{nullptr, model_free};
    std::unique_ptr<symbols, decltype(&symbols_free)> names{nullptr, symbols_free};
    model_frame frame = {};
};

TEST_F(SymbolsTest, NamesAFunctionFromTheSymbolTable)
{
    resolve();
    const symbol *found = symbols_function(names.get(), &frame);
    EXPECT_STREQ(found->function, "shop::Cart::total");
    EXPECT_TRUE(found->named);
    EXPECT_STREQ(found->module, "victim");
    EXPECT_EQ(found->offset, offset - 1);
    EXPECT_EQ(found->file, nullptr);
    EXPECT_EQ(symbols_function(names.get(), &frame), found) << "cached";
}

TEST_F(SymbolsTest, UnfoldsInlinedFunctionsWithTheirLines)
{
    resolve();
    const symbol *inner = symbols_site(names.get(), &frame);
    EXPECT_STREQ(inner->function, "innermost");
    ASSERT_NE(inner->file, nullptr);
    EXPECT_NE(std::string(inner->file).find("victim.cc"), std::string::npos);
    EXPECT_EQ(inner->line, line_of("INNER"));
    const symbol *outer = inner->caller;
    ASSERT_NE(outer, nullptr);
    EXPECT_STREQ(outer->function, "shop::Cart::total");
    EXPECT_EQ(outer->line, line_of("OUTER"));
    EXPECT_EQ(outer->caller, nullptr);
    EXPECT_EQ(std::string(symbols_place(names.get(), &frame)),
              "victim.cc:" + std::to_string(line_of("INNER")));
    EXPECT_EQ(symbols_site(names.get(), &frame), inner) << "cached";
}

/* std::mutex::lock is inlined from a header of the compiler: that line helps nobody. */
TEST_F(SymbolsTest, NamesTheProgramsLineNotTheHeadersItUses)
{
    std::string calls = output_of("objdump -d --no-show-raw-insn " + victim +
                                  " | grep -A1 'call.*<pthread_mutex_lock' | sed -n '2s/:.*//p'");
    offset = strtoull(calls.c_str(), nullptr, 16); /* the return address */
    ASSERT_NE(offset, 0u) << calls;
    resolve();
    const symbol *inner = symbols_site(names.get(), &frame);
    ASSERT_NE(inner->file, nullptr);
    EXPECT_EQ(std::string(inner->file).find("victim.cc"), std::string::npos) << inner->file;
    EXPECT_EQ(std::string(symbols_place(names.get(), &frame)),
              "victim.cc:" + std::to_string(line_of("LOCK")));
}

TEST_F(SymbolsTest, FindsASeparateDebugFileBesideTheProgram)
{
    ASSERT_EQ(system(("objcopy --only-keep-debug " + victim + " " + victim + ".debug && strip " +
                      victim + " && objcopy --add-gnu-debuglink=" + victim + ".debug " + victim)
                         .c_str()),
              0);
    resolve();
    EXPECT_STREQ(symbols_function(names.get(), &frame)->function, "shop::Cart::total");
    EXPECT_EQ(symbols_site(names.get(), &frame)->line, line_of("INNER"));
}

/* A module says where its debug file lies, and another where its split DWARF does: at a fifo, nobody writes to it. */
TEST_F(SymbolsTest, WaitsForNoFifoThatAModuleNamesAsItsOwn)
{
    ASSERT_EQ(system(("objcopy --only-keep-debug " + victim + " " + victim + ".debug && strip -g " + victim +
                      " && objcopy --add-gnu-debuglink=" + victim + ".debug " + victim + " && rm " + victim + ".debug")
                         .c_str()),
              0);
    ASSERT_EQ(mkfifo((victim + ".debug").c_str(), 0600), 0);
    alarm(20);
    resolve();
    EXPECT_STREQ(symbols_function(names.get(), &frame)->function, "shop::Cart::total");
    EXPECT_EQ(symbols_site(names.get(), &frame)->file, nullptr) << "there are no lines";
    build("-gsplit-dwarf"); /* the DWO's name is in the module, its folder too */
    std::string split = output_of("ls " + folder.path() + "/*.dwo");
    ASSERT_FALSE(split.empty());
    split.pop_back();
    ASSERT_EQ(rename(split.c_str(), (split + ".kept").c_str()), 0);
    ASSERT_EQ(mkfifo(split.c_str(), 0600), 0);
    resolve();
    EXPECT_STREQ(symbols_function(names.get(), &frame)->function, "shop::Cart::total");
    symbols_site(names.get(), &frame);
    alarm(0);
}

TEST_F(SymbolsTest, OpensNoDeviceThatASegmentNames)
{
    std::filesystem::remove(victim);
    for (bool fifo : {true, false}) {
        unlink(victim.c_str());
        ASSERT_EQ(fifo ? mkfifo(victim.c_str(), 0600) : symlink("/dev/zero", victim.c_str()), 0);
        alarm(20);
        resolve(false);
        EXPECT_EQ(std::string(symbols_function(names.get(), &frame)->function).substr(0, 7), "victim+");
        alarm(0);
    }
}

/* libelf maps what it reads: a program that is built anew, or cut on purpose, between two lookups. */
TEST_F(SymbolsTest, AProgramThatIsCutWhileItIsReadHasNoNames)
{
    resolve();
    elf_file *file = elf_file_new(&made->modules[0], 0);
    ASSERT_TRUE(elf_file_matches(file));
    ASSERT_EQ(truncate(victim.c_str(), 0), 0);
    EXPECT_EQ(elf_file_function(file, offset - 1), nullptr);
    elf_site sites[4];
    EXPECT_EQ(elf_file_sites(file, offset - 1, sites, 4), 0u);
    elf_file_free(file);
}

TEST_F(SymbolsTest, FindsTheDebugFileByBuildIdWhenTheProgramIsGone)
{
    if (geteuid() != 0)
        GTEST_SKIP() << "needs root to put a file below /usr/lib/debug";
    char hex[48] = "";
    for (size_t i = 0; i < build_id.size(); i++)
        snprintf(hex + 2 * i, 3, "%02x", build_id[i]);
    std::string directory = "/usr/lib/debug/.build-id/" + std::string(hex, 2);
    bool made_it = std::filesystem::create_directories(directory);
    std::string debug = directory + "/" + (hex + 2) + ".debug";
    ASSERT_EQ(system(("objcopy --only-keep-debug " + victim + " " + debug).c_str()), 0);
    std::filesystem::remove(victim);
    resolve();
    EXPECT_STREQ(symbols_function(names.get(), &frame)->function, "shop::Cart::total");
    EXPECT_EQ(symbols_site(names.get(), &frame)->line, line_of("INNER"));
    std::filesystem::remove(debug);
    if (made_it)
        std::filesystem::remove(directory);
}

TEST_F(SymbolsTest, SaysOnlyModuleAndOffsetWithoutSymbols)
{
    ASSERT_EQ(system(("strip " + victim).c_str()), 0);
    resolve();
    const symbol *found = symbols_site(names.get(), &frame);
    char expected[64];
    snprintf(expected, sizeof(expected), "victim+0x%lx", static_cast<unsigned long>(offset - 1));
    EXPECT_STREQ(found->function, expected);
    EXPECT_FALSE(found->named);
    EXPECT_FALSE(found->mismatch);
    EXPECT_STREQ(symbols_place(names.get(), &frame), expected);
}

TEST_F(SymbolsTest, TakesNoNamesFromAnotherBuild)
{
    std::vector<uint8_t> recorded = build_id;
    build("-O1 -DOTHER");
    ASSERT_NE(recorded, build_id);
    build_id = recorded;
    resolve();
    const symbol *found = symbols_function(names.get(), &frame);
    EXPECT_TRUE(found->mismatch);
    EXPECT_FALSE(found->named);
    resolve(false);
    EXPECT_FALSE(symbols_function(names.get(), &frame)->mismatch) << "no id was recorded: its path";
}

TEST_F(SymbolsTest, NamesNothingOutsideModules)
{
    resolve();
    const symbol *found = symbols_site(names.get(), &made->frames[1]);
    EXPECT_STREQ(found->module, "[unknown]");
    EXPECT_STREQ(found->function, "0xf");
}

TEST(SymbolsPerfMap, NamesCodeOfAJustInTimeCompiler)
{
    SegmentBuilder segment;
    segment.header().pid = 4194304 + 400000 + static_cast<uint32_t>(getpid());
    std::string path = "/tmp/perf-" + std::to_string(segment.header().pid) + ".map";
    std::ofstream(path) << "7f1000 100 LazyCompile:~main /app.js:1\n7f1100 10 helper\x1b[31m\n";
    segment.sample(SAMPLE_CPU, 0, 0, segment.stack({0x7f1010, 0x7f1105, 0x7f1110, 0x7f1111}), 1, 1);
    ModelPointer made = model_of(segment);
    symbols *names = symbols_new(made.get());
    const symbol *found = symbols_function(names, &made->frames[0]);
    EXPECT_STREQ(found->function, "LazyCompile:~main /app.js:1");
    EXPECT_STREQ(found->module, "[jit]");
    EXPECT_STREQ(symbols_function(names, &made->frames[1])->function, "helper");
    EXPECT_STREQ(symbols_function(names, &made->frames[2])->function, "helper") << "its last byte";
    EXPECT_FALSE(symbols_function(names, &made->frames[3])->named) << "just behind it";
    symbols_free(names);
    unlink(path.c_str());
}

TEST(SymbolsPerfMap, BelievesNoLinkAndNoFileOfAnotherUser)
{
    SegmentBuilder segment;
    TemporaryDirectory folder;
    segment.header().pid = 4194304 + 500000 + static_cast<uint32_t>(getpid());
    segment.header().uid = geteuid() + 12345;
    std::string path = "/tmp/perf-" + std::to_string(segment.header().pid) + ".map";
    std::ofstream(folder / "map") << "7f1000 100 planted\n";
    ASSERT_EQ(symlink((folder / "map").c_str(), path.c_str()), 0);
    ModelPointer made = model_of(segment);
    arena memory = {};
    perf_map map = {};
    perf_map_read(&map, &memory, &made->processes[0]);
    EXPECT_EQ(map.count, 0u) << "a link";
    unlink(path.c_str());
    std::ofstream(path) << "7f1000 100 planted\n";
    perf_map_read(&map, &memory, &made->processes[0]);
    EXPECT_EQ(map.count, geteuid() == 0 ? 1u : 0u) << "root's own is believed";
    ASSERT_EQ(chmod(path.c_str(), 0666), 0);
    perf_map_read(&map, &memory, &made->processes[0]);
    EXPECT_EQ(map.count, 0u) << "everybody may have written it";
    if (geteuid() == 0) {
        ASSERT_EQ(chown(path.c_str(), 54321, 54321), 0);
        perf_map_read(&map, &memory, &made->processes[0]);
        EXPECT_EQ(map.count, 0u) << "neither the process's user's nor root's";
    }
    unlink(path.c_str());
    arena_done(&memory);
}

TEST(SymbolsPerfMap, SkipsWhatItCannotParseAndTakesTheLaterOfTwo)
{
    arena memory = {};
    perf_map map = {};
    const std::string text = "nonsense\n100 10 old\n100 20 new\n zz\n200 0 empty\n300 5 \n400 5 cut";
    perf_map_parse(&map, &memory, text.data(), text.size());
    ASSERT_NE(perf_map_find(&map, 0x11f), nullptr);
    EXPECT_STREQ(perf_map_find(&map, 0x11f)->name, "new");
    EXPECT_EQ(perf_map_find(&map, 0x200), nullptr);
    EXPECT_EQ(perf_map_find(&map, 0x400), nullptr) << "still being written";
    EXPECT_EQ(perf_map_find(&map, 0), nullptr);
    arena_done(&memory);
}

TEST(Demangle, KnowsCppAndRust)
{
    arena memory = {};
    EXPECT_STREQ(demangle(&memory, "_ZN4shop4Cart5totalEi"), "shop::Cart::total");
    EXPECT_STREQ(demangle(&memory, "_ZNSt6vectorIiSaIiEE9push_backERKi"),
                 "std::vector<int, std::allocator<int> >::push_back");
    EXPECT_STREQ(demangle(&memory, "_ZN4core3fmt5Write9write_str17h0123456789abcdefE"),
                 "core::fmt::Write::write_str");
    EXPECT_STREQ(demangle(&memory, "_RNvC6_123foo3bar"), "123foo::bar");
    EXPECT_STREQ(demangle(&memory, "malloc@@GLIBC_2.2.5"), "malloc");
    EXPECT_STREQ(demangle(&memory, "plain"), "plain");
    EXPECT_STREQ(demangle(&memory, "bad\x1b[2Jname"), "badname");
    EXPECT_NE(demangle(&memory, std::string(100000, 'Z').c_str()), nullptr);
    arena_done(&memory);
}

} // namespace
