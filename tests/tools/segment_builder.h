/* segment_builder.h: writes segments by the rules of abi/segment.h, without libstrong.so.
 *
 *   SegmentBuilder segment;
 *   uint32_t redis = segment.target(TARGET_TCP_OUT, "tcp://127.0.0.1:6379");
 *   segment.thread(100, "main").call(HOOK_connect, redis, 5000);
 *   segment.write(path);
 *
 * One tick is half a nanosecond. The process it describes is finished (SEGMENT_EXITED) and lived one
 * second unless the test says otherwise. Everything is in bytes(), so a test can also spoil it.
 */
#ifndef STRONG_TESTS_SEGMENT_BUILDER_H
#define STRONG_TESTS_SEGMENT_BUILDER_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#ifndef STRONG_ABI_NAMES
#define STRONG_ABI_NAMES
#endif
#define _Static_assert static_assert
#include "abi/segment.h"
#undef _Static_assert

class SegmentBuilder;

/* Adds to one thread block as the thread itself would. */
class ThreadBuilder {
public:
    ThreadBuilder(SegmentBuilder &segment, uint64_t offset) : segment_(segment), offset_(offset) {}

    thread_block &block();
    /* One timed call; error 0 is success. Counts into the class too, as an outermost span does. */
    ThreadBuilder &call(unsigned hook, uint32_t target, uint64_t ticks, uint64_t bytes = 0,
                        int error = 0);
    ThreadBuilder &calls(unsigned count, unsigned hook, uint32_t target, uint64_t ticks,
                         uint64_t bytes = 0, int error = 0);
    /* What strong_count leaves: not timed. */
    ThreadBuilder &increments(uint32_t target, uint64_t count, uint64_t sum);
    ThreadBuilder &counted(unsigned hook, uint64_t calls, uint64_t bytes = 0);
    ThreadBuilder &event(unsigned hook, uint32_t target, uint64_t start_ticks,
                         uint64_t duration_ticks, uint32_t stack = 0, int error = 0,
                         uint32_t bytes = 0);
    /* The thread is inside this call since then. */
    ThreadBuilder &inside(unsigned hook, uint32_t target, uint64_t since_ticks);
    ThreadBuilder &exited(uint64_t lived_ticks);

private:
    stat_cell &cell(unsigned hook, uint32_t target);
    uint16_t line(uint64_t *&ret_counts);
    void error(unsigned hook, int number);

    SegmentBuilder &segment_;
    uint64_t offset_;
    unsigned lines_ = 0;
    int line_page_ = -1;
};

class SegmentBuilder {
public:
    static constexpr uint64_t kStartTicks = 1000000;
    static constexpr uint64_t kTicksPerSecond = 2000000000;

    explicit SegmentBuilder(size_t bytes = 1 << 20) : bytes_(bytes)
    {
        segment_header &h = header();
        h.magic = SEGMENT_MAGIC;
        h.version = SEGMENT_VERSION;
        h.header_bytes = sizeof(segment_header);
        h.segment_bytes = bytes;
        h.hook_count = HOOK_COUNT;
        h.class_count = CLASS_COUNT;
        h.counter_count = COUNTER_COUNT;
        h.block_bytes = sizeof(thread_block);
        h.cell_bytes = sizeof(stat_cell);
        h.event_bytes = sizeof(event_record);
        boot_id(h.boot_id);
        h.pid = 4194304 + 1234; /* above pid_max: nobody's */
        h.parent_pid = 1;
        struct stat facts;
        if (stat("/proc/self/ns/pid", &facts) == 0)
            h.pid_namespace = facts.st_ino;
        h.uid = geteuid();
        h.state = SEGMENT_EXITED;
        h.clock_source = CLOCK_SOURCE_TSC;
        h.start_boottime_ns = 5000000000;
        h.start_realtime_ns = 1700000000000000000;
        h.clock_first_ticks = kStartTicks;
        h.clock_first_ns = 5000000000;
        h.ns_per_tick_q40 = 1ull << 39;
        h.start_ticks = kStartTicks;
        h.end_ticks = h.last_ticks = kStartTicks + kTicksPerSecond;
        h.cpu_period_ns = 10101010;
        h.alloc_period_bytes = 512 << 10;
        h.block_period_ticks = 2000000;
        h.threads_started = h.threads_alive = h.threads_peak = 1;
        h.descriptors_open = h.descriptors_peak = 3;
        lay_out();
        h.executable = string("/usr/bin/victim");
        h.command = string(std::string("victim\0--flag\0", 14));
        h.options = string("CPU_HZ=99\nOPTIMIZE=safe\n");
        h.library_version = string("0.1.0");
    }

