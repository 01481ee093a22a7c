/* What `export pprof` writes, read by Go's pprof: the same functions with the same values as in our own profile. */
#include "readers_case.h"
#include "tools/export_case.h"
#include "tools/segment_seeds.h"

#include <jansson.h>

#include <fstream>
#include <map>
#include <regex>

namespace
{

struct Values {
    uint64_t flat = 0, cumulative = 0;
    bool operator==(const Values &other) const
    {
        return flat == other.flat && cumulative == other.cumulative;
    }
};

void PrintTo(const Values &values, std::ostream *out)
{
    *out << values.flat << "/" << values.cumulative;
}

using Top = std::map<std::string, Values>;

class PprofTest : public ReadersTest
{
  protected:
    /* One program with every cost, sampled often, exported to p.pb.gz. */
    void record_mixed()
    {
        record("STRONG_CPU_HZ=999 STRONG_ALLOC_PERIOD=16KiB STRONG_BLOCK_PERIOD=100us",
               "$PROGRAMS/export_mixed");
        must("$R export pprof export_mixed -o p.pb.gz");
    }

    /* pprof's -top: every function with its values in whole ns, bytes or objects. */
    Top top(const std::string &index, const std::string &more = "-noinlines")
    {
        std::string unit = index.find("space") != std::string::npos ? "bytes" : "ns";
        std::string out = must("go tool pprof -top -nodecount=100000 -nodefraction=0 -edgefraction=0 "
                               "-compact_labels=false -unit=" +
                               unit + " -sample_index=" + index + " " + more + " p.pb.gz");
        std::regex line("\\s*(\\d+)(?:ns|B)?\\s+[0-9.]+%\\s+[0-9.]+%\\s+(\\d+)(?:ns|B)?\\s+[0-9.]+%\\s+(.*)");
        std::istringstream lines(out);
        Top found;
        for (std::string text; std::getline(lines, text);) {
            std::smatch part;
            if (std::regex_match(text, part, line))
                found[part[3]] = {std::stoull(part[1]), std::stoull(part[2])};
        }
        return found;
    }

