/* watch.c: `strong-report watch --rules=FILE`: rules on what happens in each interval, and alerts that are told of.
 *
 * A loop: look, evaluate every rule between the last look and this one, tell of what changed, wait. Signals arrive through
 * a descriptor, so none interrupts anything: SIGHUP reads the rules again, SIGTERM and SIGINT end the loop.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/look.h"
#include "commands/sinks.h"
#include "commands/watch_rules.h"

enum { EXIT_HOLDS = 99, COMPARED_MOST = 8, GRACE_MS = 2000, INTERVAL_LEAST_MS = 100 };

static const char *rules_path, *interval_word, *count_word, *sink_word;
static bool once, dry_run;

static const struct argument arguments[] = {
    {"count", "N", &count_word, NULL, "end after so many evaluations", 0},
    {"dry-run", NULL, NULL, &dry_run, "only say whether the rules and sinks are right", 0},
    {"interval", "TIME", &interval_word, NULL, "between two evaluations (default: 5s)", 0},
    {"once", NULL, NULL, &once, "one evaluation, its result on stdout: exit code 99 where a condition holds", 0},
    {"rules", "FILE", &rules_path, NULL, "the rules", 0},
    {"sink", "SINK", &sink_word, NULL, "stderr (default), syslog, exec:PATH or webhook:URL; may be repeated", 0},
    {0},
};

const struct argument *watch_arguments(void)
{
    return arguments;
}

const char watch_notes[] =
    "The rules file:\n\n"
    "  [sink]\n"
    "  to = webhook:http://127.0.0.1:9093/hook\n\n"
    "  [slow-redis]\n"
    "  expr = network{target=\"tcp://127.0.0.1:6379\"}.p99 > 5ms\n"
    "  for = 30s               ; fires when it has held so long (default 0: at once)\n"
    "  clear = network{target=\"tcp://127.0.0.1:6379\"}.p99 < 3ms    ; ends only when this holds\n"
    "  keep_firing_for = 1min  ; and not before the condition has been gone so long\n"
    "  severity = critical     ; note, warning (default), critical\n"
    "  message = Redis is slow\n"
    "  labels = team=storage, tier=1\n\n"
    "A condition that holds is what is wrong: the opposite of what check is given. Expressions are those of check; rates,\n"
    "counters and quantiles are those of the interval. Rules on findings are about the whole life.\n"
    "An alert is inactive, pending, firing, resolved, or without data where its condition cannot be told (no process, no such\n"
    "call); one that fires does not end for lack of data.\n"
    "exec gets JSON on its standard input, webhooks what Alertmanager posts (version 4). All processes of a NAME or RUN are\n"
    "watched as one, those that start later too; a PID until it ends. SIGHUP reads the rules again.\n"
    "Exit codes: 0; 2 rules or sinks are wrong; with --once 99 a condition holds, 3 none does but one cannot be told.\n";

struct watch {
    const char *word; /* what is watched, or NULL */
    struct watch_rules rules;
    struct sinks sinks;
    int interval_ms;
    long count;
    int signal_fd;
    bool ended;
    struct look last; /* the look before */
};

/* ---- one look ---- */

/* What rules are evaluated on. */
struct interval {
    struct look look;
    struct subject now; /* merged; its analysis only where a rule needs it */
    struct model *before;
    bool known; /* there is something to evaluate */
};

static bool needs_analysis(const struct watch_rules *rules)
{
    for (size_t i = 0; i < rules->count; i++)
        if (rules->items[i].condition->needs_analysis ||
            (rules->items[i].clear && rules->items[i].clear->needs_analysis))
            return true;
    return false;
}

static void interval_done(struct interval *interval)
{
    subject_done(&interval->now);
    model_free(interval->before);
}

/* The first look at something that runs has nothing to be compared with. */
static int take(struct watch *watch, bool first, struct interval *ret_interval)
{
    struct interval *interval = ret_interval;
    *interval = (struct interval){0};
    int code = look_take(watch->word, &watch->last, &interval->look);
    if (code != EXIT_OK)
        return code == EXIT_NO_DATA ? EXIT_OK : code;
    code = look_merge(&interval->look, &interval->now.model);
    if (code == EXIT_OK && interval->look.running > 0) {
        int found = look_merge_common(&watch->last, &interval->look, &interval->before);
        code = found == EXIT_FAILED ? found : EXIT_OK;
        interval->known = !first;
    } else if (code == EXIT_OK) {
        /* of what ran at the last look its last calls; of a file its whole life */
        code = look_merge_common(&watch->last, &interval->look, &interval->before);
        bool is_file = watch->word && select_is_file(watch->word);
        interval->known = is_file || code == EXIT_OK;
        if (is_file) {
            model_free(interval->before);
            interval->before = NULL;
        }
        code = code == EXIT_FAILED ? code : EXIT_OK;
    }
    if (code == EXIT_OK && interval->known && needs_analysis(&watch->rules))
        code = subject_analyse(&interval->now);
    if (code != EXIT_OK)
        interval_done(interval);
    return code;
}

