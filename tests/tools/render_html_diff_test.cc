/* Two trees of calls as one (analyse/calltree_pair), and the page that `diff --html` writes of them. */
#include "html_case.h"

#include <map>

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs;

struct Pair {
    calltree trees[2] = {};
    calltree_pair pair = {};
    Pair(const difference &made, double a_units, double b_units, calltree_order order = CALLTREE_ROOT_FIRST)
    {
        for (unsigned side = 0; side < 2; side++) {
            const analysis *of = made.side[side].analysis;
            EXPECT_EQ(calltree_make(of->model, of->symbols, CALLTREE_CPU, order, &trees[side]), 0);
        }
        EXPECT_EQ(calltree_pair_make(&trees[0], a_units, &trees[1], b_units, &pair), 0);
    }
    ~Pair()
    {
        calltree_pair_done(&pair);
        calltree_done(&trees[0]);
        calltree_done(&trees[1]);
    }
    const calltree_pair_node &node(const std::string &name) const
    {
        for (size_t i = 0; i < pair.count; i++)
            if (pair.nodes[i].name == name)
                return pair.nodes[i];
        throw std::runtime_error("no node " + name);
    }
};

/* The same program twice: parse costs a third of what it did, send as much, cache is new, old is gone. */
void profiles(DiffCase &c)
{
    auto sample = [](AnalyseCase &side, const std::map<std::string, uint64_t> &counts) {
        uint64_t main = side.function("main");
        for (const auto &[name, count] : counts)
            side.cpu_sample(count, {side.function(name), main});
    };
    sample(c.a, {{"parse", 900}, {"send", 300}, {"old", 200}});
    sample(c.b, {{"parse", 300}, {"send", 310}, {"cache", 150}});
    for (AnalyseCase *side : {&c.a, &c.b})
        side->cpu(12 * AnalyseCase::kSecond);
}

TEST(CalltreePair, MatchesByPathAndJudgesByTheErrorsOfTheSamples)
{
    DiffCase c;
    profiles(c);
    Pair made(c.finish(), 1, 1);
    EXPECT_EQ(made.node("main").total[0], 1400 * 10 * kMs);
    EXPECT_EQ(made.node("main").total[1], 760 * 10 * kMs);
    EXPECT_EQ(made.node("parse").figure.judgement, NOISE_LESS);
    EXPECT_EQ(made.node("send").figure.judgement, NOISE_WITHIN);
    EXPECT_EQ(made.node("cache").figure.judgement, NOISE_MORE);
    EXPECT_EQ(made.node("cache").total[0], 0u);
    EXPECT_EQ(made.node("cache").of[0], CALLTREE_NONE);
    EXPECT_EQ(made.node("old").figure.judgement, NOISE_LESS);
    EXPECT_EQ(made.node("old").total[1], 0u);
    EXPECT_EQ(made.pair.count, 6u) << "all, main and four below it";
}

TEST(CalltreePair, DividesEachSideByItsOwnUnits)
{
    DiffCase c;
    profiles(c);
    Pair made(c.finish(), 300, 100); /* parse: 30 ms a request in both */
    EXPECT_DOUBLE_EQ(made.node("parse").figure.a, made.node("parse").figure.b);
    EXPECT_EQ(made.node("parse").figure.judgement, NOISE_WITHIN);
    EXPECT_EQ(made.node("send").figure.judgement, NOISE_MORE);
    EXPECT_EQ(made.node("send").total[0], 300 * 10 * kMs) << "what was measured is kept";
}

TEST(CalltreePair, HasOnEachSideEveryNodeOfItsTreeOnce)
{
    DiffCase c;
    troubled(c.a);
    cured(c.b);
    c.b.cpu_sample(40, {c.b.function("parse_row"), c.b.function("send_request")});
    Pair made(c.finish(), 1, 1, CALLTREE_LEAF_FIRST);
    for (unsigned side = 0; side < 2; side++) {
        std::vector<unsigned> seen(made.trees[side].count);
        for (size_t i = 0; i < made.pair.count; i++) {
            const calltree_pair_node &node = made.pair.nodes[i];
            uint64_t sum = node.self[side];
            for (uint32_t child = node.first_child; child != CALLTREE_NONE; child = made.pair.nodes[child].next_sibling) {
                EXPECT_GT(child, i) << "a child comes after its parent";
                EXPECT_EQ(made.pair.nodes[child].parent, i);
                sum += made.pair.nodes[child].total[side];
            }
            EXPECT_EQ(sum, node.total[side]) << node.name;
            if (node.of[side] != CALLTREE_NONE)
                seen[node.of[side]]++;
        }
        EXPECT_EQ(seen, std::vector<unsigned>(seen.size(), 1)) << side;
    }
}

TEST(RenderHtmlDiff, DividesFlameGraphsAsTheDifferenceDoes)
{
    DiffCase c;
    profiles(c);
    client(c.a, 300, 900000, 1000000);
    client(c.b, 100, 20000, 1000000);
    const difference &made = c.finish();
    ASSERT_EQ(made.basis, DIFFERENCE_REQUEST);
    std::string page = html_written([&](FILE *out) { return html_diff_write(out, &made); });
    EXPECT_LT(page.size(), 500000u);
    HtmlData data(page);
    json_t *flame = data.by_id("flames", "cpu"), *units = json_object_get(flame, "units");
    EXPECT_EQ(json_number_value(json_array_get(units, 0)), made.side[0].units);
    EXPECT_EQ(json_number_value(json_array_get(units, 1)), made.side[1].units);
    EXPECT_STREQ(json_string_value(json_object_get(flame, "per")), " a request");
    EXPECT_STREQ(json_string_value(json_object_get(data.root, "verdict")), made.verdict);
    std::vector<HtmlNode> nodes = html_nodes(data, flame, 0, 2);
    const HtmlNode &parse = html_node(nodes, "parse"), &send = html_node(nodes, "send");
    EXPECT_EQ(parse.total[0], 9e9);
    EXPECT_EQ(parse.total[1], 3e9);
    EXPECT_EQ(json_integer_value(parse.extra[0]), NOISE_WITHIN) << "30 ms a request in both";
    EXPECT_EQ(json_integer_value(send.extra[0]), NOISE_MORE);
    EXPECT_GT(json_number_value(send.extra[1]), 0) << "half of the interval";
    json_t *lives = json_object_get(data.by_id("flames", "live"), "units");
    EXPECT_EQ(json_number_value(json_array_get(lives, 0)), 1) << "what lives is no sum over requests";
}

TEST(RenderHtmlDiff, HasTheRowsOfTheDifference)
{
    DiffCase c(60, 30);
    troubled(c.a);
    cured(c.b);
    const difference &made = c.finish();
    HtmlData data(html_written([&](FILE *out) { return html_diff_write(out, &made); }));
    json_t *targets = json_object_get(data.by_id("tables", "targets"), "rows");
    EXPECT_EQ(json_array_size(targets), made.target_count);
    EXPECT_EQ(data.word(json_array_get(json_array_get(targets, 0), 0)), made.targets[0].name);
    EXPECT_EQ(json_array_size(json_object_get(data.by_id("tables", "findings"), "rows")), made.finding_count);
    EXPECT_EQ(json_array_size(json_object_get(data.root, "time")), unsigned(PART_COUNT));
}

} // namespace
