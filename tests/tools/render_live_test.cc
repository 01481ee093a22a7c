/* The views of top as lines: what they say of known rates, and that they fit whatever there is room for. */
#include "tools/render_case.h"

extern "C" {
#include "render/live.h"
}

namespace {

constexpr unsigned kWidth = 80;

/* A table that goes away. */
class Table {
public:
    Table(const live_column *columns, unsigned count)
    {
        live_table_init(&table, columns, count, false);
    }
    Table(live_view view, const live_input &input) { live_make(view, &input, &table); }
    ~Table() { live_table_done(&table); }
    Table(const Table &) = delete;
    Table &operator=(const Table &) = delete;

    std::string print(unsigned width, size_t most = 1000, size_t first = 0, bool unicode = true)
    {
        return render_on(width, unicode, false, [&](screen *out) {
            live_table_print(out, &table, first, most);
        });
    }
    std::vector<std::string> column(unsigned index) const
    {
        std::vector<std::string> texts;
        for (size_t i = 0; i < live_table_count(&table); i++) {
            const char *text = live_table_at(&table, i)->cells[index].text;
            texts.push_back(text ? text : "-");
        }
        return texts;
    }
    live_table table;
};

using Texts = std::vector<std::string>;

const live_column kColumns[] = {
    {"SIZE", "ALL", 6, false, 0},
    {"EXTRA", nullptr, 8, false, 2},
    {"MORE", nullptr, 8, false, 1},
    {"NAME", nullptr, 0, true, 0},
};

void fill(Table &t)
{
    const char *names[] = {"delta", "Alpha", "charlie", "bravo"};
    const double sizes[] = {2, 0, 40, 2};
    for (int i = 0; i < 4; i++) {
        live_row *row = live_table_add(&t.table, i + 1);
        if (i != 1)
            live_count(&t.table, row, 0, sizes[i], true);
        live_text(&t.table, row, 3, names[i]);
    }
}

TEST(LiveTable, OrdersByNumberOrByTextAndPutsTheUnmeasuredLast)
{
    Table t(kColumns, 4);
    fill(t);
    live_table_sort(&t.table, 0, false);
    EXPECT_EQ(t.column(3), (Texts{"charlie", "delta", "bravo", "Alpha"})) << "equal ones keep their order";
    live_table_sort(&t.table, 0, true);
    EXPECT_EQ(t.column(3), (Texts{"delta", "bravo", "charlie", "Alpha"}));
    live_table_sort(&t.table, 3, false);
    EXPECT_EQ(t.column(3), (Texts{"Alpha", "bravo", "charlie", "delta"}));
    live_table_sort(&t.table, 9, false);
    EXPECT_EQ(t.column(3)[0], "Alpha") << "a column that is not there changes nothing";
}

TEST(LiveTable, KeepsTheRowsThatHoldAWord)
{
    Table t(kColumns, 4);
    fill(t);
    live_table_filter(&t.table, "");
    EXPECT_EQ(live_table_count(&t.table), 4u);
    live_table_filter(&t.table, "LPH");
    EXPECT_EQ(t.column(3), (Texts{"Alpha"}));
    live_table_filter(&t.table, "zulu");
    EXPECT_NE(t.print(kWidth).find("no line matches"), std::string::npos);
}

TEST(LiveTable, LeavesOutColumnsWhereThereIsNoRoom)
{
    Table t(kColumns, 4);
    fill(t);
    EXPECT_NE(t.print(80).find("EXTRA"), std::string::npos);
    EXPECT_EQ(t.print(40).find("EXTRA"), std::string::npos);
    EXPECT_NE(t.print(40).find("MORE"), std::string::npos) << "that goes second";
    EXPECT_EQ(t.print(30).find("MORE"), std::string::npos);
    EXPECT_NE(t.print(30).find("charlie"), std::string::npos);
    for (unsigned width : {1u, 10u, 24u, 30u, 40u, 80u, 200u})
        EXPECT_LE(widest(t.print(width)), width);
}

TEST(LiveTable, PrintsAWindowOfItsRows)
{
    Table t(kColumns, 4);
    fill(t);
    live_fact(&t.table, STYLE_PLAIN, "a fact");
    std::string two = t.print(kWidth, 2, 1);
    EXPECT_EQ(line_count(two), 4u);
    EXPECT_EQ(live_table_above(&t.table), 2u);
    EXPECT_NE(two.find("Alpha"), std::string::npos);
    EXPECT_NE(two.find("charlie"), std::string::npos);
    EXPECT_EQ(two.find("delta"), std::string::npos);
    EXPECT_EQ(line_count(t.print(kWidth, 10, 99)), 2u);
}

TEST(LiveTable, WritesNumbersAsSingleWords)
{
    auto count = [](double number, bool whole) {
        return std::string(live_count_text(number, whole).text);
    };
    EXPECT_EQ(count(0, false), "0");
    EXPECT_EQ(count(0.25, false), "0.25");
    EXPECT_EQ(count(12.34, false), "12.3");
    EXPECT_EQ(count(1234.4, false), "1234");
    EXPECT_EQ(count(12345, false), "12.3k");
    EXPECT_EQ(count(999900, false), "1.0M");
    EXPECT_EQ(count(1234567, true), "1234567");
    EXPECT_EQ(count(12345678, true), "12.3M");
    EXPECT_EQ(count(3e22, true).find(' '), std::string::npos);
    EXPECT_STREQ(live_short(units_bytes(5 << 20)).text, "5.0MiB");
    EXPECT_STREQ(live_short(units_duration(845000000000)).text, "845s");
}

/* ---- the views ---- */

class LiveView : public testing::Test {
protected:
    void SetUp() override
    {
        troubled(c_);
        const analysis &analysis = c_.finish();
        ASSERT_EQ(rates_new(nullptr, analysis.model, &rates_), 0);
        input_.rates = rates_;
        input_.symbols = analysis.symbols;
        input_.findings = &analysis;
        input_.totals = true;
        screen_ = {stdout, kWidth, true, false, 0};
        input_.screen = &screen_;
    }
    ~LiveView() override { rates_free(rates_); }