/* ---- rules ---- */

struct outcome {
    enum expression_result condition, clear;
    char values[1500]; /* what was compared, in words */
};

static void evaluate(const struct watch_rule *rule, const struct interval *interval, struct arena *arena,
                     struct outcome *ret_outcome)
{
    struct expression_compared compared[COMPARED_MOST];
    struct metrics_context context = {.now = interval->now.model,
                                      .before = interval->before,
                                      .analysis = interval->now.analysis,
                                      .arena = arena};
    size_t count = 0, len = 0;
    *ret_outcome = (struct outcome){.condition = EXPRESSION_UNKNOWN, .clear = EXPRESSION_UNKNOWN};
    if (!interval->known) {
        snprintf(ret_outcome->values, sizeof(ret_outcome->values), "nothing runs that is measured");
        return;
    }
    ret_outcome->condition = expression_evaluate(rule->condition, &context, compared, COMPARED_MOST, &count);
    for (size_t i = 0; i < count && len < sizeof(ret_outcome->values); i++) {
        char text[1200];
        expression_compared_text(rule->condition, &compared[i], text, sizeof(text));
        len += (size_t)snprintf(ret_outcome->values + len, sizeof(ret_outcome->values) - len, "%s%s",
                                i ? "; " : "", text);
    }
    if (rule->clear)
        ret_outcome->clear = expression_evaluate(rule->clear, &context, NULL, 0, NULL);
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void tell(struct watch *watch, const struct watch_rule *rule, enum alert_state before, bool is_news,
                 const char *values, const struct look *look)
{
    char expression[EXPRESSION_LONGEST + 1];
    const struct model_process *process = look->count ? &look->members[0].model->processes[0] : NULL;
    uint64_t realtime = clock_ns(CLOCK_REALTIME), monotonic = clock_ns(CLOCK_MONOTONIC);
    struct alert_notice notice = {
        .name = rule->name,
        .expression = expression_node_text(rule->condition, rule->condition->root, expression, sizeof(expression)),
        .message = rule->message ? rule->message : "",
        .values = values,
        .severity = rule->severity,
        .before = before,
        .state = rule->alert.state,
        .label_count = rule->label_count,
        .pid = process ? process->pid : 0,
        .command = process ? process->name : "",
        .run = process ? process->run : "",
        .at_realtime_ns = realtime,
    };
    for (size_t i = 0; i < rule->label_count; i++) {
        notice.labels[i][0] = rule->labels[i].name;
        notice.labels[i][1] = rule->labels[i].value;
    }
    if (rule->alert.active_ns)
        notice.active_realtime_ns = realtime - (monotonic - rule->alert.active_ns);
    sinks_send(&watch->sinks, &notice, is_news);
}

static void update_all(struct watch *watch, const struct interval *interval)
{
    uint64_t now_ns = clock_ns(CLOCK_MONOTONIC);
    struct arena arena = {0};
    for (size_t i = 0; i < watch->rules.count; i++) {
        struct watch_rule *rule = &watch->rules.items[i];
        struct outcome outcome;
        enum alert_state before = rule->alert.state;
        bool was_firing = rule->alert.firing;
        evaluate(rule, interval, &arena, &outcome);
        if (alert_update(&rule->alert, &rule->terms, outcome.condition, outcome.clear, now_ns))
            tell(watch, rule, before, sinks_is_news(rule->alert.state, was_firing), outcome.values,
                 &interval->look);
    }
    arena_done(&arena);
}

/* --once: what each condition is, on stdout. */
static int print_all(const struct watch *watch, const struct interval *interval)
{
    static const char *const words[] = {"no", "yes", "no data"};
    struct arena arena = {0};
    size_t counts[3] = {0};
    for (size_t i = 0; i < watch->rules.count; i++) {
        const struct watch_rule *rule = &watch->rules.items[i];
        struct outcome outcome;
        evaluate(rule, interval, &arena, &outcome);
        counts[outcome.condition]++;
        printf("%-8s%s (%s): %s\n", words[outcome.condition], rule->name,
               finding_severity_name(rule->severity), outcome.values);
    }
    arena_done(&arena);
    return counts[EXPRESSION_TRUE] ? EXIT_HOLDS : counts[EXPRESSION_UNKNOWN] ? EXIT_NO_DATA : EXIT_OK;
}

/* ---- signals ---- */

static bool same_sinks(const struct watch_rules *a, const struct watch_rules *b)
{
    bool same = a->sink_count == b->sink_count;
    for (size_t i = 0; same && i < a->sink_count; i++)
        same = strcmp(a->sinks[i], b->sinks[i]) == 0;
    return same;
}

/* An alert whose rule is gone ends with it. */
static void end_removed(struct watch *watch, const struct watch_rules *next)
{
    for (size_t i = 0; i < watch->rules.count; i++) {
        struct watch_rule *rule = &watch->rules.items[i];
        bool kept = !rule->alert.firing;
        for (size_t j = 0; j < next->count; j++)
            kept = kept || (next->items[j].alert.firing && strcmp(next->items[j].name, rule->name) == 0);
        if (kept)
            continue;
        enum alert_state before = rule->alert.state;
        rule->alert.state = ALERT_RESOLVED;
        tell(watch, rule, before, true, "the rule was changed or removed", &watch->last);
    }
}

static void reload(struct watch *watch)
{
    struct watch_rules next;
    if (watch_rules_read(rules_path, &next) != EXIT_OK) {
        fprintf(stderr, "strong-report watch: the rules read before stay in force\n");
        return;
    }
    if (!same_sinks(&watch->rules, &next))
        fprintf(stderr, "strong-report watch: %s: changes in [sink] need a restart\n", rules_path);
    watch_rules_keep_alerts(&next, &watch->rules);
    end_removed(watch, &next);
    watch_rules_done(&watch->rules);
    watch->rules = next;
    fprintf(stderr, "strong-report watch: read %s again: %s\n", rules_path, units_plural(next.count, "rule").text);
}

static void hear_signals(struct watch *watch)
{
    struct signalfd_siginfo heard;
    while (read(watch->signal_fd, &heard, sizeof(heard)) == (ssize_t)sizeof(heard)) {
        if (heard.ssi_signo == SIGHUP)
            reload(watch);
        else
            watch->ended = true;
    }
}

static int open_signals(struct watch *watch)
{
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGHUP);
    sigaddset(&heard, SIGINT);
    sigaddset(&heard, SIGTERM);
    signal(SIGPIPE, SIG_IGN);
    watch->signal_fd = sigprocmask(SIG_BLOCK, &heard, NULL) == 0
                           ? signalfd(-1, &heard, SFD_NONBLOCK | SFD_CLOEXEC)
                           : -1;
    if (watch->signal_fd >= 0)
        return EXIT_OK;
    fprintf(stderr, "strong-report watch: %s\n", strerror(errno));
    return EXIT_FAILED;
}

