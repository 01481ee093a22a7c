#include "process_support.h"

#include <cstdio>
#include <cstdlib>
#include <dirent.h>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <iterator>
#include <poll.h>
#include <stdexcept>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static std::string make_directory()
{
    char name[] = "/tmp/strong-monitor-test-XXXXXX";
    if (!mkdtemp(name))
        throw std::runtime_error("mkdtemp");
    return name;
}

SegmentDirectory::SegmentDirectory() : path(make_directory()) {}

std::vector<std::string> SegmentDirectory::files() const
{
    std::vector<std::string> result;
    DIR *directory = opendir(path.c_str());
    while (const dirent *entry = directory ? readdir(directory) : nullptr) {
        std::string name = entry->d_name;
        if (name.size() > 7 && name.compare(name.size() - 7, 7, SEGMENT_SUFFIX) == 0)
            result.push_back(path + "/" + name);
    }
    if (directory)
        closedir(directory);
    return result;
}

SegmentDirectory::~SegmentDirectory()
{
    DIR *directory = opendir(path.c_str());
    while (const dirent *entry = directory ? readdir(directory) : nullptr)
        unlink((path + "/" + entry->d_name).c_str());
    if (directory)
        closedir(directory);
    rmdir(path.c_str());
}

/* Reads both pipes until they are closed. */
static void collect(int out, int err, Outcome &outcome)
{
    pollfd fds[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    std::string *texts[2] = {&outcome.out, &outcome.err};
    for (int open = (out >= 0) + (err >= 0); open > 0;) {
        if (poll(fds, 2, -1) < 0)
            continue;
        for (int i = 0; i < 2; i++) {
            char buf[4096];
            if (fds[i].fd < 0 || !fds[i].revents)
                continue;
            ssize_t got = read(fds[i].fd, buf, sizeof buf);
            if (got > 0) {
                texts[i]->append(buf, (size_t)got);
            } else {
                close(fds[i].fd);
                fds[i].fd = -1;
                open--;
            }
        }
    }
}

static Outcome run(const std::vector<std::string> &arguments, const Environment &environment, bool close_stderr_reader,
                   long file_size_limit)
{
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0)
        throw std::runtime_error("pipe");
    std::string program = std::string(STRONG_PROGRAMS_DIR) + "/" + arguments[0];
    std::vector<char *> argv;
    for (const std::string &argument : arguments)
        argv.push_back(const_cast<char *>(argument.c_str()));
    argv.push_back(nullptr);
    std::vector<std::string> variables = {"PATH=/usr/bin:/bin", "LC_ALL=C"};
    for (const auto &[name, value] : environment)
        variables.push_back(name + "=" + value);
    std::vector<char *> envp;
    for (const std::string &variable : variables)
        envp.push_back(const_cast<char *>(variable.c_str()));
    envp.push_back(nullptr);
    pid_t child = fork();
    if (child == 0) {
        dup2(out[1], 1);
        dup2(err[1], 2);
        close(out[0]);
        close(err[0]);
        signal(SIGPIPE, SIG_DFL);
        if (file_size_limit >= 0) {
            rlimit limit = {(rlim_t)file_size_limit, (rlim_t)file_size_limit};
            setrlimit(RLIMIT_FSIZE, &limit);
        }
        execve(program.c_str(), argv.data(), envp.data());
        _exit(127);
    }
    close(out[1]);
    close(err[1]);
    if (close_stderr_reader) {
        close(err[0]);
        err[0] = -1;
    }
    Outcome outcome;
    collect(out[0], err[0], outcome);
    waitpid(child, &outcome.status, 0);
    return outcome;
}

Outcome run_bare(const std::vector<std::string> &arguments)
{
    return run(arguments, {}, false, -1);
}

Outcome run_preloaded(const SegmentDirectory &directory, const std::vector<std::string> &arguments,
                      Environment environment, bool close_stderr_reader, long file_size_limit)
{
    environment["LD_PRELOAD"] = STRONG_SO;
    environment.emplace("STRONG_DIR", directory.path);
    return run(arguments, environment, close_stderr_reader, file_size_limit);
}

SegmentCopy::SegmentCopy(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(file), {});
    if (bytes_.size() < sizeof(segment_header) || header().magic != SEGMENT_MAGIC ||
        header().segment_bytes > bytes_.size())
        throw std::runtime_error("no segment: " + path);
}

uint64_t SegmentCopy::used(segment_table_id table) const
{
    const segment_table &description = header().tables[table];
    return description.used < description.capacity ? description.used : description.capacity;
}

uint64_t SegmentCopy::counter(counter_id id) const
{
    return record<uint64_t>(TABLE_COUNTERS, id);
}

std::vector<std::string> SegmentCopy::notes() const
{
    std::vector<std::string> result;
    for (uint64_t i = 0; i < SEGMENT_NOTES; i++) {
        const struct segment_note &note = record<struct segment_note>(TABLE_NOTES, i);
        if (note.count)
            result.push_back(std::string(note.text, strnlen(note.text, sizeof note.text)));
    }
    return result;
}

std::vector<resource_record> SegmentCopy::resources() const
{
    std::vector<resource_record> result;
    uint64_t last = 0;
    for (uint64_t i = 1; i < used(TABLE_RESOURCES); i++) {
        const resource_record &one = record<resource_record>(TABLE_RESOURCES, i);
        if (one.ticks > last) {
            result.push_back(one);
            last = one.ticks;
        }
    }
    return result;
}

std::vector<sample_sum> SegmentCopy::sums(sample_cost cost) const
{
    std::vector<sample_sum> result;
    for (uint64_t i = 1; i < used(TABLE_SUMS); i++) {
        const sample_sum &sum = record<sample_sum>(TABLE_SUMS, i);
        if (sum.key && sample_key_cost(sum.key) == cost)
            result.push_back(sum);
    }
    return result;
}

uint64_t SegmentCopy::leaf(const sample_sum &sum) const
{
    uint32_t stack = sample_key_stack(sum.key);
    if (stack == 0)
        return 0;
    return record<uint64_t>(TABLE_FRAMES, record<stack_record>(TABLE_STACKS, stack).frame) - 1;
}

std::vector<thread_block> SegmentCopy::blocks() const
{
    std::vector<thread_block> result;
    for (uint64_t i = 0; i < used(TABLE_THREADS); i++) {
        uint64_t offset = record<uint64_t>(TABLE_THREADS, i);
        if (offset)
            result.push_back(at<thread_block>(offset));
    }
    return result;
}
