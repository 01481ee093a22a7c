// The name cache in real processes, in a world of their own: a mount and a network namespace with its own hosts file and
// Debian's dnsmasq as the name server, whose log says what it was asked.
#include "interpose_support.h"
#include "isolated.h"

#include <csignal>
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netdb.h>
#include <sched.h>
#include <sstream>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace interpose_test;

namespace
{
const char *const hosts = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n192.0.2.77 here.hosts alias.hosts\n";
const Environment resolver_only = {{"STRONG_OPTIMIZE", "resolver"}};

void must(bool ok, const char *what)
{
    if (!ok)
        throw std::runtime_error(std::string(what) + ": " + strerror(errno));
}

class World
{
public:
    World()
    {
        must(unshare(CLONE_NEWNS | CLONE_NEWNET) == 0, "unshare");
        must(mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "private mounts");
        must(mount("none", "/dev/shm", "tmpfs", 0, "mode=1777") == 0, "/dev/shm");
        chmod(directory_.path.c_str(), 0755);
        write("hosts", hosts);
        write("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n");
        write("nsswitch.conf", "hosts: files dns\nservices: files\n");
        for (const char *name : {"hosts", "resolv.conf", "nsswitch.conf"})
            must(mount(file(name).c_str(), (std::string("/etc/") + name).c_str(), nullptr, MS_BIND, nullptr) == 0, name);
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq loopback = {};
        strcpy(loopback.ifr_name, "lo");
        loopback.ifr_flags = IFF_UP | IFF_RUNNING;
        must(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &loopback) == 0, "lo");
        close(fd);
        start_server();
    }
    ~World()
    {
        stop_server();
        for (const char *name : {"hosts", "resolv.conf", "nsswitch.conf"})
            umount2((std::string("/etc/") + name).c_str(), MNT_DETACH);
    }
    std::string file(const std::string &name) const
    {
        return directory_.path + "/" + name;
    }
    void write(const std::string &name, const std::string &text) const
    {
        std::ofstream(file(name), std::ios::trunc) << text;
    }
    void start_server()
    {
        server_ = fork();
        if (server_ == 0) {
            std::string log = "--log-facility=" + file("queries");
            execl("/usr/sbin/dnsmasq", "dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--no-resolv",
                  "--no-hosts", "--pid-file", "--user=root", "--listen-address=127.0.0.1", "--bind-interfaces",
                  "--local=/test/", "--log-queries", log.c_str(), "--host-record=both.test,192.0.2.10,2001:db8::10",
                  "--host-record=four.test,192.0.2.4", "--host-record=six.test,2001:db8::6",
                  "--cname=alias.test,both.test", "--address=/together.test/192.0.2.9", (char *)nullptr);
            _exit(127);
        }
        for (unsigned i = 0; i < 500 && !answers(); i++)
            usleep(10000);
        must(answers(), "dnsmasq");
    }
    void stop_server()
    {
        if (server_ > 0) {
            kill(server_, SIGKILL);
            waitpid(server_, nullptr, 0);
        }
        server_ = 0;
    }
    // What it was asked since the last time, by "type name".
    std::map<std::string, unsigned> questions()
    {
        usleep(50000);
        std::ifstream log(file("queries"));
        log.seekg(read_);
        std::map<std::string, unsigned> found;
        for (std::string line; std::getline(log, line); read_ += (std::streamoff)line.size() + 1) {
            size_t at = line.find("query[");
            if (at != std::string::npos && line.find("ready.test") == std::string::npos)
                found[line.substr(at + 6, line.find(" from") - at - 6)]++;
        }
        return found;
    }

private:
    // A question of our own, without libc's resolver.
    bool answers() const
    {
        static const char question[] = "\x12\x34\1\0\0\1\0\0\0\0\0\0\5ready\4test\0\0\1\0\1";
        char room[512];
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct timeval patience = {0, 200000};
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(53);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        bool answered = connect(fd, (sockaddr *)&address, sizeof address) == 0 &&
                        send(fd, question, sizeof question - 1, 0) > 0 && recv(fd, room, sizeof room, 0) > 0;
        close(fd);
        return answered;
    }
    Directory directory_;
    pid_t server_ = 0;
    std::streamoff read_ = 0;
};

struct Line {
    long ms;
    int code;
    std::string address;
};

