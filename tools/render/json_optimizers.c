/* json_optimizers.c: see json_optimizers.h. The shape is in report.schema.json. */
#include "render/json_optimizers.h"

#include "render/json_values.h"

static json_t *reasons_of(const struct optimizer *one)
{
    json_t *array = json_array();
    for (unsigned i = 0; i < one->reason_count; i++) {
        json_t *row = json_object();
        set(row, "reason", text(one->reasons[i].name));
        set(row, "meaning", text(one->reasons[i].meaning));
        set(row, "count", number(one->reasons[i].count));
        append(array, row);
    }
    return array;
}

json_t *json_optimizers_new(const struct analysis *analysis)
{
    json_t *array = json_array();
    struct arena arena = {0};
    for (unsigned id = 0; id < OPTIMIZER_COUNT; id++) {
        const struct optimizer *one = &analysis->optimizers[id];
        json_t *row = json_object(), *counters = json_object();
        set(row, "name", text(one->name));
        set(row, "state", text(optimizers_state_name(one->state)));
        set(row, "text", text(optimizers_text(analysis->model, one, &arena)));
        set(row, "acted", number(one->acted));
        set(row, "chances", number(one->chances));
        set(row, "saved_ns", number(one->saved_ns));
        set(row, "refused", number(one->refused));
        set(row, "refusals", reasons_of(one));
        for (unsigned i = 0; i < COUNTER_COUNT; i++)
            if (optimizers_owns(one->id, (enum counter_id)i))
                set(counters, counter_names[i], number(analysis->model->counters[i]));
        set(row, "counters", counters);
        append(array, row);
    }
    arena_done(&arena);
    return array;
}
