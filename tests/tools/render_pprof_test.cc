/* The samples as a pprof profile, unpacked again: what its samples refer to is there, once, and says what we know. */
#include "tools/export_case.h"

#include <zlib.h>

#include <map>
#include <set>

extern "C" {
#include "render/profile.pb-c.h"
}

namespace
{

constexpr uint64_t kMs = AnalyseCase::kMs;

std::string unzipped(const std::string &packed)
{
    z_stream inflater = {};
    std::string text(1 << 20, 0);
    EXPECT_EQ(inflateInit2(&inflater, 15 + 16), Z_OK);
    inflater.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(packed.data()));
    inflater.avail_in = static_cast<uInt>(packed.size());
    inflater.next_out = reinterpret_cast<Bytef *>(text.data());
    inflater.avail_out = static_cast<uInt>(text.size());
    EXPECT_EQ(inflate(&inflater, Z_FINISH), Z_STREAM_END);
    EXPECT_EQ(inflater.avail_in, 0u) << "nothing behind the end";
    text.resize(inflater.total_out);
    inflateEnd(&inflater);
    return text;
}

class PprofExport : public testing::Test
{
  protected:
    ~PprofExport() override
    {
        pprof__profile__free_unpacked(profile_, nullptr);
    }

    const Pprof__Profile &made(calltree_cost cost = CALLTREE_COSTS)
    {
        std::string text = unzipped(export_text(export_pprof, case_.finish(), cost));
        profile_ = pprof__profile__unpack(nullptr, text.size(),
                                          reinterpret_cast<const uint8_t *>(text.data()));
        if (!profile_)
            throw std::runtime_error("no profile");
        for (size_t i = 0; i < profile_->n_location; i++)
            places_[profile_->location[i]->id] = profile_->location[i];
        for (size_t i = 0; i < profile_->n_function; i++)
            functions_[profile_->function[i]->id] = profile_->function[i];
        check();
        return *profile_;
    }

    std::string text(int64_t number) const
    {
        EXPECT_LT(static_cast<size_t>(number), profile_->n_string_table);
        return profile_->string_table[number];
    }

    /* "cpu/nanoseconds", …, in order. */
    std::vector<std::string> types() const
    {
        std::vector<std::string> found;
        for (size_t i = 0; i < profile_->n_sample_type; i++)
            found.push_back(text(profile_->sample_type[i]->type) + "/" +
                            text(profile_->sample_type[i]->unit));
        return found;
    }

    /* "leaf;caller;main" of a sample. */
    std::string stack(const Pprof__Sample &sample)
    {
        std::string names;
        for (size_t i = 0; i < sample.n_location_id; i++)
            for (size_t j = 0; j < places_[sample.location_id[i]]->n_line; j++)
                names += (names.empty() ? "" : ";") +
                         text(functions_[places_[sample.location_id[i]]->line[j]->function_id]->name);
        return names;
    }

    std::string stack_names(size_t index)
    {
        return stack(*profile_->sample[index]);
    }

    std::map<std::string, std::string> labels(const Pprof__Sample &sample) const
    {
        std::map<std::string, std::string> found;
        for (size_t i = 0; i < sample.n_label; i++)
            found[text(sample.label[i]->key)] = text(sample.label[i]->str);
        return found;
    }

    /* The sample with that stack; the test fails where there is none. */
    const Pprof__Sample &sample(const std::string &names)
    {
        for (size_t i = 0; i < profile_->n_sample; i++)
            if (stack(*profile_->sample[i]) == names)
                return *profile_->sample[i];
        throw std::runtime_error("no sample " + names);
    }

    AnalyseCase case_;
    Pprof__Profile *profile_ = nullptr;