    segment_header &header() { return *reinterpret_cast<segment_header *>(bytes_.data()); }
    std::vector<uint8_t> &bytes() { return bytes_; }

    template <class T> T *records(segment_table_id table)
    {
        return reinterpret_cast<T *>(bytes_.data() + header().tables[table].offset);
    }

    /* Takes the next record of a dense table. */
    template <class T> uint32_t append(segment_table_id table, const T &record)
    {
        segment_table &t = header().tables[table];
        if (t.used >= t.capacity)
            throw std::runtime_error("segment builder: table full");
        records<T>(table)[t.used] = record;
        return static_cast<uint32_t>(t.used++);
    }

    string_ref string(const std::string &text)
    {
        segment_table &t = header().tables[TABLE_STRINGS];
        if (text.size() > t.capacity - t.used)
            throw std::runtime_error("segment builder: string heap full");
        string_ref reference = {static_cast<uint32_t>(t.used), static_cast<uint32_t>(text.size())};
        memcpy(records<char>(TABLE_STRINGS) + t.used, text.data(), text.size());
        t.used += text.size();
        return reference;
    }

    uint32_t target(target_kind kind, const std::string &text)
    {
        target_record record = {};
        record.hash = std::hash<std::string>()(text) | 1;
        record.kind = kind;
        record.text = string(text);
        return append(TABLE_TARGETS, record);
    }

    uint32_t site(target_kind kind, uint64_t first, uint64_t second = 0)
    {
        target_record record = {};
        record.hash = first * 31 + second * 7 + 1;
        record.kind = kind;
        record.value[0] = first;
        record.value[1] = second;
        return append(TABLE_TARGETS, record);
    }

    /* Return addresses, leaf first. */
    uint32_t stack(const std::vector<uint64_t> &frames, uint64_t generation = 0,
                   stack_end end = STACK_COMPLETE)
    {
        segment_table &t = header().tables[TABLE_FRAMES];
        stack_record record = {};
        record.hash = 1 + t.used;
        record.frame = static_cast<uint32_t>(t.used);
        record.depth = static_cast<uint16_t>(frames.size());
        record.end = end;
        record.generation = generation;
        for (uint64_t frame : frames)
            append(TABLE_FRAMES, frame);
        return append(TABLE_STACKS, record);
    }

    uint32_t module(const std::string &path, uint64_t start, uint64_t end, uint64_t bias,
                    const std::vector<uint8_t> &build_id = {}, uint64_t loaded = 0,
                    uint64_t unloaded = 0)
    {
        module_record record = {};
        record.start = start;
        record.end = end;
        record.bias = bias;
        record.path = string(path);
        record.build_id_len = static_cast<uint32_t>(build_id.size());
        std::copy(build_id.begin(), build_id.end(), record.build_id);
        record.loaded_generation = loaded;
        record.unloaded_generation = unloaded;
        return append(TABLE_MODULES, record);
    }

    uint32_t sample(sample_cost cost, unsigned hook, uint32_t target, uint32_t stack,
                    uint64_t count, uint64_t weight, uint64_t objects = 0)
    {
        sample_sum record = {};
        record.key = sample_key(cost, hook, target, stack);
        record.count = count;
        record.weight = weight;
        record.weight_squares = count ? double(weight) * double(weight) / double(count) : 0;
        record.objects_q8 = (objects ? objects : count) * 256;
        return append(TABLE_SUMS, record);
    }

    /* What lives now, and lived at the peak, of what a stack allocated. `epoch` is the row's. */
    live_record &live(uint32_t stack, uint64_t live_bytes, uint64_t live_objects,
                      uint64_t peak_bytes, uint64_t peak_objects, uint64_t epoch = 1)
    {
        live_record record = {};
        record.key = 1ull << 32 | stack;
        record.live_bytes = static_cast<int64_t>(live_bytes);
        record.live_objects_q8 = static_cast<int64_t>(live_objects * 256);
        record.peak_bytes = static_cast<int64_t>(peak_bytes);
        record.peak_objects_q8 = static_cast<int64_t>(peak_objects * 256);
        double period = double(header().alloc_period_bytes);
        record.live_squares = double(live_bytes) * period;
        record.peak_squares = double(peak_bytes) * period;
        record.peak_epoch = epoch;
        header().heap_live_bytes += live_bytes;
        header().heap_peak_bytes += peak_bytes;
        header().heap_peak_epoch = std::max<uint64_t>(header().heap_peak_epoch, 1);
        uint32_t index = append(TABLE_LIVE, record);
        return records<live_record>(TABLE_LIVE)[index];
    }

