/*
 * unwind_cxx MILLISECONDS: C++ code of many frame shapes, for comparing stack walks: std::sort and
 * std::function callbacks, lambdas, virtual calls, exceptions through several frames, containers,
 * streams. 0 runs it once.
 */
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#define SHAPE __attribute__((noinline))

namespace
{
volatile unsigned sink;

struct Shape {
    virtual ~Shape() = default;
    virtual double area(unsigned depth) const = 0;
};

struct Square : Shape {
    double side;
    explicit Square(double length) : side(length)
    {
    }
    double area(unsigned) const override
    {
        return side * side;
    }
};

struct Group : Shape {
    std::vector<std::unique_ptr<Shape>> parts;
    double area(unsigned depth) const override
    {
        double sum = 0;
        for (const auto &part : parts)
            sum += part->area(depth + 1);
        return sum;
    }
};

struct Guard {
    unsigned &count;
    ~Guard()
    {
        count++;
    }
};

SHAPE unsigned thrower(unsigned depth, unsigned &count)
{
    Guard guard{count};
    if (depth == 0)
        throw std::runtime_error("deep");
    return thrower(depth - 1, count) + 1;
}

SHAPE unsigned exceptions(unsigned seed)
{
    unsigned count = 0;
    try {
        sink = thrower(seed % 12, count);
    } catch (const std::runtime_error &error) {
        count += static_cast<unsigned>(std::string(error.what()).size());
    }
    return count;
}

SHAPE unsigned sorts(unsigned seed)
{
    std::vector<std::string> words;
    for (unsigned i = 0; i < 60; i++)
        words.push_back("word" + std::to_string((seed + i) * 7919 % 1000));
    std::sort(words.begin(), words.end(), [seed](const std::string &a, const std::string &b) {
        return seed % 2 ? a < b : b < a;
    });
    std::map<std::string, unsigned> counts;
    for (const auto &word : words)
        counts[word]++;
    return static_cast<unsigned>(counts.size());
}

SHAPE unsigned functions(unsigned depth)
{
    std::function<unsigned(unsigned)> step = [&](unsigned left) -> unsigned {
        return left == 0 ? 1 : step(left - 1) + left;
    };
    return step(depth);
}

SHAPE double shapes(unsigned seed)
{
    auto root = std::make_unique<Group>();
    for (unsigned i = 0; i < 5; i++) {
        auto group = std::make_unique<Group>();
        for (unsigned j = 0; j < 4; j++)
            group->parts.push_back(std::make_unique<Square>(seed % 7 + j));
        root->parts.push_back(std::move(group));
    }
    return root->area(0);
}

SHAPE void work(unsigned seed)
{
    sink = sink + sorts(seed) + functions(seed % 30) + exceptions(seed);
    std::ostringstream text;
    text << shapes(seed) << ' ' << seed;
    sink = sink + static_cast<unsigned>(text.str().size());
}
} // namespace

int main(int argc, char **argv)
{
    auto until = std::chrono::steady_clock::now() +
                 std::chrono::milliseconds(argc > 1 ? std::atol(argv[1]) : 0);
    unsigned seed = 5;
    do
        work(seed++);
    while (std::chrono::steady_clock::now() < until);
    return 0;
}
