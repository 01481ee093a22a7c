/* segment.h: the shared-memory segment of one process: the only contract between libstrong.so
 * (writer) and strong-report (reader).
 *
 * WORDS
 *   hook      an exported symbol that replaces libc's (abi/hooks.def)
 *   span      one measured call: start, duration, bytes, error, target
 *   class     what kind of waiting a hook is: memory file network resolve lock wait sleep process; custom is
 *             none: what the program itself measures with strong.h
 *   target    what a call touched, interned once: a file path, tcp://127.0.0.1:6379, a lock site
 *   operation a stretch of the program that it measures itself, under a name of its own (strong.h)
 *   sample    a weighted event with a stack
 *   cost      what is sampled: allocated bytes, freed bytes, CPU ns, blocked ticks, lock-wait ticks
 *   segment   this file
 *   tick      the unit of every time in here unless a name says _ns: one step of header.clock
 *   crowd     rows shared by all threads for what no thread block could take
 *
 * FORMAT
 * A file of header.segment_bytes bytes, native byte order, little-endian machines only. Page 0 holds
 * struct segment_header. header.tables[] names the place of every table by offset from the start of
 * the file, the size of one record, and the number of records there is room for:
 *
 *   +---------+----------+-------+-------+---------+---------+--------+--------+------+-----------+
 *   | header  | counters | notes | crowd | threads | modules | targets| strings| ...  | page pool |
 *   +---------+----------+-------+-------+---------+---------+--------+--------+------+-----------+
 *                                                                                     thread blocks
 * The file is sparse: tables are dense arrays that grow upwards, and only what is in use is backed
 * by memory. read(2) anywhere inside segment_bytes gives zeros where nothing was written; through a mapping
 * it can be SIGBUS when the tmpfs is full.
 *
 * Dense tables (modules targets stacks sums resources) append: a writer takes the next index by a
 * compare-and-swap of table.used once its memory is committed, fills the record, and publishes it last by
 * a release store of its first word (key, hash, …), which is never 0 in a live record. A record whose
 * first word is 0 is being written, or its writer died: skip it. Clamp table.used to table.capacity. Two
 * threads may append equal records at the same time: a reader must merge rows with equal keys.
 * Index 0 is reserved in every dense table and means "none" (targets: "(other)").
 *
 * Strings and frames are heaps: `used` counts bytes (frames: 8-byte words), offset 0 is reserved.
 * A string reference is (offset, length) into the string heap; no terminator is promised.
 *
 * THREAD BLOCKS
 * threads[i] (i < used) is the file offset of a thread block, 0 if none. A block has exactly one
 * writing thread. It belongs to one live thread at a time; when that thread exits the block keeps
 * its contents and the next new thread goes on adding to it. So everything in cells, counted and
 * errors is a sum over all the block's owners, nothing has to be folded at thread exit (there is no
 * moment at which a kill can lose or double a count), and the memory is that of the largest number
 * of threads alive at once. What belongs to the present owner alone is the difference to the
 * owner_* copies made when it moved in.
 *
 * Cells: page_offset[p] with page_kind[p] == PAGE_CELLS holds PAGE_CELL_COUNT cells, published by
 * key != 0. A cell's histogram: the first CELL_INLINE calls leave their bucket number in slots[0 ..
 * calls-1]; from then on (flag CELL_MAPPED) slots[octave] names a line, 1 + page * 64 + index, in a
 * page of kind PAGE_LINES, each 8 counts of 64 bits for the octave's steps. 0 means no line.
 *
 * counted[]: for classes memory, lock and wait every call is counted there, and a call that had to wait
 * is in a cell besides; of stdio (class file) the calls its buffer served are counted there and the
 * timed ones are in cells only. So calls = counted for the former, counted + cells for the latter.
 *
 * READER'S ALGORITHM
 *  1. open O_RDONLY|O_NOFOLLOW; refuse unless a regular file owned by us (or we are root) and at
 *     least one page; read it once into private memory. Never map it: the writer may truncate.
 *  2. magic, version, byte sizes, then every table's offset, record size, capacity against the file.
 *  3. Clamp every count; check every reference (offset + length within its table) where it is used.
 *  4. Trust no text: it may hold any byte.
 * Counters of a live process move while they are copied; each one is right by itself, sums of
 * several may be some calls apart.
 *
 * TIME
 * ns = (ticks - clock_first_ticks) * ns_per_tick_q40 / 2^40 + clock_first_ns (CLOCK_MONOTONIC).
 * ns_per_tick_q40 is one word, refined while the process runs, so a reader never sees half of it.
 *
 * PSEUDO HOOKS (rows derived by hooks, found in cells like any other)
 *   connection   one call for each closed outbound connection: time = its life, bytes = exchanges
 *                (times a read followed a write), error = closed without any exchange
 *   nagle_stall  one call for each read on TCP that ended 35–60 ms after the last of at least two small
 *                writes in a row: time = that wait (a delayed ACK is 40 ms: TCP_DELACK_MIN, net/tcp.h)
 *   thread_life  one call for each finished thread: time = its life
 *   response     one call for each read on an outbound connection that followed a write: time = from the last write
 *                to that read, whichever calls waited in between
 *
 * CUSTOM (what the program reports with strong.h; the target is the name it gave, of kind TARGET_CUSTOM)
 *   operation    one call for each operation that ended: time, bytes and error as the program says, in a cell with a
 *                histogram; errors by errno and event records as of any hook. An operation holds calls of hooks and
 *                other operations and is no span: it adds nothing to class_ticks, is never now_hook, and CPU
 *                samples taken inside count as if it were not there. So its time is in addition to that of
 *                the classes, never a part of the same sum. One that has not ended is nowhere yet.
 *   count        calls = increments, bytes = the sum of what was added. Not timed: ticks 0, slots[] unused.
 *   gauges       TABLE_GAUGES, one row for each name that was ever set. A writer finds its row by probing from
 *                row 1 + target % (capacity - 1) on and claims a free one by a compare-and-swap of key, so a
 *                target has one row. Then it raises highest and lowest, adds to sum, stores last_ticks and last,
 *                and adds to count (release): every field atomically, not all at once. A row with count 0 is
 *                being made, or its writer died: skip it. A process that was killed in between leaves a
 *                value in sum that is not in count. lowest and highest are kept as gauge_order keys that only
 *                grow, so that 0 means "none yet": the highest value is gauge_value(highest), the lowest
 *                gauge_value(~lowest). Values are finite; sum may have overflowed.
 * A process has at most CUSTOM_NAMES such targets; operations and counts of further names have target 0, their gauges
 * are left out, and both are counted (custom_names_full, custom_gauges_lost). A thread's cells keep at
 * most half of their room for custom rows. Two threads that bring up a name at the very same moment may make two
 * equal targets: merge their rows; of two gauges the later last_ticks has the last value.
 *
 * SAMPLES
 * sums[] rows are keyed by (cost, hook, target, stack). weight is unbiased when it is added: a sample
 * taken with probability p from an event of size x adds x/p. For live bytes subtract SAMPLE_FREED
 * from SAMPLE_ALLOCATED of the same stack (or read TABLE_LIVE, see HEAP). Frames are return addresses, leaf first: subtract 1 to be
 * inside the calling instruction. Where an exact pc was known (interrupted code) it is stored plus 1,
 * so that the same rule holds for every frame.
 *
 * HEAP
 * Every figure here but the timed calls is an estimate: a sum of the unbiased weights of sampled
 * allocations (one in about alloc_period_bytes), each weight fixed when the allocation was sampled and carried
 * to its free. Bytes are the bytes the program asked for. objects_q8: number of objects times 256.
 *   live     one row for each stack that allocated something sampled: what of it is live now, and what of it
 *            was live at the process's peak. The peak is kept exactly, at a cost of O(1) a sample: when
 *            the sum of live bytes reaches a new maximum, header.heap_peak_epoch grows (to that maximum) and no row
 *            is touched; a row that is about to change while row.peak_epoch is behind first copies its live
 *            fields into its peak fields. So a reader takes the peak fields where row.peak_epoch ==
 *            header.heap_peak_epoch, and else the live ones.
 *   sizes    the same kind of sums by size: row i holds the sizes s with heap_size_index(s) == i
 *   owners   the same by the thread block (row i: threads[i]) whose owner allocated
 *   temporary  freed within 1 ms, or by its own thread before that thread allocated again
 *   remote   freed by another thread than the one that allocated it
 *   lifetime_q8  freed objects by age: [0] below 1 us, each next below ten times more, the last all the rest
 *   grown    samples SAMPLE_GROWN: calls of realloc that made a live block larger, under the stack of that
 *            call: weight = bytes the block had (the most that may have had to be copied), objects = calls
 * Two threads may append equal live rows at the same time: merge rows with equal keys. The sums of a row are
 * changed by several threads, each field atomically and not all at once: a reader may find a live
 * field some bytes below 0 (take it as 0).
 * realloc: a block with at least 4 KiB of usable memory before and after, and not less after, lives on; what it gained
 * counts as allocated (under the stack it has, or under the realloc's if it became sampled by that), and its live
 * bytes follow in steps of 1/64. Any other realloc ends one block and begins another.
 * weight_squares of the heap's costs, live_squares and peak_squares are unbiased estimates of the variance, the
 * sum of w(w - size): a block that was bound to be sampled has none.
 * Timing: one call in 1,024 of the malloc family, and one in 1,024 of free, drawn at random, is timed:
 * block.timed_*; ticks · 1024 estimates the time all calls took. The clock's own cost is taken off, and a
 * call counts for 100 us at most (timed_cut): a thread that lost its CPU meanwhile was not in the allocator.
 */