std::vector<Line> lines_of(const std::string &text)
{
    std::vector<Line> lines;
    std::istringstream in(text);
    for (Line line; in >> line.ms >> line.code >> line.address;)
        lines.push_back(line);
    return lines;
}

uint64_t counter(const Directory &directory, counter_id id)
{
    uint64_t sum = 0;
    for (const Segment &segment : segments_of(directory))
        sum += segment.counter(id);
    return sum;
}

// Runs the program while `meanwhile` does things at their time.
std::vector<Line> polled(const Directory &directory, const std::vector<std::string> &arguments,
                         const Environment &environment, const std::function<void()> &meanwhile)
{
    int ends[2];
    must(pipe(ends) == 0, "pipe");
    Command command;
    command.arguments = arguments;
    command.environment = environment;
    pid_t child = start(command, directory.path, ends[1]);
    close(ends[1]);
    meanwhile();
    std::string text;
    char room[4096];
    for (ssize_t got; (got = read(ends[0], room, sizeof room)) > 0;)
        text.append(room, (size_t)got);
    close(ends[0]);
    waitpid(child, nullptr, 0);
    return lines_of(text);
}
} // namespace

// Each test in a process of its own, whose namespaces go with it.
#define WORLD_TEST(name)                                                                                               \
    static void resolver_##name(World &world);                                                                         \
    TEST(Resolver, name)                                                                                               \
    {                                                                                                                  \
        if (geteuid() != 0)                                                                                            \
            GTEST_SKIP() << "needs root";                                                                              \
        isolation::isolated([] {                                                                                       \
            try {                                                                                                      \
                World world;                                                                                           \
                resolver_##name(world);                                                                                \
            } catch (const std::exception &error) {                                                                    \
                ADD_FAILURE() << error.what();                                                                         \
            }                                                                                                          \
        });                                                                                                            \
    }                                                                                                                  \
    static void resolver_##name([[maybe_unused]] World &world)

WORLD_TEST(SaysTheSameAsLibcWhateverIsAsked)
{
    Outcome bare = run_bare({"resolver_names", "table"});
    ASSERT_EQ(bare.status, 0) << bare.describe();
    ASSERT_NE(bare.out.find("192.0.2.10"), std::string::npos) << bare.out;
    for (const char *which : {"resolver", "safe", "none"}) {
        Directory directory;
        Outcome preloaded = run_preloaded(directory, {"resolver_names", "table"}, {{"STRONG_OPTIMIZE", which}});
        EXPECT_EQ(preloaded, bare) << preloaded.describe();
        uint64_t hits = counter(directory, COUNTER_resolver_hits);
        if (strcmp(which, "none") == 0)
            EXPECT_EQ(hits + counter(directory, COUNTER_resolver_misses), 0u);
        else
            EXPECT_GT(hits, 30u);
        // and once more from what the first process has left for others
        preloaded = run_preloaded(directory, {"resolver_names", "table"}, {{"STRONG_OPTIMIZE", which}});
        EXPECT_EQ(preloaded, bare) << preloaded.describe();
        EXPECT_EQ(counter(directory, COUNTER_resolver_shared_hits) > 30, strcmp(which, "none") != 0);
    }
}

WORLD_TEST(AsksTheServerOnceForEightThreads)
{
    world.questions();
    Outcome bare = run_bare({"resolver_names", "threads", "20"});
    EXPECT_EQ(bare.out, "0 failures\n");
    unsigned twice = 0;
    for (const auto &[question, count] : world.questions())
        twice += count > 1;
    EXPECT_GT(twice, 5u) << "bare they all ask";
    Directory directory;
    Outcome preloaded = run_preloaded(directory, {"resolver_names", "threads", "20"}, {{"STRONG_OPTIMIZE", "safe"}});
    EXPECT_EQ(preloaded, bare) << preloaded.describe();
    std::map<std::string, unsigned> questions = world.questions();
    EXPECT_EQ(questions.size(), 20u);
    for (const auto &[question, count] : questions)
        EXPECT_EQ(count, 1u) << question;
}

