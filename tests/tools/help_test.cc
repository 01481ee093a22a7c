/* What help says is what the tables say: every command, option, word, setting and finding, at any width. */
#include "tools/render_case.h"

#include <cstdio>

extern "C" {
#include "commands/describe.h"
#include "commands/settings.h"
}

namespace {

std::string help(const std::string &words, const std::string &environment = "COLUMNS=400")
{
    std::string line = "LC_ALL=C.UTF-8 " + environment + " " STRONG_REPORT_BIN " " + words, text;
    FILE *pipe = popen(line.c_str(), "r");
    for (int byte; (byte = fgetc(pipe)) != EOF;)
        text += static_cast<char>(byte);
    EXPECT_EQ(pclose(pipe), 0) << words;
    return text;
}

bool has(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

std::vector<std::string> topics()
{
    std::vector<std::string> all = {"help"};
    for (const command *one = commands; one->name; one++)
        all.push_back("help " + std::string(one->name));
    for (const command_word *word = help_words(); word->name; word++)
        all.push_back("help " + std::string(word->name));
    return all;
}

TEST(Help, OverviewNamesEveryCommandAndTopic)
{
    std::string overview = help("help");
    for (const command *one = commands; one->name; one++) {
        EXPECT_TRUE(has(overview, "\n  " + std::string(one->name) + " ")) << one->name;
        EXPECT_TRUE(has(overview, one->summary)) << one->name;
    }
    for (const command_word *word = help_words(); word->name; word++)
        EXPECT_TRUE(has(overview, "help " + std::string(word->name))) << word->name;
    EXPECT_EQ(help("--help"), overview);
    EXPECT_EQ(help("-h"), overview);
}

TEST(Help, OfACommandNamesItsOptionsWordsNotesAndExitCodes)
{
    for (const command *one = commands; one->name; one++) {
        std::string text = help("help " + std::string(one->name));
        char spelled[DESCRIBE_BYTES];
        EXPECT_TRUE(has(text, std::string(one->name) + " " + one->usage)) << text;
        for (const argument *option = one->arguments(); option->name; option++) {
            EXPECT_TRUE(has(text, describe_argument(option, spelled, sizeof(spelled)))) << spelled;
            EXPECT_TRUE(has(text, option->meaning)) << spelled;
        }
        for (const command_word *word = one->words ? one->words() : nullptr; word && word->name; word++)
            EXPECT_TRUE(has(text, "\n  " + std::string(word->name) + " ")) << word->name;
        for (const exit_meaning *code = exit_meanings; code->code; code++)
            EXPECT_EQ(has(text, code->meaning), describe_exit(code, one->name)) << one->name << " " << code->code;
        EXPECT_EQ(help(std::string(one->name) + " --help"), text);
    }
    EXPECT_TRUE(has(help("help diff"), "  strong-report diff before after\n")) << "examples stay as they are";
}

TEST(Help, NamesEverySettingWithItsDefaultAndEveryFinding)
{
    std::string options = help("help options"), findings = help("help findings");
    for (size_t i = 0; i < settings_count; i++) {
        EXPECT_TRUE(has(options, "STRONG_" + std::string(settings[i].name) + "=" + settings[i].fallback));
        EXPECT_TRUE(has(options, settings[i].meaning)) << settings[i].name;
    }
#define FINDING(id, title, ceiling, rule)                                                          \
    EXPECT_TRUE(has(findings, "\n  " #id " ")) << #id;                                             \
    EXPECT_TRUE(has(findings, title)) << #id;
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES
}

TEST(Help, SaysOfEachFindingWhatItIsFoundByAndWhatToDo)
{
#define FINDING(id, title, ceiling, rule)                                                          \
    {                                                                                              \
        std::string text = help("help " #id);                                                      \
        EXPECT_TRUE(has(text, #id ": " title)) << text;                                            \
        for (const char *part : {"looks for", "when", "how", "fix", "risk", "verify"})          \
            EXPECT_TRUE(has(text, "\n  " + std::string(part) + " ")) << #id << " " << part;        \
    }
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
#include "analyse/findings.def"
#undef FINDING
#undef EXPLAINS
#undef REFINES
}

/* Lines that are literal, and words that have no blank to be broken at, may be longer. */
TEST(Help, FitsTheWidthItIsGivenAndEightyColumnsWithoutOne)
{
    for (const std::string &topic : topics())
        for (unsigned width : {40u, 60u, 80u, 100u}) {
            std::string columns = width == 80 ? "" : "COLUMNS=" + std::to_string(width);
            std::istringstream lines(help(topic, columns));
            for (std::string line; std::getline(lines, line);) {
                bool literal = line.rfind("  ", 0) == 0 && has(line, "strong-report ");
                EXPECT_TRUE(literal || screen_columns(line.c_str()) <= width) << topic << ": " << line;
            }
        }
}

TEST(Describe, ReadsFromTheNameOfAValueWhatItCanBe)
{
    described_value value;
    argument option = {"x", "callers|callees", nullptr, nullptr, "", 0};
    describe_value(&option, &value);
    ASSERT_EQ(value.kind, VALUE_WORDS);
    EXPECT_STREQ(value.words[0].name, "callers");
    EXPECT_STREQ(value.words[1].name, "callees");
    EXPECT_EQ(value.words[2].name, nullptr);
    const std::pair<const char *, value_kind> kinds[] = {
        {nullptr, VALUE_NONE}, {"FILE", VALUE_FILE}, {"FOLDER", VALUE_FOLDER},
        {"N", VALUE_TEXT},     {"PID|FILE", VALUE_TEXT}, {"OPTIMIZERS", VALUE_WORDS}};
    for (const auto &[name, kind] : kinds) {
        option.value_name = name;
        describe_value(&option, &value);
        EXPECT_EQ(value.kind, kind) << (name ? name : "none");
    }
    EXPECT_STREQ(value.words[0].name, "none") << "of OPTIMIZERS";
}

TEST(Describe, ReadsFromTheUsageLineWhatCanFollow)
{
    described_operands operands;
    command one = {"x", "[options] FORMAT [PID|NAME|FILE|RUN]", "", nullptr, nullptr, help_words, nullptr};
    describe_operands(&one, &operands);
    EXPECT_TRUE(operands.subjects && operands.files && operands.words);
    EXPECT_FALSE(operands.program || operands.commands);
    one.usage = "[options] -- COMMAND [ARGUMENT...]";
    one.words = nullptr;
    describe_operands(&one, &operands);
    EXPECT_TRUE(operands.program);
    EXPECT_FALSE(operands.subjects || operands.files || operands.commands || operands.words);
    one.usage = "[COMMAND|options]";
    describe_operands(&one, &operands);
    EXPECT_TRUE(operands.commands);
    one.usage = "[options] A B";
    describe_operands(&one, &operands);
    EXPECT_TRUE(operands.subjects);
    one.usage = "[options]";
    describe_operands(&one, &operands);
    EXPECT_FALSE(operands.subjects || operands.files || operands.commands || operands.program);
}

TEST(Describe, TakesNotesApartIntoParagraphsAndLiteralLines)
{
    const char *at = "One\ntwo.\n\n  three  four\n  five\nsix\n";
    char block[64];
    bool literal;
    std::vector<std::pair<std::string, bool>> blocks;
    while (describe_block(&at, block, sizeof(block), &literal))
        blocks.emplace_back(block, literal);
    EXPECT_EQ(blocks, (std::vector<std::pair<std::string, bool>>{
                          {"One two.", false}, {"  three  four\n  five", true}, {"six", false}}));
    at = "a paragraph that is far longer than the room for it, which is cut and not overrun, ends here\nand more\nx";
    EXPECT_TRUE(describe_block(&at, block, sizeof(block), &literal));
    EXPECT_EQ(strlen(block), sizeof(block) - 1);
    EXPECT_FALSE(describe_block(&at, block, sizeof(block), &literal));
}

} // namespace