#ifndef STRONG_ABI_SEGMENT_H
#define STRONG_ABI_SEGMENT_H

#include <stdint.h>

#include "abi/histogram.h"
#include "abi/hooks.h"

#define SEGMENT_MAGIC 0x31474E4F52545300ull /* "\0STRONG1" read as little-endian bytes */
#define SEGMENT_SUFFIX ".strong"

enum {
    SEGMENT_VERSION = 3,
    SEGMENT_PAGE = 4096,
    SEGMENT_NOTES = 16,
    BLOCK_PAGES = 14,      /* pool pages a thread block can take: 8 + 14 * 4 = 64 KiB in all */
    BLOCK_CELL_PAGES = 10, /* at most this many of them for cells */
    BLOCK_EVENTS = 128,
    BLOCK_ERRORS = 64,
    PAGE_CELL_COUNT = 32,
    PAGE_LINE_COUNT = 64,
    CELL_INLINE = 40, /* == HISTOGRAM_OCTAVES: slots[] serves both forms */
    CUSTOM_NAMES = 128,
};

/* One table: where it is and how much of it is used. `used` is the only field that changes. */
struct segment_table {
    uint64_t offset;
    uint64_t used;
    uint32_t capacity;
    uint32_t record_bytes;
};

enum segment_table_id {
    TABLE_COUNTERS,  /* uint64_t, index enum counter_id */
    TABLE_NOTES,     /* struct segment_note */
    TABLE_CROWD,     /* struct hook_crowd, index enum hook_id */
    TABLE_THREADS,   /* uint64_t file offsets of struct thread_block */
    TABLE_MODULES,   /* struct module_record */
    TABLE_TARGETS,   /* struct target_record */
    TABLE_STRINGS,   /* bytes */
    TABLE_STACKS,    /* struct stack_record */
    TABLE_FRAMES,    /* uint64_t return addresses */
    TABLE_SUMS,      /* struct sample_sum */
    TABLE_RESOURCES, /* struct resource_record */
    TABLE_LIVE,      /* struct live_record */
    TABLE_SIZES,     /* struct heap_record, index heap_size_index(size) */
    TABLE_OWNERS,    /* struct heap_record, index as TABLE_THREADS */
    TABLE_GAUGES,    /* struct gauge_record, see CUSTOM */
    TABLE_POOL,      /* SEGMENT_PAGE pages: thread blocks and their pages */
    TABLE_COUNT,
};

