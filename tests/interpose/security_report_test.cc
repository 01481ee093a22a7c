// strong-report as a whole against hostile names and files that change under it: no escape comes through, nothing but one
// line is said, no signal ends it.
#include "security_case.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <gtest/gtest.h>
#include <iterator>
#include <random>
#include <sys/wait.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
const std::string kEscapes = "\x1b]0;title\x07\x1b[31mred\n<script>alert(1)\"'`";

Outcome report(const std::vector<std::string> &arguments, const std::string &segments)
{
    Command command;
    command.preloaded = false;
    command.arguments = {STRONG_REPORT_BIN};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.environment = {{"STRONG_DIR", segments}, {"HOME", segments}};
    return run(command, "");
}

std::string words(const std::vector<std::string> &form)
{
    std::ostringstream name;
    std::copy(form.begin(), form.end(), std::ostream_iterator<std::string>(name, " "));
    return name.str();
}

// A terminal does nothing for it, and a line is one line.
void expect_tame(const std::string &text, const std::string &form)
{
    EXPECT_EQ(text.find('\x1b'), std::string::npos) << form;
    EXPECT_EQ(text.find('\x07'), std::string::npos) << form;
    EXPECT_EQ(text.find("red\n<script>"), std::string::npos) << form;
}

// What a terminal, a page or a parser would take for its own is in none of the forms of a report: neither of the names of
// files, nor of the program's own, its arguments and its run's.
TEST(Security, NamesFullOfEscapesAreHarmlessInEveryForm)
{
    Directory directory, data;
    std::string program = data.path + "/secret" + kEscapes.substr(0, kEscapes.find('<')), evil = data.path + "/data" + kEscapes;
    std::filesystem::copy_file(STRONG_PROGRAMS_DIR "/secret_bytes", program);
    Outcome outcome = run_preloaded(directory, {program, evil}, with(everything, {{"STRONG_RUN", "run" + kEscapes}}));
    ASSERT_EQ(outcome.status, 0) << outcome.describe();
    std::ofstream(data.path + "/rules") << "[always]\nexpr = duration >= 0s\n";
    const std::string segment = directory.segments()[0];
    std::vector<std::vector<std::string>> forms = {
        {"report"}, {"report", "--full"}, {"report", "--json"}, {"report", "--tree"}, {"report", "--merge"}, {"list"}, {"list", "--json"},
        {"export", "folded", "--cost=allocated"}, {"export", "speedscope"}, {"export", "chrome"}, {"export", "openmetrics"},
        {"export", "prometheus"}, {"export", "json"}, {"export", "html"}, {"export", "pprof"}, {"check", "duration >= 0s", "--of=" + segment},
        {"watch", "--once", "--interval=100ms", "--rules=" + data.path + "/rules"}, {"diff", segment}, {"diff", "--full", segment},
        {"diff", "--json", segment}, {"diff", "--html", segment}};
    for (const char *part : {"memory", "cpu", "blocked", "locks", "network", "files", "threads", "resources"})
        forms.push_back({"report", part});
    for (const char *view : {"processes", "findings", "calls", "targets", "threads", "locks", "functions", "memory", "resources", "operations"})
        forms.push_back({"top", "--batch", "--count=1", std::string("--view=") + view});
    unsigned named = 0;
    for (std::vector<std::string> form : forms) {
        if (form[0] != "list" && form[0] != "check")
            form.push_back(segment);
        Outcome shown = report(form, directory.path);
        std::string name = words(form), all = shown.out, kind = form.size() > 1 ? form[1] : "";
        EXPECT_EQ(shown.status, form[0] == "watch" ? 99 << 8 : 0) << name << shown.describe();
        EXPECT_FALSE(all.empty()) << name;
        if (kind == "pprof") { // gzip: what is within it
            std::ofstream(data.path + "/pprof.gz", std::ios::binary) << all;
            ASSERT_EQ(system(("gzip -dc " + data.path + "/pprof.gz > " + data.path + "/pprof").c_str()), 0);
            all = contents(data.path + "/pprof");
            EXPECT_NE(all.find("secret"), std::string::npos) << "it is no profile of it at all";
            EXPECT_EQ(all.find("\x1b]0"), std::string::npos);
            EXPECT_EQ(all.find("\x1b[31m"), std::string::npos);
        } else {
            expect_tame(all, name);
        }
        expect_tame(shown.err, name);
        named += all.find("secret") != std::string::npos || all.find("alert(1)") != std::string::npos;
        if (kind == "html" || kind == "--html") {
            EXPECT_EQ(all.find("<script>alert(1)"), std::string::npos) << name;
            EXPECT_NE(all.find("alert(1)"), std::string::npos) << "the name is not in the page at all: " << name;
        }
    }
    EXPECT_GT(named, 25u) << "most forms show the names";
}

