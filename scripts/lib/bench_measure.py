"""Measuring one command, and what is made of several measurements.

Ratios are taken within a round, where both sides saw the same machine; the figure is the median over the
rounds and the spread half the distance between the quartiles.
"""
import os
import re
import statistics
import subprocess
import time


DISTURBED = 0.15  # of one CPU


class Failed(Exception):
    """A command that did not do its work: its time would mean nothing."""


class Measured:
    def __init__(self, wall_s, cpu_s, rss_mib):
        self.wall_s = wall_s
        self.cpu_s = cpu_s
        self.rss_mib = rss_mib
        self.others = 0.0  # CPUs that something else used meanwhile


def launch(launcher, command, environment, additions, directory, limit_s=180):
    """Wall and CPU seconds and peak MiB of command, with additions in its environment only."""
    out = os.path.join(directory, "launched")
    words = [launcher, out] + [f"{k}={v}" for k, v in sorted(additions.items())] + command
    done = subprocess.run(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                          timeout=limit_s, errors="replace", cwd=directory)
    if done.returncode:
        raise Failed(f"{' '.join(command)[:60]}: exit {done.returncode}: {done.stderr.strip()[-200:]}")
    with open(out) as file:
        wall_ns, cpu_us, rss_kib = file.read().split()
    return Measured(int(wall_ns) / 1e9, int(cpu_us) / 1e6, int(rss_kib) / 1024)


def busy_cpu_s():
    """CPU time the whole machine has used, with what its host took away."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = (int(word) for word in file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Undisturbed:
    """launch() for threads that need a CPU each: with something else running they take turns instead of
    contending, which is another workload. A disturbed run is repeated up to twice and the least disturbed one
    counts; repeats bounds how often in all, so that a busy machine makes a row noisy and not endless."""

    def __init__(self, repeats=20):
        self.repeats = repeats

    def launch(self, *arguments):
        tries = [self.once(*arguments)]
        while tries[-1].others > DISTURBED and len(tries) < 3 and self.repeats > 0:
            self.repeats -= 1
            time.sleep(0.2)
            tries.append(self.once(*arguments))
        return min(tries, key=lambda one: one.others)

    @staticmethod
    def once(*arguments):
        busy = busy_cpu_s()
        one = launch(*arguments)
        one.others = max(0.0, busy_cpu_s() - busy - one.cpu_s) / one.wall_s
        return one


def instructions(command, environment, library, directory, tag):
    """Instructions by callgrind, which a busy machine does not change. Callgrind does not replace malloc, so a
    preloaded one serves the program as it would without; library must show up among the objects that ran."""
    out = os.path.join(directory, "callgrind-" + tag)
    done = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out] + command, env=environment,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, timeout=300, errors="replace")
    collected = re.search(r"Collected *: *(\d+)", done.stderr)
    if done.returncode or not collected:
        raise Failed(f"callgrind {' '.join(command)[:60]}: exit {done.returncode}: {done.stderr.strip()[-200:]}")
    if library:
        with open(out, errors="replace") as file:
            objects = {line.split(None, 1)[-1].strip() for line in file if line.startswith(("ob=", "cob="))}
        name = os.path.basename(os.path.realpath(library))
        if not any(name in entry for entry in objects):
            raise Failed(f"callgrind {' '.join(command)[:60]}: {name} ran no instruction")
    os.unlink(out)
    return int(collected.group(1))


def spread(ratios):
    """Half the distance between the quartiles."""
    if len(ratios) < 2:
        return 0.0
    low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return (high - low) / 2


def ratio(values, bases):
    """Median and spread of value / base, round by round."""
    ratios = [value / base for value, base in zip(values, bases)]
    return statistics.median(ratios), spread(ratios)


def task_cpu_s(pid):
    """CPU of all threads a process has now, in nanosecond steps."""
    total_ns = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat") as file:
            total_ns += int(file.read().split()[0])
    return total_ns / 1e9


def family_cpu_s(pid):
    """CPU of a process and of the children it has waited for, in clock ticks."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")


def peak_rss_mib(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