  private:
    /* What a reader may rely on. */
    void check()
    {
        std::set<std::string> texts;
        EXPECT_EQ(text(0), "");
        for (size_t i = 0; i < profile_->n_string_table; i++)
            EXPECT_TRUE(texts.insert(profile_->string_table[i]).second) << profile_->string_table[i];
        EXPECT_EQ(places_.size(), profile_->n_location) << "each once";
        EXPECT_EQ(functions_.size(), profile_->n_function) << "each once";
        EXPECT_EQ(places_.count(0) + functions_.count(0), 0u);
        std::set<uint64_t> mappings;
        for (size_t i = 0; i < profile_->n_mapping; i++)
            EXPECT_TRUE(mappings.insert(profile_->mapping[i]->id).second);
        for (const auto &[id, place] : places_) {
            EXPECT_TRUE(place->mapping_id == 0 || mappings.count(place->mapping_id)) << id;
            for (size_t j = 0; j < place->n_line; j++)
                EXPECT_EQ(functions_.count(place->line[j]->function_id), 1u) << id;
        }
        for (size_t i = 0; i < profile_->n_sample; i++) {
            EXPECT_EQ(profile_->sample[i]->n_value, profile_->n_sample_type);
            EXPECT_GE(profile_->sample[i]->n_location_id, 1u);
            for (size_t j = 0; j < profile_->sample[i]->n_location_id; j++)
                EXPECT_EQ(places_.count(profile_->sample[i]->location_id[j]), 1u);
        }
    }

    std::map<uint64_t, Pprof__Location *> places_;
    std::map<uint64_t, Pprof__Function *> functions_;
};

using Types = std::vector<std::string>;

TEST_F(PprofExport, HasOneSampleForAStackWithAllItsValues)
{
    uint64_t main = case_.function("main"), parse = case_.function("parse");
    uint32_t stack = case_.segment.stack({parse, main});
    case_.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, stack, 3, 30 * kMs);
    case_.segment.sample(SAMPLE_ALLOCATED, HOOK_malloc, 0, stack, 2, 8192, 16);
    case_.segment.live(stack, 4096, 8, 6000, 12);
    const Pprof__Profile &profile = made();
    EXPECT_EQ(types(), (Types{"samples/count", "cpu/nanoseconds", "blocked/nanoseconds",
                              "lock/nanoseconds", "alloc_objects/count", "alloc_space/bytes",
                              "inuse_objects/count", "inuse_space/bytes"}));
    ASSERT_EQ(profile.n_sample, 1u);
    const int64_t wanted[] = {5, 30000000, 0, 0, 16, 8192, 8, 4096};
    const Pprof__Sample &only = sample("parse;main");
    EXPECT_EQ(std::vector<int64_t>(only.value, only.value + only.n_value),
              std::vector<int64_t>(wanted, wanted + 8));
    EXPECT_EQ(text(profile.default_sample_type), "cpu");
    EXPECT_EQ(text(profile.period_type->type), "cpu");
    EXPECT_EQ(profile.period, 10101010);
    EXPECT_EQ(profile.time_nanos, 1700000000000000000);
    EXPECT_EQ(profile.duration_nanos, 10000000000);
}

TEST_F(PprofExport, LabelsAWaitWithTheCallItsClassAndWhatItWaitedFor)
{
    uint64_t ask = case_.function("ask"), put = case_.function("put");
    uint32_t stack = case_.segment.stack({ask});
    uint32_t redis = case_.segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
    uint32_t lock = case_.segment.site(TARGET_LOCK, ask, put);
    case_.segment.sample(SAMPLE_BLOCKED, HOOK_recv, redis, stack, 7, AnalyseCase::ticks(70 * kMs));
    case_.segment.sample(SAMPLE_LOCK_WAIT, HOOK_pthread_mutex_lock, lock, stack, 2,
                         AnalyseCase::ticks(4 * kMs));
    const Pprof__Profile &profile = made();
    ASSERT_EQ(profile.n_sample, 2u) << "a stack, but two calls";
    std::map<std::string, std::map<std::string, std::string>> found;
    for (size_t i = 0; i < 2; i++) {
        EXPECT_EQ(stack_names(i), "ask");
        found[labels(*profile.sample[i])["hook"]] = labels(*profile.sample[i]);
    }
    using Labels = std::map<std::string, std::string>;
    EXPECT_EQ(found["recv"], (Labels{{"hook", "recv"},
                                     {"class", "network"},
                                     {"target", "tcp://127.0.0.1:6379"}}));
    EXPECT_EQ(found["pthread_mutex_lock"],
              (Labels{{"hook", "pthread_mutex_lock"}, {"class", "lock"}, {"holder", "put"}}));
}

