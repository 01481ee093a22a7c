/* model.h: one process (or one run of several) decoded from segments: what strong-report knows.
 *
 * Everything in here is private memory, bounds-checked, in ns and bytes, with clean text (text.h):
 * whoever holds a model needs no other check. Built by model_new from a validated snapshot, or by
 * model_merge from several models. The model owns all it points to; indices into its arrays are
 * always valid. Immutable once built. Single-threaded.
 *
 * "Not measured" is MODEL_UNKNOWN, never 0.
 *
 * Relations: hooks[h] is the sum of rows[] of hook h plus what was only counted plus the crowd;
 * targets[t] is the sum of rows[] with target t but for derived ones (lives of connections, answers, increments);
 * classes[] come from the outermost spans only, so they never count a nested call twice and can be compared with
 * thread time. Sums over a live process may be some calls apart.
 *
 * What the program measures itself (strong.h) is rows of HOOK_operation and, not timed, of HOOK_count (calls:
 * increments, bytes: the sum of them), both of class custom and both on a target of kind TARGET_CUSTOM that names
 * it, and gauges[]. An operation's time lies over that of the calls inside it: it is in no sum of time but its
 * own, and increments are no calls: they are not in targets[].
 */
#ifndef STRONG_READ_MODEL_H
#define STRONG_READ_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define STRONG_ABI_NAMES
#include "abi/segment.h"
#include "read/arena.h"
#include "read/latency.h"
#include "read/model_heap.h"

struct snapshot;

#define MODEL_UNKNOWN UINT64_MAX
enum { MODEL_NO_MODULE = UINT32_MAX, MODEL_COSTS = SAMPLE_GROWN + 1, MODEL_GAUGES = 2 * CUSTOM_NAMES };

enum process_state {
    PROCESS_RUNNING,
    PROCESS_EXITED,
    PROCESS_EXECED,  /* replaced by another program under the same pid */
    PROCESS_KILLED,  /* gone without its exit handlers: a signal, _exit behind our back, power */
    PROCESS_UNKNOWN, /* lives, or lived, in a pid namespace that cannot be seen from here */
};

/* One process. Times are since the image was loaded. */
struct model_process {
    pid_t pid;       /* as the process sees it */
    pid_t local_pid; /* as we see it; differs in another pid namespace; 0 unless it runs */
    pid_t parent_pid;
    uid_t uid;
    enum process_state state;
    int exit_status; /* valid in PROCESS_EXITED */
    bool forked;     /* came from fork without exec */
    const char *executable;
    const char *name;    /* last part of executable */
    const char *command; /* arguments joined by spaces */
    const char *run;     /* STRONG_RUN, "" if none */
    const char *library_version;
    const char *path; /* of the segment; "" when built from memory */
    uint64_t start_realtime_ns, start_boottime_ns;
    uint64_t start_monotonic_ns;
    uint64_t duration_ns; /* until now, exit, or the last sign of life of a killed process */
    double ns_per_tick;
    uint64_t threads_started, threads_alive, threads_peak;
    uint64_t descriptors_open, descriptors_peak;
    uint64_t cpu_period_ns, alloc_period_bytes, block_period_ns; /* 0: this cost is not sampled */
    const char *stopped; /* while it runs and is stopped or traced: its state in words, else NULL */
};

/* An address inside a call or an interrupted instruction (the "subtract 1" is already done). */
struct model_frame {
    uint64_t address;
    uint32_t module;  /* index into modules or MODEL_NO_MODULE */
    uint32_t process; /* index into processes */
};

struct model_module {
    const char *path; /* clean, for printing */
    const char *file; /* as recorded, for opening; never print it */
    const char *name; /* last part of path */
    uint64_t start, end, bias;
    uint64_t loaded_generation, unloaded_generation; /* unloaded 0: still mapped */
    uint8_t build_id[20];
    uint32_t build_id_len;
    uint32_t process;
    bool is_libstrong; /* the profiler itself: its frames are not the program's */
};

/* hook totals; index is enum hook_id, names in hook_names[], classes in hook_classes[]. */
struct model_hook {
    uint64_t calls; /* all of them */
    uint64_t timed; /* those with a duration: for counted hooks only the ones that waited */
    uint64_t errors, bytes, ns, max_ns;
    struct latency latency; /* of the timed ones */
};

/* One (hook, target). Sorted by ns, longest first. */
struct model_row {
    uint32_t hook, target;
    uint64_t calls, errors, bytes, ns, max_ns;
    struct latency latency;
};