struct string_ref {
    uint32_t offset;
    uint32_t len;
};

enum segment_state {
    SEGMENT_STARTING = 0,
    SEGMENT_RUNNING = 1,
    SEGMENT_EXITED = 2, /* exit handlers ran; calls may still be added until the process is gone */
    SEGMENT_EXECED = 3, /* replaced by another program under the same pid */
};

enum clock_source { CLOCK_SOURCE_TSC = 1, CLOCK_SOURCE_COUNTER = 2, CLOCK_SOURCE_MONOTONIC = 3 };

struct segment_header {
    uint64_t magic; /* published last, release */
    uint32_t version;
    uint32_t header_bytes;
    uint64_t segment_bytes;
    uint32_t hook_count, class_count, counter_count, block_bytes;
    uint32_t cell_bytes, event_bytes, reserved0, reserved1;

    uint8_t boot_id[16]; /* zeros: not known (a process that lived less than a second) */
    uint32_t pid; /* as the process sees it */
    uint32_t parent_pid;
    uint64_t pid_namespace; /* inode of /proc/self/ns/pid, 0: not known */
    uint32_t uid;
    uint32_t state; /* enum segment_state */
    int32_t exit_status;
    uint32_t reserved2;
    uint32_t forked;           /* 1: this process came from a fork without exec */
    uint32_t clock_source;     /* enum clock_source */
    uint64_t start_boottime_ns; /* CLOCK_BOOTTIME when this image was loaded: newer than the kernel's process start */
    uint64_t start_realtime_ns;
    uint64_t clock_first_ticks;
    uint64_t clock_first_ns; /* CLOCK_MONOTONIC */
    uint64_t ns_per_tick_q40;
    uint64_t start_ticks;
    uint64_t end_ticks;  /* 0 while running */
    uint64_t last_ticks; /* last resource record or exit */
    uint64_t cpu_period_ns, alloc_period_bytes, block_period_ticks;

