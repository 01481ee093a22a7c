/* error_table.c: see error_table.h. */
#include "render/error_table.h"

#include <string.h>

#include "analyse/units.h"
#include "render/table.h"

static void error_row(const struct table *table, const struct model *model,
                      const struct model_error *one)
{
    const char *code = strerrorname_np(one->error), *words = strerrordesc_np(one->error);
    char name[200], text[40];
    struct table_row row;
    snprintf(name, sizeof(name), "%s  %s", hook_names[one->hook], code != NULL ? code : "unknown");
    table_begin(&row, table);
    table_cell(&row, STYLE_PLAIN, units_count(one->count).text);
    table_cell(
        &row, STYLE_PLAIN,
        table_share(text, sizeof(text), (double)one->count, (double)model->hooks[one->hook].calls));
    table_end(&row, name, words != NULL ? words : "");
}

void error_table_print(struct screen *screen, const struct analysis *analysis,
                       const struct view_form *form, const char *title, error_table_filter *filter)
{
    static const struct table_column columns[] = {{"times", 12, 0}, {"of calls", 10, 50}};
    const struct table table = {screen, columns, 2, "error", form->rows, form->whole};
    const struct model *model = analysis->model;
    size_t most = form->whole ? SIZE_MAX : form->rows > 0 ? form->rows : TABLE_ROWS;
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < model->error_count; i++) {
        const struct model_error *one = &model->errors[i];
        if (!filter(one->hook) || one->count == 0)
            continue;
        if (shown >= most) {
            left++;
            continue;
        }
        if (shown++ == 0) {
            table_heading(screen, title);
            table_titles(&table);
        }
        error_row(&table, model, one);
    }
    table_left_out(screen, left);
}
