// strong_get_metrics: the text, its numbers, and what is left of it in little room.
#include "runtime_support.h"

#include <cmath>
#include <limits>
#include <random>
#include <sstream>

using namespace runtime_test;

namespace
{
std::string number_text(double value)
{
    char room[100];
    metrics_text out = metrics_text_in(room, sizeof room);
    metrics_name(&out, "x", "", "", 0);
    metrics_value(&out, value);
    EXPECT_EQ(std::string(room).substr(0, 2), "x ");
    std::string text = room + 2;
    EXPECT_EQ(text.back(), '\n');
    text.pop_back();
    return text;
}

std::string metrics()
{
    std::string text(metrics_get(nullptr, 0) + 1, 'x');
    size_t needed = metrics_get(&text[0], text.size());
    EXPECT_EQ(needed + 1, text.size()) << "nothing moved";
    EXPECT_EQ(text.back(), '\0');
    text.pop_back();
    return text;
}

// The value of the line that begins with this; NaN: there is none, or more than one.
double value_of(const std::string &text, const std::string &sample)
{
    std::istringstream lines(text);
    double value = NAN;
    int found = 0;
    for (std::string line; std::getline(lines, line);)
        if (line.compare(0, sample.size() + 1, sample + " ") == 0) {
            value = strtod(line.c_str() + sample.size() + 1, nullptr);
            found++;
        }
    return found == 1 ? value : NAN;
}

double seconds(uint64_t ticks)
{
    return (double)clock_ticks_to_ns(ticks) / 1e9;
}

void use_everything()
{
    uint32_t serve = name_number("serve"), odd = name_number("a \"quoted\\name\"\n");
    for (uint64_t i = 1; i <= 100; i++)
        operation_end({clock_ticks() - i * 100000, serve, 0}, 10, i % 10 == 0 ? 5 : 0);
    operation_end({clock_ticks() - 100, odd, 0}, 0, 0);
    count_add(name_number("items"), 40);
    count_add(name_number("items"), 2);
    gauge_set(name_number("level"), -0.5);
    gauge_set(name_number("level"), 12);
    thread_count_derived(HOOK_read, 0, 5000, 100, true);
    thread_count(HOOK_malloc, 64);
}
} // namespace

TEST(ApiMetricsText, NumbersComeBackToFifteenDigits)
{
    const double most = std::numeric_limits<double>::max(), least = std::numeric_limits<double>::denorm_min();
    std::vector<double> values = {0, 1, -1, 0.1, 1.5, -2e-7, 1e15, 1e300, 0.0001, 0.00001, 123456.789,
                                  999999999999999.9, 9.999999999999999, most, -most, least, 1e-307, 4503599627370497.5};
    std::mt19937_64 random(11);
    while (values.size() < 20000) {
        uint64_t bits = random();
        double value;
        memcpy(&value, &bits, sizeof value);
        if (std::isfinite(value))
            values.push_back(value);
    }
    for (double value : values) {
        std::string text = number_text(value);
        char *end;
        double back = strtod(text.c_str(), &end);
        ASSERT_EQ(*end, '\0') << text;
        if (std::isinf(back)) { // the largest double has more digits, and rounds up
            ASSERT_GT(std::fabs(value), most * (1 - 1e-14)) << text;
            continue;
        }
        ASSERT_LE(std::fabs(back - value), std::fabs(value) * 1e-14 + least) << text;
    }
}

TEST(ApiMetricsText, NumbersReadAsPeopleWriteThem)
{
    EXPECT_EQ(number_text(0), "0");
    EXPECT_EQ(number_text(-0.0), "0");
    EXPECT_EQ(number_text(42), "42");
    EXPECT_EQ(number_text(-3), "-3");
    EXPECT_EQ(number_text(1.5), "1.5");
    EXPECT_EQ(number_text(0.25), "0.25");
    EXPECT_EQ(number_text(-0.001), "-0.001");
    EXPECT_EQ(number_text(2e-7), "2e-7");
    EXPECT_EQ(number_text(2.5e-7), "2.5e-7");
    EXPECT_EQ(number_text(1e300), "1e+300");
    EXPECT_EQ(number_text(1.25e20), "1.25e+20");
    EXPECT_EQ(number_text(999999999999999), "999999999999999");
    EXPECT_EQ(number_text(0.1 + 0.2), "0.3");
}

