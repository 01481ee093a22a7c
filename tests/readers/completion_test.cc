/* The completions as bash, zsh and fish use them: each shell is asked what it offers behind a line. */
#include "readers/readers_case.h"

#include <algorithm>
#include <map>

extern "C" {
#include "commands/describe.h"
}

namespace {

using Offers = std::vector<std::string>; /* sorted */

Offers lines_of(const std::string &text)
{
    Offers all;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        all.push_back(line);
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

class Completion : public ReadersTest, public testing::WithParamInterface<const char *>
{
  protected:
    void SetUp() override
    {
        ReadersTest::SetUp();
        must("mkdir bin work && ln -s $R bin/strong-report && touch work/segment.strong");
        std::string report = STRONG_REPORT_BIN;
        share = report.substr(0, report.rfind('/')) + "/share/";
    }

    /* What is offered behind a line, in the folder "work", where there is one file. */
    Offers offers(const std::string &line)
    {
        return all_offers({line})[line];
    }

    std::map<std::string, Offers> all_offers(const std::vector<std::string> &lines)
    {
        std::map<std::string, Offers> all;
        std::string quoted;
        for (const std::string &line : lines)
            quoted += " '" + line + "'";
        std::string shell = GetParam(), out;
        std::string begin = "cd work; export PATH=" + path + ":$PATH; ";
        if (shell == "bash")
            out = must(begin + "bash --norc $READERS/complete.bash " + share +
                       "bash-completion/completions/strong-report" + quoted);
        else if (shell == "zsh")
            out = must(begin + "zsh -f $READERS/complete.zsh " + share + "zsh/vendor-completions" + quoted);
        else
            out = must(begin + "fish --no-config $READERS/complete.fish " + share +
                       "fish/vendor_completions.d/strong-report.fish" + quoted);
        std::istringstream text(out);
        for (std::string line; std::getline(text, line);) {
            std::string block;
            for (std::string offer; std::getline(text, offer) && !offer.empty();)
                block += offer + "\n";
            all[line] = lines_of(block);
        }
        EXPECT_EQ(all.size(), lines.size()) << out;
        return all;
    }

    /* An option with a value is offered with its = by bash. */
    static bool offered(const Offers &offers, const std::string &word)
    {
        return std::count(offers.begin(), offers.end(), word) || std::count(offers.begin(), offers.end(), word + "=");
    }

    std::string share, path = "../bin";
};

TEST_P(Completion, OffersEveryCommandAndEveryOptionAndWordOfEach)
{
    std::vector<std::string> lines = {"strong-report "};
    for (const command *one = commands; one->name; one++)
        for (const char *end : {" ", " --"})
            lines.push_back("strong-report " + std::string(one->name) + end);
    std::map<std::string, Offers> all = all_offers(lines);
    for (const command *one = commands; one->name; one++) {
        std::string line = "strong-report " + std::string(one->name);
        EXPECT_TRUE(offered(all["strong-report "], one->name)) << one->name;
        for (const argument *option = one->arguments(); option->name; option++)
            EXPECT_TRUE(offered(all[line + " --"], "--" + std::string(option->name))) << line << " --" << option->name;
        for (const command_word *word = one->words ? one->words() : nullptr; word && word->name; word++)
            EXPECT_TRUE(offered(all[line + " "], word->name)) << line << " " << word->name;
    }
}

TEST_P(Completion, OffersTheValuesThatAnOptionCanHave)
{
    std::vector<std::string> lines;
    std::map<std::string, Offers> expected;
    for (const command *one = commands; one->name; one++)
        for (const argument *option = one->arguments(); option->name; option++) {
            described_value value;
            describe_value(option, &value);
            std::string line = "strong-report " + std::string(one->name) + " --" + option->name + " ";
            if (value.kind != VALUE_WORDS && value.kind != VALUE_FILE)
                continue;
            lines.push_back(line);
            if (value.kind == VALUE_FILE)
                expected[line] = {"segment.strong"};
            for (const command_word *word = value.words; word->name; word++)
                expected[line].push_back(word->name);
            std::sort(expected[line].begin(), expected[line].end());
        }
    EXPECT_GT(lines.size(), 5u);
    EXPECT_EQ(all_offers(lines), expected);
}

TEST_P(Completion, OffersWhatBeginsLikeTheWord)
{
    std::map<std::string, Offers> expected = {
        {"strong-report exp", {"export"}},
        {"strong-report export js", {"json"}},
        {"strong-report export --cost l", {"live", "lock"}},
        {"strong-report export -o seg", {"segment.strong"}},
        {"strong-report report mem", {"memory"}},
        {"strong-report help find", {"findings"}},
        {"strong-report help exp", {"export"}},
        {"strong-report run -- dpkg-de", {"dpkg-deb"}},
        {"strong-report run --name x dpkg-de", {"dpkg-deb"}},
        {"strong-report run -- ls seg", {"segment.strong"}},
        {"strong-report seg", {"segment.strong"}},
        {"strong-report gc seg", {}},
        {"strong-report --vers", {"--version"}},
        {"strong-report zzz", {}},
    };
    if (std::string(GetParam()) == "zsh") /* which knows bash's options without more packages */
        expected["strong-report run -- bash --nopro"] = {"--noprofile"};
    std::vector<std::string> lines;
    for (const auto &[line, ignored] : expected)
        lines.push_back(line);
    EXPECT_EQ(all_offers(lines), expected);
    Offers behind = offers("strong-report export --cost=allo");
    ASSERT_EQ(behind.size(), 1u);
    EXPECT_TRUE(behind[0] == "allocated" || behind[0] == "--cost=allocated") << behind[0];
}

TEST_P(Completion, OffersProcessesAndRunsAndEvaluatesNoNameOfAStranger)
{
    must("$R run --no-report --name=first.run -- /bin/true");
    must("$R run --no-report --name='first$(touch ../evaluated)`touch ../evaluated`' -- /bin/true");
    must("cp $(which true) 'work/$(touch ..|evaluated);touch evaluated' 2>/dev/null; $R run --no-report -- ./work/*evaluated");
    std::string pid = must("$R list --json | jq -r '.[] | select(.run == \"first.run\").pid'");
    pid.pop_back();
    std::map<std::string, Offers> all = all_offers({"strong-report ", "strong-report report ", "strong-report diff ",
                                                    "strong-report export json ", "strong-report first"});
    EXPECT_EQ(all["strong-report first"], Offers{"first.run"});
    all.erase("strong-report first");
    for (const auto &[line, offers] : all) {
        EXPECT_TRUE(offered(offers, "first.run")) << line;
        EXPECT_TRUE(offered(offers, pid)) << line;
    }
    EXPECT_EQ(shell("ls evaluated work/evaluated").out, "");
}

TEST_P(Completion, SaysNothingWhereStrongReportIsNotInstalled)
{
    path = "/usr/bin";
    Offers all = offers("strong-report report ");
    EXPECT_TRUE(offered(all, "memory"));
    EXPECT_TRUE(offered(all, "segment.strong"));
    EXPECT_EQ(slurp(folder / "err"), "");
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, testing::Values("bash", "zsh", "fish"),
                         [](const auto &info) { return info.param; });

} // namespace
