/* program.h: can this command be preloaded?
 *
 * Finds the file as execvp would, follows #! lines, and reads the ELF header, program headers and notes.
 * Reads only, bounded; judges what the kernel and the loader would do with LD_PRELOAD. Single-threaded.
 */
#ifndef STRONG_COMMANDS_PROGRAM_H
#define STRONG_COMMANDS_PROGRAM_H

#include <stdbool.h>

enum program_kind {
    PROGRAM_DYNAMIC,   /* libstrong.so will be loaded */
    PROGRAM_GO,        /* dynamic, but Go makes most system calls without libc */
    PROGRAM_STATIC,    /* has no loader */
    PROGRAM_STATIC_GO,
    PROGRAM_OTHER_MACHINE, /* 32-bit or another processor: the loader would refuse ours */
    PROGRAM_MUSL,      /* another libc */
    PROGRAM_SETUID,    /* the kernel makes the loader ignore LD_PRELOAD */
    PROGRAM_UNREADABLE, /* may be executed, not read: nothing is known */
    PROGRAM_MISSING,   /* exec will fail */
};

struct program {
    enum program_kind kind;
    char path[4096];   /* the file that is mapped in the end: the interpreter of a script */
    bool is_script;
    int error;         /* PROGRAM_MISSING: errno */
};

void program_inspect(const char *word, struct program *ret_program);

/* Why it cannot be preloaded ("it is a static binary: …"), or NULL where it can. */
const char *program_obstacle(const struct program *program);

#endif
