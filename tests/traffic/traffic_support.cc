#include "traffic/traffic_support.h"

#include <algorithm>
#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

namespace traffic
{

static std::string make_directory()
{
    std::string name = (std::filesystem::temp_directory_path() / "strong-traffic-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        ADD_FAILURE() << "no temporary directory";
    return name;
}

directory::directory() : path(make_directory())
{
}

directory::~directory()
{
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
}

void directory::write(const std::string &name, const std::string &text) const
{
    std::ofstream(path + "/" + name, std::ios::binary) << text;
}

static sockaddr_in loopback(unsigned port)
{
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t)port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

unsigned free_port()
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = loopback(0);
    socklen_t len = sizeof(address);
    EXPECT_EQ(bind(fd, (sockaddr *)&address, len), 0);
    EXPECT_EQ(getsockname(fd, (sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static int connect_to(unsigned port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    sockaddr_in address = loopback(port);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (connect(fd, (sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    close(fd);
    return -1;
}

server::server(const std::vector<std::string> &arguments, unsigned port) : port(port)
{
    child = fork();
    if (child == 0) {
        std::vector<char *> list;
        for (const std::string &argument : arguments)
            list.push_back(const_cast<char *>(argument.c_str()));
        list.push_back(nullptr);
        int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, 0);
        dup2(nowhere, 1);
        dup2(nowhere, 2);
        setpgid(0, 0);
        setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
        execvp(list[0], list.data());
        _exit(127);
    }
    for (int tries = 0; tries < 1000; tries++) {
        int fd = connect_to(port);
        if (fd >= 0) {
            close(fd);
            return;
        }
        int status;
        if (waitpid(child, &status, WNOHANG) == child) {
            child = -1;
            break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ADD_FAILURE() << arguments[0] << " does not accept connections: scripts/setup installs it";
}

server::~server()
{
    if (child <= 0)
        return;
    kill(child, SIGTERM);
    for (int tries = 0; tries < 300 && waitpid(child, nullptr, WNOHANG) == 0; tries++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
        if (tries == 299) {
            kill(-child, SIGKILL);
            waitpid(child, nullptr, 0);
        }
    }
}

connection::connection(unsigned port, unsigned seed) : fd(connect_to(port)), random(seed)
{
    EXPECT_GE(fd, 0);
    begin();
}

connection::~connection()
{
    close(fd);
}

void connection::begin()
{
    exchange_begin(&exchange);
    whole = 0;
    done = false;
}

void connection::feed(bool sent, const std::string &bytes)
{
    size_t most = random() % 3 == 0 ? 1 : 1 + random() % 200;
    for (size_t from = 0; from < bytes.size();) {
        size_t len = std::min<size_t>(bytes.size() - from, 1 + random() % most);
        EXPECT_FALSE(!sent && done && exchange.refusal == EXCHANGE_FINE) << "parkable before the reply was whole";
        if (sent)
            exchange_sent(&exchange, bytes.data() + from, len);
        else
            exchange_received(&exchange, bytes.data() + from, len);
        done = exchange_parkable(&exchange);
        EXPECT_FALSE(sent && done) << "parkable with a request that is not answered";
        from += len;
    }
}

void connection::send(const std::string &bytes)
{
    feed(true, bytes);
    for (size_t from = 0; from < bytes.size();) {
        ssize_t len = ::send(fd, bytes.data() + from, bytes.size() - from, MSG_NOSIGNAL);
        ASSERT_GT(len, 0);
        from += (size_t)len;
    }
}

bool connection::receive(std::string &bytes, int wait_ms)
{
    char room[16384];
    pollfd ready{fd, POLLIN, 0};
    if (poll(&ready, 1, wait_ms) <= 0)
        return false;
    ssize_t len = recv(fd, room, sizeof(room), 0);
    if (len <= 0)
        return false;
    bytes.append(room, (size_t)len);
    feed(false, std::string(room, (size_t)len));
    return true;
}

static bool ends_with(const std::string &text, const std::string &ending)
{
    return text.size() >= ending.size() && text.compare(text.size() - ending.size(), ending.size(), ending) == 0;
}

void connection::expect_whole(const std::string &ending, unsigned count)
{
    std::string reply;
    while (!exchange_parkable(&exchange) && exchange.refusal == EXCHANGE_FINE && receive(reply, 5000))
        ;
    EXPECT_FALSE(receive(reply, 2)) << "more came after a reply that was held for whole: " << reply.substr(0, 300);
    EXPECT_TRUE(exchange_parkable(&exchange)) << "refusal " << (int)exchange.refusal << " after " << reply.substr(0, 300);
    EXPECT_TRUE(ends_with(reply, ending)) << reply.substr(0, 300);
    whole += count;
    EXPECT_EQ(exchange.sent, whole);
    EXPECT_EQ(exchange.answered, whole);
}

void connection::exchange_of(const std::string &request, const std::string &ending, unsigned count)
{
    SCOPED_TRACE(request.substr(0, 200));
    send(request);
    expect_whole(ending, count);
}

void connection::expect_refused(enum exchange_refusal reason)
{
    std::string reply;
    while (exchange.refusal == EXCHANGE_FINE && receive(reply, 2000))
        ;
    EXPECT_EQ((int)exchange.refusal, (int)reason) << reply.substr(0, 300);
    EXPECT_FALSE(exchange_parkable(&exchange));
}

std::string connection::receive_until(const std::string &ending)
{
    std::string reply;
    while (!ends_with(reply, ending) && receive(reply, 5000))
        ;
    EXPECT_TRUE(ends_with(reply, ending)) << reply.substr(0, 300);
    return reply;
}

} // namespace traffic
