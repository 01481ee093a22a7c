#include "protocol/protocol_support.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <gtest/gtest.h>
#include <tuple>

namespace protocol
{

verdict::verdict(const struct exchange &exchange)
    : protocol(exchange.protocol), refusal(exchange.refusal), sent(exchange.sent),
      answered(exchange.answered), idle_s(exchange.idle_s), repeatable(exchange.repeatable),
      heard(exchange.heard), parkable(exchange_parkable(&exchange)),
      may_repeat(exchange_may_repeat(&exchange)),
      may_become_repeatable(exchange_may_become_repeatable(&exchange))
{
}

outcome verdict::kind() const
{
    static const outcome refused[] = {OPEN, PROTOCOL, STATE, CLOSE, MISMATCH};
    return parkable ? PARKABLE : refused[refusal];
}

bool verdict::operator==(const verdict &other) const
{
    auto all = [](const verdict &v) {
        return std::tie(v.protocol, v.refusal, v.sent, v.answered, v.idle_s, v.repeatable, v.heard,
                        v.parkable, v.may_repeat, v.may_become_repeatable);
    };
    return all(*this) == all(other);
}

std::string verdict::text() const
{
    static const char *const refusals[] = {"fine", "protocol", "state", "close", "mismatch"};
    return std::string(refusals[refusal]) + (parkable ? ", parkable" : "") + (repeatable ? ", repeatable" : "") +
           (may_repeat ? ", may repeat" : "") + ", sent " + std::to_string(sent) + ", answered " +
           std::to_string(answered) + ", idle " + std::to_string(idle_s) + " s, protocol " +
           std::to_string(protocol);
}

static verdict feed_cut(const script &lines, const std::function<size_t(size_t)> &cut)
{
    struct exchange exchange;
    memset(&exchange, 0xa5, sizeof(exchange)); // exchange_begin has to do it all
    exchange_begin(&exchange);
    unsigned refusal = EXCHANGE_FINE;
    for (const std::string &line : lines) {
        for (size_t from = 1; from < line.size();) {
            size_t len = cut(line.size() - from);
            // A copy of its own, so that the address sanitizer sees every byte read beyond it.
            std::vector<char> piece(line.begin() + (long)from, line.begin() + (long)(from + len));
            if (line[0] == '>')
                exchange_sent(&exchange, piece.data(), len);
            else
                exchange_received(&exchange, piece.data(), len);
            from += len;
            EXPECT_TRUE(refusal == EXCHANGE_FINE || exchange.refusal == refusal) << "a refusal is for good";
            refusal = exchange.refusal;
            EXPECT_LE(exchange.answered, exchange.sent);
        }
    }
    return verdict(exchange);
}

verdict feed_whole(const script &lines)
{
    return feed_cut(lines, [](size_t left) { return left; });
}

verdict feed_bytes(const script &lines)
{
    return feed_cut(lines, [](size_t) { return 1; });
}

verdict feed_random(const script &lines, unsigned seed)
{
    std::mt19937 random(seed);
    size_t most = 1 + random() % 40;
    return feed_cut(lines, [&](size_t left) { return std::min<size_t>(left, 1 + random() % most); });
}

verdict feed(const script &lines)
{
    verdict whole = feed_whole(lines), bytes = feed_bytes(lines);
    EXPECT_TRUE(whole == bytes) << "whole: " << whole.text() << "\nbytes: " << bytes.text();
    for (unsigned seed = 0; seed < 30; seed++) {
        verdict random = feed_random(lines, seed);
        EXPECT_TRUE(whole == random) << "whole: " << whole.text() << "\nseed " << seed << ": " << random.text();
    }
    return whole;
}

void expect(const scenario &one)
{
    verdict found = feed(one.lines);
    EXPECT_EQ(found.kind(), one.expected) << found.text();
    if (one.expected == PARKABLE || one.expected == OPEN) {
        EXPECT_EQ(found.sent, one.sent) << found.text();
        EXPECT_EQ(found.answered, one.answered) << found.text();
    }
}

std::string repeat(const std::string &text, size_t times)
{
    std::string all;
    for (size_t i = 0; i < times; i++)
        all += text;
    return all;
}

} // namespace protocol
