// interpose_support: see the header. Long because starting, watching and reading a preloaded process is one
// thing that every suite here does; its parts use each other throughout.
#include "interpose_support.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdexcept>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace interpose_test
{
static std::string make_directory()
{
    char name[] = "/tmp/strong-interpose-test-XXXXXX";
    if (!mkdtemp(name))
        throw std::runtime_error("mkdtemp");
    return name;
}

Directory::Directory() : path(make_directory()) {}

std::vector<std::string> Directory::names() const
{
    std::vector<std::string> result;
    DIR *directory = opendir(path.c_str());
    while (const dirent *entry = directory ? readdir(directory) : nullptr)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            result.push_back(entry->d_name);
    if (directory)
        closedir(directory);
    std::sort(result.begin(), result.end());
    return result;
}

std::vector<std::string> Directory::segments() const
{
    std::vector<std::pair<uint64_t, std::string>> found;
    for (const std::string &name : names())
        if (name.size() > 7 && name.compare(name.size() - 7, 7, SEGMENT_SUFFIX) == 0)
            found.emplace_back(strtoull(name.c_str() + name.find('-') + 1, nullptr, 10), path + "/" + name);
    std::sort(found.begin(), found.end());
    std::vector<std::string> result;
    for (const auto &[start, name] : found)
        result.push_back(name);
    return result;
}

Directory::~Directory()
{
    for (const std::string &name : names())
        if (unlink((path + "/" + name).c_str()) < 0)
            rmdir((path + "/" + name).c_str());
    rmdir(path.c_str());
}

bool long_form()
{
    const char *value = getenv("STRONG_TEST_LONG");
    return value && strcmp(value, "1") == 0;
}

// ---- processes ----

bool Outcome::operator==(const Outcome &other) const
{
    return status == other.status && out == other.out && err == other.err && timed_out == other.timed_out;
}

std::string Outcome::describe() const
{
    std::string how = timed_out             ? "timed out"
                      : WIFEXITED(status)   ? "exit " + std::to_string(WEXITSTATUS(status))
                      : WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                                            : "status " + std::to_string(status);
    return how + "\nstdout: " + out.substr(0, 4000) + "\nstderr: " + err.substr(0, 4000);
}

static int64_t now_ms()
{
    timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static pid_t spawn(const Command &command, const std::string &segments, int out_fd, int err_fd)
{
    std::string program = command.arguments.at(0);
    if (program[0] != '/')
        program = std::string(STRONG_PROGRAMS_DIR) + "/" + program;
    std::vector<char *> argv, envp;
    for (const std::string &argument : command.arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    if (command.preloaded) {
        variables.push_back("LD_PRELOAD=" STRONG_SO);
        if (!segments.empty() && command.environment.count("STRONG_DIR") == 0)
            variables.push_back("STRONG_DIR=" + segments);
    }
    for (const auto &[name, value] : command.environment)
        variables.push_back(name + "=" + value);
    for (const std::string &variable : variables)
        envp.push_back(const_cast<char *>(variable.c_str()));
    envp.push_back(nullptr);
    fflush(nullptr);
    pid_t child = fork();
    if (child != 0)
        return child;
    setpgid(0, 0); // the watchdog's kill reaches all of it
    int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(out_fd, 1);
    if (err_fd >= 0)
        dup2(err_fd, 2);
    for (int fd = 3; fd < 256; fd++)
        close(fd);
    signal(SIGPIPE, SIG_DFL);
    if (command.before_exec)
        command.before_exec();
    execve(program.c_str(), argv.data(), envp.data());
    dprintf(2, "execve %s: %s\n", program.c_str(), strerror(errno));
    _exit(127);
}

pid_t start(const Command &command, const std::string &segments, int out_fd)
{
    return spawn(command, segments, out_fd, -1);
}

// Reads both pipes until they are closed, or the time is up.
static bool collect(pollfd (&fds)[2], std::string *(&texts)[2], pid_t child, const Command &command)
{
    int64_t deadline = now_ms() + (int64_t)command.seconds * 1000;
    for (;;) {
        if (fds[0].fd < 0 && fds[1].fd < 0)
            return true;
        if (!command.wait_for_output) {
            siginfo_t info = {};
            if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == child)
                deadline = std::min(deadline, now_ms() + 50);
        }
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return !command.wait_for_output;
        if (poll(fds, 2, (int)std::min<int64_t>(left, 50)) <= 0)
            continue;
        for (int i = 0; i < 2; i++) {
            char buf[65536];
            if (fds[i].fd < 0 || !fds[i].revents)
                continue;
            ssize_t got = read(fds[i].fd, buf, sizeof buf);
            if (got > 0) {
                texts[i]->append(buf, (size_t)got);
            } else if (got == 0) {
                close(fds[i].fd);
                fds[i].fd = -1;
            }
        }
    }
}

Outcome run(const Command &command, const std::string &segments)
{
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        throw std::runtime_error("pipe");
    pid_t child = spawn(command, segments, out[1], err[1]);
    setpgid(child, child);
    close(out[1]);
    close(err[1]);
    Outcome outcome;
    pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
    std::string *texts[2] = {&outcome.out, &outcome.err};
    bool ended = collect(fds, texts, child, command);
    int64_t deadline = now_ms() + (ended ? 10000 : 0);
    pid_t reaped;
    while ((reaped = waitpid(child, &outcome.status, WNOHANG)) == 0 && now_ms() < deadline)
        usleep(1000);
    if (reaped == 0 || !ended) {
        outcome.timed_out = true;
        kill(-child, SIGKILL);
        kill(child, SIGKILL);
        if (reaped == 0)
            waitpid(child, &outcome.status, 0);
    }
    for (pollfd &one : fds)
        if (one.fd >= 0)
            close(one.fd);
    return outcome;
}

Outcome run_bare(const std::vector<std::string> &arguments, unsigned seconds)
{
    Command command;
    command.arguments = arguments;
    command.preloaded = false;
    command.seconds = seconds;
    return run(command, "");
}

Outcome run_preloaded(const Directory &segments, const std::vector<std::string> &arguments, Environment environment,
                      unsigned seconds)
{
    Command command;
    command.arguments = arguments;
    command.environment = std::move(environment);
    command.seconds = seconds;
    return run(command, segments.path);
}

// ---- segments ----

Segment::Segment(const std::string &path)
{
    int fd = open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    struct stat status = {};
    if (fd >= 0 && fstat(fd, &status) == 0)
        bytes_.resize((size_t)status.st_size);
    // The holes of a sparse file stay untouched zeros.
    for (off_t data = 0, hole; fd >= 0 && (data = lseek(fd, data, SEEK_DATA)) >= 0; data = hole) {
        hole = std::min<off_t>(lseek(fd, data, SEEK_HOLE), (off_t)bytes_.size());
        if (hole <= data || pread(fd, bytes_.data() + data, (size_t)(hole - data), data) != hole - data)
            break;
    }
    if (fd >= 0)
        close(fd);
    if (bytes_.size() < sizeof(segment_header) || header().magic != SEGMENT_MAGIC)
        throw NoSegment("no segment: " + path);
    if (header().version != SEGMENT_VERSION || header().segment_bytes > bytes_.size() ||
        header().hook_count != HOOK_COUNT)
        throw std::runtime_error("not this version's segment: " + path);
}

template <class T> const T &Segment::at(uint64_t offset) const
{
    if (offset % alignof(T) != 0 || offset > bytes_.size() || bytes_.size() - offset < sizeof(T))
        throw std::runtime_error("reference out of the segment");
    return *reinterpret_cast<const T *>(bytes_.data() + offset);
}

const segment_header &Segment::header() const
{
    return at<segment_header>(0);
}

uint64_t Segment::used(segment_table_id table) const
{
    const segment_table &description = header().tables[table];
    return std::min<uint64_t>(description.used, description.capacity);
}

template <class T> const T &Segment::record(segment_table_id table, uint64_t index) const
{
    const segment_table &description = header().tables[table];
    if (index >= description.capacity || description.record_bytes != sizeof(T))
        throw std::runtime_error("index out of its table");
    return at<T>(description.offset + index * sizeof(T));
}

std::string Segment::string(string_ref ref) const
{
    if (ref.len == 0)
        return "";
    const segment_table &heap = header().tables[TABLE_STRINGS];
    if ((uint64_t)ref.offset + ref.len > heap.capacity || heap.offset + ref.offset + ref.len > bytes_.size())
        throw std::runtime_error("string out of the heap");
    return std::string(bytes_.data() + heap.offset + ref.offset, ref.len);
}

void Segment::each_block(const std::function<void(const thread_block &)> &visit) const
{
    for (uint64_t i = 0; i < used(TABLE_THREADS); i++) {
        uint64_t offset = record<uint64_t>(TABLE_THREADS, i);
        if (offset)
            visit(at<thread_block>(offset));
    }
}

void Segment::each_cell(const std::function<void(const stat_cell &)> &visit) const
{
    each_block([&](const thread_block &block) {
        if (block.pages_used > BLOCK_PAGES)
            throw std::runtime_error("pages_used");
        for (unsigned page = 0; page < block.pages_used; page++)
            for (unsigned i = 0; block.page_kind[page] == PAGE_CELLS && i < PAGE_CELL_COUNT; i++) {
                const auto &cell = at<stat_cell>(block.page_offset[page] + i * sizeof(stat_cell));
                if (cell.key)
                    visit(cell);
            }
    });
}

uint64_t Segment::counter(counter_id id) const
{
    return record<uint64_t>(TABLE_COUNTERS, id);
}

std::vector<uint64_t> Segment::all_calls() const
{
    std::vector<uint64_t> sums(HOOK_COUNT);
    for (unsigned hook = 1; hook < HOOK_COUNT; hook++)
        sums[hook] = record<hook_crowd>(TABLE_CROWD, hook).calls;
    each_block([&](const thread_block &block) {
        for (unsigned hook = 1; hook < (unsigned)HOOK_COUNTED_END; hook++)
            sums[hook] += block.counted[hook].calls;
    });
    each_cell([&](const stat_cell &cell) { // cells of counted hooks are the calls that waited: counted already
        if (cell_hook(cell.key) >= (unsigned)HOOK_COUNTED_END)
            sums.at(cell_hook(cell.key)) += cell.calls;
    });
    return sums;
}

uint64_t Segment::calls(unsigned hook) const
{
    return all_calls().at(hook);
}

uint64_t Segment::ticks(unsigned hook) const
{
    uint64_t sum = record<hook_crowd>(TABLE_CROWD, hook).ticks;
    each_cell([&](const stat_cell &cell) { sum += cell_hook(cell.key) == hook ? cell.ticks : 0; });
    return sum;
}

double Segment::ns(unsigned hook) const
{
    return (double)ticks(hook) * (double)header().ns_per_tick_q40 / 0x1p40;
}

uint64_t Segment::bytes(unsigned hook) const
{
    uint64_t sum = record<hook_crowd>(TABLE_CROWD, hook).bytes;
    each_block([&](const thread_block &block) {
        sum += hook < (unsigned)HOOK_COUNTED_END ? block.counted[hook].bytes : 0;
    });
    each_cell([&](const stat_cell &cell) { sum += cell_hook(cell.key) == hook ? cell.bytes : 0; });
    return sum;
}

std::map<unsigned, uint64_t> Segment::errors() const
{
    std::map<unsigned, uint64_t> result;
    each_cell([&](const stat_cell &cell) {
        if (cell.errors)
            result[cell_hook(cell.key)] += cell.errors;
    });
    return result;
}

std::map<std::string, uint64_t> Segment::calls_by_target(unsigned hook) const
{
    std::map<std::string, uint64_t> result;
    each_cell([&](const stat_cell &cell) {
        if (cell_hook(cell.key) != hook)
            return;
        uint32_t target = cell_target(cell.key);
        result[target ? string(record<target_record>(TABLE_TARGETS, target).text) : "(other)"] += cell.calls;
    });
    return result;
}

std::map<std::string, gauge_record> Segment::gauges() const
{
    std::map<std::string, gauge_record> result;
    for (uint64_t i = 1; i < used(TABLE_GAUGES); i++) {
        const auto &row = record<gauge_record>(TABLE_GAUGES, i);
        if (row.key && row.count)
            result[string(record<target_record>(TABLE_TARGETS, gauge_record_target(&row)).text)] = row;
    }
    return result;
}

std::vector<std::string> Segment::notes() const
{
    std::vector<std::string> result;
    for (uint64_t i = 0; i < SEGMENT_NOTES; i++) {
        const auto &note = record<struct segment_note>(TABLE_NOTES, i);
        if (note.count)
            result.push_back(std::string(note.text, strnlen(note.text, sizeof note.text)));
    }
    return result;
}

std::vector<live_record> Segment::live() const
{
    std::vector<live_record> result;
    for (uint64_t i = 1; i < used(TABLE_LIVE); i++)
        if (record<live_record>(TABLE_LIVE, i).key)
            result.push_back(record<live_record>(TABLE_LIVE, i));
    return result;
}

std::vector<uint64_t> Segment::frames(uint32_t stack) const
{
    std::vector<uint64_t> result;
    const auto &row = record<stack_record>(TABLE_STACKS, stack);
    for (unsigned i = 0; stack && row.hash && i < row.depth; i++)
        result.push_back(record<uint64_t>(TABLE_FRAMES, row.frame + i));
    return result;
}

const module_record *Segment::module_at(uint64_t address, std::string *ret_path) const
{
    for (uint64_t i = 1; i < used(TABLE_MODULES); i++) {
        const auto &module = record<module_record>(TABLE_MODULES, i);
        if (module.start && address >= module.start && address < module.end) {
            *ret_path = string(module.path);
            return &module;
        }
    }
    return nullptr;
}

std::vector<thread_block> Segment::all_blocks() const
{
    std::vector<thread_block> result;
    each_block([&](const thread_block &block) { result.push_back(block); });
    return result;
}

std::vector<resource_record> Segment::resources() const
{
    std::vector<resource_record> result;
    for (uint64_t i = 1; i < used(TABLE_RESOURCES); i++)
        result.push_back(record<resource_record>(TABLE_RESOURCES, i));
    return result;
}

std::vector<sample_sum> Segment::sums(sample_cost cost) const
{
    std::vector<sample_sum> result;
    for (uint64_t i = 1; i < used(TABLE_SUMS); i++) {
        const auto &sum = record<sample_sum>(TABLE_SUMS, i);
        if (sum.key && sample_key_cost(sum.key) == cost)
            result.push_back(sum);
    }
    return result;
}

uint64_t Segment::blocks() const
{
    uint64_t count = 0;
    each_block([&](const thread_block &) { count++; });
    return count;
}

std::string Segment::command() const
{
    return string(header().command);
}

static void expect(bool holds, const char *what)
{
    if (!holds)
        throw std::runtime_error(what);
}

void Segment::check() const
{
    each_cell([&](const stat_cell &cell) {
        expect(cell_hook(cell.key) > 0 && cell_hook(cell.key) < HOOK_COUNT, "hook of a cell");
        expect(cell.errors <= cell.calls, "errors of a cell");
        uint32_t target = cell_target(cell.key);
        expect(target < header().tables[TABLE_TARGETS].capacity, "target of a cell");
        if (!(cell.flags & CELL_MAPPED))
            for (uint64_t i = 0; i < cell.calls && i < CELL_INLINE; i++)
                expect(cell.slots[i] < HISTOGRAM_BUCKETS, "bucket of a cell");
        else
            for (uint16_t line : cell.slots)
                expect(line <= BLOCK_PAGES * PAGE_LINE_COUNT, "line of a cell");
    });
    each_block([&](const thread_block &block) {
        expect(block.now_hook < HOOK_COUNT, "now_hook");
        for (const event_record &event : block.events)
            if (event.start_ticks)
                expect(event.hook > 0 && event.hook < HOOK_COUNT &&
                           event.stack < header().tables[TABLE_STACKS].capacity,
                       "event");
        for (const error_count &error : block.errors)
            if (error.key)
                expect(error.key >> 16 < HOOK_COUNT, "error");
    });
    for (uint64_t i = 1; i < used(TABLE_TARGETS); i++) {
        const auto &target = record<target_record>(TABLE_TARGETS, i);
        if (target.hash) {
            expect(target.kind < TARGET_KIND_COUNT, "target kind");
            string(target.text);
        }
    }
    for (const auto &[name, row] : gauges()) {
        expect(record<target_record>(TABLE_TARGETS, gauge_record_target(&row)).kind == TARGET_CUSTOM, "target of a gauge");
        expect(row.lowest && row.highest && gauge_value(~row.lowest) <= gauge_value(row.highest), "range of a gauge");
    }
    for (uint64_t i = 1; i < used(TABLE_STACKS); i++) {
        const auto &stack = record<stack_record>(TABLE_STACKS, i);
        if (stack.hash)
            for (unsigned depth = 0; depth < stack.depth; depth++)
                expect(record<uint64_t>(TABLE_FRAMES, stack.frame + depth) != 0, "frame");
    }
    for (uint64_t i = 1; i < used(TABLE_SUMS); i++) {
        const auto &sum = record<sample_sum>(TABLE_SUMS, i);
        if (sum.key)
            expect(sample_key_stack(sum.key) < header().tables[TABLE_STACKS].capacity, "stack of a sum");
    }
    command();
    notes();
}

std::vector<Segment> segments_of(const Directory &directory)
{
    std::vector<Segment> result;
    for (const std::string &path : directory.segments())
        try {
            result.emplace_back(path);
        } catch (const NoSegment &) {
        }
    return result;
}
} // namespace interpose_test