struct model_target {
    enum target_kind kind;
    const char *text; /* "" for those known by site only */
    struct model_frame site[2];
    bool has_site[2]; /* TARGET_LOCK: waiter, holder; TARGET_SITE: the call */
    uint64_t calls, errors, bytes, ns, max_ns;
    uint64_t class_ns[CLASS_COUNT]; /* by model_class */
};

struct model_class {
    uint64_t ns;            /* outermost spans that ended */
    uint64_t unfinished_ns; /* of calls threads are inside of now (or were when it ended) */
    uint64_t cpu_ns;        /* sampled CPU time inside hooks of this class */
};

/* A thread's calls of one hook on one kind of target. */
struct model_call {
    uint32_t hook;
    enum target_kind kind; /* TARGET_OTHER where there was none */
    uint64_t calls, ns;
};

/* A thread that was alive at the end (or is now). Sorted by tid, the main thread first. */
struct model_thread {
    pid_t tid;
    uint32_t process;
    const char *name;
    uint64_t start_ns, life_ns; /* start: since the earliest process's */
    uint64_t class_ns[CLASS_COUNT];
    uint64_t class_cpu_ns[CLASS_COUNT + 1]; /* the last: outside hooks */
    /* What its class_ns are made of. calls_shared: threads that ended before it had its block are in
     * them, so that only the proportions tell something. */
    struct model_call *calls;
    size_t call_count;
    bool calls_shared;
    uint32_t now_hook;                      /* HOOK_NONE: in its own code */
    uint32_t now_target;
    uint64_t now_ns; /* how long it has been inside now_hook */
    struct model_frame *stack; /* live stack when it was taken (stacks.h), leaf first, else NULL */
    uint32_t depth;
};

/* What strong_gauge was given under one name: all values finite, mean between lowest and highest. In a merged
 * model `last` is the value set last in any of its processes. Sorted by name. */
struct model_gauge {
    uint32_t target; /* never 0 */
    uint64_t count;  /* times it was set, >= 1 */
    double last, lowest, highest, mean;
    uint64_t last_ns; /* when it was set last, since the start of the earliest process */
};

struct model_error {
    uint32_t hook;
    int error; /* errno */
    uint64_t count;
};

struct model_stack {
    uint32_t frame; /* index into frames[] of the leaf */
    uint32_t depth;
    uint32_t skip; /* leading (leaf) frames inside libstrong: start at frame + skip */
    enum stack_end end;
};

/* Sum of the samples with equal cost, hook, target and stack. weight is ns or bytes; its standard
 * error is sqrt(variance). Sorted by weight, heaviest first, within a cost. */
struct model_sample {
    uint32_t hook, target;
    uint32_t stack; /* index into stacks; 0: none was taken */
    uint64_t count;
    uint64_t weight;
    double variance;
    double objects; /* of the heap's costs: estimated number of objects; of GROWN: of calls */
};

struct model_samples {
    struct model_sample *items;
    size_t count;
    uint64_t weight; /* sums over items */
    uint64_t samples;
    double variance;
};

/* One flight-recorder record, oldest first. */
struct model_event {
    uint64_t start_ns; /* since the start of the earliest process */
    uint64_t duration_ns;
    uint32_t hook, target, stack, bytes;
    int error;
    uint32_t process;
    pid_t tid; /* 0 where the recording thread is not known */
};

/* One reading, oldest first; MODEL_UNKNOWN where not measured. Counts are cumulative as the kernel
 * gives them. */
struct model_resource {
    uint64_t at_ns; /* since the process's start */
    uint64_t cpu_user_ns, cpu_system_ns;
    uint64_t peak_rss_bytes, rss_bytes;
    uint64_t minor_faults, major_faults;
    uint64_t voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns; /* of the main thread, waiting for a CPU */
    uint64_t threads, descriptors;
    uint64_t read_bytes, written_bytes;
    uint64_t allocated_bytes;
    /* the allocator's own account, see struct resource_record */
    uint64_t heap_allocated_bytes, heap_active_bytes, heap_resident_bytes, heap_retained_bytes,
        heap_metadata_bytes;
    uint32_t process;
};

/* What the whole process (a merged model: all of them together) used between its first and its last
 * reading; MODEL_UNKNOWN where there are not two readings. The last four are the highest values read (a
 * merged model: the sum over its processes, which need not have been at the same time). */
struct model_usage {
    uint64_t window_ns; /* between the two readings */
    uint64_t cpu_user_ns, cpu_system_ns;
    uint64_t minor_faults, major_faults, voluntary_switches, involuntary_switches;
    uint64_t run_delay_ns, read_bytes, written_bytes, allocated_bytes;
    uint64_t peak_rss_bytes, rss_bytes, threads, descriptors;
};