    struct string_ref executable;
    struct string_ref command; /* argv joined by NUL */
    struct string_ref run;     /* STRONG_RUN */
    struct string_ref options; /* "NAME=value\n" for each effective option */
    struct string_ref library_version;

    uint64_t heap_live_bytes; /* estimate; may be some bytes below 0 for a moment */
    uint64_t heap_peak_bytes, heap_peak_ticks;
    uint64_t heap_peak_epoch;

    uint64_t module_generation; /* number of module unloads seen */
    uint64_t threads_started, threads_alive, threads_peak;
    uint64_t descriptors_open, descriptors_peak;

    struct segment_table tables[TABLE_COUNT];
};
_Static_assert(sizeof(struct segment_header) <= SEGMENT_PAGE, "the header is one page");

/* Something was switched off or went wrong; text is NUL-padded, count grows with repetitions. */
struct segment_note {
    uint64_t count;
    char text[120];
};
_Static_assert(sizeof(struct segment_note) == 128, "wire");

struct hook_crowd {
    uint64_t calls, errors, bytes, ticks;
};
_Static_assert(sizeof(struct hook_crowd) == 32, "wire");

/* ---- thread block ---- */

enum thread_state { THREAD_FREE = 0, THREAD_LIVE = 1 };
enum page_kind { PAGE_NONE = 0, PAGE_CELLS = 1, PAGE_LINES = 2 };

/* Calls of one (hook, target). One writer. 128 bytes. */
struct stat_cell {
    uint64_t key; /* cell_key(hook, target); 0: free */
    uint64_t calls;
    uint64_t errors;
    uint64_t bytes;
    uint64_t ticks;
    uint32_t max_ticks_high; /* max duration / 16, saturating */
    uint16_t flags;          /* CELL_MAPPED */
    uint16_t class_id;       /* enum hook_class the calls count under, see thread_block.class_ticks */
    uint16_t slots[CELL_INLINE];
};
_Static_assert(sizeof(struct stat_cell) == 128, "wire");
_Static_assert((int)CELL_INLINE == (int)HISTOGRAM_OCTAVES, "slots[] is a bucket list or an octave map");
enum { CELL_MAPPED = 1 };