    heap_record &size_row(uint64_t bytes)
    {
        return records<heap_record>(TABLE_SIZES)[heap_size_index(bytes)];
    }
    heap_record &owner_row(unsigned thread) { return records<heap_record>(TABLE_OWNERS)[thread]; }

    /* A reading `ns` after the start with everything unknown; fill in what the test needs. */
    resource_record &resource(uint64_t at_ns)
    {
        resource_record record;
        memset(&record, 0xff, sizeof(record));
        record.ticks = kStartTicks + at_ns * 2;
        uint32_t index = append(TABLE_RESOURCES, record);
        return records<resource_record>(TABLE_RESOURCES)[index];
    }

    /* What strong_gauge leaves after these values, the last one at that moment. */
    gauge_record &gauge(uint32_t target, const std::vector<double> &values, uint64_t last_ticks)
    {
        gauge_record record = {};
        record.key = 1ull << 32 | target;
        for (double value : values) {
            record.last = value;
            record.highest = std::max(record.highest, gauge_order(value));
            record.lowest = std::max(record.lowest, ~gauge_order(value));
            record.sum += value;
            record.count++;
        }
        record.last_ticks = last_ticks;
        return records<gauge_record>(TABLE_GAUGES)[append(TABLE_GAUGES, record)];
    }

    uint64_t &counter(counter_id id) { return records<uint64_t>(TABLE_COUNTERS)[id]; }
    hook_crowd &crowd(unsigned hook) { return records<hook_crowd>(TABLE_CROWD)[hook]; }

    void note(const std::string &text, uint64_t count = 1)
    {
        segment_table &t = header().tables[TABLE_NOTES];
        segment_note &note = records<segment_note>(TABLE_NOTES)[t.used++];
        note.count = count;
        memcpy(note.text, text.data(), std::min(text.size(), sizeof(note.text)));
    }

    ThreadBuilder thread(uint32_t tid, const std::string &name)
    {
        uint64_t offset = take_pages(BLOCK_BASE_PAGES);
        segment_table &t = header().tables[TABLE_THREADS];
        records<uint64_t>(TABLE_THREADS)[t.used++] = offset;
        thread_block &block = *reinterpret_cast<thread_block *>(bytes_.data() + offset);
        block.state = THREAD_LIVE;
        block.tid = tid;
        block.owners = 1;
        block.start_ticks = kStartTicks;
        memcpy(block.name, name.data(), std::min(name.size(), sizeof(block.name)));
        return ThreadBuilder(*this, offset);
    }

    /* The process's duration. */
    void lasts(double seconds)
    {
        header().end_ticks = header().last_ticks =
            kStartTicks + static_cast<uint64_t>(seconds * kTicksPerSecond);
    }

    uint64_t take_pages(unsigned count)
    {
        segment_table &t = header().tables[TABLE_POOL];
        if (t.used + count > t.capacity)
            throw std::runtime_error("segment builder: page pool empty");
        uint64_t offset = t.offset + t.used * SEGMENT_PAGE;
        t.used += count;
        return offset;
    }

    void write(const std::string &path) const
    {
        FILE *file = fopen(path.c_str(), "wb");
        if (!file || fwrite(bytes_.data(), 1, bytes_.size(), file) != bytes_.size() || fclose(file))
            throw std::runtime_error("segment builder: cannot write " + path);
    }

private:
    static void boot_id(uint8_t *id)
    {
        char text[64] = {};
        FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
        if (file && !fgets(text, sizeof(text), file))
            text[0] = 0;
        if (file)
            fclose(file);
        std::string digits;
        for (const char *at = text; *at; at++)
            if (isxdigit(static_cast<unsigned char>(*at)))
                digits += *at;
        for (size_t i = 0; i + 1 < digits.size() && i < 32; i += 2)
            id[i / 2] = static_cast<uint8_t>(strtoul(digits.substr(i, 2).c_str(), nullptr, 16));
    }

