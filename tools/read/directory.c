/* directory.c: listing, linking and collecting segments. */
#include "read/directory.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "read/process.h"
#include "read/text.h"
#include "read/trusted.h"
#include "read/vector.h"

static uint64_t now_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* <digits>-<digits>.strong: the pid, or 0. */
static pid_t pid_of_name(const char *name)
{
    char *end;
    if (!isdigit((unsigned char)name[0]))
        return 0;
    unsigned long pid = strtoul(name, &end, 10);
    if (*end != '-' || pid == 0 || pid > INT32_MAX)
        return 0;
    const char *start = end + 1;
    size_t digits = strspn(start, "0123456789");
    return digits && strcmp(start + digits, SEGMENT_SUFFIX) == 0 ? (pid_t)pid : 0;
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static uint64_t ticks_to_ns(const struct segment_header *header, uint64_t ticks)
{
    unsigned __int128 ns = (unsigned __int128)ticks * header->ns_per_tick_q40 >> 40;
    return ns > UINT64_MAX / 4 ? UINT64_MAX / 4 : (uint64_t)ns;
}

static uint64_t duration(const struct directory_entry *entry)
{
    const struct segment_header *header = &entry->summary.header;
    uint64_t end = header->end_ticks ? header->end_ticks : header->last_ticks;
    if (entry->state == PROCESS_RUNNING) {
        uint64_t now = now_ns(CLOCK_BOOTTIME) + (uint64_t)process_clock_ahead(entry->local_pid, CLOCK_BOOTTIME);
        return now > header->start_boottime_ns ? now - header->start_boottime_ns : 0;
    }
    return end > header->start_ticks ? ticks_to_ns(header, end - header->start_ticks) : 0;
}

/* Adds the file to entries or to refused. 0 or -ENOMEM. */
static int add_file(struct vector *entries, struct vector *refused, const char *path, int *ret_refusal)
{
    char message[SNAPSHOT_MESSAGE];
    struct directory_entry *entry = vector_push(entries);
    if (!entry)
        return -ENOMEM;
    entry->path = strdup(path);
    if (!entry->path)
        return -ENOMEM;
    *ret_refusal = snapshot_peek(path, &entry->summary, message);
    if (*ret_refusal == 0)
        return 0;
    char *copy = entry->path;
    entries->count--;
    struct directory_refused *bad = vector_push(refused);
    if (!bad) {
        free(copy);
        return -ENOMEM;
    }
    bad->path = copy;
    bad->is_folder = false;
    memcpy(bad->message, message, sizeof(bad->message));
    return 0;
}

/* Any name that ends as a segment's does. */
static bool is_kept_segment(const char *name)
{
    size_t len = strlen(name), suffix = strlen(SEGMENT_SUFFIX);
    return len > suffix && name[0] != '.' && strcmp(name + len - suffix, SEGMENT_SUFFIX) == 0;
}

/* Notes a folder that is not looked into. 0 or -ENOMEM. */
static int refuse_folder(struct vector *refused, const char *folder, const char *why)
{
    char line[SNAPSHOT_MESSAGE];
    struct directory_refused *bad = vector_push(refused);
    if (!bad)
        return -ENOMEM;
    bad->path = strdup(folder);
    bad->is_folder = true;
    snprintf(line, sizeof(line), "%.*s: not looked into: %s", SNAPSHOT_MESSAGE - TRUSTED_WHY - 24, folder, why);
    text_clean(bad->message, sizeof(bad->message), line, strlen(line));
    return bad->path ? 0 : -ENOMEM;
}

static int scan(struct vector *entries, struct vector *refused, const char *folder, unsigned demands, uid_t owner,
                bool any_name)
{
    char why[TRUSTED_WHY];
    int fd = trusted_open_folder(folder, demands, owner, why), error = 0, refusal;
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (fd == -ENOENT)
        return 0;
    if (!stream) {
        if (fd >= 0)
            close(fd);
        return fd < 0 ? refuse_folder(refused, folder, why) : -ENOMEM;
    }
    for (struct dirent *file; !error && (file = readdir(stream));) {
        char *path;
        if (any_name ? !is_kept_segment(file->d_name) : pid_of_name(file->d_name) == 0)
            continue;
        if (asprintf(&path, "%s/%s", folder, file->d_name) < 0)
            error = -ENOMEM;
        else {
            error = add_file(entries, refused, path, &refusal);
            free(path);
        }
    }
    closedir(stream);
    return error;
}

/* Folders named strong-<uid> below `base`: ours, or everybody's. */
static int scan_base(struct vector *entries, struct vector *refused, const char *base,
                     bool other_users)
{
    char *folder, own[32];
    int error = 0;
    snprintf(own, sizeof(own), "strong-%u", (unsigned)geteuid());
    DIR *stream = opendir(base);
    if (!stream)
        return 0;
    for (struct dirent *file; !error && (file = readdir(stream));) {
        bool is_own = strcmp(file->d_name, own) == 0;
        bool is_other = other_users && geteuid() == 0 &&
                        strncmp(file->d_name, "strong-", 7) == 0 &&
                        file->d_name[7 + strspn(file->d_name + 7, "0123456789")] == 0;
        if (!is_own && !is_other)
            continue;
        if (asprintf(&folder, "%s/%s", base, file->d_name) < 0) {
            error = -ENOMEM;
        } else {
            uid_t owner = (uid_t)strtoul(file->d_name + strlen("strong-"), NULL, 10);
            error = scan(entries, refused, folder, TRUSTED_OWN | TRUSTED_AS_IT_IS, owner, false);
            free(folder);
        }
    }
    closedir(stream);
    return error;
}

/* Could the pids of both mean the same process? Short-lived processes recorded neither namespace nor
 * boot id; what is not known matches anything. */
static bool same_machine(const struct segment_header *a, const struct segment_header *b)
{
    static const uint8_t unknown[sizeof(a->boot_id)];
    bool namespaces = a->pid_namespace == b->pid_namespace || !a->pid_namespace || !b->pid_namespace;
    return namespaces && (memcmp(a->boot_id, b->boot_id, sizeof(unknown)) == 0 ||
                          memcmp(a->boot_id, unknown, sizeof(unknown)) == 0 ||
                          memcmp(b->boot_id, unknown, sizeof(unknown)) == 0);
}

static int by_start(const void *a, const void *b)
{
    const struct directory_entry *left = a, *right = b;
    uint64_t x = left->summary.header.start_realtime_ns, y = right->summary.header.start_realtime_ns;
    if (x == y) {
        x = left->summary.header.start_boottime_ns;
        y = right->summary.header.start_boottime_ns;
    }
    return x < y ? -1 : x > y ? 1 : strcmp(left->path, right->path);
}

/* Sorted by start: the next entry of the same pid is the image that replaced this one, unless that
 * one came from a fork, which makes it another process under a reused pid. */
static void link_images(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++) {
        struct directory_entry *entry = &directory->entries[i];
        const struct segment_header *header = &entry->summary.header;
        entry->parent = entry->next_image = DIRECTORY_NONE;
        for (size_t j = i; j-- > 0;) {
            struct directory_entry *before = &directory->entries[j];
            if (before->summary.header.pid != header->pid ||
                !same_machine(&before->summary.header, header))
                continue;
            uint32_t state = before->summary.header.state;
            if (!header->forked && state != SEGMENT_EXITED) {
                before->next_image = i;
                before->superseded = true;
                entry->parent = j;
            }
            break;
        }
    }
}