/* ---- the loop ---- */

static void wait_until(struct watch *watch, uint64_t moment_ms)
{
    for (uint64_t now; !watch->ended && (now = sinks_now_ms()) < moment_ms; hear_signals(watch))
        sinks_wait(&watch->sinks, watch->signal_fd, (int)(moment_ms - now));
    hear_signals(watch);
}

static bool is_pid(const struct watch *watch)
{
    return watch->word && watch->word[strspn(watch->word, "0123456789")] == '\0';
}

/* A number means one process: when that has ended, so has watching it. */
static bool is_over(const struct watch *watch, const struct look *look)
{
    return is_pid(watch) && watch->last.running > 0 && look->running == 0;
}

/* At the first look. A name may begin to run, a pid will not. */
static int nothing_yet(const struct watch *watch)
{
    if (is_pid(watch)) {
        fprintf(stderr, "strong-report watch: no process %s runs that is measured\n", watch->word);
        return EXIT_NO_DATA;
    }
    fprintf(stderr, "strong-report watch: nothing runs that is measured; waiting for it\n");
    return EXIT_OK;
}

static int evaluate_once(struct watch *watch)
{
    struct interval interval;
    bool is_file = watch->word && select_is_file(watch->word);
    int code = take(watch, true, &interval);
    if (code == EXIT_OK && !is_file) {
        interval_done(&interval);
        watch->last = interval.look;
        wait_until(watch, sinks_now_ms() + (uint64_t)watch->interval_ms);
        code = watch->ended ? EXIT_FAILED : take(watch, false, &interval);
    }
    if (code != EXIT_OK)
        return code;
    code = print_all(watch, &interval);
    interval_done(&interval);
    look_done(&interval.look);
    return code;
}

