/* program.c: PATH, #! lines and ELF headers. */
#include "commands/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

enum { SCRIPT_DEPTH = 4, LINE_BYTES = 256, HEADERS_LIMIT = 128, NOTE_BYTES = 4096 };

#if defined(__x86_64__)
enum { OUR_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { OUR_MACHINE = EM_AARCH64 };
#else
enum { OUR_MACHINE = EM_NONE };
#endif

static bool is_executable(const char *path)
{
    struct stat facts;
    if (stat(path, &facts) != 0)
        return false;
    if (!S_ISREG(facts.st_mode)) {
        errno = EACCES;
        return false;
    }
    return access(path, X_OK) == 0;
}

/* As execvp: a word with a slash is a path; else the first executable in PATH. Sets errno. */
static bool find_in_path(const char *word, char *path, size_t size)
{
    const char *list = getenv("PATH");
    int error = ENOENT;
    if (strchr(word, '/')) {
        snprintf(path, size, "%s", word);
        return is_executable(path);
    }
    for (const char *at = list ? list : "/bin:/usr/bin"; *word; at++) {
        size_t len = strcspn(at, ":");
        snprintf(path, size, "%.*s%s%s", (int)len, at, len ? "/" : "./", word);
        if (is_executable(path))
            return true;
        if (errno == EACCES)
            error = EACCES;
        at += len;
        if (!*at)
            break;
    }
    errno = error;
    return false;
}

/* LD_PRELOAD is ignored when the kernel raises privileges: set-id bits that change something, or
 * file capabilities for anybody but root (execve(2), capabilities(7)). */
static bool raises_privileges(int fd, const struct stat *facts)
{
    if ((facts->st_mode & S_ISUID) && facts->st_uid != getuid())
        return true;
    if ((facts->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && facts->st_gid != getgid())
        return true;
    return getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0;
}

/* Go's linker leaves a note named "Go" with its build id. */
static bool has_go_note(int fd, const Elf64_Phdr *note)
{
    unsigned char bytes[NOTE_BYTES];
    size_t wanted = note->p_filesz < sizeof(bytes) ? note->p_filesz : sizeof(bytes);
    ssize_t got = pread(fd, bytes, wanted, (off_t)note->p_offset);
    for (size_t at = 0; got > 0 && at + sizeof(Elf64_Nhdr) <= (size_t)got;) {
        Elf64_Nhdr header;
        memcpy(&header, bytes + at, sizeof(header));
        at += sizeof(header);
        if (header.n_namesz > sizeof(bytes) || header.n_descsz > sizeof(bytes))
            return false;
        if (header.n_namesz == 4 && at + 4 <= (size_t)got && memcmp(bytes + at, "Go\0", 4) == 0)
            return true;
        at += (header.n_namesz + 3u) / 4 * 4 + (header.n_descsz + 3u) / 4 * 4;
    }
    return false;
}

static enum program_kind judge_elf(int fd, const Elf64_Ehdr *elf)
{
    bool has_interpreter = false, is_go = false;
    char interpreter[256] = "";
    if (elf->e_ident[EI_CLASS] != ELFCLASS64 || elf->e_ident[EI_DATA] != ELFDATA2LSB ||
        elf->e_machine != OUR_MACHINE)
        return PROGRAM_OTHER_MACHINE;
    for (int i = 0; i < elf->e_phnum && i < HEADERS_LIMIT; i++) {
        Elf64_Phdr header;
        off_t at = (off_t)(elf->e_phoff + (uint64_t)i * sizeof(header));
        if (pread(fd, &header, sizeof(header), at) != (ssize_t)sizeof(header))
            break;
        if (header.p_type == PT_NOTE)
            is_go = is_go || has_go_note(fd, &header);
        if (header.p_type != PT_INTERP)
            continue;
        has_interpreter = true;
        size_t len = header.p_filesz < sizeof(interpreter) - 1 ? header.p_filesz
                                                                : sizeof(interpreter) - 1;
        ssize_t got = pread(fd, interpreter, len, (off_t)header.p_offset);
        interpreter[got > 0 ? got : 0] = 0;
    }
    if (!has_interpreter)
        return is_go ? PROGRAM_STATIC_GO : PROGRAM_STATIC;
    if (strstr(interpreter, "/ld-musl-"))
        return PROGRAM_MUSL;
    return is_go ? PROGRAM_GO : PROGRAM_DYNAMIC;
}

/* The next file behind a #! line: its interpreter, or what env(1) would start. */
static bool script_target(const char *line, char *word, size_t size)
{
    char copy[LINE_BYTES];
    snprintf(copy, sizeof(copy), "%s", line + 2);
    copy[strcspn(copy, "\n")] = 0;
    char *save = NULL, *interpreter = strtok_r(copy, " \t", &save);
    if (!interpreter)
        return false;
    const char *slash = strrchr(interpreter, '/');
    char *next = strtok_r(NULL, " \t", &save);
    bool is_env = slash && strcmp(slash, "/env") == 0;
    while (is_env && next && (next[0] == '-' || strchr(next, '=')))
        next = strtok_r(NULL, " \t", &save);
    snprintf(word, size, "%s", is_env && next ? next : interpreter);
    return true;
}

/* Looks at ret_program->path. True when there is another file to look at, named in word. */
static bool inspect_file(struct program *program, char *word, size_t size)
{
    union {
        Elf64_Ehdr elf;
        char line[LINE_BYTES];
    } head = {.line = {0}};
    struct stat facts;
    int fd = open(program->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    program->kind = PROGRAM_UNREADABLE;
    if (fd < 0)
        return false;
    ssize_t got = read(fd, head.line, sizeof(head.line) - 1);
    bool more = false;
    if (fstat(fd, &facts) == 0 && got >= 2 && memcmp(head.line, "#!", 2) == 0) {
        program->is_script = true; /* set-id bits of scripts are ignored by the kernel */
        more = script_target(head.line, word, size);
    } else if (got >= (ssize_t)sizeof(head.elf) && memcmp(head.elf.e_ident, ELFMAG, SELFMAG) == 0) {
        program->kind = raises_privileges(fd, &facts) ? PROGRAM_SETUID : judge_elf(fd, &head.elf);
    } else if (got >= 0) { /* execvp gives what exec refuses to the shell */
        program->is_script = true;
        snprintf(word, size, "/bin/sh");
        more = true;
    }
    close(fd);
    return more;
}

void program_inspect(const char *word, struct program *ret_program)
{
    char next[LINE_BYTES];
    memset(ret_program, 0, sizeof(*ret_program));
    for (int depth = 0; depth < SCRIPT_DEPTH; depth++) {
        if (!find_in_path(word, ret_program->path, sizeof(ret_program->path))) {
            ret_program->error = errno;
            ret_program->kind = PROGRAM_MISSING;
            return;
        }
        if (!inspect_file(ret_program, next, sizeof(next)))
            return;
        word = next;
    }
}

const char *program_obstacle(const struct program *program)
{
    switch (program->kind) {
    case PROGRAM_STATIC:
        return "it is a static binary: there is no loader to preload into";
    case PROGRAM_STATIC_GO:
        return "it is a static Go binary: there is no loader to preload into, and Go does not use libc";
    case PROGRAM_OTHER_MACHINE:
        return "it is made for another machine (32-bit, or another processor) than libstrong.so";
    case PROGRAM_MUSL:
        return "it uses musl libc, and libstrong.so is made for glibc";
    case PROGRAM_SETUID:
        return "it runs with raised privileges (setuid, setgid or capabilities), where LD_PRELOAD is "
               "ignored";
    case PROGRAM_DYNAMIC:
    case PROGRAM_GO:
    case PROGRAM_UNREADABLE:
    case PROGRAM_MISSING:
        break;
    }
    return NULL;
}