static inline uint64_t cell_key(unsigned hook, uint32_t target)
{
    return (uint64_t)hook << 32 | target;
}
static inline unsigned cell_hook(uint64_t key) { return (unsigned)(key >> 32) & 0xffff; }
static inline uint32_t cell_target(uint64_t key) { return (uint32_t)key; }

struct hook_counted {
    uint64_t calls, bytes;
};

struct error_count {
    uint32_t key; /* hook << 16 | errno; 0: free */
    uint32_t reserved;
    uint64_t count;
};

/* Flight recorder. 32 bytes. start_ticks is written last; 0: empty or being overwritten. */
struct event_record {
    uint64_t start_ticks;
    uint64_t duration_ticks;
    uint16_t hook, error;
    uint32_t target;
    uint32_t bytes; /* saturating */
    uint32_t stack; /* index into stacks, 0: none */
};
_Static_assert(sizeof(struct event_record) == 32, "wire");

struct thread_block {
    uint32_t state; /* enum thread_state */
    uint32_t tid;
    uint64_t owners;      /* threads that have had this block, the present one included */
    uint64_t start_ticks; /* of the present owner */
    uint64_t lived_ticks; /* sum over former owners */
    char name[16];        /* of the present or last owner */

    /* where the thread stands: hook != 0 while it is inside that call */
    uint32_t now_hook;
    uint32_t now_target;
    uint64_t now_ticks;

    /* Outermost spans only, so the sum never counts a nested call twice. The class is the hook's, but
     * for file hooks on a socket and waits for one outbound peer: those are network. [CLASS_CUSTOM] stays 0. */
    uint64_t class_ticks[CLASS_COUNT];
    /* sampled CPU time: by the class of the hook it was spent in, [CLASS_COUNT]: outside hooks */
    uint64_t class_cpu_ns[CLASS_COUNT + 1];
    /* copies of the two above when the present owner moved in */
    uint64_t owner_class_ticks[CLASS_COUNT];
    uint64_t owner_class_cpu_ns[CLASS_COUNT + 1];

    uint64_t events_written; /* position of the next event: events[events_written % BLOCK_EVENTS] */
    uint32_t pages_used, cell_pages;
    uint64_t page_offset[BLOCK_PAGES];
    uint8_t page_kind[BLOCK_PAGES + 2];

    /* [0]: the calls that allocate, [1]: free */
    uint64_t timed_calls[2], timed_ticks[2];

    struct hook_counted counted[HOOK_COUNTED_END];
    struct error_count errors[BLOCK_ERRORS];
    struct event_record events[BLOCK_EVENTS];
};
_Static_assert(sizeof(struct thread_block) <= 2 * SEGMENT_PAGE, "a block's base is two pages");
enum { BLOCK_BASE_PAGES = 2 };

/* ---- tables ---- */

/* A mapped file with code. Re-loading the same file at the same place reuses its record. */
struct module_record {
    uint64_t start; /* lowest mapped address; never 0 in a live record */
    uint64_t end;
    uint64_t bias; /* load bias: address - bias = address in the file's own terms */
    struct string_ref path;
    uint8_t build_id[20];
    uint32_t build_id_len;
    uint64_t loaded_generation, unloaded_generation; /* unloaded_generation 0: still mapped */
};
_Static_assert(sizeof(struct module_record) == 72, "wire");