WORLD_TEST(AsksNothingThatAnotherProcessOfTheUserHasJustAsked)
{
    Directory directory;
    run_preloaded(directory, {"resolver_names", "once", "both.test", "none.test"}, resolver_only);
    world.questions();
    Outcome second = run_preloaded(directory, {"resolver_names", "once", "both.test", "none.test"}, resolver_only);
    EXPECT_NE(second.out.find("192.0.2.10"), std::string::npos);
    EXPECT_NE(second.out.find("none.test 80: " + std::to_string(EAI_NONAME)), std::string::npos);
    EXPECT_TRUE(world.questions().empty());
    Environment alone = {{"STRONG_OPTIMIZE", "resolver"}, {"STRONG_RESOLVER_SHARED", "0"}};
    run_preloaded(directory, {"resolver_names", "once", "both.test"}, alone);
    EXPECT_FALSE(world.questions().empty());
}

WORLD_TEST(NeverSharesBetweenUsers)
{
    Command command;
    command.arguments = {"resolver_names", "once", "both.test"};
    command.environment = resolver_only;
    for (uid_t user : {0u, 65534u}) {
        command.before_exec = [user] { must(setgid(user) == 0 && setuid(user) == 0, "setuid"); };
        world.questions();
        Outcome outcome = run(command, "");
        EXPECT_NE(outcome.out.find("192.0.2.10"), std::string::npos) << outcome.describe();
        EXPECT_FALSE(world.questions().empty()) << "user " << user << " must have asked for itself";
        std::string path = "/dev/shm/strong-" + std::to_string(user) + "/names-1-512";
        struct stat status;
        ASSERT_EQ(stat(path.c_str(), &status), 0) << path;
        EXPECT_EQ(status.st_uid, user);
        EXPECT_EQ(status.st_mode & 0777, 0600u);
    }
}

WORLD_TEST(IsOffForAProgramWithPrivilegesOfItsFile)
{
    Directory directory;
    std::string program = world.file("privileged");
    std::ifstream from(std::string(STRONG_PROGRAMS_DIR) + "/resolver_names", std::ios::binary);
    std::ofstream(program, std::ios::binary) << from.rdbuf();
    must(chown(program.c_str(), 0, 0) == 0 && chmod(program.c_str(), 04755) == 0, "chmod");
    Command command;
    command.arguments = {program, "once", "both.test"};
    command.environment = resolver_only;
    command.before_exec = [] { must(setgid(65534) == 0 && setuid(65534) == 0, "setuid"); };
    Outcome outcome = run(command, "");
    EXPECT_NE(outcome.out.find("192.0.2.10"), std::string::npos) << outcome.describe();
    EXPECT_NE(access("/dev/shm/strong-0", F_OK), 0);
    EXPECT_NE(access("/dev/shm/strong-65534", F_OK), 0);
}

WORLD_TEST(SeesTheServerGoAndComeBack)
{
    Directory directory;
    Environment environment = {{"STRONG_OPTIMIZE", "resolver"}, {"STRONG_RESOLVER_TTL", "1s"}};
    std::vector<Line> lines = polled(directory, {"resolver_names", "poll", "four.test", "60", "100"}, environment, [&] {
        usleep(1000000);
        world.stop_server();
        usleep(2500000);
        world.start_server();
    });
    ASSERT_GT(lines.size(), 20u);
    unsigned good = 0, gone = 0, back = 0;
    for (const Line &line : lines) {
        if (line.ms < 900) {
            EXPECT_EQ(line.code, 0) << line.ms;
            good++;
        } else if (line.ms > 2400 && line.ms < 3300) { // the time to live is over, give or take a fifth
            EXPECT_EQ(line.code, EAI_AGAIN) << line.ms;
            gone++;
        } else if (line.ms > 5200) { // it was back at 3,600, the failure forgotten 1,200 later
            EXPECT_EQ(line.code, 0) << line.ms;
            back++;
        }
    }
    EXPECT_GT(good, 3u);
    EXPECT_GT(gone, 3u);
    EXPECT_GT(back, 3u);
    EXPECT_LT(counter(directory, COUNTER_resolver_misses), 20u);
}

WORLD_TEST(SeesTheHostsFileEditedLongBeforeTheTimeToLiveIsOver)
{
    Directory directory;
    Environment environment = {{"STRONG_OPTIMIZE", "resolver"}, {"STRONG_RESOLVER_TTL", "60s"}};
    std::vector<Line> lines = polled(directory, {"resolver_names", "poll", "here.hosts", "40", "100"}, environment, [&] {
        usleep(1000000);
        world.write("hosts", "127.0.0.1 localhost\n192.0.2.78 here.hosts\n");
    });
    ASSERT_GT(lines.size(), 20u);
    for (const Line &line : lines) {
        if (line.ms < 900) {
            EXPECT_EQ(line.address, "192.0.2.77") << line.ms;
        } else if (line.ms > 2500) {
            EXPECT_EQ(line.address, "192.0.2.78") << line.ms;
        }
    }
    EXPECT_GE(counter(directory, COUNTER_resolver_flushes), 1u);
    EXPECT_LE(counter(directory, COUNTER_resolver_misses), 4u);
}