static int loop(struct watch *watch)
{
    uint64_t next_ms = sinks_now_ms();
    bool first = true, is_file = watch->word && select_is_file(watch->word);
    for (long done = 0; !watch->ended && (watch->count == 0 || done < watch->count);) {
        struct interval interval;
        int code = take(watch, first && !is_file, &interval);
        if (code != EXIT_OK)
            return code;
        if (first && !is_file && interval.look.count == 0 && (code = nothing_yet(watch)) != EXIT_OK)
            return code;
        if (interval.known || !first) {
            update_all(watch, &interval);
            done++;
        }
        bool over = is_over(watch, &interval.look);
        interval_done(&interval);
        look_done(&watch->last);
        watch->last = interval.look;
        if (over) {
            fprintf(stderr, "strong-report watch: process %s has ended\n", watch->word);
            break;
        }
        first = false;
        next_ms += (uint64_t)watch->interval_ms;
        if (next_ms < sinks_now_ms()) /* stopped or overloaded meanwhile: no evaluations in a row */
            next_ms = sinks_now_ms();
        if (watch->count == 0 || done < watch->count)
            wait_until(watch, next_ms);
    }
    return EXIT_OK;
}

/* ---- the command line ---- */

/* Each --sink, which the table of arguments would keep the last of. */
static int add_sinks(struct watch *watch, int argc, char **argv)
{
    int code = EXIT_OK;
    for (int i = 1; i < argc && code == EXIT_OK && strcmp(argv[i], "--") != 0; i++) {
        if (strncmp(argv[i], "--sink=", 7) == 0)
            code = sinks_add(&watch->sinks, argv[i] + 7);
        else if (strcmp(argv[i], "--sink") == 0 && i + 1 < argc)
            code = sinks_add(&watch->sinks, argv[++i]);
    }
    return code;
}

static int take_interval(struct watch *watch)
{
    double value = 5;
    struct quantity_unit unit = QUANTITY_SECONDS;
    size_t at, len;
    int taken = interval_word ? quantity_read(interval_word, &value, &unit, &at, &len) : 0;
    bool good = !interval_word || (taken > 0 && interval_word[taken] == '\0' && unit.seconds == 1);
    if (!good || value * 1000 < INTERVAL_LEAST_MS || value > 86400)
        return arguments_wrong("watch", "--interval: '%s' is not a time from %d ms to 24 h", interval_word,
                               INTERVAL_LEAST_MS);
    watch->interval_ms = (int)(value * 1000);
    return EXIT_OK;
}

static int prepare(struct watch *watch, const struct arguments *rest)
{
    if (rest->count > 1)
        return arguments_wrong("watch", "one process, file or run at a time; not '%s' too", rest->rest[1]);
    if (!rules_path)
        return arguments_wrong("watch", "needs rules: --rules=FILE; strong-report help watch shows one");
    watch->word = rest->count ? rest->rest[0] : NULL;
    if (count_word && (watch->count = arguments_number("watch", "count", count_word, 1, 1000000000)) < 0)
        return EXIT_USAGE;
    int code = take_interval(watch);
    if (code == EXIT_OK)
        code = watch_rules_read(rules_path, &watch->rules);
    for (size_t i = 0; i < watch->rules.sink_count && code == EXIT_OK; i++)
        code = sinks_add(&watch->sinks, watch->rules.sinks[i]);
    if (code == EXIT_OK && watch->sinks.count == 0)
        code = sinks_add(&watch->sinks, "stderr");
    return code;
}

int watch_command(int argc, char **argv)
{
    struct watch watch = {.signal_fd = -1};
    struct arguments rest;
    int code = add_sinks(&watch, argc, argv); /* before the words are put in another order */
    if (code == EXIT_OK && arguments_parse("watch", argc, argv, arguments, false, &rest) != 0)
        code = EXIT_USAGE;
    if (code == EXIT_OK)
        code = prepare(&watch, &rest);
    if (code == EXIT_OK && dry_run) {
        printf("%s: %s, %s: all right\n", rules_path, units_plural(watch.rules.count, "rule").text,
               units_plural(watch.sinks.count, "sink").text);
    } else if (code == EXIT_OK) {
        code = open_signals(&watch);
        if (code == EXIT_OK && !once)
            code = sinks_open(&watch.sinks);
        if (code == EXIT_OK)
            code = once ? evaluate_once(&watch) : loop(&watch);
    }
    look_done(&watch.last);
    sinks_close(&watch.sinks, GRACE_MS);
    watch_rules_done(&watch.rules);
    if (watch.signal_fd >= 0)
        close(watch.signal_fd);
    return code;
}
