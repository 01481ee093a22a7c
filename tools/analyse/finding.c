/* finding.c: see finding.h. Owns the names of findings and their states; the texts about a rule are beside it. */
#include "analyse/finding.h"

#include <string.h>

#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)

#define FINDING(id, title, ceiling, rule) extern const struct finding_about rule##_about;
#include "analyse/findings.def"
#undef FINDING

static const struct {
    const char *name, *title;
    const struct finding_about *about;
} findings[FINDING_COUNT] = {
#define FINDING(id, title, ceiling, rule) {#id, title, &rule##_about},
#include "analyse/findings.def"
#undef FINDING
};

const char *finding_name(enum finding_id id)
{
    return findings[id].name;
}

const char *finding_title(enum finding_id id)
{
    return findings[id].title;
}

const struct finding_about *finding_about(enum finding_id id)
{
    return findings[id].about;
}

enum finding_id finding_find(const char *name)
{
    unsigned id = 0;
    while (id < FINDING_COUNT && strcmp(findings[id].name, name) != 0)
        id++;
    return (enum finding_id)id;
}

const char *finding_state_name(enum finding_state state)
{
    static const char *const names[] = {"not_found", "found", "not_applicable", "not_measured"};
    return names[state];
}

const char *finding_severity_name(enum finding_severity severity)
{
    static const char *const names[] = {"note", "warning", "critical"};
    return names[severity];
}

const char *finding_confidence_name(enum finding_confidence confidence)
{
    static const char *const names[] = {"low", "medium", "high"};
    return names[confidence];
}
