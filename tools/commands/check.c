/* check.c: `strong-report check EXPR…`: does what was measured keep to these limits? For CI.
 *
 * All expressions are parsed before anything is read, so a mistake in the last one costs no verdict. Symbols are
 * read only where an expression asks for findings.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyse/expression.h"
#include "commands/arguments.h"
#include "commands/commands.h"
#include "commands/subject.h"
#include "read/text.h"
#include "read/trusted.h"
#include "render/screen.h"

enum { EXIT_BREACHED = 99, COMPARED_MOST = 64, CHECKS_MOST = 1000 };

static bool as_json, quiet;
static const char *of_word, *file_path;

static const struct argument arguments[] = {
    {"file", "FILE", &file_path, NULL, "expressions, one a line; # begins a comment", 0},
    {"json", NULL, NULL, &as_json, "the same facts for programs", 0},
    {"of", "PID|NAME|FILE|RUN", &of_word, NULL, "what is checked (default: as report)", 0},
    {"quiet", NULL, NULL, &quiet, "only the exit code", 0},
    {0},
};

const struct argument *check_arguments(void)
{
    return arguments;
}

const char check_notes[] =
    "  strong-report check 'network.p99 < 5ms' 'alloc.rate < 100MB/s' 'threads < 200 && descriptors < 900'\n"
    "  strong-report check --of=nightly 'target(\"tcp://127.0.0.1:6379\").error_share < 1%'\n\n"
    "Comparisons (< <= > >= == !=) of metrics and numbers with units, joined by && || ! ( ), with + - * / on either\n"
    "side. Like is compared with like: 5ms, 100MB/s, 1GiB, 80%, 200. strong-report help metrics lists the metrics.\n\n"
    "Exit codes: 0 all hold; 99 one does not; 3 none is broken, but a metric was not measured, which is never a pass (also\n"
    "where there is nothing to check); 2 an expression is wrong, and nothing was checked. 99 goes before 3.\n";

struct checks {
    struct expression *items[CHECKS_MOST];
    size_t count;
};

static void checks_done(struct checks *checks)
{
    for (size_t i = 0; i < checks->count; i++)
        expression_free(checks->items[i]);
}

/* ---- reading expressions ---- */

static int add(struct checks *checks, const char *text, const char *place)
{
    struct expression_error error;
    char pointed[512];
    if (checks->count == CHECKS_MOST)
        return arguments_wrong("check", "more than %d expressions", CHECKS_MOST);
    if (expression_parse(text, &checks->items[checks->count], &error) == 0) {
        checks->count++;
        return EXIT_OK;
    }
    arguments_wrong("check", "%s%s", place, error.message);
    fputs(expression_point(text, &error, pointed, sizeof(pointed)), stderr);
    return EXIT_USAGE;
}

static int add_file(struct checks *checks, const char *path)
{
    char why[TRUSTED_WHY];
    int fd = trusted_open(path, TRUSTED_PLAIN, 0, NULL, why);
    FILE *file = fd >= 0 ? fdopen(fd, "r") : NULL;
    char *line = NULL, place[512];
    size_t size = 0;
    ssize_t len;
    int code = EXIT_OK;
    if (!file)
        return arguments_wrong("check", "%s: %s", path, fd < 0 ? why : strerror(errno));
    for (unsigned number = 1; code == EXIT_OK && (len = getline(&line, &size, file)) >= 0; number++) {
        while (len > 0 && strchr(" \t\r\n", line[len - 1]))
            line[--len] = '\0';
        size_t start = strspn(line, " \t");
        if (line[start] == '\0' || line[start] == '#')
            continue;
        snprintf(place, sizeof(place), "%.400s:%u: ", path, number);
        code = strlen(line) == (size_t)len ? add(checks, line + start, place)
                                           : arguments_wrong("check", "%sa NUL byte", place);
    }
    if (code == EXIT_OK && ferror(file))
        code = arguments_wrong("check", "%s: %s", path, strerror(EISDIR));
    free(line);
    fclose(file);
    return code;
}

static int read_checks(struct checks *checks, const struct arguments *rest)
{
    int code = EXIT_OK;
    for (int i = 0; i < rest->count && code == EXIT_OK; i++)
        code = add(checks, rest->rest[i], "");
    if (code == EXIT_OK && file_path)
        code = add_file(checks, file_path);
    if (code == EXIT_OK && checks->count == 0)
        code = arguments_wrong("check", "check what? strong-report check 'network.p99 < 5ms'");
    return code;
}

/* ---- what came out ---- */

struct verdict {
    enum expression_result result;
    struct expression_compared compared[COMPARED_MOST];
    size_t count;
};

