/* strong-report serve: which addresses, which names of hosts, which format; and what it refuses. */
#include "tools/shell_case.h"

#include <arpa/inet.h>
#include <sys/socket.h>

#define _Static_assert static_assert
extern "C" {
#include "commands/serve_address.h"
#include "commands/serve_http.h"
}
#undef _Static_assert

namespace
{

TEST(ServeAddress, IsReadAndKnownForLoopbackOrNot)
{
    struct {
        const char *text, *shown;
        bool loopback;
    } const good[] = {
        {"127.0.0.1:9464", "127.0.0.1:9464", true}, {":80", "127.0.0.1:80", true},
        {"localhost:1", "127.0.0.1:1", true},       {"127.9.9.9:0", "127.9.9.9:0", true},
        {"[::1]:9464", "[::1]:9464", true},         {"0.0.0.0:9464", "0.0.0.0:9464", false},
        {"[::]:9464", "[::]:9464", false},          {"10.1.2.3:9464", "10.1.2.3:9464", false},
        {"[::ffff:127.0.0.1]:1", "[::ffff:127.0.0.1]:1", false},
    };
    for (auto &row : good) {
        serve_address address;
        ASSERT_TRUE(serve_address_parse(row.text, &address)) << row.text;
        EXPECT_STREQ(address.text, row.shown);
        EXPECT_EQ(address.loopback, row.loopback) << row.text;
    }
    serve_address address;
    for (const char *text : {"", "9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999", "127.0.0.1:1x", "[::1:9464",
                             "::1:9464", "example.org:80", "127.0.0.1:-1", "[::1]9464", "127.1:80"})
        EXPECT_FALSE(serve_address_parse(text, &address)) << text;
    EXPECT_FALSE(serve_address_parse((std::string(5000, '1') + ":80").c_str(), &address));
}

TEST(ServeAddress, KnowsNamesThatNobodyElseCanPointHere)
{
    for (const char *host : {"127.0.0.1", "127.0.0.1:9464", "localhost", "LocalHost:9464", "[::1]:9464", "[::1]"})
        EXPECT_TRUE(serve_address_known(host, false)) << host;
    for (const char *host : {"", "evil.example", "evil.example:9464", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil",
                             "localhost:9464:1", "[::2]", "127.0.0.1:x", "[localhost", "2130706433", "0x7f.1"})
        EXPECT_FALSE(serve_address_known(host, false)) << host;
    EXPECT_TRUE(serve_address_known("10.0.0.1:9464", true));
    EXPECT_FALSE(serve_address_known("evil.example", true));
    char name[256] = "";
    ASSERT_EQ(gethostname(name, sizeof(name) - 1), 0);
    EXPECT_TRUE(serve_address_known(name, true));
}

TEST(ServeHttp, GivesOpenMetricsOnlyToWhoPrefersIt)
{
    for (const char *accept : {"application/openmetrics-text", "application/openmetrics-text; version=1.0.0",
                               "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
                               "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                               "text/plain;q=0.3, application/openmetrics-text;q=0.4"})
        EXPECT_TRUE(serve_http_wants_openmetrics(accept)) << accept;
    for (const char *accept : {"", "*/*", "text/plain", "text/html, */*;q=0.8", "application/openmetrics-text;q=0",
                               "application/openmetrics-text;q=0.4, text/plain", "application/openmetrics-textual",
                               ",;,;q=", "application/openmetrics-text;q=", ";;;;q"})
        EXPECT_FALSE(serve_http_wants_openmetrics(accept)) << accept;
    EXPECT_FALSE(serve_http_wants_openmetrics(nullptr));
}

class ServeTest : public ShellTest
{
};

TEST_F(ServeTest, RefusesWrongUsageInOneLine)
{
    for (const char *line : {"$R serve --listen=9464", "$R serve --listen=0.0.0.0:0", "$R serve --listen=[::]:0",
                             "$R serve --count=x", "$R serve a b", "$R serve --lisen=:0"}) {
        Outcome outcome = shell(line);
        EXPECT_EQ(outcome.code, 2) << line << outcome.err;
        EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << line << outcome.err;
        EXPECT_EQ(outcome.out, "") << line;
    }
    EXPECT_NE(shell("$R serve --listen=0.0.0.0:0").err.find("--allow-remote"), std::string::npos);
    EXPECT_NE(shell("$R serve --lisen=:0").err.find("nearest: --listen"), std::string::npos);
}

TEST_F(ServeTest, SaysInOneLineThatItsPortIsTaken)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t len = sizeof(address);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr *>(&address), len), 0);
    ASSERT_EQ(listen(fd, 1), 0);
    ASSERT_EQ(getsockname(fd, reinterpret_cast<sockaddr *>(&address), &len), 0);
    std::string port = std::to_string(ntohs(address.sin_port));
    Outcome outcome = shell("$R serve --listen=127.0.0.1:" + port);
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err, "strong-report serve: cannot listen at 127.0.0.1:" + port + ": Address already in use\n");
    close(fd);
}

} // namespace