    void place(segment_table_id id, uint64_t &at, uint32_t capacity, uint32_t record_bytes,
               uint64_t used)
    {
        header().tables[id] = {at, used, capacity, record_bytes};
        at = (at + uint64_t(capacity) * record_bytes + 63) / 64 * 64;
    }

    void lay_out()
    {
        uint64_t at = SEGMENT_PAGE, share = bytes_.size() / 64;
        auto records_in = [](uint64_t bytes, size_t record) {
            return static_cast<uint32_t>(bytes / record);
        };
        place(TABLE_COUNTERS, at, COUNTER_COUNT, 8, COUNTER_COUNT);
        place(TABLE_NOTES, at, SEGMENT_NOTES, sizeof(segment_note), 0);
        place(TABLE_CROWD, at, HOOK_COUNT, sizeof(hook_crowd), HOOK_COUNT);
        place(TABLE_THREADS, at, 256, 8, 0);
        place(TABLE_MODULES, at, records_in(share, sizeof(module_record)), sizeof(module_record), 1);
        place(TABLE_TARGETS, at, records_in(6 * share, sizeof(target_record)),
              sizeof(target_record), 1);
        place(TABLE_STRINGS, at, static_cast<uint32_t>(6 * share), 1, 8);
        place(TABLE_STACKS, at, records_in(4 * share, sizeof(stack_record)), sizeof(stack_record),
              1);
        place(TABLE_FRAMES, at, records_in(8 * share, 8), 8, 1);
        place(TABLE_SUMS, at, records_in(8 * share, sizeof(sample_sum)), sizeof(sample_sum), 1);
        place(TABLE_RESOURCES, at, records_in(2 * share, sizeof(resource_record)),
              sizeof(resource_record), 1);
        place(TABLE_LIVE, at, records_in(4 * share, sizeof(live_record)), sizeof(live_record), 1);
        place(TABLE_SIZES, at, HEAP_SIZES, sizeof(heap_record), HEAP_SIZES);
        place(TABLE_OWNERS, at, 16, sizeof(heap_record), 16);
        place(TABLE_GAUGES, at, 16, sizeof(gauge_record), 1);
        at = (at + SEGMENT_PAGE - 1) / SEGMENT_PAGE * SEGMENT_PAGE;
        if (at > bytes_.size())
            throw std::runtime_error("segment builder: too small");
        place(TABLE_POOL, at, static_cast<uint32_t>((bytes_.size() - at) / SEGMENT_PAGE),
              SEGMENT_PAGE, 0);
    }

    std::vector<uint8_t> bytes_;
};

inline thread_block &ThreadBuilder::block()
{
    return *reinterpret_cast<thread_block *>(segment_.bytes().data() + offset_);
}

inline stat_cell &ThreadBuilder::cell(unsigned hook, uint32_t target)
{
    thread_block &b = block();
    uint64_t key = cell_key(hook, target);
    for (unsigned page = 0; page < b.pages_used; page++) {
        if (b.page_kind[page] != PAGE_CELLS)
            continue;
        auto *cells =
            reinterpret_cast<stat_cell *>(segment_.bytes().data() + b.page_offset[page]);
        for (unsigned i = 0; i < PAGE_CELL_COUNT; i++) {
            if (cells[i].key == key)
                return cells[i];
            if (cells[i].key == 0) {
                cells[i].key = key;
                return cells[i];
            }
        }
    }
    if (b.pages_used >= BLOCK_PAGES || b.cell_pages >= BLOCK_CELL_PAGES)
        throw std::runtime_error("segment builder: thread block full");
    uint64_t offset = segment_.take_pages(1);
    b.page_offset[b.pages_used] = offset;
    b.page_kind[b.pages_used++] = PAGE_CELLS;
    b.cell_pages++;
    return cell(hook, target);
}

inline uint16_t ThreadBuilder::line(uint64_t *&ret_counts)
{
    thread_block &b = block();
    if (line_page_ < 0 || lines_ == PAGE_LINE_COUNT) {
        if (b.pages_used >= BLOCK_PAGES)
            throw std::runtime_error("segment builder: thread block full");
        line_page_ = static_cast<int>(b.pages_used);
        lines_ = 0;
        b.page_offset[b.pages_used] = segment_.take_pages(1);
        b.page_kind[b.pages_used++] = PAGE_LINES;
    }
    ret_counts = reinterpret_cast<uint64_t *>(segment_.bytes().data() +
                                              b.page_offset[line_page_]) +
                 lines_ * HISTOGRAM_STEPS;
    return static_cast<uint16_t>(1 + unsigned(line_page_) * PAGE_LINE_COUNT + lines_++);
}