static void print_verdict(struct screen *screen, const struct expression *expression,
                          const struct verdict *verdict)
{
    static const struct {
        const char *mark, *plain;
        enum screen_style style;
    } marks[] = {
        [EXPRESSION_FALSE] = {"✗", "FAIL", STYLE_CRITICAL},
        [EXPRESSION_TRUE] = {"✓", "ok  ", STYLE_PLAIN},
        [EXPRESSION_UNKNOWN] = {"?", "?   ", STYLE_WARNING},
    };
    struct screen_line line;
    screen_begin(&line, screen);
    screen_add(&line, marks[verdict->result].style, "%s",
               screen->unicode ? marks[verdict->result].mark : marks[verdict->result].plain);
    screen_add(&line, STYLE_PLAIN, " ");
    screen_add_text(&line, STYLE_PLAIN, expression->text, strlen(expression->text), screen->width);
    screen_end(&line, screen);
    for (size_t i = 0; i < verdict->count; i++) {
        char text[1200];
        expression_compared_text(expression, &verdict->compared[i], text, sizeof(text));
        screen_print(screen, verdict->compared[i].result == EXPRESSION_UNKNOWN ? STYLE_WARNING : STYLE_PLAIN,
                     "    %s", text);
    }
}

static json_t *value_json(const struct metric_value *value)
{
    return value->known ? json_real(value->value) : json_null();
}

static json_t *verdict_json(const struct expression *expression, const struct verdict *verdict)
{
    static const char *const results[] = {"breached", "holds", "not_measured"};
    json_t *compared = json_array();
    char left[512], right[512], text[EXPRESSION_LONGEST + 1];
    for (size_t i = 0; i < verdict->count; i++) {
        const struct expression_compared *one = &verdict->compared[i];
        const struct expression_node *node = &expression->nodes[one->node];
        const char *why = !one->left.known ? one->left.why : !one->right.known ? one->right.why : NULL;
        struct quantity_unit unit = expression->nodes[node->left].constant
                                        ? expression->nodes[node->right].unit
                                        : expression->nodes[node->left].unit;
        json_array_append_new(
            compared,
            json_pack("{s:s, s:s, s:s, s:o, s:o, s:s, s:s, s:s?}", "left",
                      expression_node_text(expression, node->left, left, sizeof(left)), "operator",
                      expression_operator_text(node->kind), "right",
                      expression_node_text(expression, node->right, right, sizeof(right)), "left_value",
                      value_json(&one->left), "right_value", value_json(&one->right), "unit",
                      quantity_id(unit), "result", results[one->result], "why", why));
    }
    text_clean(text, sizeof(text), expression->text, strlen(expression->text));
    return json_pack("{s:s, s:s, s:o}", "expression", text, "result", results[verdict->result],
                     "comparisons", compared);
}

static int code_of(const size_t counts[3])
{
    if (counts[EXPRESSION_FALSE])
        return EXIT_BREACHED;
    return counts[EXPRESSION_UNKNOWN] ? EXIT_NO_DATA : EXIT_OK;
}

static int report(const struct checks *checks, const struct verdict *verdicts, const size_t counts[3])
{
    struct screen screen;
    json_t *list = as_json ? json_array() : NULL;
    screen_init(&screen, stdout);
    screen.width = SCREEN_LINE_BYTES / 4; /* nothing of a limit is cut */
    for (size_t i = 0; i < checks->count && !quiet; i++) {
        if (as_json)
            json_array_append_new(list, verdict_json(checks->items[i], &verdicts[i]));
        else
            print_verdict(&screen, checks->items[i], &verdicts[i]);
    }
    int code = code_of(counts);
    if (as_json && !quiet) {
        json_t *document = json_pack("{s:i, s:b, s:o}", "schema", 1, "holds", code == EXIT_OK, "checks", list);
        bool failed = !document || json_dumpf(document, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) != 0;
        json_decref(document);
        printf("\n");
        return failed ? EXIT_FAILED : code;
    }
    json_decref(list);
    return code;
}

static int judge(const struct checks *checks, const struct subject *subject)
{
    struct arena arena = {0};
    struct metrics_context context = {
        .now = subject->model, .analysis = subject->analysis, .arena = &arena};
    struct verdict *verdicts = calloc(checks->count, sizeof(*verdicts));
    size_t counts[3] = {0};
    if (!verdicts) {
        fprintf(stderr, "strong-report check: not enough memory\n");
        return EXIT_FAILED;
    }
    for (size_t i = 0; i < checks->count; i++) {
        verdicts[i].result = expression_evaluate(checks->items[i], &context, verdicts[i].compared,
                                                 COMPARED_MOST, &verdicts[i].count);
        counts[verdicts[i].result]++;
    }
    int code = report(checks, verdicts, counts);
    free(verdicts);
    arena_done(&arena);
    return code;
}

static int run_checks(const struct checks *checks)
{
    struct selection selection;
    struct subject subject;
    bool needs_analysis = false;
    int code = select_word(of_word, false, &selection);
    if (code != EXIT_OK)
        return code;
    for (size_t i = 0; i < checks->count; i++)
        needs_analysis |= checks->items[i]->needs_analysis;
    code = needs_analysis ? subject_whole(&selection, &subject) : subject_model(&selection, &subject);
    select_done(&selection);
    if (code == EXIT_OK)
        code = judge(checks, &subject);
    subject_done(&subject);
    return code;
}

int check_command(int argc, char **argv)
{
    static struct checks checks;
    struct arguments rest;
    if (arguments_parse("check", argc, argv, arguments, false, &rest) != 0)
        return EXIT_USAGE;
    int code = read_checks(&checks, &rest);
    if (code == EXIT_OK)
        code = run_checks(&checks);
    checks_done(&checks);
    return code;
}