WORLD_TEST(RefusesAPoisonedFileWithOneLineAndAnswersAsLibcDoes)
{
    Outcome bare = run_bare({"resolver_names", "once", "both.test", "none.test", "localhost"});
    for (const std::string &bytes : {std::string(), std::string(528384, 'x'), std::string("\0\0", 2)}) {
        Directory directory;
        std::string path = directory.path + "/names-1-512";
        std::ofstream(path, std::ios::binary) << bytes;
        chmod(path.c_str(), 0600);
        Outcome outcome = run_preloaded(directory, {"resolver_names", "once", "both.test", "none.test", "localhost"},
                                        resolver_only);
        EXPECT_EQ(outcome.out, bare.out);
        EXPECT_EQ(outcome.status, bare.status);
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
        EXPECT_NE(outcome.err.find("is refused"), std::string::npos) << outcome.err;
        EXPECT_EQ(counter(directory, COUNTER_resolver_file_refused), 1u);
        outcome = run_preloaded(directory, {"resolver_names", "once", "both.test"}, resolver_only);
        EXPECT_EQ(outcome.err, "") << "it has been replaced";
        EXPECT_EQ(counter(directory, COUNTER_resolver_shared_hits), 1u);
    }
}

WORLD_TEST(OutlivesThreadsThatAreCancelledForksAndListsCutUp)
{
    // Bare it cannot be compared with: a child forked while another thread is inside libc's lookup finds the resolver's
    // lock taken and hangs (it did, on a busy machine). Names that are remembered for longer than this takes do not
    // go there.
    for (const char *which : {"resolver", "safe"}) {
        Directory directory;
        Outcome outcome = run_preloaded(directory, {"resolver_names", "life"},
                                        {{"STRONG_OPTIMIZE", which},
                                         {"STRONG_RESOLVER_TTL", "10m"},
                                         {"STRONG_RESOLVER_NEGATIVE_TTL", "60s"}});
        EXPECT_EQ(outcome.out, "0 bytes more\n0 wrong\n") << outcome.describe();
        EXPECT_EQ(outcome.status, 0) << outcome.describe();
        EXPECT_GT(counter(directory, COUNTER_resolver_hits), 1000u);
    }
}

WORLD_TEST(ServesProgramsOfOthers)
{
    const std::string python =
        "import socket\n"
        "for i in range(50):\n"
        "    for name in ('both.test', 'localhost', 'alias.test'):\n"
        "        r = socket.getaddrinfo(name, 80, proto=socket.IPPROTO_TCP, flags=socket.AI_CANONNAME)\n"
        "    try: socket.getaddrinfo('none.test', 80)\n"
        "    except socket.gaierror as e: r.append(str(e))\n"
        "print(r, socket.getfqdn('both.test'))\n";
    struct Client {
        std::vector<std::string> arguments;
        uint64_t hits;
    };
    for (const Client &client : {Client{{"/usr/bin/python3", "-c", python}, 150},
                                 Client{{"/usr/bin/getent", "ahosts", "both.test"}, 0},
                                 Client{{"/usr/bin/getent", "ahostsv4", "none.test"}, 0},
                                 Client{{"/usr/bin/curl", "-s", "-o", "/dev/null", "-w", "%{exitcode} %{http_code}",
                                         "http://four.test:9/", "http://none.test/"},
                                        0}}) {
        Outcome bare = run_bare(client.arguments);
        Directory directory;
        Outcome preloaded = run_preloaded(directory, client.arguments, {{"STRONG_OPTIMIZE", "safe"}});
        EXPECT_EQ(preloaded, bare) << client.arguments[0] << preloaded.describe() << bare.describe();
        // getent asks for names in the locale's own letters: never remembered
        EXPECT_GE(counter(directory, COUNTER_resolver_misses) + counter(directory, COUNTER_resolver_bypassed), 1u)
            << client.arguments[0];
        EXPECT_GE(counter(directory, COUNTER_resolver_hits), client.hits) << client.arguments[0];
    }
}