enum target_kind {
    TARGET_OTHER = 0,
    TARGET_FILE,      /* text: the path as the program gave it */
    TARGET_TCP_OUT,   /* text: tcp://address:port */
    TARGET_TCP_IN,    /* accepted connections and their listener; text: tcp://local-address:port */
    TARGET_UDP,       /* text: udp://address:port */
    TARGET_UNIX_OUT,  /* text: unix:path or unix:@abstract */
    TARGET_UNIX_IN,
    TARGET_PIPE,      /* text: pipe, socketpair, stdin, stdout, stderr */
    TARGET_DEVICE,    /* tty, eventfd, timerfd, epoll, … text says which */
    TARGET_HOST,      /* text: the name looked up */
    TARGET_LOCK,      /* value: {return address of the waiter's call, of the holder's or 0} */
    TARGET_PROGRAM,   /* text: what was executed */
    TARGET_SITE,      /* value: {return address of the call, 0}: sleeps, thread creation */
    TARGET_UNKNOWN,   /* a descriptor whose origin was not seen and could not be asked for */
    TARGET_CUSTOM,    /* text: the name that the program gave to an operation, a count or a gauge */
    TARGET_KIND_COUNT,
};

struct target_record {
    uint64_t hash; /* of kind, text and values; never 0 in a live record */
    uint32_t kind;
    uint32_t reserved;
    struct string_ref text;
    uint64_t value[2];
};
_Static_assert(sizeof(struct target_record) == 40, "wire");

struct stack_record {
    uint64_t hash; /* never 0 in a live record */
    uint32_t frame; /* index of the leaf in the frame heap */
    uint16_t depth;
    uint8_t end; /* enum stack_end */
    uint8_t reserved;
    uint64_t generation; /* header.module_generation when first seen: which modules it means */
};
_Static_assert(sizeof(struct stack_record) == 24, "wire");
enum stack_end { STACK_COMPLETE = 0, STACK_TRUNCATED = 1, STACK_INCOMPLETE = 2 };

enum sample_cost {
    SAMPLE_ALLOCATED = 1, /* bytes */
    SAMPLE_FREED = 2,     /* bytes, under the stack that allocated them */
    SAMPLE_CPU = 3,       /* ns */
    SAMPLE_BLOCKED = 4,   /* ticks, every class but lock */
    SAMPLE_LOCK_WAIT = 5, /* ticks */
    SAMPLE_TEMPORARY = 6, /* bytes: what part of FREED was temporary, under the same stack */
    SAMPLE_REMOTE = 7,    /* bytes: what part of FREED another thread freed, under the same stack */
    SAMPLE_GROWN = 8,     /* bytes a growing realloc found, under the stack of the realloc */
};

/* key: cost(4) hook(12) target(24) stack(24) */
struct sample_sum {
    uint64_t key; /* never 0 in a live record */
    uint64_t count;
    uint64_t weight;
    double weight_squares; /* for the standard error: sqrt(weight_squares) */
    uint64_t objects_q8;   /* ALLOCATED, FREED: estimated number of objects, times 256 */
};
_Static_assert(sizeof(struct sample_sum) == 40, "wire");

static inline uint64_t sample_key(enum sample_cost cost, unsigned hook, uint32_t target, uint32_t stack)
{
    return (uint64_t)cost << 60 | (uint64_t)(hook & 0xfff) << 48 | (uint64_t)(target & 0xffffff) << 24 |
           (stack & 0xffffff);
}
static inline enum sample_cost sample_key_cost(uint64_t key) { return (enum sample_cost)(key >> 60); }
static inline unsigned sample_key_hook(uint64_t key) { return (unsigned)(key >> 48) & 0xfff; }
static inline uint32_t sample_key_target(uint64_t key) { return (uint32_t)(key >> 24) & 0xffffff; }
static inline uint32_t sample_key_stack(uint64_t key) { return (uint32_t)key & 0xffffff; }

/* ---- gauges: see CUSTOM above ---- */

struct gauge_record {
    uint64_t key; /* 1 << 32 | target; never 0 in a live record */
    double last;
    uint64_t last_ticks;
    uint64_t lowest, highest; /* keys, 0: none yet */
    double sum;
    uint64_t count;
    uint64_t reserved;
};
_Static_assert(sizeof(struct gauge_record) == 64, "wire");
static inline uint32_t gauge_record_target(const struct gauge_record *row) { return (uint32_t)row->key; }

