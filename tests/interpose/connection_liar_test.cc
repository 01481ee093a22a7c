// The lying server (programs/liar.c) against unmodified clients in C, python3 and with libcurl: what a program sees of each
// of its requests is the same with kept connections as without, whatever the server does to them.
#include "interpose_support.h"
#include "isolated.h"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "programs/liar.h"

using namespace interpose_test;

namespace
{
// Runs go to addresses of their own; one client asks so many, because the library follows no more destinations.
const unsigned runs_of_a_client = 50;

// The server, until finish().
class Liar
{
public:
    Liar(unsigned seed, bool unasked)
    {
        int in[2], out[2];
        if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
            throw std::runtime_error("pipe");
        process_ = fork();
        if (process_ == 0) {
            dup2(in[0], 0);
            dup2(out[1], 1);
            std::string program = std::string(STRONG_PROGRAMS_DIR) + "/liar", seed_text = std::to_string(seed);
            execl(program.c_str(), "liar", seed_text.c_str(), unasked ? "unasked" : nullptr, nullptr);
            _exit(127);
        }
        close(in[0]);
        close(out[1]);
        in_ = in[1];
        out_ = fdopen(out[0], "r");
        if (fscanf(out_, "%d", &port_) != 1)
            throw std::runtime_error("the liar does not start");
    }
    std::string port() const
    {
        return std::to_string(port_);
    }
    std::map<std::string, unsigned long> finish()
    {
        std::map<std::string, unsigned long> said;
        char name[32];
        unsigned long value;
        close(in_);
        while (fscanf(out_, " %31[^=]=%lu", name, &value) == 2)
            said[name] = value;
        fclose(out_);
        waitpid(process_, nullptr, 0);
        return said;
    }

private:
    pid_t process_;
    int in_, port_ = 0;
    FILE *out_;
};

struct Seen {
    std::vector<std::string> answers; // a line a request
    std::map<std::string, unsigned long> server;
};

Seen ask(const std::vector<std::string> &client, const std::string &protocol, unsigned runs, bool preloaded, bool unasked)
{
    const unsigned seed = 1;
    Seen seen;
    Directory segments;
    Liar liar(seed, unasked);
    // Several clients at a time: they mostly wait.
    unsigned clients = (runs + runs_of_a_client - 1) / runs_of_a_client, side_by_side = std::min(clients, 6u);
    std::vector<std::vector<std::string>> answers(clients);
    std::atomic<unsigned> next{0};
    auto one = [&](unsigned number) {
        unsigned first = number * runs_of_a_client;
        Command command;
        command.arguments = client;
        unsigned count = std::min(runs - first, runs_of_a_client);
        for (const std::string &argument :
             {protocol, liar.port(), std::to_string(seed), std::to_string(first), std::to_string(count)})
            command.arguments.push_back(argument);
        command.preloaded = preloaded;
        command.environment = {{"STRONG_OPTIMIZE", "connections"}};
        command.seconds = 120;
        Outcome outcome = run(command, preloaded ? segments.path : "");
        EXPECT_FALSE(outcome.timed_out);
        EXPECT_EQ(outcome.status, 0) << outcome.err;
        EXPECT_EQ(outcome.err, "");
        std::istringstream lines(outcome.out);
        for (std::string line; std::getline(lines, line);)
            answers[number].push_back(line);
    };
    isolation::in_threads(side_by_side, [&](unsigned) {
        for (unsigned number; (number = next++) < clients;)
            one(number);
    });
    for (const std::vector<std::string> &some : answers)
        seen.answers.insert(seen.answers.end(), some.begin(), some.end());
    seen.server = liar.finish();
    return seen;
}

// The same, but for answers that a server cuts off behind the last byte: whether a reader that is slow gets them is chance.
bool same(const std::string &bare, const std::string &preloaded)
{
    auto is_reset = [](const std::string &line) { return line.find(" own reset") != std::string::npos; };
    if (bare == preloaded || (is_reset(bare) && is_reset(preloaded)))
        return true;
    bool chance = liar_may_reset(1, (unsigned)std::stoul(bare));
    return chance && (is_reset(bare) || is_reset(preloaded));
}

struct Case {
    const char *name;
    std::vector<std::string> client;
    const char *protocol;
    unsigned runs; // in the suite
};

class Liars : public testing::TestWithParam<Case>
{
};

TEST_P(Liars, ShowAProgramTheSameWithKeptConnections)
{
    const Case &param = GetParam();
    unsigned runs = long_form() ? 10000 : param.runs;
    Seen bare = ask(param.client, param.protocol, runs, false, false);
    Seen preloaded = ask(param.client, param.protocol, runs, true, false);
    ASSERT_EQ(bare.answers.size(), runs * RUN_REQUESTS);
    ASSERT_EQ(preloaded.answers.size(), bare.answers.size());
    unsigned different = 0, foreign = 0, hung = 0;
    for (size_t i = 0; i < bare.answers.size(); i++) {
        foreign += preloaded.answers[i].find("FOREIGN") != std::string::npos;
        hung += preloaded.answers[i].find("HANG") != std::string::npos;
        if (!same(bare.answers[i], preloaded.answers[i]) && different++ < 10) {
            ADD_FAILURE() << "bare      " << bare.answers[i] << "\npreloaded " << preloaded.answers[i];
        }
    }
    EXPECT_EQ(foreign, 0u);
    EXPECT_EQ(hung, 0u);
    EXPECT_EQ(different, 0u);
    EXPECT_EQ(bare.server["repeated"], 0u);
    EXPECT_EQ(preloaded.server["repeated"], 0u) << "a request that must not be was carried out twice";
    EXPECT_EQ(preloaded.server["unrepeatable"], bare.server["unrepeatable"]);
    EXPECT_EQ(bare.server["reused"], 0u);
    EXPECT_GT(preloaded.server["reused"], runs / 4) << "nothing was put to the test";
    printf("%u requests bare and preloaded, %lu connections answered more than one, %u different, %lu sent again\n",
           runs * RUN_REQUESTS, preloaded.server["reused"], different,
           preloaded.server["requests"] - bare.server["requests"]);
}

const std::string python_client = std::string(STRONG_SOURCE_DIR) + "/tests/programs/liar_client.py",
                  async_client = std::string(STRONG_SOURCE_DIR) + "/tests/programs/liar_async.py";

INSTANTIATE_TEST_SUITE_P(To, Liars,
                         testing::Values(Case{"CHttp", {"liar_client"}, "http", 150},
                                         Case{"CResp", {"liar_client"}, "resp", 150},
                                         Case{"CMemcached", {"liar_client"}, "memcached", 150},
                                         Case{"Curl", {"liar_curl"}, "http", 200},
                                         Case{"PythonHttp", {"/usr/bin/python3", python_client}, "http", 100},
                                         Case{"PythonResp", {"/usr/bin/python3", python_client}, "resp", 100},
                                         Case{"PythonMemcached", {"/usr/bin/python3", python_client}, "memcached", 100},
                                         Case{"AsyncioHttp", {"/usr/bin/python3", "-B", async_client}, "http", 100},
                                         Case{"AsyncioResp", {"/usr/bin/python3", "-B", async_client}, "resp", 100}),
                         [](const testing::TestParamInfo<Case> &info) { return info.param.name; });

// What no keeper of connections can tell from the truth: a whole, well-formed answer nobody asked for that arrives when the
// next request has been sent, and, after it, the answers that are late by one. The server is found out by the first byte too
// many that comes while nothing is asked, and trusted no more. The test says how many get through, and holds that they
// are few and that everything else is as it is without.
TEST(LiarsUnasked, GetFewAnswersThroughBeforeTheyAreFoundOut)
{
    unsigned runs = long_form() ? 2000 : 60;
    Seen bare = ask({"liar_client"}, "http", runs, false, true);
    Seen preloaded = ask({"liar_client"}, "http", runs, true, true);
    ASSERT_EQ(preloaded.answers.size(), bare.answers.size());
    unsigned hung = 0, total = 0;
    for (size_t i = 0; i < bare.answers.size(); i++) {
        EXPECT_EQ(bare.answers[i].find("FOREIGN"), std::string::npos);
        hung += preloaded.answers[i].find("HANG") != std::string::npos;
        bool is_foreign = preloaded.answers[i].find("FOREIGN") != std::string::npos;
        total += is_foreign;
        if (!is_foreign) {
            EXPECT_TRUE(same(bare.answers[i], preloaded.answers[i]))
                << "bare      " << bare.answers[i] << "\npreloaded " << preloaded.answers[i];
        }
    }
    EXPECT_EQ(hung, 0u);
    EXPECT_LT(total, preloaded.server["unasked"] / 20);
    printf("%u of %zu requests were given an answer that nobody had asked for (%lu were sent)\n", total,
           preloaded.answers.size(), preloaded.server["unasked"]);
}
} // namespace
