// protocol_support: scripts of what a connection carried, fed to struct exchange in every kind of split.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

extern "C" {
#include "protocol/exchange.h"
}

namespace protocol
{

// What a script must come to.
enum outcome {
    PARKABLE,
    OPEN, // nothing against it, but in the middle of an exchange or before one
    PROTOCOL,
    STATE,
    CLOSE,
    MISMATCH,
};

// Everything that a caller of exchange.h can see.
struct verdict {
    unsigned protocol, refusal, sent, answered, idle_s;
    bool repeatable, heard, parkable, may_repeat, may_become_repeatable;

    explicit verdict(const struct exchange &exchange);
    outcome kind() const;
    bool operator==(const verdict &other) const;
    std::string text() const;
};

// Each line is a direction and bytes: ">GET / …" is sent, "<HTTP/1.1 …" received.
using script = std::vector<std::string>;

struct scenario {
    const char *name;
    script lines;
    outcome expected;
    unsigned sent, answered;
};

// As it is written, one byte at a time, and cut by a seeded generator.
verdict feed_whole(const script &lines);
verdict feed_bytes(const script &lines);
verdict feed_random(const script &lines, unsigned seed);

// The verdict of the whole; a failure for every split that comes to another, and for a refusal that goes away.
verdict feed(const script &lines);

// feed, compared with what is expected.
void expect(const scenario &one);

std::string repeat(const std::string &text, size_t times);

} // namespace protocol
