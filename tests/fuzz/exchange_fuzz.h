// exchange_fuzz: what the fuzzers of the three protocols share.
//
// An input is what a connection carried: 0xfe before bytes that were sent, 0xff before bytes that were received, so that
// seeds are readable. Whatever it is: the outcome does not depend on the split, a refusal is final, no more
// is answered than sent; and what is parkable is so by the protocol's reference reader, which looks at the two whole
// streams (`sent` requests, as many answers, nothing left over).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

extern "C" {
#include "protocol/exchange.h"
}

namespace exchange_fuzz
{

struct piece {
    bool sent;
    std::string bytes;
};

inline void require(bool fine, const char *what)
{
    if (!fine) {
        fprintf(stderr, "exchange_fuzz: %s\n", what);
        abort();
    }
}

inline std::vector<piece> pieces_of(const uint8_t *bytes, size_t size)
{
    std::vector<piece> pieces;
    bool sent = true;
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] >= 0xfe) {
            sent = bytes[i] == 0xfe;
            pieces.push_back({sent, ""});
            continue;
        }
        if (pieces.empty())
            pieces.push_back({sent, ""});
        pieces.back().bytes += (char)bytes[i];
    }
    return pieces;
}

struct outcome {
    unsigned protocol, refusal, sent, answered, idle_s;
    bool repeatable, heard, parkable, may_repeat, may_become;

    bool operator==(const outcome &other) const
    {
        return protocol == other.protocol && refusal == other.refusal && sent == other.sent &&
               answered == other.answered && idle_s == other.idle_s && repeatable == other.repeatable &&
               heard == other.heard && parkable == other.parkable && may_repeat == other.may_repeat &&
               may_become == other.may_become;
    }
};

// `most` bytes at a time at most; 0: each piece as it is.
inline outcome feed(const std::vector<piece> &pieces, unsigned most, unsigned seed)
{
    struct exchange exchange;
    memset(&exchange, 0xa5, sizeof(exchange));
    exchange_begin(&exchange);
    unsigned refusal = EXCHANGE_FINE;
    for (const piece &one : pieces)
        for (size_t from = 0; from < one.bytes.size();) {
            size_t len = one.bytes.size() - from;
            if (most > 0) {
                seed = seed * 1664525u + 1013904223u;
                len = std::min<size_t>(len, 1 + (seed >> 16) % most);
            }
            std::unique_ptr<char[]> copy(new char[len]); // so that a byte read beyond it is seen
            memcpy(copy.get(), one.bytes.data() + from, len);
            if (one.sent)
                exchange_sent(&exchange, copy.get(), len);
            else
                exchange_received(&exchange, copy.get(), len);
            from += len;
            require(refusal == EXCHANGE_FINE || exchange.refusal == refusal, "a refusal went away");
            refusal = exchange.refusal;
            require(exchange.answered <= exchange.sent, "more answered than sent");
            require(!exchange_may_repeat(&exchange) || exchange_may_become_repeatable(&exchange),
                    "repeatable, but may not become so");
        }
    return {exchange.protocol,
            exchange.refusal,
            exchange.sent,
            exchange.answered,
            exchange.idle_s,
            exchange.repeatable,
            exchange.heard,
            exchange_parkable(&exchange),
            exchange_may_repeat(&exchange),
            exchange_may_become_repeatable(&exchange)};
}

// Whether two streams are `count` whole requests and their answers, and nothing else.
using reference = bool(const std::string &sent, const std::string &received, unsigned count);

inline int run(const uint8_t *bytes, size_t size, unsigned protocol, reference *fits)
{
    std::vector<piece> pieces = pieces_of(bytes, size);
    outcome whole = feed(pieces, 0, 0);
    require(whole == feed(pieces, 1, 0), "one byte at a time comes to something else");
    unsigned seed = (unsigned)size;
    for (size_t i = 0; i < size; i++)
        seed = seed * 31 + bytes[i];
    require(whole == feed(pieces, 7, seed), "short pieces come to something else");
    require(whole == feed(pieces, 40, seed), "long pieces come to something else");
    if (whole.parkable && whole.protocol == protocol) {
        std::string streams[2];
        for (const piece &one : pieces)
            streams[one.sent] += one.bytes;
        require(fits(streams[1], streams[0], whole.sent), "parkable, but not by the reference reader");
    }
    return 0;
}

} // namespace exchange_fuzz
