// runtime_support: see the header. Defines what runtime/boot.c defines, so that its constructor is not
// linked and each test starts the runtime itself, or does not.
#include "runtime_support.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>

bool boot_done, boot_off;
extern "C" void boot_ensure() {}

#define BOOT_STAGE(function) extern "C" int function(void);
#include "runtime/boot.def"
#undef BOOT_STAGE
extern "C" int libc_init(void);

extern char **environ;

namespace runtime_test
{
static std::string make_directory()
{
    char name[] = "/tmp/strong-runtime-test-XXXXXX";
    if (!mkdtemp(name))
        throw std::runtime_error("mkdtemp");
    return name;
}

Directory::Directory() : path(make_directory()), owner_(getpid()) {}

std::vector<std::string> Directory::names() const
{
    std::vector<std::string> result;
    DIR *directory = opendir(path.c_str());
    while (const dirent *entry = directory ? readdir(directory) : nullptr)
        if (entry->d_name[0] != '.')
            result.push_back(entry->d_name);
    if (directory)
        closedir(directory);
    std::sort(result.begin(), result.end());
    return result;
}

std::vector<std::string> Directory::segments() const
{
    std::vector<std::string> result;
    for (const std::string &name : names())
        if (name.size() > 7 && name.compare(name.size() - 7, 7, SEGMENT_SUFFIX) == 0)
            result.push_back(name);
    return result;
}

Directory::~Directory()
{
    if (getpid() != owner_)
        return;
    for (const std::string &name : names())
        if (unlink((path + "/" + name).c_str()) < 0)
            rmdir((path + "/" + name).c_str());
    rmdir(path.c_str());
}

void configure(const Environment &environment)
{
    std::vector<std::string> old;
    for (char **at = environ; *at; at++)
        if (strncmp(*at, "STRONG_", 7) == 0)
            old.push_back(std::string(*at).substr(0, strchr(*at, '=') - *at));
    for (const std::string &name : old)
        unsetenv(name.c_str());
    for (const auto &[name, value] : environment)
        setenv(name.c_str(), value.c_str(), 1);
    config_init();
}

Runtime::Runtime(Environment environment)
{
    static const struct {
        const char *name;
        int (*run)();
    } stages[] = {
#define BOOT_STAGE(function) {#function, function},
#include "runtime/boot.def"
#undef BOOT_STAGE
    };
    if (boot_done)
        throw std::runtime_error("a process has one runtime: use RUNTIME_TEST");
    environment.emplace("STRONG_DIR", directory_.path);
    configure(environment);
    libc_init();
    for (const auto &stage : stages)
        if (strcmp(stage.name, "config_init") != 0 && strcmp(stage.name, "monitor_init") != 0) {
            EXPECT_EQ(stage.run(), 0) << stage.name;
        }
    boot_done = true;
    thread_attach();
}

Runtime::~Runtime() = default;

Output run_child(const std::function<void()> &body)
{
    int err[2];
    if (pipe2(err, O_CLOEXEC) < 0)
        throw std::runtime_error("pipe");
    fflush(nullptr);
    pid_t child = fork();
    if (child == 0) {
        dup2(err[1], 2);
        body();
        fflush(nullptr);
        _exit(testing::Test::HasFailure());
    }
    close(err[1]);
    Output output = {-1, ""};
    char buf[4096];
    for (ssize_t got; (got = read(err[0], buf, sizeof buf)) > 0;)
        output.err.append(buf, (size_t)got);
    close(err[0]);
    waitpid(child, &output.status, 0);
    return output;
}

void attach()
{
    thread_attach();
#if defined(__SANITIZE_THREAD__)
    // A thread gives its block back in the last round of destructors, when the sanitizer has let go of the
    // thread already and crashes in code it watches: let it be the first round.
    if (thread_hot.self)
        thread_hot.self->exit_rounds = PTHREAD_DESTRUCTOR_ITERATIONS - 1;
#endif
}

// ---- reading the segment ----

uint64_t counter(counter_id id)
{
    return counters[id];
}

std::string text_of(string_ref ref)
{
    const char *heap = (const char *)segment_at(segment->tables[TABLE_STRINGS].offset);
    return std::string(heap + ref.offset, ref.len);
}

const target_record &target(uint32_t row)
{
    return *(const target_record *)segment_record(TABLE_TARGETS, row);
}

std::string target_text(uint32_t row)
{
    return row ? text_of(target(row).text) : "(other)";
}

static uint64_t used(segment_table_id table)
{
    const segment_table &description = segment->tables[table];
    return std::min<uint64_t>(description.used, description.capacity);
}

std::vector<sample_sum> sums()
{
    std::vector<sample_sum> result;
    for (uint32_t i = 1; i < used(TABLE_SUMS); i++) {
        const auto *sum = (const sample_sum *)segment_record(TABLE_SUMS, i);
        if (sum->key)
            result.push_back(*sum);
    }
    return result;
}

const sample_sum *find_sum(uint64_t key)
{
    for (uint32_t i = 1; i < used(TABLE_SUMS); i++) {
        const auto *sum = (const sample_sum *)segment_record(TABLE_SUMS, i);
        if (sum->key == key)
            return sum;
    }
    return nullptr;
}

std::vector<const thread_block *> blocks()
{
    std::vector<const thread_block *> result;
    for (uint32_t i = 0; i < used(TABLE_THREADS); i++) {
        uint64_t offset = *(const uint64_t *)segment_record(TABLE_THREADS, i);
        if (offset)
            result.push_back((const thread_block *)segment_at(offset));
    }
    return result;
}

uint64_t Row::histogram_sum() const
{
    uint64_t sum = 0;
    for (uint64_t count : histogram)
        sum += count;
    return sum;
}

// As the reader's algorithm of abi/segment.h says it, not as the writer's code does it.
static void add_cell(Row &row, const thread_block &block, const stat_cell &cell)
{
    row.calls += cell.calls;
    row.errors += cell.errors;
    row.bytes += cell.bytes;
    row.ticks += cell.ticks;
    if (!(cell.flags & CELL_MAPPED)) {
        for (uint64_t i = 0; i < cell.calls && i < CELL_INLINE; i++)
            row.histogram.at(cell.slots[i])++;
        return;
    }
    for (unsigned octave = 0; octave < HISTOGRAM_OCTAVES; octave++) {
        unsigned number = cell.slots[octave];
        if (number == 0)
            continue;
        unsigned page = (number - 1) / PAGE_LINE_COUNT, index = (number - 1) % PAGE_LINE_COUNT;
        EXPECT_EQ(block.page_kind[page], PAGE_LINES);
        const auto *line = (const uint64_t *)segment_at(block.page_offset[page]) + index * HISTOGRAM_STEPS;
        for (unsigned step = 0; step < HISTOGRAM_STEPS; step++)
            row.histogram[octave * HISTOGRAM_STEPS + step] += line[step];
    }
}

Row row(unsigned hook, uint32_t target)
{
    Row result;
    for (const thread_block *block : blocks())
        for (unsigned page = 0; page < block->pages_used; page++) {
            if (block->page_kind[page] != PAGE_CELLS)
                continue;
            const auto *cells = (const stat_cell *)segment_at(block->page_offset[page]);
            for (unsigned i = 0; i < PAGE_CELL_COUNT; i++)
                if (cells[i].key == cell_key(hook, target))
                    add_cell(result, *block, cells[i]);
        }
    return result;
}
} // namespace runtime_test
