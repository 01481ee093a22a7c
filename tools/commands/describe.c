/* describe.c: see describe.h. Keeps no state. */
#include "commands/describe.h"

#include <stdio.h>
#include <string.h>

#include "analyse/calltree.h"
#include "analyse/optimizers.h"

const struct exit_meaning exit_meanings[] = {
    {"0", NULL, "all went well"},
    {"1", NULL, "failed: something could not be read, written or started"},
    {"2", NULL, "wrong usage; the one line on standard error says what, and the nearest valid word"},
    {"3", NULL, "no data: nothing that was named or could be meant was measured"},
    {"99", "check", "a threshold is breached"},
    {"126, 127", "run", "the program could not be started, or was not found"},
    {"128 + N", "run", "signal N ended the program"},
    {"other", "run", "the program's own"},
    {0},
};

bool describe_exit(const struct exit_meaning *exit, const char *command)
{
    if (!exit->command)
        return true;
    return command ? strcmp(exit->command, command) == 0 : commands_find(exit->command) != NULL;
}

char *describe_argument(const struct argument *argument, char *buf, size_t size)
{
    char letter[8] = "";
    if (argument->letter)
        snprintf(letter, sizeof(letter), "-%c, ", argument->letter);
    snprintf(buf, size, "%s--%s%s%s", letter, argument->name, argument->value_name ? "=" : "",
             argument->value_name ? argument->value_name : "");
    return buf;
}

static bool is_list(const char *name)
{
    return strchr(name, '|') && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789|_-")] == 0;
}

static bool is_one_of(const char *word, size_t len, const char *const *list)
{
    for (; *list; list++)
        if (strlen(*list) == len && strncmp(*list, word, len) == 0)
            return true;
    return false;
}

static const char *const file_names[] = {"FILE", "PATH", NULL};
static const char *const folder_names[] = {"FOLDER", "DIRECTORY", "DIR", NULL};
static const char *const subject_names[] = {"PID", "NAME", "RUN", "SEGMENT", "A", "B", NULL};

static void describe_optimizers(struct described_value *ret_value)
{
    static const char *const groups[] = {"none", "safe", "all"};
    size_t count = 0;
    ret_value->kind = VALUE_WORDS;
    for (; count < sizeof(groups) / sizeof(groups[0]); count++)
        ret_value->words[count].name = groups[count];
    for (int id = 0; id < OPTIMIZER_COUNT && count < DESCRIBE_WORDS; id++)
        ret_value->words[count++].name = optimizers_name((enum optimizer_id)id);
}

static void describe_costs(struct described_value *ret_value)
{
    ret_value->kind = VALUE_WORDS;
    for (int cost = 0; cost < CALLTREE_COSTS && cost < DESCRIBE_WORDS; cost++)
        ret_value->words[cost].name = calltree_cost_name((enum calltree_cost)cost);
}

void describe_value(const struct argument *argument, struct described_value *ret_value)
{
    const char *name = argument->value_name;
    size_t count = 0;
    memset(ret_value, 0, sizeof(*ret_value));
    if (!name)
        return;
    if (strcmp(name, "OPTIMIZERS") == 0)
        describe_optimizers(ret_value);
    if (strcmp(name, "COST") == 0)
        describe_costs(ret_value);
    if (ret_value->kind)
        return;
    ret_value->kind = is_one_of(name, strlen(name), file_names)     ? VALUE_FILE
                      : is_one_of(name, strlen(name), folder_names) ? VALUE_FOLDER
                      : is_list(name)                               ? VALUE_WORDS
                                                                    : VALUE_TEXT;
    if (ret_value->kind != VALUE_WORDS)
        return;
    snprintf(ret_value->text, sizeof(ret_value->text), "%s", name);
    char *save = NULL, *word = strtok_r(ret_value->text, "|", &save);
    for (; word && count < DESCRIBE_WORDS; word = strtok_r(NULL, "|", &save))
        ret_value->words[count++].name = word;
}

void describe_operands(const struct command *command, struct described_operands *ret_operands)
{
    const char *dashes = strstr(command->usage, "-- "), *at = command->usage;
    *ret_operands = (struct described_operands){.words = command->words ? command->words() : NULL,
                                                .program = dashes != NULL};
    while (!dashes && *at) {
        size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (is_one_of(at, len, subject_names))
            ret_operands->subjects = true;
        else if (is_one_of(at, len, file_names))
            ret_operands->files = true;
        else if (len == strlen("COMMAND") && strncmp(at, "COMMAND", len) == 0)
            ret_operands->commands = true;
        at += len;
        at += strcspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    }
}

bool describe_block(const char **at, char *buf, size_t size, bool *ret_literal)
{
    size_t len = 0;
    while (**at == '\n')
        ++*at;
    if (!**at)
        return false;
    *ret_literal = **at == ' ';
    buf[0] = 0;
    while (**at && **at != '\n' && (**at == ' ') == *ret_literal) {
        int line = (int)strcspn(*at, "\n");
        const char *gap = *ret_literal ? "\n" : " ";
        int put = snprintf(buf + len, size - len, "%s%.*s", len ? gap : "", line, *at);
        len = len + (size_t)put < size ? len + (size_t)put : size - 1;
        *at += line;
        *at += **at == '\n';
    }
    return true;
}
