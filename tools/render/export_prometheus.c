/* export_prometheus.c: `strong-report export prometheus`: Prometheus' text format 0.0.4. */
#include "render/export_families.h"

int export_prometheus(FILE *out, const struct export_source *source)
{
    return export_families(out, source, EXPOSITION_PROMETHEUS, NULL);
}