/* A number that orders as the finite value does, and neither it nor its complement is 0. */
static inline uint64_t gauge_order(double value)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof bits);
    return bits >> 63 ? ~bits : bits | 1ull << 63;
}
static inline double gauge_value(uint64_t order)
{
    double value;
    uint64_t bits = order >> 63 ? order & ~(1ull << 63) : ~order;
    __builtin_memcpy(&value, &bits, sizeof value);
    return value;
}

/* ---- heap: see HEAP above ---- */

enum { HEAP_LIFETIMES = 12, HEAP_SIZES = 128 };

/* Row of TABLE_SIZES: 0, then four rows for each doubling from 16 on (jemalloc's and tcmalloc's spacing):
 * row 0 is up to 16 bytes, rows 1..4 up to 20, 24, 28, 32, rows 5..8 up to 40, 48, 56, 64, and so on. */
static inline unsigned heap_size_index(uint64_t bytes)
{
    if (bytes <= 16)
        return 0;
    unsigned shift = 61u - (unsigned)__builtin_clzll(bytes - 1); /* 2 below the highest bit of the last byte */
    unsigned index = (shift - 2) * 4 + (unsigned)((bytes - 1) >> shift) - 3;
    return index < HEAP_SIZES ? index : HEAP_SIZES - 1;
}
/* Largest size of a row; UINT64_MAX for the last. */
static inline uint64_t heap_size_limit(unsigned index)
{
    if (index == 0)
        return 16;
    if (index >= HEAP_SIZES - 1)
        return UINT64_MAX;
    return (uint64_t)(5 + (index - 1) % 4) << (2 + (index - 1) / 4);
}

struct live_record {
    uint64_t key; /* 1 << 32 | stack that allocated; never 0 in a live record */
    int64_t live_bytes, live_objects_q8;
    double live_squares; /* sum of the squares of live samples' weights: the variance of live_bytes */
    int64_t peak_bytes, peak_objects_q8;
    double peak_squares;
    uint64_t peak_epoch;
    uint64_t lifetime_q8[HEAP_LIFETIMES];
    uint64_t largest_bytes; /* largest sampled request */
    uint64_t reserved[3];
};
_Static_assert(sizeof(struct live_record) == 192, "wire");
static inline uint32_t live_record_stack(const struct live_record *row) { return (uint32_t)row->key; }

struct heap_record {
    uint64_t allocated_bytes, allocated_objects_q8;
    uint64_t freed_bytes, freed_objects_q8; /* live = allocated - freed */
    uint64_t temporary_bytes, temporary_objects_q8;
    uint64_t remote_bytes, remote_objects_q8;
    uint64_t lifetime_q8[HEAP_LIFETIMES];
    uint64_t reserved[4];
};
_Static_assert(sizeof(struct heap_record) == 192, "wire");

/* One reading. Fields that could not be read are RESOURCE_UNKNOWN. When the table is full every
 * second record is dropped and the interval doubles; a reader ignores records whose ticks do not
 * increase (a kill in the middle of that leaves some). */
#define RESOURCE_UNKNOWN UINT64_MAX
struct resource_record {
    uint64_t ticks; /* never 0 in a live record */
    uint64_t cpu_user_ns, cpu_system_ns;
    uint64_t peak_rss_bytes, rss_bytes; /* rss only at exit, and from a live reader */
    uint64_t minor_faults, major_faults;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns; /* waiting for a CPU, /proc/self/schedstat: exit */
    uint64_t threads, descriptors;
    uint64_t read_bytes, written_bytes; /* from and to storage: /proc/self/io: exit */
    uint64_t allocated_bytes;           /* counted by hooks: the sum of all that was ever asked for */
    /* The allocator's own account (jemalloc's statistics, else mallinfo2): bytes in live blocks as it rounds
     * them, bytes in pages that hold live blocks, bytes of pages it keeps in memory, address space it keeps
     * without memory, and what it uses for itself. */
    uint64_t heap_allocated_bytes, heap_active_bytes, heap_resident_bytes, heap_retained_bytes,
        heap_metadata_bytes;
};
_Static_assert(sizeof(struct resource_record) == 160, "wire");

#endif