RUNTIME_TEST(ApiMetrics, SayWhatWasMeasured)
{
    Runtime runtime;
    use_everything();
    std::string text = metrics();
    EXPECT_EQ(value_of(text, R"(strong_operation_seconds_count{operation="serve"})"), 100);
    Row serve = row(HOOK_operation, name_number("serve") - 1);
    EXPECT_NEAR(value_of(text, R"(strong_operation_seconds_sum{operation="serve"})"), seconds(serve.ticks), 1e-6);
    EXPECT_NEAR(value_of(text, R"(strong_operation_seconds{operation="serve",quantile="0.5"})"), seconds(5000000),
                seconds(5000000) / 8);
    EXPECT_NEAR(value_of(text, R"(strong_operation_seconds{operation="serve",quantile="0.99"})"), seconds(9900000),
                seconds(9900000) / 8);
    EXPECT_GE(value_of(text, R"(strong_operation_max_seconds{operation="serve"})"), seconds(10000000 - 16));
    EXPECT_EQ(value_of(text, R"(strong_operation_errors_total{operation="serve"})"), 10);
    EXPECT_EQ(value_of(text, R"(strong_operation_bytes_total{operation="serve"})"), 1000);
    EXPECT_EQ(value_of(text, R"(strong_operation_seconds_count{operation="a \"quoted\\name\"?"})"), 1);
    EXPECT_EQ(value_of(text, R"(strong_program_events_total{name="items"})"), 42);
    EXPECT_EQ(value_of(text, R"(strong_program_increments_total{name="items"})"), 2);
    EXPECT_EQ(value_of(text, R"(strong_program_value{name="level"})"), 12);
    EXPECT_EQ(value_of(text, R"(strong_program_value_lowest{name="level"})"), -0.5);
    EXPECT_EQ(value_of(text, R"(strong_program_value_highest{name="level"})"), 12);
    EXPECT_EQ(value_of(text, R"(strong_class_calls_total{class="file"})"), 1);
    EXPECT_EQ(value_of(text, R"(strong_class_errors_total{class="file"})"), 1);
    EXPECT_EQ(value_of(text, R"(strong_class_calls_total{class="memory"})"), 1);
    EXPECT_EQ(value_of(text, R"(strong_class_bytes_total{class="memory"})"), 64);
    EXPECT_EQ(value_of(text, "strong_names_lost_total"), 0);
    EXPECT_EQ(text.find("\"(other)\""), std::string::npos) << "nothing is under it";
}

RUNTIME_TEST(ApiMetrics, HaveARowForWhatFoundNoName)
{
    Runtime runtime;
    for (int i = 0; i < CUSTOM_NAMES + 20; i++)
        operation_end(operation_begin(name_number(("name " + std::to_string(i)).c_str())), 0, 0);
    for (int i = 0; i < CUSTOM_NAMES + 20; i++) // the thread's cells are used up
        count_add(name_number(("name " + std::to_string(i)).c_str()), 2);
    std::string text = metrics();
    EXPECT_EQ(value_of(text, R"(strong_operation_seconds_count{operation="name 5"})"), 1);
    EXPECT_EQ(value_of(text, R"-(strong_operation_seconds_count{operation="(other)"})-"), 20);
    EXPECT_EQ(value_of(text, "strong_names_lost_total"), 40);
    double sum = 0;
    for (int i = 0; i < CUSTOM_NAMES; i++) {
        double one = value_of(text, "strong_program_events_total{name=\"name " + std::to_string(i) + "\"}");
        sum += std::isnan(one) ? 0 : one;
    }
    EXPECT_EQ(sum + value_of(text, R"-(strong_program_events_total{name="(other)"})-"), 2 * (CUSTOM_NAMES + 20));
}

RUNTIME_TEST(ApiMetrics, InLittleRoomAreWholeLinesFromTheStart)
{
    Runtime runtime;
    use_everything();
    std::string whole = metrics();
    for (size_t size = 0; size <= whole.size() + 2; size++) {
        std::string room(size + 8, '#');
        EXPECT_EQ(metrics_get(size ? &room[0] : nullptr, size), whole.size());
        ASSERT_EQ(room.substr(size), "########") << size;
        if (size == 0)
            continue;
        std::string text = room.c_str();
        ASSERT_LT(text.size(), size);
        ASSERT_EQ(whole.compare(0, text.size(), text), 0) << size;
        ASSERT_TRUE(text.empty() || text.back() == '\n') << size;
        size_t next = whole.find('\n', text.size());
        ASSERT_TRUE(text.size() == whole.size() || next + 1 >= size) << "a line more would have fitted into " << size;
    }
}

RUNTIME_TEST(ApiMetrics, CanBeAskedWhileOthersMeasure)
{
    Runtime runtime;
    constexpr int names = 100, rounds = 3;
    in_threads(MANY_THREADS, [](unsigned thread) {
        attach();
        for (int i = 0; i < names * rounds; i++) {
            uint32_t number = name_number(("name " + std::to_string(i % names)).c_str());
            operation_end(operation_begin(number), 1, 0);
            gauge_set(number, i);
            if (thread == 0 && i % 10 == 0) {
                std::string room(100000, '#');
                size_t needed = metrics_get(&room[0], room.size());
                ASSERT_LT(needed, room.size());
                ASSERT_EQ(room[needed], '\0');
            }
        }
    });
    EXPECT_EQ(value_of(metrics(), R"(strong_operation_seconds_count{operation="name 7"})"), MANY_THREADS * rounds);
}