TEST_F(PprofExport, MapsAddressesToFilesWithTheirBuildIds)
{
    case_.segment.module("/nowhere/libsecret.so", 0x10000000, 0x10100000, 0x10000000,
                         {0xde, 0xad, 0xbe, 0xef});
    uint64_t main = case_.function("main");
    case_.cpu_sample(4, {0x10000051, main});
    case_.cpu_sample(3, {0x10004151, main});
    const Pprof__Profile &profile = made();
    ASSERT_EQ(profile.n_mapping, 1u);
    const Pprof__Mapping &mapping = *profile.mapping[0];
    EXPECT_EQ(text(mapping.filename), "/nowhere/libsecret.so");
    EXPECT_EQ(text(mapping.build_id), "deadbeef");
    EXPECT_EQ(mapping.memory_start, 0x10000000u);
    EXPECT_EQ(mapping.memory_limit, 0x10100000u);
    EXPECT_FALSE(mapping.has_functions) << "a reader that has the file may do better";
    EXPECT_EQ(stack_names(0), "[libsecret.so];main");
    EXPECT_EQ(profile.location[0]->address, 0x10000050u) << "of the call, not behind it";
    EXPECT_EQ(profile.location[0]->mapping_id, mapping.id);
}

TEST_F(PprofExport, MarksCutStacksAndThoseThatWereNotTaken)
{
    case_.segment.sample(SAMPLE_CPU, HOOK_NONE, 0,
                         case_.segment.stack({case_.function("deep")}, 0, STACK_TRUNCATED), 2, 20 * kMs);
    case_.segment.sample(SAMPLE_CPU, HOOK_NONE, 0, 0, 1, 10 * kMs);
    made();
    EXPECT_EQ(sample("deep;(cut)").value[1], 20000000);
    EXPECT_EQ(sample("(no stack)").value[1], 10000000);
}

TEST_F(PprofExport, HoldsTheCostAskedForAndSaysItFirst)
{
    hostile(case_);
    const Pprof__Profile &profile = made(CALLTREE_PEAK);
    EXPECT_EQ(types(), (Types{"samples/count", "peak_objects/count", "peak_space/bytes"}));
    EXPECT_EQ(text(profile.default_sample_type), "peak_space");
    EXPECT_EQ(profile.n_sample, hostile_names().size());
}

TEST_F(PprofExport, LeavesOutWhatWasNotMeasured)
{
    case_.segment.header().cpu_period_ns = case_.segment.header().alloc_period_bytes = 0;
    const Pprof__Profile &profile = made();
    EXPECT_EQ(types(), (Types{"samples/count", "blocked/nanoseconds", "lock/nanoseconds"}));
    EXPECT_EQ(text(profile.default_sample_type), "blocked");
    EXPECT_EQ(profile.n_sample, 0u);
    EXPECT_EQ(profile.period_type, nullptr);
}

TEST_F(PprofExport, SurvivesHostileNames)
{
    hostile(case_);
    const Pprof__Profile &profile = made();
    EXPECT_EQ(sample("a\"b\\c;main").value[1], 10000000);
    for (size_t i = 0; i < profile.n_string_table; i++)
        EXPECT_EQ(std::string(profile.string_table[i]).find('\033'), std::string::npos);
}

TEST_F(PprofExport, IsTheSameFileEachTime)
{
    hostile(case_);
    const analysis &analysed = case_.finish();
    EXPECT_EQ(export_text(export_pprof, analysed), export_text(export_pprof, analysed));
}

} // namespace
