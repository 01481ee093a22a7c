/* export.c: the table of formats. */
#include "render/export.h"

#include <errno.h>

#include "render/json_report.h"

const struct export_format export_formats[] = {
#define EXPORT(name, suffix, meaning) {#name, meaning, suffix, export_##name},
#include "render/exports.def"
#undef EXPORT
    {0},
};

/* The document of `report --json`. */
int export_json(FILE *out, const struct export_source *source)
{
    bool several = source->member_count > 1;
    int error = json_report_print(out, source->analysis, several ? source->members : NULL,
                                  several ? source->member_count : 0);
    return error == -EIO ? 0 : error; /* the stream's error is found on the stream */
}
