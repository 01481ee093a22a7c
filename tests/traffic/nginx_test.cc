// What nginx says, to requests of many forms, is followed to the byte.
#include "traffic/traffic_support.h"

#include <gtest/gtest.h>
#include <memory>

using namespace traffic;

class Nginx : public testing::Test
{
  protected:
    Nginx()
    {
        place.write("a.txt", "hello");
        place.write("empty.txt", "");
        place.write("large.txt", std::string(300000, 'x') + "the end");
        place.write("page.html", std::string(5000, 'y'));
        place.write("conf",
                    "daemon off; master_process off; error_log /dev/null; pid nginx.pid;\n"
                    "events { worker_connections 64; }\n"
                    "http { access_log off; root " + place.path + "; keepalive_timeout 75 30; default_type text/plain;\n"
                    "client_body_temp_path b; proxy_temp_path p; fastcgi_temp_path f; uwsgi_temp_path u; scgi_temp_path s;\n"
                    "client_max_body_size 2000; if_modified_since before; gzip_types text/html;\n"
                    "server { listen 127.0.0.1:" + std::to_string(port) + ";\n"
                    "location /gz/ { alias " + place.path + "/; gzip on; }\n"
                    "location /none { return 204; }\n"
                    "location /moved { return 301 /a.txt; }\n"
                    "location /say { return 200 said; }\n"
                    "location /dav/ { alias " + place.path + "/; dav_methods PUT DELETE; client_max_body_size 1m; }\n"
                    "location /close { keepalive_timeout 0; return 200 said; } } }\n");
        running = std::make_unique<server>(
            std::vector<std::string>{"nginx", "-p", place.path, "-c", place.path + "/conf"}, port);
    }

    directory place;
    unsigned port = free_port();
    std::unique_ptr<server> running;
};

static std::string request(const std::string &line, const std::string &more = "")
{
    return line + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

TEST_F(Nginx, AnswersAreFollowedToTheByte)
{
    for (unsigned seed = 0; seed < 8; seed++) {
        SCOPED_TRACE(seed);
        connection one(port, seed);
        one.exchange_of(request("GET /a.txt"), "\r\n\r\nhello");
        EXPECT_EQ(one.exchange.idle_s, 30u);
        one.exchange_of(request("GET /empty.txt", "Connection: keep-alive\r\n"), "\r\n\r\n");
        one.exchange_of(request("HEAD /large.txt"), "\r\n\r\n");
        one.exchange_of(request("GET /large.txt", "User-Agent: curl/7.88.1\r\nAccept: */*\r\n"), "the end");
        one.exchange_of(request("GET /gz/page.html", "Accept-Encoding: gzip\r\n"), "\r\n0\r\n\r\n");
        one.exchange_of(request("HEAD /gz/page.html", "Accept-Encoding: gzip\r\n"), "\r\n\r\n");
        one.exchange_of(request("GET /none"), "\r\n\r\n");
        one.exchange_of(request("GET /moved"), "</html>\r\n");
        one.exchange_of(request("GET /missing", "Cookie: a=b\r\nAuthorization: Basic dTpw\r\n"), "</html>\r\n");
        one.exchange_of(request("GET /a.txt", "If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT\r\n"), "\r\n\r\n");
        one.exchange_of(request("GET /a.txt", "Range: bytes=1-2\r\n"), "\r\n\r\nel");
        one.exchange_of(request("GET /a.txt", "Range: bytes=0-0,2-3\r\n"), "--\r\n");
        one.exchange_of(request("GET /a.txt", "Range: bytes=99-\r\n"), "</html>\r\n");
        one.exchange_of(request("POST /say", "Content-Length: 4\r\n") + "body", "said");
        one.exchange_of(request("POST /say", "Transfer-Encoding: chunked\r\n") + "4\r\nbody\r\n0\r\n\r\n", "said");
        one.exchange_of(request("PUT /dav/put.txt", "Content-Length: 3\r\n") + "put", "\r\n\r\n");
        one.exchange_of(request("DELETE /dav/put.txt"), "\r\n\r\n");
        one.exchange_of(request("OPTIONS /a.txt"), "</html>\r\n");
    }
}

TEST_F(Nginx, WaitsForItsContinueAreFollowed)
{
    for (unsigned seed = 0; seed < 8; seed++) {
        connection one(port, seed);
        one.send(request("PUT /dav/c.txt", "Content-Length: 6\r\nExpect: 100-continue\r\n"));
        one.receive_until("HTTP/1.1 100 Continue\r\n\r\n");
        EXPECT_FALSE(exchange_parkable(&one.exchange));
        one.send("hello!");
        one.expect_whole("\r\n\r\n");
        one.exchange_of(request("GET /a.txt"), "hello");
    }
}

TEST_F(Nginx, PipelinedAnswersAreCounted)
{
    for (unsigned seed = 0; seed < 8; seed++) {
        connection one(port, seed);
        one.exchange_of(request("GET /a.txt") + request("HEAD /a.txt") + request("GET /none") + request("GET /a.txt"),
                        "hello", 4);
    }
}

TEST_F(Nginx, OldClientsAreKeptOnlyWhenBothSaySo)
{
    connection keeps(port, 1);
    keeps.exchange_of("GET /a.txt HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "hello");
    keeps.exchange_of("GET /a.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "hello");
    connection closes(port, 2);
    closes.send("GET /a.txt HTTP/1.0\r\n\r\n");
    closes.expect_refused(EXCHANGE_REFUSED_CLOSE);
}

TEST_F(Nginx, ClosesAreSeen)
{
    connection client(port, 1);
    client.exchange_of(request("GET /a.txt"), "hello");
    client.send(request("GET /a.txt", "Connection: close\r\n"));
    client.expect_refused(EXCHANGE_REFUSED_CLOSE);
    connection server(port, 2);
    server.send(request("GET /close"));
    server.expect_refused(EXCHANGE_REFUSED_CLOSE);
    connection bad(port, 3);
    bad.send("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n");
    bad.expect_refused(EXCHANGE_REFUSED_CLOSE);
}

TEST_F(Nginx, AnswersBeforeTheWholeBodyAreRefused)
{
    connection one(port, 1);
    one.send(request("POST /a.txt", "Content-Length: 3000\r\n") + std::string(1000, 'x'));
    one.expect_refused(EXCHANGE_REFUSED_MISMATCH);
}