static void link_parents(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++) {
        struct directory_entry *entry = &directory->entries[i];
        const struct segment_header *header = &entry->summary.header;
        for (size_t j = i; entry->parent == DIRECTORY_NONE && j-- > 0;) {
            const struct segment_header *before = &directory->entries[j].summary.header;
            if (before->pid == header->parent_pid && before->pid != header->pid &&
                same_machine(before, header))
                entry->parent = j; /* the newest image of the parent that is older than the child */
        }
        if (entry->parent != DIRECTORY_NONE) /* parents come first: they are older */
            entry->depth = directory->entries[entry->parent].depth + 1;
    }
}

static void judge(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++) {
        struct directory_entry *entry = &directory->entries[i];
        entry->name = last_part(entry->summary.executable);
        entry->state =
            process_state(&entry->summary.header, entry->superseded, &entry->local_pid);
        entry->duration_ns = duration(entry);
    }
}

static int finish(struct directory *directory, struct vector *entries, struct vector *refused)
{
    directory->entries = entries->items;
    directory->count = entries->count;
    directory->refused = refused->items;
    directory->refused_count = refused->count;
    if (directory->count > 1)
        qsort(directory->entries, directory->count, sizeof(*directory->entries), by_start);
    link_images(directory);
    link_parents(directory);
    judge(directory);
    return 0;
}

