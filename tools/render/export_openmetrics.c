/* export_openmetrics.c: `strong-report export openmetrics`: OpenMetrics 1.0. */
#include "render/export_families.h"

int export_openmetrics(FILE *out, const struct export_source *source)
{
    return export_families(out, source, EXPOSITION_OPENMETRICS, NULL);
}