    /* The same from our own report: these two fields of each function, where one of them is not 0. */
    Top ours(const char *flat, const char *cumulative)
    {
        json_t *root = json_loads(must("$R report --json export_mixed").c_str(), 0, nullptr);
        json_t *functions = json_object_get(root, "functions"), *one;
        size_t i;
        Top found;
        json_array_foreach(functions, i, one)
        {
            auto value = [&](const char *name) {
                return static_cast<uint64_t>(json_integer_value(json_object_get(one, name)));
            };
            if (value(flat) == 0 && value(cumulative) == 0)
                continue;
            Values &sum = found[json_string_value(json_object_get(one, "function"))];
            sum.flat += value(flat);
            sum.cumulative += value(cumulative);
        }
        json_decref(root);
        return found;
    }
};

TEST_F(PprofTest, ShowsTheFunctionsOfOurOwnProfileWithTheirValues)
{
    record_mixed();
    Top cpu = top("cpu");
    EXPECT_EQ(cpu, ours("cpu_self_ns", "cpu_ns"));
    EXPECT_GT(cpu["burn_hot"].flat, cpu["burn_cold"].flat) << "planted ten to one";
    EXPECT_GT(cpu["burn_cold"].flat, 0u);

    Top waits = top("blocked"), locks = top("lock"), both = ours("blocked_ns", "blocked_ns");
    for (const auto &[name, values] : locks)
        waits[name].flat += values.flat;
    for (auto it = waits.begin(); it != waits.end();)
        it = it->second.flat == 0 ? waits.erase(it) : std::next(it);
    EXPECT_EQ(waits.size(), both.size());
    for (const auto &[name, values] : both)
        EXPECT_EQ(waits[name].flat, values.flat) << name;
    EXPECT_GT(waits["sleep_often"].flat, 50000000u);
    EXPECT_GT(locks["hold_lock"].flat, 0u);

    Top allocated = top("alloc_space"), sites = ours("alloc_bytes", "alloc_bytes");
    for (const char *name : {"keep_memory", "churn_memory"}) {
        EXPECT_EQ(allocated[name].flat, sites[name].flat) << name;
        EXPECT_GT(allocated[name].flat, 0u) << name;
    }
    Top live = top("inuse_space");
    EXPECT_EQ(live.count("churn_memory"), 0u);
    EXPECT_NEAR(double(live["keep_memory"].flat), 64 * 65536.0, 64 * 65536.0 / 4);
}

TEST_F(PprofTest, TellsInlinedFunctionsLabelsAndFiles)
{
    record_mixed();
    Top lines = top("cpu", "-lines");
    uint64_t inlined = 0;
    for (const auto &[name, values] : lines)
        if (name.find("half_inlined") == 0 && name.find("export_mixed.c:1") != std::string::npos)
            inlined += values.flat;
    EXPECT_GT(inlined, 0u);

    std::string tags = must("go tool pprof -tags -sample_index=lock p.pb.gz");
    for (const char *tag : {"hook:", "pthread_mutex_lock", "class:", "holder:", "hold_lock"})
        EXPECT_NE(tags.find(tag), std::string::npos) << tag << tags;

    std::string raw = must("go tool pprof -raw p.pb.gz");
    EXPECT_NE(raw.find("cpu/nanoseconds[dflt]"), std::string::npos) << raw.substr(0, 800);
    EXPECT_NE(raw.find("Period: 1001001"), std::string::npos) << raw.substr(0, 800);
    std::string id = must("readelf -n $PROGRAMS/export_mixed | sed -n 's/.*Build ID: //p'");
    std::string offset = must("readelf -lW $PROGRAMS/export_mixed | awk '$1 == \"LOAD\" && / R E / "
                              "{print $2}' | sed 's/0x0*/0x/'");
    std::regex mapping("1: 0x[0-9a-f]+/0x[0-9a-f]+/" + offset.substr(0, offset.size() - 1) +
                       " [^ ]*/export_mixed " + id.substr(0, id.size() - 1) +
                       " \\[FN\\]\\[FL\\]\\[LN\\]\\[IN\\]");
    EXPECT_TRUE(std::regex_search(raw, mapping)) << raw.substr(raw.rfind("Mappings"));
}

TEST_F(PprofTest, HoldsOneCostWhereOneIsAskedFor)
{
    record_mixed();
    must("$R export pprof --cost=peak export_mixed -o p.pb.gz");
    std::string raw = must("go tool pprof -raw p.pb.gz");
    EXPECT_NE(raw.find("samples/count peak_objects/count peak_space/bytes[dflt]"), std::string::npos)
        << raw.substr(0, 800);
    EXPECT_GE(top("peak_space")["keep_memory"].flat, 64u * 65536 * 3 / 4);
}

TEST_F(PprofTest, IsReadWhereNothingOrOnlyStrangeThingsWereSampled)
{
    seed_empty().write(segments() + "/empty.strong");
    must("$R export pprof segments/empty.strong -o p.pb.gz");
    EXPECT_NE(must("go tool pprof -raw p.pb.gz").find("samples/count"), std::string::npos);
    for (auto &&[name, segment] : {std::pair("client", seed_client()), {"killed", seed_killed()}}) {
        segment.write(segments() + "/" + name + ".strong");
        must(std::string("$R export pprof segments/") + name + ".strong -o p.pb.gz");
        must("go tool pprof -raw p.pb.gz");
    }
    must("$R export pprof segments -o p.pb.gz");
    must("go tool pprof -raw p.pb.gz");
}

TEST_F(PprofTest, SurvivesHostileNames)
{
    {
        AnalyseCase c;
        hostile(c);
        std::ofstream(folder / "p.pb.gz", std::ios::binary) << export_text(export_pprof, c.finish());
    }
    Top cpu = top("cpu");
    EXPECT_EQ(cpu.size(), hostile_names().size() + 1) << "and main";
    EXPECT_EQ(cpu["a\"b\\c"].flat, 10000000u);
    EXPECT_EQ(cpu["</script><script>alert(1)</script>"].flat, 20000000u);
    EXPECT_EQ(cpu["main"].cumulative, 360000000u);
    EXPECT_EQ(must("go tool pprof -tags -sample_index=blocked p.pb.gz").find('\033'),
              std::string::npos);
}

} // namespace
