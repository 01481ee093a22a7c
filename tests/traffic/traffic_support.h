// traffic_support: real servers on loopback, and a client whose every byte is also fed to struct exchange.
#pragma once

#include <random>
#include <string>
#include <sys/types.h>
#include <vector>

extern "C" {
#include "protocol/exchange.h"
}

namespace traffic
{

// A directory of its own, removed with all that is in it.
class directory
{
  public:
    directory();
    ~directory();
    const std::string path;
    void write(const std::string &name, const std::string &text) const;
};

unsigned free_port();

// A server that accepts on 127.0.0.1:port; a failure of the test when it does not within ten seconds.
class server
{
  public:
    server(const std::vector<std::string> &arguments, unsigned port);
    ~server();
    const unsigned port;

  private:
    pid_t child;
};

// One connection. What is sent and received is cut by a seeded generator before the exchange sees it, and the exchange is
// asked after each piece: it may be parkable only between two exchanges.
class connection
{
  public:
    connection(unsigned port, unsigned seed);
    ~connection();

    void send(const std::string &bytes);
    // Receives until the exchange is parkable: then the reply must end with `ending`, `count` requests more must
    // be answered than before, and nothing more may come.
    void expect_whole(const std::string &ending, unsigned count = 1);
    void exchange_of(const std::string &request, const std::string &ending, unsigned count = 1);
    // Receives something, and expects that the exchange is refused for this reason.
    void expect_refused(enum exchange_refusal reason);
    // What the reply is, without a look at the exchange, until it ends with `ending`.
    std::string receive_until(const std::string &ending);
    // As when a parked connection is handed on.
    void begin();

    struct exchange exchange;

  private:
    bool receive(std::string &bytes, int wait_ms);
    void feed(bool sent, const std::string &bytes);
    int fd;
    std::mt19937 random;
    unsigned whole = 0; // requests known to be answered
    bool done = false;  // the exchange was parkable before the last byte that was fed
};

} // namespace traffic