/* What only a look from outside at a running process tells; all MODEL_UNKNOWN otherwise. */
struct model_live {
    bool looked;
    uint64_t throttled_periods, throttled_ns; /* cgroup cpu.stat now, cumulative */
    uint64_t periods;
    uint64_t run_delay_all_ns;                /* sum over the threads alive */
    uint64_t psi_cpu_ns, psi_io_ns, psi_memory_ns; /* "some" of its cgroup, or of the machine */
    bool psi_of_machine;
};

struct model_note {
    const char *text;
    uint64_t count;
};

struct model_option {
    const char *name; /* without STRONG_ */
    const char *value;
};

struct model {
    struct arena arena;
    struct model_process *processes; /* [0] is the one reported, or the root of a merged run */
    size_t process_count;

    uint64_t duration_ns;  /* wall time: first start to last end of all processes */
    uint64_t thread_ns;    /* life of all threads that ever were, together */
    uint64_t cpu_ns[CLASS_COUNT + 1]; /* sampled CPU time by class of hook; last: the program's own code */

    struct model_hook hooks[HOOK_COUNT];
    struct model_class classes[CLASS_COUNT];
    uint64_t counters[COUNTER_COUNT];

    struct model_row *rows;
    size_t row_count;
    struct model_target *targets; /* [0] is "(other)" */
    size_t target_count;
    struct model_thread *threads;
    size_t thread_count;
    struct model_error *errors; /* most frequent first */
    size_t error_count;
    struct model_gauge *gauges;
    size_t gauge_count;
    struct model_samples samples[MODEL_COSTS]; /* index enum sample_cost; [0] is unused */
    struct model_heap heap;
    struct model_stack *stacks;                /* [0] is "none": depth 0 */
    size_t stack_count;
    struct model_frame *frames;
    size_t frame_count;
    struct model_module *modules;
    size_t module_count;
    struct model_event *events;
    size_t event_count;
    uint64_t events_overwritten;
    struct model_resource *resources; /* of processes[0] only, whatever was merged */
    size_t resource_count;
    struct model_usage usage;
    struct model_live live;
    struct model_note *notes;
    size_t note_count;
    struct model_option *options;
    size_t option_count;

    uint64_t damaged; /* records left out because a reference in them led nowhere */
};

/* Decodes a validated snapshot. Returns 0 and the model, to be freed with model_free, or -ENOMEM.
 * State is decided from the segment and /proc; `superseded` says that a newer segment of the same
 * pid and boot exists (read/directory.h knows), which turns "killed" into "exec'd". */
int model_new(const struct snapshot *snapshot, bool superseded, struct model **ret_model);

/* One model of several (copies everything; the sources may be freed). Order: root first. Targets,
 * rows, hooks, classes, errors, gauges and notes of equal meaning are summed; resources and options are those of
 * the first, and so are the counters about the cgroup, which all processes share. Returns 0, -ENOMEM, or -EINVAL for count 0. */
int model_merge(const struct model *const *models, size_t count, struct model **ret_model);

void model_free(struct model *model);

/* Frames of a stack that belong to the program: leaf first, those of libstrong left out at the leaf. */
static inline const struct model_frame *model_stack_frames(const struct model *model, uint32_t stack,
                                                           uint32_t *ret_depth)
{
    const struct model_stack *found = &model->stacks[stack];
    *ret_depth = found->depth - found->skip;
    return model->frames + found->frame + found->skip;
}

/* The class that a call's time counts to: that of the hook, except that file and wait hooks on a
 * connection count as network (the library's own rule for classes[]). */
static inline enum hook_class model_class(unsigned hook, enum target_kind kind)
{
    enum hook_class class_ = (enum hook_class)hook_classes[hook];
    bool connected = kind == TARGET_TCP_OUT || kind == TARGET_UNIX_OUT || kind == TARGET_UDP;
    bool socket = connected || kind == TARGET_TCP_IN || kind == TARGET_UNIX_IN;
    if ((class_ == CLASS_FILE && socket) || (class_ == CLASS_WAIT && connected))
        return CLASS_NETWORK;
    return class_;
}

/* Rows that are no time in calls, or are in other rows already: lives of connections, waits for answers, counts. What the
 * program measures itself (operation) is a call like any other. Targets do not sum them up. */
bool model_is_derived(unsigned hook);

/* Value of an effective option ("CPU_HZ") or NULL. */
const char *model_option(const struct model *model, const char *name);

/* running, exited, … for people. */
const char *model_state_name(enum process_state state);

#endif
