/* export_case.h: a built segment as a document of one format. */
#ifndef STRONG_TESTS_EXPORT_CASE_H
#define STRONG_TESTS_EXPORT_CASE_H

#include "tools/analyse_case.h"

extern "C" {
#include "render/export.h"
}

/* What a format writes of an analysis; cost CALLTREE_COSTS: none asked for. */
inline std::string export_text(int (*write)(FILE *, const export_source *),
                               const analysis &analysed, calltree_cost cost = CALLTREE_COSTS)
{
    char *text = nullptr;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    const analysis *members[] = {&analysed};
    export_source source = {&analysed, members, 1, cost != CALLTREE_COSTS,
                            cost != CALLTREE_COSTS ? cost : CALLTREE_CPU};
    EXPECT_EQ(write(out, &source), 0);
    EXPECT_EQ(fclose(out), 0);
    std::string result(text, len);
    free(text);
    return result;
}

/* Names as a stranger might choose them: quotes, a page's end, an escape sequence, no UTF-8, the parts of formats. */
inline std::vector<std::string> hostile_names()
{
    return {"a\"b\\c",          "</script><script>alert(1)</script>", "red\033[31m\007bell",
            "bad\xff\xfeutf\x80", "semi;colon 12 and blanks",           "{\"json\":[1]}",
            "%s%n%x",           std::string(3000, 'L')};
}

/* Every cost is sampled, and every name that can be a stranger's is. */
inline void hostile(AnalyseCase &c)
{
    auto t = AnalyseCase::ticks;
    constexpr uint64_t kMs = AnalyseCase::kMs;
    auto thread = c.segment.thread(77, "th\"read<\033[1m");
    uint64_t main = c.function("main");
    c.segment.header().command = c.segment.string(std::string("app\0\"--x\"\0</script>\0\xff\0", 22));
    uint64_t at = 1;
    for (const std::string &name : hostile_names()) {
        uint32_t stack = c.segment.stack({c.function(name), main});
        uint32_t target = c.segment.target(TARGET_FILE, "/tmp/" + name);
        c.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, stack, at, at * 10 * kMs);
        c.segment.sample(SAMPLE_BLOCKED, HOOK_read, target, stack, at, t(at * kMs));
        c.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack, at, at << 20, at);
        c.segment.live(stack, at << 10, at, at << 12, at);
        thread.call(HOOK_read, target, t(kMs)).event(HOOK_read, target, at * 1000000, t(kMs), stack, EIO, 17);
        at++;
    }
}

#endif
