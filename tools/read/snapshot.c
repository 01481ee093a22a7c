/* snapshot.c: opening, copying and checking a segment file. */
#include "read/snapshot.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "read/second_look.h"
#include "read/text.h"
#include "read/trusted.h"

/* The largest STRONG_SHM_SIZE, and the least a segment can be. */
static const uint64_t SIZE_LIMIT = 256ull << 20;
enum { STRING_LIMIT = 64 * 1024, WORD = 8 };

static const struct {
    const char *name;
    uint32_t record_bytes;
} TABLES[TABLE_COUNT] = {
    [TABLE_COUNTERS] = {"counters", sizeof(uint64_t)},
    [TABLE_NOTES] = {"notes", sizeof(struct segment_note)},
    [TABLE_CROWD] = {"crowd", sizeof(struct hook_crowd)},
    [TABLE_THREADS] = {"threads", sizeof(uint64_t)},
    [TABLE_MODULES] = {"modules", sizeof(struct module_record)},
    [TABLE_TARGETS] = {"targets", sizeof(struct target_record)},
    [TABLE_STRINGS] = {"strings", 1},
    [TABLE_STACKS] = {"stacks", sizeof(struct stack_record)},
    [TABLE_FRAMES] = {"frames", sizeof(uint64_t)},
    [TABLE_SUMS] = {"sums", sizeof(struct sample_sum)},
    [TABLE_RESOURCES] = {"resources", sizeof(struct resource_record)},
    [TABLE_LIVE] = {"live objects", sizeof(struct live_record)},
    [TABLE_SIZES] = {"sizes", sizeof(struct heap_record)},
    [TABLE_OWNERS] = {"owners", sizeof(struct heap_record)},
    [TABLE_GAUGES] = {"gauges", sizeof(struct gauge_record)},
    [TABLE_POOL] = {"pool", SEGMENT_PAGE},
};

