/* template.c: see template.h. */
#include "document/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "document/tables.h"

static int wrong(const char *path, const char *what, const char *word)
{
    fprintf(stderr, "strong-document: %s: %s '%s'\n", path, what, word);
    return -1;
}

static int put_file(const char *template, const char *name, FILE *out)
{
    const char *slash = strrchr(template, '/');
    char path[4096];
    int byte;
    snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - template + 1) : 0, template, name);
    FILE *file = fopen(path, "re");
    if (!file)
        return wrong(path, strerror(errno), name);
    while ((byte = fgetc(file)) != EOF)
        fputc(byte, out);
    fclose(file);
    return 0;
}

static int put_table(const char *path, const char *name, FILE *out)
{
    for (const struct table *table = tables; table->name; table++)
        if (strcmp(table->name, name) == 0) {
            table->write(out);
            return 0;
        }
    return wrong(path, "no table", name);
}

/* The value whose name stands at text and ends at len. */
static const char *find_value(const char *const *values, const char *text, size_t len)
{
    for (; *values; values++)
        if (strncmp(*values, text, len) == 0 && (*values)[len] == '=')
            return *values + len + 1;
    return NULL;
}

static int put_line(const char *path, const char *line, const char *const *values, FILE *out)
{
    for (const char *mark; (mark = strchr(line, '@')); ) {
        size_t len = strspn(mark + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        bool is_value = len && mark[len + 1] == '@';
        const char *value = is_value ? find_value(values, mark + 1, len) : NULL;
        if (is_value && !value)
            return wrong(path, "no value", mark);
        fprintf(out, "%.*s%s", (int)(mark - line), line, is_value ? value : "@");
        line = mark + (is_value ? len + 2 : 1);
    }
    fprintf(out, "%s\n", line);
    return 0;
}

int template_write(const char *path, const char *const *values, FILE *out)
{
    static const char include[] = "@include ";
    FILE *template = fopen(path, "re");
    char *line = NULL;
    size_t size = 0;
    int code = 0;
    if (!template)
        return wrong(path, strerror(errno), "template");
    while (code == 0 && getline(&line, &size, template) > 0) {
        line[strcspn(line, "\n")] = 0;
        const char *start = line + strspn(line, " ");
        if (strncmp(start, include, strlen(include)) == 0)
            code = put_file(path, start + strlen(include), out);
        else if (start[0] == '@' && islower((unsigned char)start[1]))
            code = put_table(path, start + 1, out);
        else
            code = put_line(path, line, values, out);
    }
    free(line);
    fclose(template);
    return code;
}
