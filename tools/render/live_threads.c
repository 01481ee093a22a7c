/* live_threads.c: the views of processes and of the threads of one. */
#include <string.h>

#include "analyse/units.h"
#include "render/live.h"
#include "render/text_blocks.h"

/* ---- processes ---- */

enum { PID, CPU, RSS, THREADS, CALLS, MALLOC, WAITS, AGE, COMMAND };

static void put_use(struct live_table *table, struct live_row *row, const struct rates *rates)
{
    const struct model *model = &rates->model;
    const struct model_resource *last =
        model->resource_count ? &model->resources[model->resource_count - 1] : NULL;
    double cpu = rates_cpu(rates), bytes = 0;
    if (cpu >= 0)
        live_share(table, row, CPU, cpu);
    if (last && last->rss_bytes != MODEL_UNKNOWN)
        live_bytes(table, row, RSS, (double)last->rss_bytes);
    live_number(table, row, THREADS, (double)model->processes[0].threads_alive,
                live_count_text((double)model->processes[0].threads_alive, true).text);
    for (unsigned i = 1; i < HOOK_COUNTED_END; i++)
        if (hook_classes[i] == CLASS_MEMORY)
            bytes += (double)model->hooks[i].bytes;
    double calls = (double)rates_calls(rates);
    bool whole = table->totals;
    live_count(table, row, CALLS, whole ? calls : rates_per_second(rates, calls), whole);
    live_bytes(table, row, MALLOC, whole ? bytes : rates_per_second(rates, bytes));
    struct units_text wait = live_wait_text(rates);
    if (wait.text[0])
        live_text(table, row, WAITS, wait.text);
}

void live_processes_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"PID", NULL, 7, false, 0},         {"CPU%", NULL, 6, false, 0},
        {"RSS", NULL, 7, false, 0},         {"THR", NULL, 4, false, 4},
        {"CALLS/s", "CALLS", 7, false, 0},  {"MALLOC/s", "MALLOC", 8, false, 5},
        {"MOSTLY IN", NULL, 12, true, 2}, {"TIME", NULL, 9, false, 3},
        {"COMMAND", NULL, 0, true, 0},
    };
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "no measured process runs; start one: strong-report run -- COMMAND";
    for (size_t i = 0; i < input->process_count; i++) {
        const struct live_process *process = &input->processes[i];
        struct live_row *row = live_table_add(table, process->id);
        char pid[16];
        snprintf(pid, sizeof(pid), "%d", (int)process->pid);
        live_number(table, row, PID, (double)process->pid, pid);
        if (process->rates)
            put_use(table, row, process->rates);
        const char *state = process->ended ? process->ended : process->stopped;
        if (state && row) {
            live_text(table, row, WAITS, state);
            row->cells[WAITS].style = STYLE_WARNING;
        }
        live_time(table, row, AGE, process->age_ns);
        live_text(table, row, COMMAND,
                  process->rates ? text_blocks_command(&process->rates->model.processes[0])
                                 : process->command);
    }
}

/* ---- threads ---- */

enum { TID, USE, WAITING, SINCE, CALL, NAME, TARGET };

static uint64_t sampled_cpu(const struct model_thread *thread)
{
    uint64_t ns = 0;
    for (unsigned i = 0; i <= CLASS_COUNT; i++)
        ns += thread->class_cpu_ns[i];
    return ns;
}

/* Time in calls, without the CPU time sampled in them. */
static uint64_t waited(const struct model_thread *thread)
{
    uint64_t ns = 0;
    for (unsigned i = 0; i < CLASS_COUNT; i++)
        ns += thread->class_ns[i] > thread->class_cpu_ns[i]
                  ? thread->class_ns[i] - thread->class_cpu_ns[i]
                  : 0;
    return ns;
}

static const char *now_target(const struct live_input *input, const struct model_thread *thread)
{
    const struct model_target *target = &input->rates->model.targets[thread->now_target];
    if (thread->now_target == 0)
        return "";
    if (target->text[0] || !target->has_site[0] || !input->symbols)
        return target->text;
    return symbols_place(input->symbols, &target->site[0]);
}

static void put_time(const struct live_input *input, struct live_table *table,
                     struct live_row *row, unsigned column, uint64_t ns)
{
    if (input->totals)
        live_time(table, row, column, ns);
    else
        live_share(table, row, column, rates_share(input->rates, ns));
}

void live_threads_view(const struct live_input *input, struct live_table *table)
{
    static const struct live_column columns[] = {
        {"TID", NULL, 7, false, 0},     {"CPU%", "CPU", 7, false, 0},
        {"WAIT%", "WAIT", 7, false, 0}, {"SINCE", NULL, 8, false, 0},
        {"IN", NULL, 15, true, 0},      {"NAME", NULL, 12, true, 2},
        {"TARGET", NULL, 0, true, 0},
    };
    const struct model *model = &input->rates->model;
    bool sampled = model->processes[0].cpu_period_ns > 0;
    table->columns = columns;
    table->column_count = sizeof(columns) / sizeof(columns[0]);
    table->nothing = "no thread is known";
    for (size_t i = 0; i < model->thread_count; i++) {
        const struct model_thread *thread = &model->threads[i];
        struct live_row *row = live_table_add(table, (uint64_t)thread->tid);
        char tid[16];
        snprintf(tid, sizeof(tid), "%d", (int)thread->tid);
        live_number(table, row, TID, (double)thread->tid, tid);
        if (sampled)
            put_time(input, table, row, USE, sampled_cpu(thread));
        put_time(input, table, row, WAITING, waited(thread));
        if (thread->now_hook != HOOK_NONE) {
            live_time(table, row, SINCE, thread->now_ns);
            live_text(table, row, CALL, hook_names[thread->now_hook]);
            live_text(table, row, TARGET, now_target(input, thread));
        } else {
            live_text(table, row, CALL, "its own code");
            live_text(table, row, TARGET, "");
        }
        live_text(table, row, NAME, thread->name);
    }
}
