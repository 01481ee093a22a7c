/* finding.h: what a rule has to say: one possible bottleneck, its state and its advice.
 *
 * A rule fills one struct finding. Texts live in the analysis' arena and are clean (read/text.h).
 * Every finding has a state; the other fields are meaningful only where it is FINDING_FOUND, except
 * `evidence`, which may say why it is not applicable or not measured.
 *
 * gain_ns is an upper bound in thread time: fixing can give back at most that, under `assumption`.
 * 0 means that no time can be promised (growth, errors).
 */
#ifndef STRONG_ANALYSE_FINDING_H
#define STRONG_ANALYSE_FINDING_H

#include <stdint.h>

#define FINDING(id, title, ceiling, rule) FINDING_##id,
#define EXPLAINS(cause, consequence)
#define REFINES(particular, general)
enum finding_id {
#include "analyse/findings.def"
    FINDING_COUNT,
};
#undef FINDING
#undef EXPLAINS
#undef REFINES

enum finding_state {
    FINDING_NOT_FOUND,
    FINDING_FOUND,
    FINDING_NOT_APPLICABLE,
    FINDING_NOT_MEASURED
};
enum finding_severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_CRITICAL };
enum finding_confidence { CONFIDENCE_LOW, CONFIDENCE_MEDIUM, CONFIDENCE_HIGH };

struct finding {
    enum finding_id id;
    const char *name;  /* "reconnecting": stable, used in JSON and by `check` */
    const char *title; /* for people */
    enum finding_state state;
    enum finding_severity severity;
    enum finding_confidence confidence;
    uint64_t gain_ns;
    double share; /* of the thread time that was not waiting for work: decides the severity */

    const char *evidence;    /* one or two lines */
    const char *where;       /* target, call site or function; "" if none */
    uint64_t count;          /* n behind the evidence */
    uint64_t window_ns;      /* over which it was counted */
    uint64_t p50_ns, p99_ns; /* of the calls behind it; 0: none */

    const char *assumption; /* what the bound supposes */
    const char *fix;
    const char *risk;
    const char *verify;
    const struct finding
        *explained_by; /* a finding ranked above that this one follows from, or NULL */
};

/* What a rule is, whatever was measured: source of `strong-report help NAME`, of the man page and of "about" in
 * JSON. Each is beside its rule, as `const struct finding_about rules_<id>_about`. Whole sentences, no line breaks. */
struct finding_about {
    const char *looks_for;
    const char *precondition; /* where it applies, and what has to be measured for it */
    const char *formula;      /* when it is found, and how the bound on the gain is made */
    const char *fix;          /* in general; a finding names the place and the setting */
    const char *risk;
};

const char *finding_name(enum finding_id id);
const char *finding_title(enum finding_id id);
const struct finding_about *finding_about(enum finding_id id);
/* The id of a name, FINDING_COUNT if there is none. */
enum finding_id finding_find(const char *name);

/* found, not_found, …; note, …; low, …: as JSON spells them. */
const char *finding_state_name(enum finding_state state);
const char *finding_severity_name(enum finding_severity severity);
const char *finding_confidence_name(enum finding_confidence confidence);

#endif
