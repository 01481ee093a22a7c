/* accounting_threads.c: where the time of each thread that was alive went; see accounting.h. */
#include "analyse/accounting_split.h"

static void add_calls(const struct model_thread *thread, struct accounting_split *split)
{
    for (size_t i = 0; i < thread->call_count; i++)
        accounting_split_add(split, thread->calls[i].hook, thread->calls[i].kind, thread->calls[i].ns);
    accounting_split_settle(split);
}

/* The call it is inside of, as far as it is known what that touches. */
static void add_now(const struct model *model, const struct model_thread *thread, double waits[PART_COUNT])
{
    if (thread->now_hook == HOOK_NONE || thread->now_hook >= HOOK_COUNT)
        return;
    enum target_kind kind =
        thread->now_target == 0 ? TARGET_OTHER : model->targets[thread->now_target].kind;
    enum accounting_part part = accounting_part_of(thread->now_hook, kind);
    if (part != PART_UNACCOUNTED)
        waits[part] += (double)thread->now_ns;
}

static void one_thread(const struct model *model, const struct accounting_split *all,
                       const struct model_thread *thread, struct accounting_thread *account)
{
    struct accounting_split split = {.interpreter_share = all->interpreter_share};
    double waits[PART_COUNT] = {0};
    uint64_t cpu_ns = 0;
    add_calls(thread, &split);
    for (unsigned class = 0; class <= CLASS_COUNT; class ++)
        cpu_ns += thread->class_cpu_ns[class];
    for (unsigned class = 0; class < CLASS_COUNT; class ++) {
        double ns = (double)thread->class_ns[class] - (double)thread->class_cpu_ns[class];
        accounting_split_class(&split, all, class, ns, waits);
    }
    add_now(model, thread, waits);
    waits[PART_UNACCOUNTED] = 0;
    account->cpu_sampled = model->processes[thread->process].cpu_period_ns > 0;
    account->shared = thread->calls_shared;
    account->excess_ns = accounting_split_fit(thread->life_ns, cpu_ns, waits, 0, account->parts);
}

void accounting_threads(const struct model *model, struct accounting_thread *ret_threads)
{
    struct accounting_split all = {.interpreter_share = accounting_split_interpreter(model)};
    for (size_t i = 0; i < model->row_count; i++) {
        const struct model_row *row = &model->rows[i];
        accounting_split_add(&all, row->hook,
                             row->target == 0 ? TARGET_OTHER : model->targets[row->target].kind, row->ns);
    }
    accounting_split_settle(&all);
    for (size_t i = 0; i < model->thread_count; i++)
        one_thread(model, &all, &model->threads[i], &ret_threads[i]);
}
