/* difference_verdict.c: the one sentence of a difference: what changed most of what the program works for.
 *
 * Candidates are the targets (time for each request or call) and, where no target tells it, a part of the whole
 * time (for each request, run or second), or the operation of the program's own that makes up half of that part's change.
 * The heaviest beyond noise leads; idling never does. An operation does not lead over a target: what happens inside of
 * it says why.
 */
#include "analyse/difference_parts.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "analyse/units.h"

/* A change below this share of the program's work is not what a user asks about. */
#define VERDICT_SHARE 0.005

__attribute__((format(printf, 2, 3))) static int say(struct difference *difference,
                                                     const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (len < 0)
        return -EINVAL;
    size_t used = (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    /* Not in the middle of a character. */
    while ((size_t)len >= sizeof(text) && used > 0 && ((unsigned char)text[used] & 0xc0) == 0x80)
        used--;
    difference->verdict = arena_text(&difference->arena, text, used);
    return difference->verdict != NULL ? 0 : -ENOMEM;
}

/* "41 % less time", "2.3 times as much time". */
static struct units_text amount(const struct noise_figure *figure)
{
    struct units_text ret;
    double change = noise_change(figure);
    if (!isfinite(change))
        snprintf(ret.text, sizeof(ret.text), "more time");
    else if (change >= 1)
        snprintf(ret.text, sizeof(ret.text), "%.*f times as much time", change < 9 ? 1 : 0, change + 1);
    else if (change <= -0.995)
        snprintf(ret.text, sizeof(ret.text), "%.1f %% less time", -change * 100);
    else
        snprintf(ret.text, sizeof(ret.text), "%.0f %% %s time", fabs(change) * 100,
                 change < 0 ? "less" : "more");
    return ret;
}

static const char *doing(enum target_kind kind)
{
    switch (kind) {
    case TARGET_TCP_OUT:
    case TARGET_UNIX_OUT:
    case TARGET_UDP:
    case TARGET_PIPE:
        return "waiting for";
    case TARGET_TCP_IN:
    case TARGET_UNIX_IN:
        return "answering on";
    case TARGET_HOST:
        return "looking up";
    case TARGET_LOCK:
        return "waiting for the lock at";
    case TARGET_PROGRAM:
        return "starting";
    case TARGET_SITE:
        return "in the calls at";
    case TARGET_CUSTOM:
        return "in the operation";
    default:
        return "in calls on";
    }
}

static bool is_candidate(const struct difference_row *row)
{
    bool both = row->calls[0] > 0 && row->calls[1] > 0;
    enum noise_judgement judgement = both ? row->each.judgement : row->calls_a_second.judgement;
    return !row->idle && row->weight >= VERDICT_SHARE && difference_beyond(judgement);
}

static const struct difference_row *heaviest_target(const struct difference *difference,
                                                    bool operation)
{
    for (size_t i = 0; i < difference->target_count; i++)
        if ((difference->targets[i].kind == TARGET_CUSTOM) == operation &&
            is_candidate(&difference->targets[i]))
            return &difference->targets[i];
    return NULL;
}

static const struct difference_part *heaviest_part(const struct difference *difference)
{
    for (unsigned i = 0; i < PART_COUNT; i++) {
        const struct difference_part *one = &difference->parts[i];
        bool waits = one->part != PART_IDLE && one->part != PART_JOIN && one->part != PART_UNACCOUNTED;
        if (waits && one->weight >= VERDICT_SHARE && difference_beyond(one->time.judgement))
            return one;
    }
    return NULL;
}

static int say_target(struct difference *difference, const struct difference_row *row)
{
    if (row->calls[0] > 0 && row->calls[1] > 0) {
        difference->verdict_judgement = row->each.judgement;
        return say(difference, "B spends %s %s %s (%s → %s %s %s, beyond noise)", amount(&row->each).text,
                   row->answers ? "waiting for answers of" : doing(row->kind), row->name,
                   units_duration(units_whole(row->each.a)).text, units_duration(units_whole(row->each.b)).text,
                   row->answers || row->kind == TARGET_CUSTOM ? "an" : "a", row->unit);
    }
    bool gone = row->calls[0] > 0;
    difference->verdict_judgement = gone ? NOISE_LESS : NOISE_MORE;
    return say(difference, "B %s time %s %s (%s in %s of %s, beyond noise)",
               gone ? "no longer spends" : "spends, unlike A,",
               row->answers ? "waiting for answers of" : doing(row->kind), row->name,
               units_duration(row->ns[!gone]).text,
               units_plural(row->calls[!gone], row->kind == TARGET_CUSTOM ? "operation" : "call").text,
               gone ? "A" : "B");
}

static int say_part(struct difference *difference, const struct difference_part *one)
{
    static const char *const doing_part[PART_COUNT] = {
        [PART_CPU] = "on the CPU",         [PART_NETWORK] = "waiting for the network",
        [PART_CONNECT] = "connecting",     [PART_RESOLVE] = "looking up names",
        [PART_FILE] = "in calls on files", [PART_LOCK] = "waiting for locks",
        [PART_EVENT] = "in event loops that answers are due to", [PART_SLEEP] = "sleeping",         [PART_PIPE] = "waiting for pipes and terminals",
        [PART_PROCESS] = "starting processes and threads", [PART_QUEUE] = "waiting for a CPU"};
    difference->verdict_judgement = one->time.judgement;
    return say(difference, "B spends %s %s (%s → %s a %s, beyond noise)", amount(&one->time).text,
               doing_part[one->part], units_duration(units_whole(one->time.a)).text,
               units_duration(units_whole(one->time.b)).text, difference_basis_name(difference->basis));
}

static bool is_empty(const struct difference_side *side)
{
    const struct analysis *analysis = side->analysis;
    return side->calls == 0 && analysis->time.parts[PART_CPU] == 0 &&
           analysis->model->hooks[HOOK_operation].calls == 0;
}

int difference_verdict_choose(struct difference *difference)
{
    const struct difference_side *a = &difference->side[0], *b = &difference->side[1];
    difference->verdict_judgement = NOISE_WITHIN;
    if (difference->same_run)
        return say(difference, "A and B are the same run: nothing differs");
    bool empty_a = is_empty(a), empty_b = is_empty(b);
    if (empty_a || empty_b) {
        difference->verdict_judgement = NOISE_UNKNOWN;
        return say(difference, "Nothing to compare: %s recorded no call and no CPU time",
                   empty_a && empty_b ? "A and B" : empty_a ? "A" : "B");
    }
    const struct difference_row *row = heaviest_target(difference, false);
    const struct difference_row *operation = heaviest_target(difference, true);
    const struct difference_part *part = heaviest_part(difference);
    /* A part sums up many targets; one target that makes up half of it says more. */
    if (row != NULL && (part == NULL || row->weight * 2 >= part->weight))
        return say_target(difference, row);
    if (operation != NULL && (part == NULL || operation->weight * 2 >= part->weight))
        return say_target(difference, operation);
    if (part != NULL)
        return say_part(difference, part);
    return say(difference, "No difference beyond noise in what A and B spend their time on");
}
