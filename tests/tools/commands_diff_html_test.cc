/* `diff --html` and `diff -o`, as a shell calls them. */
#include "shell_case.h"

#include "tools/segment_seeds.h"

namespace
{

class DiffHtmlTest : public ShellTest
{
  protected:
    void SetUp() override
    {
        ShellTest::SetUp();
        seed_client().write(folder / "a.strong");
        seed_killed().write(folder / "b.strong");
    }
    size_t files() const
    {
        size_t count = 0;
        for ([[maybe_unused]] const auto &entry : std::filesystem::directory_iterator(folder.path()))
            count++;
        return count;
    }
};

TEST_F(DiffHtmlTest, WritesThePageToAFileOrToStandardOutput)
{
    EXPECT_EQ(must("$R diff --html a.strong b.strong -o page.html"), "");
    std::string page = slurp(folder / "page.html");
    EXPECT_EQ(page.substr(0, 15), "<!DOCTYPE html>");
    EXPECT_EQ(page.substr(page.size() - 8), "</html>\n");
    EXPECT_EQ(must("$R diff --html a.strong b.strong"), page);
    EXPECT_EQ(must("$R diff --html --output=- a.strong b.strong"), page);
}

TEST_F(DiffHtmlTest, WritesTheOtherFormsToAFileToo)
{
    std::string json = must("$R diff --json a.strong b.strong"), text = must("$R diff a.strong b.strong");
    EXPECT_EQ(must("$R diff --json a.strong b.strong -o out.json"), "");
    EXPECT_EQ(slurp(folder / "out.json"), json);
    EXPECT_EQ(must("$R diff a.strong b.strong -o out.txt"), "");
    EXPECT_EQ(slurp(folder / "out.txt"), text);
}

TEST_F(DiffHtmlTest, RefusesTwoFormsAndLeavesNoHalfWrittenFile)
{
    Outcome both = shell("$R diff --html --json a.strong b.strong -o page.html");
    EXPECT_EQ(both.code, 2);
    EXPECT_EQ(both.err, "strong-report diff: one form at a time: --html or --json\n");
    size_t before = files();
    EXPECT_EQ(shell("$R diff --html a.strong nobody -o page.html").code, 3);
    EXPECT_EQ(shell("$R diff --html a.strong b.strong -o nowhere/page.html").code, 1);
    EXPECT_EQ(shell("$R diff --html a.strong b.strong >/dev/full").code, 1);
    EXPECT_EQ(files(), before);
    EXPECT_NE(shell("$R diff --htm a.strong b.strong").err.find("--html"), std::string::npos) << "the nearest option";
}

} // namespace