int directory_read(struct directory *directory, bool other_users)
{
    struct vector entries = {.bytes = sizeof(struct directory_entry)};
    struct vector refused = {.bytes = sizeof(struct directory_refused)};
    const char *chosen = getenv("STRONG_DIR"), *temporary = getenv("TMPDIR");
    int error;
    if (chosen && *chosen) {
        unsigned demands = TRUSTED_AS_IT_IS | (geteuid() == 0 ? TRUSTED_WRITERS : TRUSTED_OWN);
        error = scan(&entries, &refused, chosen, demands, 0, false);
    } else {
        error = scan_base(&entries, &refused, "/dev/shm", other_users);
        if (!error)
            error = scan_base(&entries, &refused, temporary && *temporary ? temporary : "/tmp",
                              other_users);
    }
    finish(directory, &entries, &refused);
    if (error)
        directory_done(directory);
    return error;
}

int directory_read_folder(struct directory *directory, const char *path)
{
    struct vector entries = {.bytes = sizeof(struct directory_entry)};
    struct vector refused = {.bytes = sizeof(struct directory_refused)};
    int error = scan(&entries, &refused, path, TRUSTED_PLAIN, 0, true);
    finish(directory, &entries, &refused);
    if (error)
        directory_done(directory);
    return error;
}

int directory_read_file(struct directory *directory, const char *path, char *message)
{
    struct vector entries = {.bytes = sizeof(struct directory_entry)};
    struct vector refused = {.bytes = sizeof(struct directory_refused)};
    int refusal = 0, error = add_file(&entries, &refused, path, &refusal);
    finish(directory, &entries, &refused);
    if (error) {
        snprintf(message, SNAPSHOT_MESSAGE, "not enough memory");
        refusal = error;
    } else if (refusal) {
        memcpy(message, directory->refused[0].message, SNAPSHOT_MESSAGE);
    }
    if (refusal)
        directory_done(directory);
    return refusal;
}

void directory_done(struct directory *directory)
{
    for (size_t i = 0; i < directory->count; i++)
        free(directory->entries[i].path);
    for (size_t i = 0; i < directory->refused_count; i++)
        free(directory->refused[i].path);
    free(directory->entries);
    free(directory->refused);
    memset(directory, 0, sizeof(*directory));
}

void directory_tree(const struct directory *directory, size_t *ret_order)
{
    /* Parents are older than their children, so inserting each child behind its parent's subtree in
     * order of start gives the tree. */
    size_t placed = 0;
    for (size_t i = 0; i < directory->count; i++) {
        size_t at = placed, parent = directory->entries[i].parent;
        if (parent != DIRECTORY_NONE) {
            unsigned depth = directory->entries[parent].depth;
            at = 0;
            while (ret_order[at] != parent)
                at++;
            at++;
            while (at < placed && directory->entries[ret_order[at]].depth > depth)
                at++;
        }
        memmove(&ret_order[at + 1], &ret_order[at], (placed - at) * sizeof(*ret_order));
        ret_order[at] = i;
        placed++;
    }
}

/* A file that cannot be read is garbage only when no process of that pid exists. */
static size_t collect_refused(const struct directory *directory)
{
    size_t removed = 0;
    for (size_t i = 0; i < directory->refused_count; i++) {
        const char *path = directory->refused[i].path;
        pid_t pid = pid_of_name(last_part(path));
        if (!directory->refused[i].is_folder && pid > 0 && kill(pid, 0) != 0 && errno == ESRCH && unlink(path) == 0)
            removed++;
    }
    return removed;
}

size_t directory_collect(const struct directory *directory, uint64_t keep, uint64_t keep_bytes,
                         uint64_t *ret_bytes)
{
    uint64_t kept = 0, bytes = 0;
    *ret_bytes = 0;
    size_t removed = collect_refused(directory);
    for (size_t i = directory->count; i-- > 0;) { /* newest first */
        const struct directory_entry *entry = &directory->entries[i];
        uint64_t size = entry->summary.disk_bytes;
        if (entry->state == PROCESS_RUNNING || entry->state == PROCESS_UNKNOWN)
            continue;
        if (kept < keep && size <= keep_bytes && bytes <= keep_bytes - size) {
            kept++;
            bytes += size;
        } else if (unlink(entry->path) == 0) {
            removed++;
            *ret_bytes += size;
        }
    }
    return removed;
}
