// options_fuzz: any environment as libstrong's settings.
//
// An input is a list of "NAME=value" entries, each ended by a zero byte; "STRONG_" is put before each, so that the
// fuzzer need not find it. Whatever they are: every number lies in its option's range, mistakes cost whole
// lines of printable text that begin with "libstrong: ", at most one for each entry, the same settings again give the same,
// and STRONG_LOG=0 is silent.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <sys/mman.h>
#include <unistd.h>
#include <vector>

extern "C" {
#include "runtime/arena.h"
#include "runtime/config.h"

// Blocks of malloc in the place of pages that are never freed: a run of millions of executions ends with the memory it had
// at its start, and the sanitizer sees the end of each block. The list outlives the search for leaks at exit.
static std::vector<void *> &taken = *new std::vector<void *>;

void *arena_take(size_t bytes)
{
    taken.push_back(malloc(bytes));
    return taken.back();
}

void *arena_take_wiped(size_t bytes)
{
    return arena_take(bytes);
}
}

namespace
{
int screen = -1; // where descriptor 2 points while settings are read
int terminal = -1;

void require(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "options_fuzz: %s\n", what);
        abort();
    }
}

std::vector<std::string> entries_of(const uint8_t *bytes, size_t size)
{
    std::vector<std::string> entries;
    for (size_t at = 0; at < size && entries.size() < 64;) {
        size_t len = strnlen(reinterpret_cast<const char *>(bytes) + at, size - at);
        entries.push_back("STRONG_" + std::string(reinterpret_cast<const char *>(bytes) + at, len));
        at += len + 1;
    }
    return entries;
}

// Reads the settings; returns what was said on descriptor 2.
std::string configure(const std::vector<std::string> &entries)
{
    for (void *block : taken)
        free(block);
    taken.clear();
    std::vector<char *> block;
    for (const std::string &entry : entries)
        block.push_back(const_cast<char *>(entry.c_str()));
    block.push_back(nullptr);
    char **before = environ;
    environ = block.data();
    dup2(screen, 2);
    config_init();
    dup2(terminal, 2);
    environ = before;
    std::string said(static_cast<size_t>(lseek(screen, 0, SEEK_CUR)), '\0');
    require(pread(screen, &said[0], said.size(), 0) == static_cast<ssize_t>(said.size()), "what was said is unreadable");
    lseek(screen, 0, SEEK_SET);
    return said;
}

void check_lines(const std::string &said, size_t most)
{
    const std::string begin = "libstrong: ";
    size_t lines = 0;
    for (size_t at = 0; at < said.size(); lines++) {
        size_t end = said.find('\n', at);
        require(end != std::string::npos, "a line without an end");
        require(said.compare(at, begin.size(), begin) == 0, "a line that does not say who speaks");
        for (size_t i = at; i < end; i++)
            require(static_cast<unsigned char>(said[i]) >= ' ' && said[i] != 0x7f, "a control character in a message");
        at = end + 1;
    }
    require(lines <= most, "more lines than settings");
}

#define CHECK_FLAG(field, low, high)
#define CHECK_TEXT(field, low, high) require(config.field != nullptr, #field " is no text");
#define CHECK_NUMBER(field, low, high) require(!(config.field < low) && !(config.field > high), #field " is out of its range");
#define CHECK_RATE CHECK_NUMBER
#define CHECK_DURATION CHECK_NUMBER
#define CHECK_SIZE CHECK_NUMBER
#define CHECK_COUNT CHECK_NUMBER

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtype-limits"
void check_ranges()
{
#define OPTION(NAME, field, kind, default_, low, high, meaning) CHECK_##kind(field, low, high)
#include "abi/options.def"
#undef OPTION
}
#pragma GCC diagnostic pop

std::string described()
{
    char room[4096];
    unsigned len = config_describe(room, sizeof room);
    require(len <= sizeof room, "the description is longer than its room");
    return std::string(room, len);
}
} // namespace

extern "C" int LLVMFuzzerInitialize(int *, char ***)
{
    screen = memfd_create("screen", MFD_CLOEXEC);
    terminal = dup(2);
    require(screen >= 0 && terminal >= 0, "no descriptors");
    return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    std::vector<std::string> entries = entries_of(bytes, size);
    std::string said = configure(entries);
    check_lines(said, entries.size());
    check_ranges();
    std::string before = described();
    for (const char *name : {"memory", "connections", "tcp", "resolver"})
        for (bool safe : {false, true})
            config_optimizer_selected(name, safe);
    require(configure(entries) == said && described() == before, "a second reading differs");
    for (std::string &entry : entries)
        if (entry.compare(0, 11, "STRONG_LOG=") == 0)
            entry = "STRONG_LOG=0";
    entries.push_back("STRONG_LOG=0");
    require(configure(entries).empty(), "STRONG_LOG=0 is not silent");
    return 0;
}
