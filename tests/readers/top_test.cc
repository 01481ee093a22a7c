/* top on a terminal of somebody else's (tmux), watching processes that do exactly what they are told.
 *
 * Nothing here waits a fixed time: each step polls for what it expects, up to a limit far above what is needed.
 */
#include "readers_case.h"

#include <sys/stat.h>

#include <chrono>
#include <csignal>
#include <regex>
#include <thread>

extern "C" {
#include "commands/follow.h"
}

namespace
{

constexpr auto kLimit = std::chrono::seconds(30);

bool eventually(const std::function<bool()> &true_now)
{
    auto end = std::chrono::steady_clock::now() + kLimit;
    while (!true_now()) {
        if (std::chrono::steady_clock::now() > end)
            return false;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return true;
}

/* tests/programs/steps, preloaded. */
class Steps
{
  public:
    explicit Steps(const std::string &segments)
    {
        int in[2], out[2];
        EXPECT_EQ(pipe(in), 0);
        EXPECT_EQ(pipe(out), 0);
        pid = fork();
        if (pid == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            for (int fd : {in[0], in[1], out[0], out[1]})
                close(fd);
            setenv("LD_PRELOAD", STRONG_SO, 1);
            setenv("STRONG_DIR", segments.c_str(), 1);
            execl(STRONG_PROGRAMS_DIR "/steps", "steps", nullptr);
            _exit(99);
        }
        close(in[0]);
        close(out[1]);
        to_ = in[1];
        from_ = fdopen(out[0], "r");
        EXPECT_EQ(answer(), "ready\n");
    }
    ~Steps()
    {
        end();
        close(to_);
        fclose(from_);
    }
    Steps(const Steps &) = delete;
    Steps &operator=(const Steps &) = delete;

    void tell(const std::string &line)
    {
        std::string whole = line + "\n";
        EXPECT_EQ(write(to_, whole.data(), whole.size()), ssize_t(whole.size()));
    }
    std::string answer()
    {
        char line[64] = "";
        return fgets(line, sizeof(line), from_) ? line : "";
    }
    void does(const std::string &line, const std::string &wanted = "done\n")
    {
        tell(line);
        EXPECT_EQ(answer(), wanted) << line;
    }
    void end()
    {
        if (pid <= 0)
            return;
        kill(pid, SIGKILL);
        waitpid(pid, nullptr, 0);
        pid = 0;
    }
    std::string name() const
    {
        return std::to_string(pid);
    }
    pid_t pid = 0;

  private:
    int to_ = -1;
    FILE *from_ = nullptr;
};

class TopTest : public ReadersTest
{
  protected:
    ~TopTest() override
    {
        if (started_)
            shell("tmux -S socket kill-server");
    }

    std::string tmux(const std::string &line)
    {
        return must("tmux -u -S socket -f /dev/null " + line);
    }

    /* A shell on a terminal of that size. */
    void open_terminal(unsigned columns = 80, unsigned lines = 24, const std::string &settings = "")
    {
        started_ = true;
        tmux("new-session -d -x " + std::to_string(columns) + " -y " + std::to_string(lines) +
             " \"env " + settings + " PS1='ready> ' bash --norc -i\"");
        EXPECT_TRUE(shows("ready>"));
        type("stty -a >before; " + settings);
    }
    void type(const std::string &line)
    {
        std::ofstream(folder / "typed") << line << "\n";
        tmux("load-buffer typed");
        tmux("paste-buffer");
    }
    void key(const std::string &name)
    {
        tmux("send-keys " + name);
    }
    std::string screen(const std::string &options = "")
    {
        return tmux("capture-pane -p " + options);
    }
    bool shows(const std::string &text)
    {
        std::string last;
        bool found = eventually([&] {
            last = screen();
            return last.find(text) != std::string::npos;
        });
        EXPECT_TRUE(found) << "no '" << text << "' on\n" << last;
        return found;
    }
    /* Runs top, and notes its pid, its exit code, and the terminal's settings behind it. */
    void run_top(const std::string &arguments)
    {
        type("sh -c 'echo $$ >top.pid; exec $R top " + arguments +
             "'; echo $? >code; stty -a >after; touch ended");
    }
    pid_t top_pid()
    {
        EXPECT_TRUE(eventually([&] { return slurp(folder / "top.pid").find('\n') != std::string::npos; }));
        return static_cast<pid_t>(std::stol(slurp(folder / "top.pid")));
    }
    void expect_restored(const std::string &code)
    {
        struct stat facts;
        ASSERT_TRUE(eventually([&] { return stat((folder / "ended").c_str(), &facts) == 0; })) << screen();
        EXPECT_EQ(slurp(folder / "code"), code + "\n");
        EXPECT_EQ(slurp(folder / "after"), slurp(folder / "before"));
        EXPECT_NE(slurp(folder / "before"), "");
        EXPECT_EQ(tmux("display-message -p '#{alternate_on}#{cursor_flag}'"), "01\n")
            << "the shell's screen, with its cursor";
    }

  private:
    bool started_ = false;
};

TEST_F(TopTest, CountsExactlyWhatAProcessDidBetweenTwoLooks)
{
    setenv("STRONG_DIR", segments().c_str(), 1);
    Steps steps(segments());
    steps.does("calls 1000");
    directory found = {};
    ASSERT_EQ(directory_read(&found, false), 0);
    ASSERT_EQ(found.count, 1u);
    follow *one = follow_new(&found.entries[0]);
    directory_done(&found);
    ASSERT_TRUE(one);
    for (unsigned calls : {0u, 1u, 500u, 12345u, 0u}) {
        ASSERT_EQ(follow_look(one), 0);
        steps.does("calls " + std::to_string(calls));
        ASSERT_EQ(follow_look(one), 0);
        EXPECT_EQ(follow_rates(one, false)->model.hooks[HOOK_pwrite].calls, calls);
        EXPECT_EQ(follow_rates(one, false)->model.hooks[HOOK_pwrite].bytes, calls);
    }
    follow_free(one);
    unsetenv("STRONG_DIR");
    EXPECT_EQ(must("$R top " + steps.name() +
                   " --batch --totals --count=1 --view=calls | awk '$1 == \"pwrite\" { print $3 }'"),
              "13846\n");
}

TEST_F(TopTest, ShowsEachViewOnAKeyOfItsOwn)
{
    Steps steps(segments());
    steps.does("calls 1000");
    open_terminal();
    run_top(steps.name());
    ASSERT_TRUE(shows("CALLS/s"));
    EXPECT_TRUE(shows("steps  pid " + steps.name() + "  running"));
    key("t");
    EXPECT_TRUE(shows("pwrite"));
    EXPECT_TRUE(shows("since the start"));
    key("t");
    const std::pair<const char *, const char *> views[] = {
        {"2", "thread-seconds went"}, {"4", "TARGET"},   {"5", "SINCE"},      {"6", "WAITER"},
        {"7", "FUNCTION"},            {"8", "PLACE"},    {"9", "HISTORY"},    {"0", "OPERATION"},
        {"3", "CLASS"},               {"Tab", "TARGET"}, {"1", "MOSTLY IN"}, {"?", "any key goes on"},
        {"3", "CLASS"},
    };
    for (const auto &view : views) {
        key(view.first);
        ASSERT_TRUE(shows(view.second)) << view.first;
    }
    key("/");
    type("nothingatall");
    EXPECT_TRUE(shows("/nothingatall"));
    EXPECT_TRUE(shows("no line matches"));
    key("Escape");
    EXPECT_TRUE(eventually([&] { return screen().find("/nothing") == std::string::npos; }));
    key("Space");
    EXPECT_TRUE(shows("paused"));
    key("Space");
    key("-");
    EXPECT_TRUE(shows("0.5s ?help"));
    key("+");
    EXPECT_TRUE(shows("1s ?help"));
    key("q");
    expect_restored("0");
}

TEST_F(TopTest, FollowsTheProcessThatIsChosenFromTheList)
{
    Steps first(segments());
    open_terminal();
    run_top("");
    ASSERT_TRUE(shows("1 measured process runs"));
    Steps second(segments());
    ASSERT_TRUE(shows("2 measured processes run")) << "new ones appear";
    key("/");
    type(second.name()); /* with its newline: the filter stands */
    EXPECT_TRUE(eventually([&] { return screen().find(" " + first.name() + " ") == std::string::npos; }));
    key("Enter");
    ASSERT_TRUE(shows("steps  pid " + second.name()));
    key("Escape");
    ASSERT_TRUE(shows("2 measured processes run"));
    first.end();
    EXPECT_TRUE(shows("killed"));
    EXPECT_TRUE(shows("1 measured process runs"));
    key("q");
    expect_restored("0");
}

TEST_F(TopTest, StaysWithTheLastFiguresOfAProcessThatIsKilled)
{
    Steps steps(segments());
    steps.does("calls 1000");
    open_terminal();
    run_top(steps.name() + " --totals");
    ASSERT_TRUE(shows("pwrite"));
    steps.end();
    ASSERT_TRUE(shows("it has ended (killed): these are its last figures"));
    EXPECT_TRUE(shows("pwrite"));
    key("4");
    EXPECT_TRUE(shows("/dev/null"));
    key("q");
    expect_restored("0");
}

TEST_F(TopTest, FollowsAProcessThroughExec)
{
    Steps steps(segments());
    open_terminal();
    run_top(steps.name());
    ASSERT_TRUE(shows("steps  pid"));
    steps.does("exec another", "ready\n");
    ASSERT_TRUE(shows("replaced by exec: now another"));
    EXPECT_TRUE(shows("another  pid " + steps.name() + "  running"));
    steps.does("calls 700");
    key("t");
    EXPECT_TRUE(eventually([&] {
        std::string text = screen();
        size_t at = text.find("pwrite");
        return at != std::string::npos && text.substr(at, 80).find(" 700 ") != std::string::npos;
    })) << screen();
    steps.tell("exit 3");
    EXPECT_TRUE(shows("exited with status 3"));
    key("q");
    expect_restored("0");
}

TEST_F(TopTest, FitsWhateverTheTerminalBecomes)
{
    Steps steps(segments());
    open_terminal();
    run_top(steps.name());
    ASSERT_TRUE(shows("CLASS"));
    for (const char *size : {"-x 20 -y 5", "-x 3 -y 2", "-x 1 -y 1"}) {
        tmux(std::string("resize-window ") + size);
        EXPECT_TRUE(shows("t")) << size; /* of "too small", as much of it as fits */
    }
    tmux("resize-window -x 20 -y 5");
    EXPECT_TRUE(shows("too small: 40x6"));
    tmux("resize-window -x 40 -y 6");
    EXPECT_TRUE(shows("CALL"));
    tmux("resize-window -x 200 -y 50");
    EXPECT_TRUE(shows("?help q"));
    tmux("resize-window -x 80 -y 24");
    EXPECT_TRUE(shows("CLASS"));
    key("q");
    expect_restored("0");
}

TEST_F(TopTest, RestoresTheTerminalWhenItIsEndedBySignal)
{
    Steps steps(segments());
    open_terminal();
    run_top(steps.name());
    ASSERT_TRUE(shows("CLASS"));
    ASSERT_EQ(kill(top_pid(), SIGTERM), 0);
    expect_restored("143");
}

TEST_F(TopTest, GivesTheTerminalBackWhileItIsStopped)
{
    Steps steps(segments());
    open_terminal();
    type("$R top " + steps.name());
    ASSERT_TRUE(shows("CLASS"));
    key("C-z");
    ASSERT_TRUE(shows("Stopped"));
    type("stty -a >stopped; echo writ''ten"); /* what is typed is shown too */
    ASSERT_TRUE(shows("written"));
    EXPECT_EQ(slurp(folder / "stopped"), slurp(folder / "before"));
    type("fg");
    ASSERT_TRUE(shows("CLASS"));
    key("4");
    EXPECT_TRUE(shows("TARGET"));
    key("q");
    EXPECT_TRUE(shows("ready>"));
    type("stty -a >after; echo fini''shed");
    ASSERT_TRUE(shows("finished"));
    EXPECT_EQ(slurp(folder / "after"), slurp(folder / "before"));
}

TEST_F(TopTest, IsPlainWhereColourOrUnicodeAreNotWanted)
{
    Steps steps(segments());
    open_terminal(80, 24, "NO_COLOR=1 LC_ALL=C");
    run_top(steps.name());
    ASSERT_TRUE(shows("CLASS"));
    for (const char *view : {"9", "2", "?"}) {
        key(view);
        ASSERT_TRUE(shows(*view == '9' ? "HISTORY" : *view == '2' ? "thread-seconds" : "any key"));
        std::string text = screen("-e");
        EXPECT_FALSE(std::regex_search(text, std::regex("\033\\[([0-9]*;)*[34][0-7]"))) << text;
        for (char letter : text)
            ASSERT_LT(static_cast<unsigned char>(letter), 0x80) << text;
    }
    key("q");
    key("q");
    expect_restored("0");
}

} // namespace