// What is refused is named, and what is asked for and not found.
TEST(Security, EscapesInWhatIsRefusedAreHarmlessToo)
{
    Directory directory;
    std::string file = directory.path + "/1-1" + kEscapes.substr(0, kEscapes.find('<')) + ".strong";
    std::ofstream(file) << std::string(5000, 'x');
    std::ofstream(directory.path + "/1-2.strong") << std::string(5000, 'x');
    const std::vector<std::vector<std::string>> forms = {
        {"report", file}, {"report", directory.path}, {"report", kEscapes}, {"diff", file, kEscapes}, {"export", "json", file},
        {"export", kEscapes, file}, {"top", "--batch", "--count=1", file}, {"top", "--view=" + kEscapes}, {"list", kEscapes},
        {"check", kEscapes}, {"check", "duration > 0s", "--of=" + kEscapes}, {"watch", "--rules=" + file}, {"run", "--config=" + kEscapes, "true"},
        {"run", "--library=" + kEscapes, "/bin/true"}, {"run", kEscapes}, {"--" + kEscapes}, {kEscapes}, {"help", kEscapes}, {"export", "json", "--output=/none/" + kEscapes, file}};
    for (const std::vector<std::string> &form : forms) {
        Outcome shown = report(form, directory.path);
        EXPECT_TRUE(WIFEXITED(shown.status)) << words(form) << shown.describe();
        EXPECT_FALSE((shown.out + shown.err).empty()) << words(form);
        expect_tame(shown.out + shown.err, words(form));
    }
}

// A file that grows, shrinks and is filled with something else as fast as it can, until it is told to end.
class Shifting {
public:
    explicit Shifting(const std::string &path)
    {
        std::string bytes = contents(path);
        pid_ = fork();
        if (pid_ != 0)
            return;
        std::mt19937 random(getpid());
        int fd = open(path.c_str(), O_RDWR);
        for (;;) {
            off_t cut = (off_t)(random() % (bytes.size() + 4096)), from = (off_t)(random() % bytes.size());
            if (random() % 4 == 0)
                cut = (off_t)(random() % 8192); // the header itself
            if (ftruncate(fd, cut) || pwrite(fd, bytes.data() + from, bytes.size() - (size_t)from, from) < 0 ||
                pwrite(fd, bytes.data(), std::min<size_t>(bytes.size(), 65536), 0) < 0)
                _exit(1);
            if (random() % 2)
                usleep(random() % 3000);
        }
    }
    ~Shifting()
    {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }

private:
    pid_t pid_;
};

TEST(Security, AFileThatIsCutWhileItIsReadCostsOneLineAtMost)
{
    Directory directory, data;
    run_preloaded(directory, {"secret_bytes", data.path + "/data"}, everything);
    const std::string segment = directory.segments()[0];
    std::ofstream(data.path + "/rules") << "[always]\nexpr = duration >= 0s\n";
    const std::vector<std::vector<std::string>> forms = {
        {"report", segment}, {"report", "--json", segment}, {"report", "cpu", segment}, {"list"}, {"diff", segment, segment},
        {"export", "html", segment}, {"export", "pprof", segment}, {"top", "--batch", "--count=3", "--interval=100ms", segment},
        {"check", "duration >= 0s", "--of=" + segment}, {"watch", "--once", "--interval=100ms", "--rules=" + data.path + "/rules", segment}};
    unsigned read = 0, refused = 0;
    Shifting shifting(segment);
    for (unsigned round = 0; round < (long_form() ? 200 : 8); round++)
        for (const std::vector<std::string> &form : forms) {
            Outcome shown = report(form, directory.path);
            ASSERT_TRUE(WIFEXITED(shown.status)) << words(form) << shown.describe();
            int code = WEXITSTATUS(shown.status);
            bool holds = code == 0 || (code == 99 && form[0] == "watch"), none = code == 3 && form[0] != "report";
            ASSERT_TRUE(holds || none || code == 1) << words(form) << shown.describe();
            if (!holds) {
                EXPECT_NE(shown.err, "") << words(form);
            }
            EXPECT_LE(std::count(shown.err.begin(), shown.err.end(), '\n'), form[0] == "list" ? 3 : 1) << words(form) << shown.err;
            (holds ? read : refused)++;
        }
    EXPECT_GT(read, 0u);
    EXPECT_GT(refused, 0u) << "it was never caught";
}

// Not the segment but the program it names, which libelf maps to find names in.
TEST(Security, AProgramThatIsCutWhileItsNamesAreReadCostsItsNamesAlone)
{
    Directory directory, data;
    std::string program = data.path + "/program";
    std::filesystem::copy_file(STRONG_REPORT_BIN, program);
    run_preloaded(directory, {program, "help", "options"}, everything);
    const std::string segment = directory.segments().at(0);
    const std::vector<std::string> form = {"report", "memory", "--callers", segment};
    Outcome whole = report(form, directory.path);
    EXPECT_NE(whole.out.find("main"), std::string::npos) << whole.describe();
    unsigned others = 0;
    Shifting shifting(program);
    for (unsigned round = 0; round < (long_form() ? 500 : 60); round++) {
        Outcome shown = report(form, directory.path);
        ASSERT_EQ(shown.status, 0) << shown.describe();
        EXPECT_EQ(shown.err, "");
        others += shown.out != whole.out;
    }
    EXPECT_GT(others, 0u) << "it was never caught";
}
} // namespace
