/* hooks.h: the enums made from hooks.def and counters.def, and their names.
 *
 * A hook id is the position of its line, from 1 (0 is "no hook"). Classes say what kind of waiting a
 * hook is. The name tables are `static const` and meant for strong-report and tests; the library
 * itself uses only the ids. Pure data; any context.
 */
#ifndef STRONG_ABI_HOOKS_H
#define STRONG_ABI_HOOKS_H

#include <stdint.h>

enum hook_class {
    CLASS_MEMORY,
    CLASS_FILE,
    CLASS_NETWORK,
    CLASS_RESOLVE,
    CLASS_LOCK,
    CLASS_WAIT,
    CLASS_SLEEP,
    CLASS_PROCESS,
    CLASS_CUSTOM, /* no waiting: in no sum of time beside the others */
    CLASS_COUNT,
};

enum hook_kind { HOOK_KIND_COUNTED, HOOK_KIND_TIMED, HOOK_KIND_PSEUDO };

#define HOOK_COUNTED(class_, name) HOOK_##name,
#define HOOK_ENTRY(class_, name) HOOK_##name,
#define HOOK_VERSIONED(class_, name, version) HOOK_##name,
#define HOOK_PSEUDO(class_, name) HOOK_##name,
enum hook_id {
    HOOK_NONE,
#include "abi/hooks.def"
    HOOK_COUNT,
};
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO

/* Number of counted hooks plus one: counted[] is indexed by the id itself. */
#define HOOK_COUNTED(class_, name) HOOK_COUNTED_INDEX_##name,
#define HOOK_ENTRY(class_, name)
#define HOOK_VERSIONED(class_, name, version)
#define HOOK_PSEUDO(class_, name)
enum {
    HOOK_COUNTED_INDEX_NONE,
#include "abi/hooks.def"
    HOOK_COUNTED_END,
};
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO

#define HOOK_COUNTED(class_, name) CLASS_##class_,
#define HOOK_ENTRY(class_, name) CLASS_##class_,
#define HOOK_VERSIONED(class_, name, version) CLASS_##class_,
#define HOOK_PSEUDO(class_, name) CLASS_##class_,
static const uint8_t hook_classes[HOOK_COUNT] __attribute__((unused)) = {
    CLASS_PROCESS,
#include "abi/hooks.def"
};
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO

#define COUNTER(name, unit, meaning) COUNTER_##name,
enum counter_id {
#include "abi/counters.def"
    COUNTER_COUNT,
};
#undef COUNTER

#ifdef STRONG_ABI_NAMES /* the tables of names, for whoever prints them */

#define HOOK_COUNTED(class_, name) HOOK_KIND_COUNTED,
#define HOOK_ENTRY(class_, name) HOOK_KIND_TIMED,
#define HOOK_VERSIONED(class_, name, version) HOOK_KIND_TIMED,
#define HOOK_PSEUDO(class_, name) HOOK_KIND_PSEUDO,
static const uint8_t hook_kinds[HOOK_COUNT] __attribute__((unused)) = {
    HOOK_KIND_PSEUDO,
#include "abi/hooks.def"
};
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO

#define HOOK_COUNTED(class_, name) #name,
#define HOOK_ENTRY(class_, name) #name,
#define HOOK_VERSIONED(class_, name, version) #name,
#define HOOK_PSEUDO(class_, name) #name,
static const char *const hook_names[HOOK_COUNT] __attribute__((unused)) = {
    "(none)",
#include "abi/hooks.def"
};
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO

static const char *const class_names[CLASS_COUNT] __attribute__((unused)) = {
    "memory", "file", "network", "resolve", "lock", "wait", "sleep", "process", "custom",
};

#define COUNTER(name, unit, meaning) #name,
static const char *const counter_names[COUNTER_COUNT] __attribute__((unused)) = {
#include "abi/counters.def"
};
#undef COUNTER
#define COUNTER(name, unit, meaning) meaning,
static const char *const counter_meanings[COUNTER_COUNT] __attribute__((unused)) = {
#include "abi/counters.def"
};
#undef COUNTER

#endif
#endif