inline ThreadBuilder &ThreadBuilder::call(unsigned hook, uint32_t target, uint64_t ticks,
                                          uint64_t bytes, int error_number)
{
    stat_cell &c = cell(hook, target);
    unsigned bucket = histogram_bucket(ticks);
    if (!(c.flags & CELL_MAPPED) && c.calls < CELL_INLINE) {
        c.slots[c.calls] = static_cast<uint16_t>(bucket);
    } else {
        std::vector<unsigned> buckets = {bucket};
        if (!(c.flags & CELL_MAPPED)) {
            buckets.insert(buckets.end(), c.slots, c.slots + CELL_INLINE);
            std::fill(c.slots, c.slots + CELL_INLINE, 0);
            c.flags |= CELL_MAPPED;
        }
        for (unsigned each : buckets) {
            uint16_t &slot = c.slots[each / HISTOGRAM_STEPS];
            uint64_t *counts;
            if (slot == 0) {
                slot = line(counts);
            } else {
                unsigned page = (slot - 1u) / PAGE_LINE_COUNT;
                counts = reinterpret_cast<uint64_t *>(segment_.bytes().data() +
                                                      block().page_offset[page]) +
                         (slot - 1u) % PAGE_LINE_COUNT * HISTOGRAM_STEPS;
            }
            counts[each % HISTOGRAM_STEPS]++;
        }
    }
    c.calls++;
    c.bytes += bytes;
    c.ticks += ticks;
    c.max_ticks_high = std::max<uint32_t>(c.max_ticks_high, static_cast<uint32_t>(ticks / 16));
    if (hook_kinds[hook] != HOOK_KIND_PSEUDO) {
        uint32_t kind = target ? segment_.records<target_record>(TABLE_TARGETS)[target].kind : 0;
        unsigned of = hook_classes[hook];
        bool outbound = kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP;
        bool inbound = kind == TARGET_TCP_IN || kind == TARGET_UNIX_IN;
        if ((of == CLASS_FILE && (outbound || inbound)) || (of == CLASS_WAIT && outbound))
            of = CLASS_NETWORK;
        block().class_ticks[of] += ticks;
    }
    if (error_number) {
        c.errors++;
        error(hook, error_number);
    }
    return *this;
}

inline ThreadBuilder &ThreadBuilder::calls(unsigned count, unsigned hook, uint32_t target,
                                           uint64_t ticks, uint64_t bytes, int error_number)
{
    while (count-- > 0)
        call(hook, target, ticks, bytes, error_number);
    return *this;
}

inline void ThreadBuilder::error(unsigned hook, int number)
{
    uint32_t key = hook << 16 | static_cast<uint32_t>(number);
    for (error_count &record : block().errors) {
        if (record.key != 0 && record.key != key)
            continue;
        record.key = key;
        record.count++;
        return;
    }
}

inline ThreadBuilder &ThreadBuilder::increments(uint32_t target, uint64_t count, uint64_t sum)
{
    stat_cell &c = cell(HOOK_count, target);
    c.class_id = CLASS_CUSTOM;
    c.calls += count;
    c.bytes += sum;
    return *this;
}

inline ThreadBuilder &ThreadBuilder::counted(unsigned hook, uint64_t calls, uint64_t bytes)
{
    block().counted[hook].calls += calls;
    block().counted[hook].bytes += bytes;
    return *this;
}

inline ThreadBuilder &ThreadBuilder::event(unsigned hook, uint32_t target, uint64_t start_ticks,
                                           uint64_t duration_ticks, uint32_t stack,
                                           int error_number, uint32_t bytes)
{
    event_record &record = block().events[block().events_written++ % BLOCK_EVENTS];
    record = {start_ticks, duration_ticks, static_cast<uint16_t>(hook),
              static_cast<uint16_t>(error_number), target, bytes, stack};
    return *this;
}

inline ThreadBuilder &ThreadBuilder::inside(unsigned hook, uint32_t target, uint64_t since_ticks)
{
    block().now_hook = hook;
    block().now_target = target;
    block().now_ticks = since_ticks;
    return *this;
}

inline ThreadBuilder &ThreadBuilder::exited(uint64_t lived_ticks)
{
    block().state = THREAD_FREE;
    block().lived_ticks += lived_ticks;
    return *this;
}

#endif