/* "path: what" as one clean line. Returns error, to be passed on. */
__attribute__((format(printf, 4, 5))) static int refuse(char *message, const char *path, int error,
                                                        const char *format, ...)
{
    char line[SNAPSHOT_MESSAGE], what[SNAPSHOT_MESSAGE / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    /* the end of a long path tells more than its start */
    size_t len = strlen(path), room = sizeof(line) - sizeof(what) - 8;
    if (len > room)
        path += len - room;
    int written = snprintf(line, sizeof(line), "%s: %s", *path ? path : "segment", what);
    text_clean(message, SNAPSHOT_MESSAGE, line,
               (size_t)written < sizeof(line) ? (size_t)written : sizeof(line) - 1);
    return error;
}

/* What the header says of itself, without looking at the rest of the file. */
static int check_header(const struct segment_header *header, uint64_t file_bytes, const char *path,
                        char *message)
{
    if (header->magic == 0)
        return refuse(message, path, -EAGAIN,
                      "no segment yet: its process is starting, or died while it started");
    if (header->magic != SEGMENT_MAGIC)
        return refuse(message, path, -EINVAL, "not a libstrong segment");
    if (header->version != SEGMENT_VERSION)
        return refuse(message, path, -EPROTO,
                      "segment format version %u; this strong-report reads version %d: use the one "
                      "that came with the libstrong.so that wrote it",
                      header->version, SEGMENT_VERSION);
    if (header->header_bytes != sizeof(*header) || header->hook_count != HOOK_COUNT ||
        header->class_count != CLASS_COUNT || header->counter_count != COUNTER_COUNT ||
        header->block_bytes != sizeof(struct thread_block) ||
        header->cell_bytes != sizeof(struct stat_cell) ||
        header->event_bytes != sizeof(struct event_record))
        return refuse(message, path, -EPROTO,
                      "version %d, but with other hooks or records than this strong-report knows: "
                      "written by another build, or corrupted",
                      SEGMENT_VERSION);
    if (header->segment_bytes < SEGMENT_PAGE || header->segment_bytes > SIZE_LIMIT ||
        header->segment_bytes % WORD != 0)
        return refuse(message, path, -EINVAL, "corrupted: a segment of %llu bytes",
                      (unsigned long long)header->segment_bytes);
    if (file_bytes < header->segment_bytes)
        return refuse(message, path, -EINVAL, "truncated: %llu bytes of %llu are there",
                      (unsigned long long)file_bytes, (unsigned long long)header->segment_bytes);
    if (header->ns_per_tick_q40 == 0)
        return refuse(message, path, -EINVAL, "corrupted: its clock does not tick");
    return 0;
}

static int check_tables(const struct segment_header *header, const char *path, char *message)
{
    for (int id = 0; id < TABLE_COUNT; id++) {
        const struct segment_table *table = &header->tables[id];
        uint64_t bytes = (uint64_t)table->capacity * TABLES[id].record_bytes;
        bool fits = table->offset % WORD == 0 && table->offset >= sizeof(*header) &&
                    table->offset <= header->segment_bytes &&
                    bytes <= header->segment_bytes - table->offset;
        if (id == TABLE_POOL)
            fits = fits && table->offset % SEGMENT_PAGE == 0;
        if (!fits || table->record_bytes != TABLES[id].record_bytes)
            return refuse(message, path, -EINVAL,
                          "corrupted: the table of %s does not fit the segment", TABLES[id].name);
    }
    if (header->tables[TABLE_COUNTERS].capacity < COUNTER_COUNT ||
        header->tables[TABLE_CROWD].capacity < HOOK_COUNT)
        return refuse(message, path, -EINVAL, "corrupted: its tables are too small");
    return 0;
}

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int open_file(const char *path, int *ret_fd, uint64_t *ret_bytes, char *message)
{
    struct stat facts;
    char why[TRUSTED_WHY];
    int error = 0, fd = trusted_open(path, TRUSTED_AS_IT_IS, 0, &facts, why);
    if (fd < 0)
        return refuse(message, path, fd, fd == -EINVAL ? "%s, not a segment" : "%s", why);
    if (facts.st_uid != geteuid() && geteuid() != 0) /* not even root's: it says where a user's programs lie */
        error = refuse(message, path, -EPERM, "belongs to user %u, not to you",
                       (unsigned)facts.st_uid);
    else if (facts.st_size == 0)
        error = refuse(message, path, -EAGAIN,
                       "no segment yet: its process is starting, or died while it started");
    else if (facts.st_size < SEGMENT_PAGE)
        error = refuse(message, path, -EINVAL, "truncated or not a segment: %lld bytes",
                       (long long)facts.st_size);
    if (error) {
        close(fd);
        return error;
    }
    *ret_fd = fd;
    *ret_bytes = (uint64_t)facts.st_size;
    return 0;
}

/* Reads [from, to) of the file to the same place in memory; stops early where the file ends. */
static int read_range(int fd, unsigned char *bytes, uint64_t from, uint64_t to)
{
    while (from < to) {
        ssize_t got = pread(fd, bytes + from, to - from, (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            return 0;
        from += (uint64_t)got;
    }
    return 0;
}

/* The parts of [0, size) that hold data; the rest stays the zeros that memory came with. */
static int read_data(int fd, unsigned char *bytes, uint64_t size)
{
    for (uint64_t at = 0; at < size;) {
        off_t data = lseek(fd, (off_t)at, SEEK_DATA);
        if (data < 0 && errno == ENXIO)
            return 0;
        off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
        if (hole < 0) /* a file system without holes */
            return read_range(fd, bytes, at, size);
        uint64_t end = (uint64_t)hole < size ? (uint64_t)hole : size;
        int error = (uint64_t)data < end ? read_range(fd, bytes, (uint64_t)data, end) : 0;
        if (error)
            return error;
        at = end > at ? end : size;
    }
    return 0;
}

static struct snapshot *snapshot_make(const char *path, size_t size)
{
    struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
    if (!snapshot)
        return NULL;
    snapshot->path = strdup(path);
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (!snapshot->path || bytes == MAP_FAILED) {
        free(snapshot->path);
        free(snapshot);
        return NULL;
    }
    snapshot->bytes = bytes;
    snapshot->size = size;
    snapshot->header = bytes;
    return snapshot;
}

void snapshot_free(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    munmap(snapshot->bytes, snapshot->size);
    free(snapshot->path);
    free(snapshot);
}

static void stamp(struct snapshot *snapshot)
{
    snapshot->taken_monotonic_ns = now_ns(CLOCK_MONOTONIC);
    snapshot->taken_boottime_ns = now_ns(CLOCK_BOOTTIME);
}

/* A string of the segment as clean text; "" where the reference leads nowhere. */
static void peek_text(int fd, const struct segment_header *header, struct string_ref reference,
                      char *buf, size_t size)
{
    const struct segment_table *heap = &header->tables[TABLE_STRINGS];
    unsigned char raw[1024] = {0};
    size_t len = reference.len < sizeof(raw) ? reference.len : sizeof(raw);
    buf[0] = 0;
    if (reference.offset > heap->capacity || reference.len > heap->capacity - reference.offset ||
        heap->offset > header->segment_bytes || heap->capacity > header->segment_bytes - heap->offset)
        return;
    ssize_t got = pread(fd, raw, len, (off_t)(heap->offset + reference.offset));
    while (got > 0 && raw[got - 1] == 0)
        got--;
    if (got > 0)
        text_clean(buf, size, (const char *)raw, (size_t)got);
}

/* The reading at that index; zeros where there is none. */
static void peek_reading(int fd, const struct segment_header *header, uint64_t index,
                         struct resource_record *ret_record)
{
    const struct segment_table *table = &header->tables[TABLE_RESOURCES];
    uint64_t end = header->segment_bytes;
    memset(ret_record, 0, sizeof(*ret_record));
    if (table->record_bytes != sizeof(*ret_record) || table->offset > end || index == 0 ||
        index >= table->capacity || (end - table->offset) / sizeof(*ret_record) <= index)
        return;
    if (pread(fd, ret_record, sizeof(*ret_record),
              (off_t)(table->offset + index * sizeof(*ret_record))) != sizeof(*ret_record))
        memset(ret_record, 0, sizeof(*ret_record));
}

static void peek_readings(int fd, const struct segment_header *header,
                          struct snapshot_summary *summary)
{
    const struct segment_table *table = &header->tables[TABLE_RESOURCES];
    uint64_t used = table->used < table->capacity ? table->used : table->capacity;
    peek_reading(fd, header, 1, &summary->first);
    peek_reading(fd, header, used ? used - 1 : 0, &summary->last);
    if (summary->last.ticks == 0 && used > 1) /* being written, or its writer died */
        peek_reading(fd, header, used - 2, &summary->last);
}

int snapshot_peek(const char *path, struct snapshot_summary *ret_summary, char *message)
{
    int fd;
    uint64_t file_bytes;
    int error = open_file(path, &fd, &file_bytes, message);
    if (error)
        return error;
    struct segment_header header = {0};
    struct stat facts;
    error = read_range(fd, (unsigned char *)&header, 0, sizeof(header));
    if (error)
        refuse(message, path, error, "%s", strerror(-error));
    else
        error = check_header(&header, file_bytes, path, message);
    if (!error) {
        ret_summary->header = header;
        ret_summary->disk_bytes =
            fstat(fd, &facts) == 0 ? (uint64_t)facts.st_blocks * 512 : file_bytes;
        peek_text(fd, &header, header.executable, ret_summary->executable,
                  sizeof(ret_summary->executable));
        peek_text(fd, &header, header.command, ret_summary->command, sizeof(ret_summary->command));
        peek_text(fd, &header, header.run, ret_summary->run, sizeof(ret_summary->run));
        peek_readings(fd, &header, ret_summary);
    }
    close(fd);
    return error;
}

int snapshot_open(const char *path, struct snapshot **ret_snapshot, char *message)
{
    int fd;
    uint64_t file_bytes;
    int error = open_file(path, &fd, &file_bytes, message);
    if (error)
        return error;
    struct segment_header header = {0};
    struct snapshot *snapshot = NULL;
    error = read_range(fd, (unsigned char *)&header, 0, sizeof(header));
    if (error) {
        refuse(message, path, error, "%s", strerror(-error));
        goto out;
    }
    error = check_header(&header, file_bytes, path, message);
    if (error)
        goto out;
    snapshot = snapshot_make(path, header.segment_bytes);
    if (!snapshot) {
        error = refuse(message, path, -ENOMEM, "not enough memory to read it");
        goto out;
    }
    error = read_data(fd, snapshot->bytes, snapshot->size);
    stamp(snapshot);
    if (error)
        refuse(message, path, error, "%s", strerror(-error));
    else /* once more: the copy is what counts, and the file may have changed in between */
        error = check_header(snapshot->header, snapshot->size, path, message);
    if (!error)
        error = check_tables(snapshot->header, path, message);
    if (!error)
        second_look(fd, snapshot);
out:
    close(fd);
    if (error)
        snapshot_free(snapshot);
    else
        *ret_snapshot = snapshot;
    return error;
}

int snapshot_from_memory(const void *bytes, size_t size, struct snapshot **ret_snapshot,
                         char *message)
{
    if (size < SEGMENT_PAGE)
        return refuse(message, "", -EINVAL, "truncated or not a segment: %zu bytes", size);
    struct segment_header header;
    memcpy(&header, bytes, sizeof(header));
    int error = check_header(&header, size, "", message);
    if (!error)
        error = check_tables(&header, "", message);
    if (error)
        return error;
    struct snapshot *snapshot = snapshot_make("", header.segment_bytes);
    if (!snapshot)
        return refuse(message, "", -ENOMEM, "not enough memory to read it");
    memcpy(snapshot->bytes, bytes, snapshot->size);
    stamp(snapshot);
    *ret_snapshot = snapshot;
    return 0;
}

uint64_t snapshot_count(const struct snapshot *snapshot, enum segment_table_id table)
{
    const struct segment_table *found = &snapshot->header->tables[table];
    return found->used < found->capacity ? found->used : found->capacity;
}

const void *snapshot_table(const struct snapshot *snapshot, enum segment_table_id table)
{
    return snapshot->bytes + snapshot->header->tables[table].offset;
}

const char *snapshot_string(const struct snapshot *snapshot, struct string_ref reference,
                            size_t *ret_len)
{
    const struct segment_table *heap = &snapshot->header->tables[TABLE_STRINGS];
    if (reference.len == 0) {
        *ret_len = 0;
        return "";
    }
    if (reference.len > STRING_LIMIT || reference.offset > heap->capacity ||
        reference.len > heap->capacity - reference.offset)
        return NULL;
    *ret_len = reference.len;
    return (const char *)snapshot->bytes + heap->offset + reference.offset;
}

const void *snapshot_pages(const struct snapshot *snapshot, uint64_t offset, size_t bytes)
{
    const struct segment_table *pool = &snapshot->header->tables[TABLE_POOL];
    uint64_t size = (uint64_t)pool->capacity * SEGMENT_PAGE;
    if (offset % SEGMENT_PAGE != 0 || offset < pool->offset || offset - pool->offset > size ||
        bytes > size - (offset - pool->offset))
        return NULL;
    return snapshot->bytes + offset;
}
