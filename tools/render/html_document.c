/* html_document.c: see html_document.h. Owns how texts and functions are numbered. */
#include "render/html_document.h"

#include <stdlib.h>
#include <string.h>

#include "read/text.h"
#include "render/json_values.h"

enum { COLUMNS_MOST = 400, COLUMNS_SHORT = 60, BYTES_OF_COLUMN = 16 }; /* a wide character with some combining marks */

void html_document_init(struct html_document *document, const struct html_limits *limits)
{
    *document = (struct html_document){.root = json_object(), .strings = json_array(), .symbols = json_array()};
    document->limits = *limits;
    set(document->root, "strings", document->strings);
    set(document->root, "symbols", document->symbols);
    set(document->root, "tables", json_array());
    document->failed = document->root == NULL || document->strings == NULL || document->symbols == NULL;
}

void html_document_done(struct html_document *document)
{
    json_decref(document->root);
    lookup_done(&document->by_text);
    lookup_done(&document->by_symbol);
}

char *html_document_text(struct html_document *document)
{
    return document->failed ? NULL : json_dumps(document->root, JSON_COMPACT | JSON_REAL_PRECISION(6));
}

/* ---- texts ---- */

/* Model text is valid UTF-8; should it not be, its place is kept rather than the document lost. */
static json_t *string_of(const char *text)
{
    json_t *string = json_string(text);
    return string != NULL ? string : json_string("(not readable)");
}

static uint32_t number_of(struct html_document *document, const char *text)
{
    uint64_t key = lookup_hash(LOOKUP_SEED, text, strlen(text));
    for (uint32_t found; (found = lookup_find(&document->by_text, key)) != LOOKUP_NONE; key++)
        if (strcmp(json_string_value(json_array_get(document->strings, found)), text) == 0)
            return found;
    uint32_t place = (uint32_t)json_array_size(document->strings);
    if (document->failed || json_array_append_new(document->strings, string_of(text)) != 0 ||
        lookup_add(&document->by_text, key, place) != 0) {
        document->failed = true;
        return 0;
    }
    return place;
}

static uint32_t cut_number(struct html_document *document, const char *text, unsigned most, bool keep_end)
{
    char buf[COLUMNS_MOST * BYTES_OF_COLUMN];
    unsigned columns = document->limits.columns < most ? document->limits.columns : most;
    if (text == NULL)
        text = "";
    return number_of(document, keep_end ? text_fit_tail(buf, sizeof(buf), text, columns)
                                        : text_fit(buf, sizeof(buf), text, columns));
}

json_t *html_word(struct html_document *document, const char *text)
{
    return number(cut_number(document, text, COLUMNS_MOST, false));
}

json_t *html_path(struct html_document *document, const char *text)
{
    return number(cut_number(document, text, COLUMNS_MOST, true));
}

json_t *html_short_path(struct html_document *document, const char *text)
{
    return number(cut_number(document, text, COLUMNS_SHORT, true));
}

uint32_t html_symbol(struct html_document *document, const char *name, const char *module, enum calltree_kind kind)
{
    uint32_t parts[3] = {cut_number(document, name, COLUMNS_MOST, kind == CALLTREE_TARGET), cut_number(document, module, COLUMNS_MOST, false),
                         (uint32_t)kind};
    uint64_t key = lookup_hash(LOOKUP_SEED, parts, sizeof(parts));
    for (uint32_t found; (found = lookup_find(&document->by_symbol, key)) != LOOKUP_NONE; key++) {
        bool same = true;
        for (unsigned i = 0; i < 3; i++)
            same &= json_integer_value(json_array_get(document->symbols, found * 3 + i)) == parts[i];
        if (same)
            return found;
    }
    uint32_t place = (uint32_t)(json_array_size(document->symbols) / 3);
    for (unsigned i = 0; i < 3; i++)
        append(document->symbols, number(parts[i]));
    document->failed |= lookup_add(&document->by_symbol, key, place) != 0;
    return place;
}

/* ---- tables ---- */

struct html_table html_table_new(struct html_document *document, const char *id, const char *title,
                                 const struct html_column *columns)
{
    struct html_table table = {json_object(), json_array(), 0};
    json_t *titles = json_array();
    for (; columns->title != NULL; columns++) {
        json_t *column = json_array();
        append(column, text(columns->title));
        append(column, text(columns->kind));
        append(titles, column);
    }
    set(table.object, "id", text(id));
    set(table.object, "title", text(title));
    set(table.object, "columns", titles);
    set(table.object, "rows", table.rows);
    append(json_object_get(document->root, "tables"), table.object);
    return table;
}

json_t *html_table_row(struct html_document *document, struct html_table *table)
{
    if (json_array_size(table->rows) >= document->limits.rows) {
        table->left_out++;
        return NULL;
    }
    json_t *row = json_array();
    append(table->rows, row);
    return row;
}

void html_table_end(struct html_table *table)
{
    set(table->object, "left_out", number(table->left_out));
}
