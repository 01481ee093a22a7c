/* runs_report.c: see runs_report.h. */
#include "render/runs_report.h"

#include <string.h>
#include <time.h>

#include "analyse/units.h"

static void started(uint64_t realtime_ns, char *buf, size_t size)
{
    time_t seconds = (time_t)(realtime_ns / 1000000000u), now = time(NULL);
    struct tm local;
    if (!localtime_r(&seconds, &local)) {
        snprintf(buf, size, "?");
        return;
    }
    bool today = now >= seconds && now - seconds < 20 * 3600;
    strftime(buf, size, today ? "%H:%M:%S" : "%Y-%m-%d", &local);
}

static const char *command_of(const struct directory_entry *entry)
{
    const char *command = entry->summary.command[0] ? entry->summary.command
                                                    : entry->summary.executable;
    size_t word = strcspn(command, " ");
    for (const char *at = command; at < command + word; at++)
        if (*at == '/' && at[1] && at[1] != ' ')
            command = at + 1, word -= (size_t)(at + 1 - command);
    return command;
}

static struct units_text bytes_or_none(uint64_t bytes)
{
    return bytes == MODEL_UNKNOWN ? (struct units_text){"-"} : units_bytes(bytes);
}

static struct units_text time_or_none(uint64_t ns)
{
    return ns == MODEL_UNKNOWN ? (struct units_text){"-"} : units_duration(ns);
}

static void process_line(struct screen *screen, const struct runs_process *process, bool indent)
{
    const struct directory_entry *entry = process->entry;
    struct screen_line line;
    char start[32];
    started(entry->summary.header.start_realtime_ns, start, sizeof(start));
    screen_begin(&line, screen);
    screen_add(&line, entry->state == PROCESS_RUNNING ? STYLE_BOLD : STYLE_PLAIN,
               "%8u  %-8s  %-10s", entry->summary.header.pid,
               entry->state == PROCESS_UNKNOWN ? "unknown" : model_state_name(entry->state), start);
    screen_right(&line, 43, STYLE_PLAIN, units_duration(entry->duration_ns).text);
    screen_right(&line, 53, STYLE_PLAIN, time_or_none(process->cpu_ns).text);
    screen_right(&line, 63, STYLE_PLAIN, bytes_or_none(process->peak_bytes).text);
    screen_add(&line, STYLE_PLAIN, "  ");
    unsigned depth = process->depth + indent;
    if (depth > 0 || process->replaced)
        screen_add(&line, STYLE_DIM, "%*s%s ", (int)(depth == 0 ? 0 : depth < 20 ? depth - 1 : 19) * 2,
                   "", process->replaced ? "→" : "└");
    const char *command = command_of(entry);
    screen_add_text(&line, STYLE_PLAIN, command, strlen(command), screen->width);
    screen_end(&line, screen);
}

/* Totals of a run that has a name or more than one process. */
static void run_line(struct screen *screen, const struct runs_run *run,
                     const struct runs_process *processes)
{
    uint64_t cpu_ns = 0, peak_bytes = MODEL_UNKNOWN, running = 0, unknown = 0;
    for (size_t i = run->first; i < run->first + run->count; i++) {
        running += processes[i].entry->state == PROCESS_RUNNING;
        if (processes[i].cpu_ns == MODEL_UNKNOWN)
            unknown++;
        else
            cpu_ns += processes[i].cpu_ns;
        if (processes[i].peak_bytes != MODEL_UNKNOWN &&
            (peak_bytes == MODEL_UNKNOWN || processes[i].peak_bytes > peak_bytes))
            peak_bytes = processes[i].peak_bytes;
    }
    struct screen_line line;
    screen_begin(&line, screen);
    if (*run->name) {
        screen_add(&line, STYLE_DIM, "run ");
        screen_add_text(&line, STYLE_BOLD, run->name, strlen(run->name), 40);
    }
    screen_add(&line, STYLE_PLAIN, "%s%s process%s", *run->name ? "  " : "",
               units_count(run->count).text, run->count == 1 ? "" : "es");
    if (running)
        screen_add(&line, STYLE_BOLD, ", %s run%s", units_count(running).text,
                   running == 1 ? "s" : "");
    if (unknown < run->count)
        screen_add(&line, STYLE_PLAIN, "  CPU %s", units_duration(cpu_ns).text);
    if (unknown && unknown < run->count)
        screen_add(&line, STYLE_DIM, " (of %s)", units_count(run->count - unknown).text);
    if (peak_bytes != MODEL_UNKNOWN)
        screen_add(&line, STYLE_PLAIN, "  most memory %s", units_bytes(peak_bytes).text);
    screen_end(&line, screen);
}

static bool has_heading(const struct runs_run *run)
{
    return *run->name || run->count > 1;
}

void runs_report_print(struct screen *screen, const struct runs_run *runs, size_t run_count,
                       const struct runs_process *processes, size_t most)
{
    size_t shown = 0, total = 0;
    unsigned first = screen->lines;
    screen_print(screen, STYLE_BOLD, "%8s  %-8s  %-10s%13s%10s%10s  %s", "PID", "STATE", "STARTED",
                 "DURATION", "CPU", "PEAK", "COMMAND");
    for (size_t i = 0; i < run_count; i++) {
        const struct runs_run *run = &runs[i];
        total += run->count;
        /* a heading, one process at least, and the line about the rest */
        bool room = !most || screen->lines - first + 2 + has_heading(run) <= most;
        if (has_heading(run) && room)
            run_line(screen, run, processes);
        for (size_t j = run->first; j < run->first + run->count && room; j++) {
            size_t lines = 1 + (processes[j].finding != NULL);
            room = !most || screen->lines - first + lines + 1 <= most;
            if (!room)
                break;
            process_line(screen, &processes[j], has_heading(run));
            shown++;
            if (processes[j].finding)
                screen_print(screen, STYLE_WARNING, "%*s%s", 20, "", processes[j].finding);
        }
    }
    if (shown < total)
        screen_print(screen, STYLE_DIM, "and %s more: --all", units_count(total - shown).text);
}
