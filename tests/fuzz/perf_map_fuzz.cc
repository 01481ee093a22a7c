// perf_map_fuzz: any text as a perf map: what is kept is sorted, each start once, names are clean, and
// a search finds exactly the line that a walk over all of them finds.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#define _Static_assert static_assert
extern "C" {
#include "read/perf_map.h"
#include "read/text.h"
}
#undef _Static_assert

static void require(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "perf_map_fuzz: %s\n", what);
        abort();
    }
}

// The last line that begins at or before the address, if it reaches it.
static const perf_map_line *walked(const perf_map &map, uint64_t address)
{
    const perf_map_line *found = nullptr;
    for (size_t i = 0; i < map.count; i++)
        if (map.lines[i].start <= address)
            found = &map.lines[i];
    return found && address < found->end ? found : nullptr;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    // Ended by a zero, as a file that was read is.
    std::string text(reinterpret_cast<const char *>(bytes), size);
    size_t newlines = 0;
    for (char letter : text)
        newlines += letter == '\n';
    arena memory = {};
    perf_map map = {};
    perf_map_parse(&map, &memory, text.c_str(), text.size());
    require(map.count <= newlines, "more lines than the text has");
    for (size_t i = 0; i < map.count && i < 64; i++) {
        const perf_map_line &line = map.lines[i];
        require(i == 0 || map.lines[i - 1].start < line.start, "starts are not in order");
        require(line.start <= line.end, "a line ends before it starts");
        for (const char *letter = line.name; *letter; letter++)
            require(static_cast<unsigned char>(*letter) >= ' ' && *letter != 0x7f, "a control character in a name");
        for (uint64_t address : {line.start - 1, line.start, line.end - 1, line.end})
            require(perf_map_find(&map, address) == walked(map, address), "a search misses");
    }
    require(perf_map_find(&map, 0) == walked(map, 0), "a search misses zero");
    require(perf_map_find(&map, UINT64_MAX) == walked(map, UINT64_MAX), "a search misses the end");
    arena_done(&memory);
    return 0;
}
