/* The verdict on real processes: twenty programs with one planted bottleneck each, which must be
 * the first finding, and clean programs, which must have no finding above a note. Each runs alone
 * (suite name Timing*), because a bottleneck is a matter of time.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <glob.h>
#include <gtest/gtest.h>
#include <jansson.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

extern char **environ;

namespace
{

/* A directory of its own below the build, on a real file system (fsync must mean something). */
class Run : public testing::Test
{
  protected:
    void SetUp() override
    {
        char name[] = "verdict-XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        char *path = realpath(name, nullptr);
        directory_ = path;
        free(path);
        ASSERT_EQ(mkdir((directory_ + "/segments").c_str(), 0700), 0);
    }

    void TearDown() override
    {
        std::string command = "rm -rf '" + directory_ + "'";
        EXPECT_EQ(system(command.c_str()), 0);
    }

    /* Starts the program preloaded, with its output in a file. */
    pid_t start(const std::vector<std::string> &arguments)
    {
        std::vector<std::string> environment = {"LD_PRELOAD=" STRONG_SO,
                                                "STRONG_DIR=" + directory_ + "/segments",
                                                "STRONG_OPTIMIZE=" + optimize_};
        for (char **one = environ; *one; one++)
            if (strncmp(*one, "LD_PRELOAD=", 11) != 0 && strncmp(*one, "STRONG_", 7) != 0)
                environment.push_back(*one);
        std::string output = directory_ + "/output";
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 1, output.c_str(), O_WRONLY | O_CREAT | O_APPEND,
                                         0600);
        posix_spawn_file_actions_adddup2(&actions, 1, 2);
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_addchdir_np(&actions, directory_.c_str());
        pid_t pid = -1;
        int error = posix_spawnp(&pid, arguments[0].c_str(), &actions, nullptr,
                                 pointers(arguments).data(), pointers(environment).data());
        posix_spawn_file_actions_destroy(&actions);
        return error == 0 ? pid : -1;
    }

    void run(const std::vector<std::string> &arguments)
    {
        pid_t pid = start(arguments);
        ASSERT_GT(pid, 0) << arguments[0];
        int status;
        ASSERT_EQ(waitpid(pid, &status, 0), pid);
        ASSERT_EQ(status, 0) << text_of(directory_ + "/output");
    }

    std::vector<std::string> segments()
    {
        std::vector<std::string> paths;
        glob_t found;
        if (glob((directory_ + "/segments/*.strong").c_str(), 0, nullptr, &found) == 0)
            paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
        globfree(&found);
        return paths;
    }

    /* The report of one segment; the caller owns it. */
    json_t *report(const std::string &segment)
    {
        std::string command = STRONG_REPORT_BIN " --json '" + segment + "'";
        FILE *pipe = popen(command.c_str(), "r");
        json_error_t error;
        json_t *root = json_loadf(pipe, 0, &error);
        EXPECT_EQ(pclose(pipe), 0) << command;
        EXPECT_NE(root, nullptr) << error.text;
        return root;
    }

    static std::string text_of(const std::string &path)
    {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    static std::string field(json_t *object, const char *key)
    {
        const char *text = json_string_value(json_object_get(object, key));
        return text ? text : "";
    }

    static std::string findings_text(json_t *root)
    {
        std::string all;
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(root, "findings"), i, one)
        {
            if (field(one, "state") == "found")
                all += field(one, "severity") + " " + field(one, "id") + ": " +
                       field(json_object_get(one, "evidence"), "text") + "\n";
        }
        return all;
    }

    /* No process that took part has a finding above a note. */
    void expect_clean()
    {
        std::vector<std::string> paths = segments();
        EXPECT_FALSE(paths.empty());
        for (const std::string &path : paths) {
            json_t *root = report(path);
            json_t *first = json_array_get(json_object_get(root, "findings"), 0);
            if (field(first, "state") == "found") {
                EXPECT_EQ(field(first, "severity"), "note")
                    << field(json_object_get(root, "process"), "cmdline") << "\n"
                    << findings_text(root);
            }
            json_decref(root);
        }
    }

    static bool installed(const std::string &program)
    {
        return system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
    }

    std::string directory_, optimize_ = "safe";

  private:
    static std::vector<char *> pointers(const std::vector<std::string> &texts)
    {
        std::vector<char *> all;
        for (const std::string &one : texts)
            all.push_back(const_cast<char *>(one.c_str()));
        all.push_back(nullptr);
        return all;
    }
};

struct Planted {
    const char *program, *finding;
    const char *site = ""; /* the function that is named as the place */
    const char *optimize = "safe";
};

void PrintTo(const Planted &one, std::ostream *out)
{
    *out << one.program;
}

class TimingPlanted : public Run, public testing::WithParamInterface<Planted>
{
};

TEST_P(TimingPlanted, IsTheFirstFinding)
{
    optimize_ = GetParam().optimize; /* what an optimizer cures is found only without it */
    run({std::string(STRONG_PROGRAMS_DIR "/planted_") + GetParam().program});
    std::vector<std::string> paths = segments();
    ASSERT_EQ(paths.size(), 1u);
    json_t *root = report(paths[0]);
    json_t *first = json_array_get(json_object_get(root, "findings"), 0);
    EXPECT_EQ(field(first, "id"), GetParam().finding) << findings_text(root);
    EXPECT_EQ(field(first, "state"), "found");
    EXPECT_FALSE(field(first, "fix").empty());
    std::string evidence = field(json_object_get(first, "evidence"), "text");
    EXPECT_NE(evidence.find(GetParam().site), std::string::npos) << evidence;
    json_decref(root);
}

