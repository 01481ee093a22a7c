/* The manual pages as man(1) reads them: no warning, and nothing missing that the tables have. */
#include "readers/readers_case.h"

#include <regex>
#include <set>

extern "C" {
#include "commands/describe.h"
#include "commands/settings.h"
}

namespace {

const char *const pages[] = {"man1/strong-report.1", "man3/strong.h.3", "man5/strong-config.5", "man7/libstrong.7"};

class Manual : public ReadersTest
{
  protected:
    static std::string path(const std::string &page)
    {
        std::string report = STRONG_REPORT_BIN;
        return report.substr(0, report.rfind('/')) + "/share/man/" + page;
    }

    /* As a reader sees it, every paragraph as one line. */
    std::string rendered(const std::string &page)
    {
        std::string text = must("MANWIDTH=10000 man --nj --nh -l " + path(page) + " | col -bx"), words;
        for (char letter : text)
            if (letter != ' ' || words.empty() || words.back() != ' ')
                words += letter == '\n' ? ' ' : letter;
        return words;
    }

    static bool has(const std::string &text, const std::string &part)
    {
        return text.find(part) != std::string::npos;
    }
};

TEST_F(Manual, IsReadByManWithoutAWarning)
{
    for (const char *page : pages) {
        Outcome outcome = shell("MANROFFSEQ= MANWIDTH=80 man --warnings -E UTF-8 -l -Tutf8 -Z " + path(page) + " >/dev/null");
        EXPECT_EQ(outcome.code, 0) << page;
        EXPECT_EQ(outcome.err, "") << page;
        EXPECT_EQ(must("gunzip -c " + path(page) + ".gz"), slurp(path(page))) << page;
        EXPECT_TRUE(has(must("lexgrog " + path(page)), " - ")) << page << " is found by apropos";
    }
}

TEST_F(Manual, NamesEveryCommandWithItsOptionsWordsAndNotes)
{
    std::string page = rendered(pages[0]);
    for (const command *one = commands; one->name; one++) {
        EXPECT_TRUE(has(page, "strong-report " + std::string(one->name) + " " + one->usage)) << one->name;
        for (const argument *option = one->arguments(); option->name; option++) {
            char spelled[DESCRIBE_BYTES];
            std::string item = std::string(" ") + describe_argument(option, spelled, sizeof(spelled)) + " ";
            EXPECT_TRUE(has(page, item + option->meaning)) << one->name << item;
        }
        for (const command_word *word = one->words ? one->words() : nullptr; word && word->name; word++)
            EXPECT_TRUE(has(page, " " + std::string(word->name) + " " + word->meaning)) << word->name;
        const char *notes = one->notes ? one->notes : "";
        char block[4096];
        for (bool literal; describe_block(&notes, block, sizeof(block), &literal);)
            EXPECT_TRUE(literal || has(page, block)) << block;
    }
}

TEST_F(Manual, NamesEveryExitCodeFindingAndSetting)
{
    std::string page = rendered(pages[0]);
    for (const exit_meaning *one = exit_meanings; one->code; one++)
        EXPECT_EQ(has(page, one->meaning), describe_exit(one, nullptr)) << one->code;
#define FINDING(id, title, ceiling, rule) EXPECT_TRUE(has(page, " " #id " " title)) << #id;
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES
    for (const char *name : {pages[2], pages[3]}) {
        page = rendered(name);
        for (size_t i = 0; i < settings_count; i++) {
            std::string fallback = *settings[i].fallback ? settings[i].fallback : "empty";
            EXPECT_TRUE(has(page, " STRONG_" + std::string(settings[i].name) + "=" + settings[i].value +
                                      ", by default " + fallback + " " + settings[i].meaning))
                << name << ": " << settings[i].name;
        }
    }
}

TEST_F(Manual, NamesWhatExpressionsCanName)
{
    std::string page = rendered(pages[2]);
#define METRIC(id, name, unit, kind, meaning) EXPECT_TRUE(has(page, std::string(" ") + name + " " + meaning)) << name;
#define GROUP(part, name, meaning) METRIC(part, name, , , meaning)
#define CALLED(id, name, meaning) METRIC(id, name, , , meaning)
#define STATISTIC(id, name, unit, kind, meaning) METRIC(id, std::string(".") + name, unit, kind, meaning)
#define FINDING_FIGURE(id, name, unit, kind, meaning) STATISTIC(id, name, unit, kind, meaning)
#include "analyse/metrics.def"
}

/* Names that end in _ are the header's own. */
TEST_F(Manual, NamesEveryFunctionOfTheHeader)
{
    std::string page = rendered(pages[1]), header = slurp(STRONG_SOURCE_DIR "/preload/include/strong.h");
    std::regex function("STRONG_INLINE_ [a-z_0-9 ]+[ *](strong_[a-z_]*[a-z])\\(([^)]*)\\)\n");
    std::set<std::string> names;
    for (std::sregex_iterator at(header.begin(), header.end(), function), end; at != end; ++at) {
        names.insert((*at)[1]);
        EXPECT_TRUE(has(page, (*at)[1].str() + "(" + (*at)[2].str() + ");")) << (*at)[0];
    }
    EXPECT_GE(names.size(), 7u);
    EXPECT_TRUE(has(page, "STRONG_SCOPE"));
    EXPECT_TRUE(has(page, "STRONG_DISABLE"));
}

} // namespace