    /* The cells of the row whose cell `column` contains the word; fails the test if there is none. */
    Texts row(live_view view, unsigned column, const std::string &word)
    {
        Table t(view, input_);
        for (size_t i = 0; i < live_table_count(&t.table); i++) {
            const live_row *row = live_table_at(&t.table, i);
            if (!row->cells[column].text ||
                std::string(row->cells[column].text).find(word) == std::string::npos)
                continue;
            Texts texts;
            for (unsigned j = 0; j < t.table.column_count; j++)
                texts.push_back(row->cells[j].text ? row->cells[j].text : "-");
            return texts;
        }
        ADD_FAILURE() << "no row with " << word << " in\n" << t.print(200);
        return Texts(LIVE_COLUMNS);
    }

    AnalyseCase c_;
    screen screen_;
    live_input input_ = {};
    rates *rates_ = nullptr;
};

TEST_F(LiveView, CallsTellHowManyHowLongAndHowMuch)
{
    EXPECT_EQ(row(LIVE_calls, 0, "fsync"),
              (Texts{"fsync", "file", "900", "7.2s", "0", "0", "8.0ms", "8.0ms"}));
    EXPECT_EQ(row(LIVE_calls, 0, "malloc")[2], "4000000");
    EXPECT_EQ(row(LIVE_calls, 0, "malloc")[6], "-") << "never timed";
    EXPECT_EQ(row(LIVE_calls, 0, "recv")[5], "40") << "errors";
    input_.totals = false; /* the whole life as one interval of ten seconds */
    EXPECT_EQ(row(LIVE_calls, 0, "fsync")[2], "90.0");
    EXPECT_EQ(row(LIVE_calls, 0, "fsync")[3], "72.0%");
}

TEST_F(LiveView, TargetsAreNamedAndLocksAreNotAmongThem)
{
    Texts file = row(LIVE_targets, 6, "journal.db");
    EXPECT_EQ(file[0], "900");
    EXPECT_EQ(file[6], "/var/lib/app/journal.db");
    Table t(LIVE_targets, input_);
    for (const std::string &name : t.column(6))
        EXPECT_EQ(name.find("queue_take"), std::string::npos);
}

TEST_F(LiveView, CallsAndTargetsLeaveOutWhatOnlyHooksDerive)
{
    Table calls(LIVE_calls, input_);
    for (const std::string &name : calls.column(0))
        EXPECT_NE(name, "connection");
    /* 12,034 connects of 0.9 ms, and as many receives of 1 ms; the connections' lives are not in it */
    Texts redis = row(LIVE_targets, 6, "tcp://127.0.0.1:6379");
    EXPECT_EQ(redis[0], "24108");
    EXPECT_EQ(redis[1], "22.9s");
}

TEST(LiveOperations, TellTheProgramsOwnMeasuresFromCalls)
{
    AnalyseCase c(10, 1 << 20, 4194304 + 9);
    uint32_t name = c.segment.target(TARGET_CUSTOM, "checkout");
    auto main = c.segment.thread(5000001, "main");
    main.calls(40, HOOK_operation, name, AnalyseCase::ticks(50 * AnalyseCase::kMs), 1000);
    main.calls(7, HOOK_count, name, 0, 30);
    rates *made = nullptr;
    ASSERT_EQ(rates_new(nullptr, c.finish().model, &made), 0);
    live_input input = {};
    input.rates = made;
    input.totals = true;
    {
        Table t(LIVE_operations, input);
        ASSERT_EQ(live_table_count(&t.table), 2u);
        EXPECT_EQ(t.column(6), (Texts{"checkout", "checkout (count)"}));
        EXPECT_EQ(t.column(0), (Texts{"40", "7"}));
        EXPECT_EQ(t.column(1), (Texts{"2.0s", "-"}));
        EXPECT_EQ(t.column(2), (Texts{"39.1KiB", "210"}));
        EXPECT_EQ(t.column(4)[0], "48.2ms") << "the middle of the bucket that holds 50 ms";
        Table calls(LIVE_calls, input), targets(LIVE_targets, input);
        EXPECT_EQ(live_table_count(&calls.table), 0u);
        EXPECT_EQ(live_table_count(&targets.table), 0u);
    }
    rates_free(made);
}

TEST_F(LiveView, ThreadsStandWhereTheyStand)
{
    Texts worker = row(LIVE_threads, 5, "worker");
    EXPECT_EQ(worker[0], "5000002");
    EXPECT_EQ(worker[1], "7.0s");
    EXPECT_EQ(worker[4], "its own code");
    EXPECT_EQ(worker[3], "-");
}

TEST_F(LiveView, LocksNameBothSides)
{
    Texts lock = row(LIVE_locks, 5, "queue_take");
    EXPECT_EQ(lock[0], "3000");
    EXPECT_EQ(lock[1], "12.0s");
    EXPECT_EQ(lock[4], "queue_put");
    EXPECT_NE(Table(LIVE_locks, input_).print(kWidth).find("50000 lock calls, of which 3000 had to"),
              std::string::npos);
}

TEST_F(LiveView, FunctionsComeFromSamples)
{
    Texts parse = row(LIVE_functions, 4, "parse_row");
    EXPECT_EQ(parse[0], "64.3%");
    EXPECT_EQ(parse[1], "85.7%");
    EXPECT_EQ(parse[2], "900");
}

TEST_F(LiveView, MemoryNamesPlaces)
{
    Texts place = row(LIVE_memory, 4, "parse_row");
    EXPECT_EQ(place[0], "900MiB");
}

TEST_F(LiveView, ResourcesHaveAHistory)
{
    Texts cpu = row(LIVE_resources, 0, "CPU");
    EXPECT_EQ(cpu[1], "140.0%");
    EXPECT_EQ(cpu[3], "█");
    model_resource looks[3];
    memset(looks, 0xff, sizeof(looks));
    for (int i = 0; i < 3; i++) {
        looks[i].at_ns = (11 + i) * AnalyseCase::kSecond;
        looks[i].cpu_user_ns = (11 + (i > 0)) * AnalyseCase::kSecond;
        looks[i].cpu_system_ns = 3 * AnalyseCase::kSecond;
    }
    input_.looks = looks;
    input_.look_count = 3;
    cpu = row(LIVE_resources, 0, "CPU");
    EXPECT_EQ(cpu[1], "0.0%");
    EXPECT_EQ(cpu[2], "140.0%");
    EXPECT_EQ(cpu[3], "█▁▆▁");
    screen_.unicode = false;
    EXPECT_EQ(row(LIVE_resources, 0, "CPU")[3], "#_=_");
}

TEST_F(LiveView, FindingsAreTheReportsOwnLines)
{
    std::string text = Table(LIVE_findings, input_).print(kWidth);
    EXPECT_NE(text.find("Bottlenecks, by the most"), std::string::npos) << text;
    input_.findings = nullptr;
    EXPECT_NE(Table(LIVE_findings, input_).print(kWidth).find("looking for"), std::string::npos);
}

TEST_F(LiveView, ProcessesTellWhatIsNotKnownFromWhatIsNothing)
{
    live_process processes[3] = {};
    for (int i = 0; i < 3; i++) {
        processes[i].id = processes[i].pid = 100 + i;
        processes[i].command = i ? "other" : "unread";
        processes[i].age_ns = 60 * AnalyseCase::kSecond;
    }
    processes[1].rates = rates_;
    processes[2].rates = rates_;
    processes[2].ended = "killed";
    input_.rates = nullptr;
    input_.processes = processes;
    input_.process_count = 3;
    EXPECT_EQ(row(LIVE_processes, 0, "100"),
              (Texts{"100", "-", "-", "-", "-", "-", "-", "60.0s", "unread"}));
    Texts known = row(LIVE_processes, 0, "101");
    EXPECT_EQ(known[1], "140.0%");
    EXPECT_EQ(known[3], "1");
    EXPECT_EQ(known[8], "python3 app.py --verbose");
    EXPECT_EQ(row(LIVE_processes, 0, "102")[6], "killed");
}

TEST_F(LiveView, HeadSaysWhoItIsAndHowItDoes)
{
    std::string head =
        render_on(kWidth, true, false, [&](screen *out) { live_head(out, rates_, "running"); });
    EXPECT_EQ(line_count(head), 2u);
    EXPECT_NE(head.find("python3 app.py --verbose"), std::string::npos) << head;
    EXPECT_NE(head.find("running"), std::string::npos);
    EXPECT_NE(head.find("cpu 140.0%"), std::string::npos);
    EXPECT_LE(widest(render_on(40, true, false, [&](screen *out) { live_head(out, rates_, "x"); })), 40u);
}

TEST_F(LiveView, EveryViewFitsEveryWidthInEveryCharacterSet)
{
    for (int view = 0; view < LIVE_VIEW_COUNT; view++) {
        for (unsigned width : {20u, 40u, 80u, 200u}) {
            screen_.width = width;
            std::string text = Table(live_view(view), input_).print(width);
            EXPECT_LE(widest(text), width) << live_kinds[view].name << "\n" << text;
            EXPECT_GT(line_count(text), 0u);
        }
        screen_.width = kWidth;
        screen_.unicode = false;
        for (char letter : Table(live_view(view), input_).print(kWidth, 100, 0, false))
            ASSERT_LT(static_cast<unsigned char>(letter), 0x80) << live_kinds[view].name;
        screen_.unicode = true;
    }
}

TEST_F(LiveView, EveryViewSaysSomethingWhereNothingHappened)
{
    AnalyseCase empty(1, 1 << 20, 4194304 + 7);
    const analysis &analysis = empty.finish();
    rates *none = nullptr;
    ASSERT_EQ(rates_new(nullptr, analysis.model, &none), 0);
    input_.rates = none;
    input_.symbols = analysis.symbols;
    input_.findings = nullptr;
    for (int view = 0; view < LIVE_VIEW_COUNT; view++) {
        Table t(live_view(view), input_);
        EXPECT_EQ(live_table_count(&t.table), 0u) << live_kinds[view].name << t.print(kWidth);
        ASSERT_TRUE(t.table.nothing) << live_kinds[view].name;
        EXPECT_NE(t.print(kWidth).find(std::string(t.table.nothing).substr(0, 20)), std::string::npos);
    }
    rates_free(none);
}

TEST(LiveViews, HaveAKeyANameAndAColumnToBeOrderedBy)
{
    std::string keys;
    screen screen_ = {stdout, kWidth, true, false, 0};
    AnalyseCase empty(1, 1 << 20, 4194304 + 8);
    rates *none = nullptr;
    ASSERT_EQ(rates_new(nullptr, empty.finish().model, &none), 0);
    for (const live_kind &kind : live_kinds) {
        EXPECT_EQ(keys.find(kind.key), std::string::npos) << kind.name;
        keys += kind.key;
        live_input input = {};
        input.rates = none;
        input.screen = &screen_;
        Table t(live_view(&kind - live_kinds), input);
        if (t.table.column_count) {
            EXPECT_LT(kind.sort, t.table.column_count) << kind.name;
        }
    }
    rates_free(none);
    EXPECT_EQ(keys, "1234567890");
}

} // namespace