/* The suite's full name is the prefix and the class; it too has to start with Timing. */
INSTANTIATE_TEST_SUITE_P(
    Timing, TimingPlanted,
    testing::Values(Planted{"reconnect", "reconnecting"}, Planted{"lookups", "repeated_lookups"},
                    Planted{"nagle", "nagle_stall", "", "safe,-tcp"}, Planted{"tiny_writes", "tiny_io"},
                    Planted{"lock", "lock_contention"}, Planted{"malloc", "allocation_pressure", "", "safe,-memory"},
                    Planted{"fsync", "fsync_bound"}, Planted{"sleep_loop", "sleep_loop"},
                    Planted{"thread_churn", "thread_churn"}, Planted{"slow_target", "slow_target"},
                    Planted{"error_storm", "error_storm"}, Planted{"cpu", "cpu_bound"},
                    Planted{"temporary", "temporary_allocations", "parse_words"},
                    Planted{"churn", "allocation_churn", "replace_entry", "safe,-memory"},
                    Planted{"realloc", "realloc_chains", "append_line", "safe,-memory"},
                    Planted{"crossthread", "cross_thread_frees", "make_message"},
                    Planted{"growth", "memory_growth", "remember_request"},
                    Planted{"fragmentation", "fragmentation", "fill_entry"},
                    Planted{"unfreed", "unfreed_at_exit", "load_row"}),
    [](const auto &info) { return std::string(info.param.program); });

class TimingClean : public Run
{
};

TEST_F(TimingClean, SortingAFileHasNothingAboveANote)
{
    {
        std::ofstream numbers(directory_ + "/numbers");
        uint64_t value = 1;
        for (int i = 0; i < 1000000; i++)
            numbers << (value = value * 6364136223846793005u + 1442695040888963407u) % 1000000007
                    << "\n";
    }
    run({"sort", "-n", "numbers", "-o", "sorted"});
    expect_clean();
}

TEST_F(TimingClean, ComputingInPythonHasNothingAboveANote)
{
    run({"/usr/bin/python3", "-c", "s=0\nfor i in range(8000000): s+=i*i%7\nprint(s)"});
    expect_clean();
}

TEST_F(TimingClean, CompilingHasNothingAboveANote)
{
    {
        std::ofstream source(directory_ + "/large.c");
        source << "#include <stdio.h>\n#include <string.h>\n";
        for (int i = 0; i < 600; i++)
            source << "int f" << i << "(int x) { char b[64]; snprintf(b, sizeof(b), \"%d\", x);"
                   << " int s = 0; for (int j = 0; j < x; j++) s += b[j % 64] * " << i
                   << "; return s + (int)strlen(b); }\n";
    }
    run({"gcc", "-O1", "-c", "large.c", "-o", "large.o"});
    EXPECT_GE(segments().size(), 3u); /* gcc, cc1, as */
    expect_clean();
}

TEST_F(TimingClean, OneLargeTransactionHasNothingAboveANote)
{
    if (!installed("sqlite3"))
        GTEST_SKIP() << "needs sqlite3";
    run({"sqlite3", "bulk.db",
         "create table t(a, b); begin; with recursive c(x) as (select 1 union all select x + 1 "
         "from c where x < 1000000) insert into t select x, x * 7 || ' text' from c; commit; "
         "select count(*), sum(a) from t;"});
    expect_clean();
}

/* Answers one request with 64 MiB. */
void serve_once(int listener)
{
    int fd = accept(listener, nullptr, nullptr);
    char request[4096];
    if (read(fd, request, sizeof(request)) > 0) {
        const size_t bytes = 64 << 20;
        std::string header =
            "HTTP/1.0 200 OK\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n";
        std::string body(1 << 16, 'x');
        bool sent = send(fd, header.data(), header.size(), MSG_NOSIGNAL) > 0;
        for (size_t left = bytes; sent && left > 0;) {
            ssize_t moved = send(fd, body.data(), std::min(left, body.size()), MSG_NOSIGNAL);
            sent = moved > 0;
            left -= sent ? static_cast<size_t>(moved) : 0;
        }
    }
    close(fd);
}

TEST_F(TimingClean, OneDownloadHasNothingAboveANote)
{
    if (!installed("curl"))
        GTEST_SKIP() << "needs curl";
    sockaddr_in address = {};
    socklen_t len = sizeof(address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr *>(&address), len), 0);
    ASSERT_EQ(listen(listener, 1), 0);
    ASSERT_EQ(getsockname(listener, reinterpret_cast<sockaddr *>(&address), &len), 0);
    std::thread server(serve_once, listener);
    run({"curl", "-s", "-o", "file",
         "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/"});
    shutdown(listener, SHUT_RDWR); /* wakes the server where curl never came */
    server.join();
    close(listener);
    expect_clean();
}

TEST_F(TimingClean, AnIdleServerHasNothingAboveANote)
{
    if (!installed("redis-server"))
        GTEST_SKIP() << "needs redis-server";
    pid_t pid = start({"redis-server", "--port", "0", "--unixsocket", "socket", "--save", ""});
    ASSERT_GT(pid, 0);
    sleep(3);
    expect_clean(); /* alive */
    kill(pid, SIGTERM);
    int status;
    ASSERT_EQ(waitpid(pid, &status, 0), pid);
    expect_clean(); /* and finished */
}

TEST_F(TimingClean, AShellThatWaitsAndAProgramThatSleepsHaveNothingAboveANote)
{
    run({"sh", "-c", "sleep 2; sleep 1; true"});
    expect_clean();
}

} // namespace
