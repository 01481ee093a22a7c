"""bench memory: the malloc family of libstrong beside glibc, jemalloc, mimalloc and tcmalloc, on patterns and on
real programs; then instructions by callgrind, and the heap profile beside other heap profilers.

Rounds are interleaved: every round runs every column once, starting with another one each time. All figures are
medians over the rounds. Exit status 1 when a limit is missed by more than its spread.
"""
import argparse
import concurrent.futures
import contextlib
import os
import shutil
import sys
import tempfile
import time

import bench_allocators as allocators
import bench_memory_table as table
import bench_programs as programs
import bench_servers as servers
from bench_measure import DISTURBED, Failed, Undisturbed, instructions, launch

# name: (row, threads, scale, family); with threads the row is judged by wall time
PATTERNS = {
    "pair": ("pair", 1, 0.6, None),
    "larson": ("larson", 2, 0.4, None),
    "producer_consumer": ("producer_consumer", 2, 1.0, None),
    "mstress": ("mstress", 2, 0.5, None),
    "cache_scratch": ("cache_scratch", 2, 0.25, None),
    "growing": ("growing", 1, 0.25, "growing"),
    "growing_large": ("growing_large", 1, 0.3, "growing"),
    "growing_doubling": ("growing_doubling", 1, 0.5, "growing"),
    "growing_interleaved": ("growing_interleaved", 1, 0.4, "growing"),
    "random_lifetimes": ("random_lifetimes", 1, 0.5, None),
    "scaling": ("scaling, 2 threads", 2, 0.4, "scaling"),
    "scaling_alone": ("scaling, 1 thread", 1, 0.4, "scaling"),
    "phases": ("phases", 1, 0.2, None),
}
PROGRAMS = {"python": "python3 json", "sqlite": "sqlite3", "compiler": "cc1plus", "perl": "perl", "node": "node"}
SERVERS = {"redis": "redis-server", "postgres": "postgres"}
PROFILED = ["python", "sqlite", "compiler", "random_lifetimes", "mstress"]
GROUPS = {"patterns": list(PATTERNS), "programs": list(PROGRAMS) + list(SERVERS)}
# What callgrind runs: two sizes of a pattern (their difference over the operations between them), or a small program
COUNTED = {
    "pair, per pair": ("pair", (0.0005, 0.003), lambda scale: int(40e6 * scale)),
    "growing, per realloc": ("growing", (0.0004, 0.0016), lambda scale: (int(25000 * scale) + 1) * 1365),
    "random_lifetimes, per block": ("random_lifetimes", (0.004, 0.012), lambda scale: int(5e6 * scale)),
}


class Bench:
    def __init__(self, options, directory):
        self.options = options
        self.directory = directory
        self.environment = allocators.base_environment()
        self.binaries = os.path.join(options.build, "tests", "bench")
        self.launcher = os.path.join(self.binaries, "memory_launch")
        extra = dict(word.split("=", 1) for word in options.set)
        self.columns = allocators.columns(options.columns, directory, os.path.join(options.build, "libstrong.so"), extra)
        self.names = [column.name for column in self.columns]
        self.rows, self.profiles, self.instructions = [], [], {}
        self.failures = []

    def pattern(self, name, threads, scale):
        return [os.path.join(self.binaries, "memory_patterns"), name, str(threads), str(scale)]

    def program(self, name, part=1.0):
        """The command of a real program and what its environment needs."""
        makers = {"python": lambda: programs.python_json(int(40 * part)),
                  "sqlite": lambda: programs.sqlite(self.directory, int(300000 * part)),
                  "compiler": lambda: programs.compiler(self.directory, int(16 * part)),
                  "perl": lambda: programs.perl(max(1, int(4 * part))),
                  "node": lambda: programs.node(int(12 * part))}
        return makers[name](), {"PYTHONMALLOC": "malloc"} if name == "python" else {}

    def progress(self, what, begin):
        print(f"bench memory: {what}: {time.monotonic() - begin:.0f} s", file=sys.stderr, flush=True)

    def rotate(self, columns, rounds, run, row):
        """run(column) for every column and round, in turns; a column that fails leaves the row."""
        begin = time.monotonic()
        alive = list(columns)
        for number in range(rounds):
            first = number % len(alive) if alive else 0
            for column in alive[first:] + alive[:first]:
                if column.slow and number:
                    continue
                try:
                    row.measured.setdefault(column.name, []).append(run(column))
                except Failed as failure:
                    self.failures.append(f"{row.name}, {column.name}: {failure}")
                    row.measured.pop(column.name, None)
                    alive.remove(column)
        self.progress(row.name, begin)

    def run_pattern(self, name, columns, rounds, part=1.0):
        title, threads, scale, family = PATTERNS[name]
        row = table.Row(title, "pattern", "wall_s" if threads > 1 or family == "scaling" else "cpu_s", family=family)
        command = self.pattern(name.removesuffix("_alone"), threads, scale * part)
        measure = Undisturbed().launch if threads > 1 and part == 1 else launch
        self.rotate(columns, rounds, lambda column: measure(
            self.launcher, column.before + command, self.environment, column.additions(), self.directory), row)
        return row

    def run_program(self, name, columns, rounds, part=1.0):
        row = table.Row(PROGRAMS[name], "program")
        command, needed = self.program(name, part)
        launch(self.launcher, command, self.environment, needed, self.directory)  # into the page cache
        self.rotate(columns, rounds, lambda column: launch(
            self.launcher, column.before + command, self.environment, dict(column.additions(), **needed),
            self.directory), row)
        return row

    def run_server(self, name, columns, rounds):
        row = table.Row(SERVERS[name], "program", unit="us/op")
        with contextlib.ExitStack() as started:
            if name == "redis":
                made = {column.name: started.enter_context(servers.Redis(column, self.environment, self.directory))
                        for column in columns}
            else:
                holder, template = servers.postgres_template(self.environment, self.directory)
                made = {column.name: started.enter_context(
                    servers.Postgres(column, self.environment, holder, template)) for column in columns}
            for server in made.values():
                server.load()  # its tables and caches as they will stay
            self.rotate(columns, rounds, lambda column: made[column.name].load(), row)
        return row

    def count(self):
        """All by callgrind, two at a time. Samples by time are off: under callgrind a second holds far fewer calls."""
        begin = time.monotonic()
        quiet = {"STRONG_CPU_HZ": "0", "STRONG_BLOCK_PERIOD": "0"}
        jobs = {}
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            def submit(title, size, column, command, needed):
                added = dict(column.additions(), **needed, **(quiet if column.name in allocators.OURS else {}))
                jobs[title, size, column.name] = pool.submit(
                    instructions, command, dict(self.environment, **added), column.library, self.directory, str(len(jobs)))
            for column in self.columns:
                for title, (name, scales, _) in COUNTED.items():
                    for scale in scales:
                        submit(title, scale, column, self.pattern(name, 1, scale), {})
                for name in ("python", "sqlite"):
                    command, needed = self.program(name, 0.05)
                    submit(PROGRAMS[name] + ", million", None, column, command, needed)
        for title, _, name in jobs:
            counts = [job.result() for (t, _, n), job in jobs.items() if t == title and n == name]
            if title in COUNTED:
                _, (small, large), operations = COUNTED[title]
                figure = (counts[1] - counts[0]) / (operations(large) - operations(small))
            else:
                figure = counts[0] / 1e6
            self.instructions.setdefault(title, {})[name] = figure
        self.progress("instructions", begin)

    def profile(self):
        """Each against glibc; less work, and one round of those that take thirty times as long."""
        wanted = [column for column in self.columns if column.name in ("glibc", "strong")]
        columns = wanted + allocators.profilers(self.directory, [])
        for name in PROFILED:
            rounds = min(3, self.options.rounds)
            if name in PROGRAMS:
                row = self.run_program(name, columns, rounds, 0.25)
            else:
                row = self.run_pattern(name, columns, rounds, 0.2)
                row.clock = "cpu_s"  # heaptrack's interpreter works beside the program
            self.profiles.append(row)

    def run(self, name):
        if name in PATTERNS:
            self.rows.append(self.run_pattern(name, self.columns, self.options.rounds))
        elif name in PROGRAMS:
            self.rows.append(self.run_program(name, self.columns, self.options.rounds))
        elif name in SERVERS:
            self.rows.append(self.run_server(name, self.columns, self.options.rounds))
        elif name == "instructions":
            self.count()
        else:
            self.profile()

    def print(self):
        clocks = {"cpu_s": "CPU ", "wall_s": "wall "}
        subject = "strong" if "strong" in self.names else self.names[-1]

        def show(title, rows, field=None, unit=lambda row, which: clocks[which] + row.unit):
            for names in sorted({tuple(n for n in self.order(row) if n in row.measured) for row in rows}, key=len,
                                reverse=True):
                group = [row for row in rows if tuple(n for n in self.order(row) if n in row.measured) == names]
                if subject in names and len(names) > 1:
                    table.ratios_table(title, group, list(names), field, unit, subject)

        show("Time it is judged by, as ratios to the first column (median of the rounds' ratios; ± of "
             f"{subject}: half the distance between the quartiles)", self.rows)
        show("The other clock, ratios", self.rows, "other")
        show("Peak RSS, ratios", self.rows, "rss_mib", lambda row, which: "MiB")
        if self.instructions:
            table.print_table("Instructions (callgrind)", [""] + self.names, [
                [title] + [f"{counts[name]:.1f}" for name in self.names] for title, counts in self.instructions.items()])
        if self.profiles:
            table.plain_ratios("Heap profilers: CPU time, and peak RSS, as ratios to glibc", self.profiles)
        explained = dict.fromkeys(self.names + [name for row in self.profiles for name in row.measured])
        print("\n" + "\n".join(f"{name}: {allocators.EXPLAINED[name]}" for name in explained))
        if any(row.name == "redis-server" for row in self.rows):
            print("redis-server links libjemalloc itself: its glibc and no pool columns are that jemalloc, and the jemalloc\n"
                  "column is the same library once more. What is preloaded serves malloc, calloc, realloc and free instead of\n"
                  "it; the statistics redis asks jemalloc for are then of an allocator that serves nothing.")
        for row in self.rows:
            runs = [one for measured in row.measured.values() for one in measured]
            disturbed = sum(one.others > DISTURBED for one in runs)
            if disturbed:
                print(f"NOISY {row.name}: something else ran during {disturbed} of {len(runs)} runs kept")
        for failure in self.failures:
            print("FAILED " + failure)

    def order(self, row):
        return self.names + [name for name in row.measured if name not in self.names]


def parse_arguments(arguments, root):
    parser = argparse.ArgumentParser(prog="bench memory", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    known = list(PATTERNS) + list(PROGRAMS) + list(SERVERS) + ["instructions", "profilers"]
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5; fewer than 5 is for a look)")
    parser.add_argument("--only", default="", help="comma-separated: patterns, programs, " + ", ".join(known))
    parser.add_argument("--columns", default="", help="comma-separated, of: " + ", ".join(allocators.PEERS + allocators.OURS))
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="for the columns of libstrong")
    parser.add_argument("--build", default=os.path.join(root, "build", "release"), help="build directory")
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("--rounds: at least 1")
    options.columns = [name.strip() for name in options.columns.split(",") if name.strip()] or \
        allocators.PEERS + allocators.OURS
    for name in options.columns:
        if name not in allocators.PEERS + allocators.OURS:
            parser.error(f"--columns {name}: one of {', '.join(allocators.PEERS + allocators.OURS)}")
    chosen = []
    for name in [name for name in options.only.split(",") if name] or known:
        if name not in known and name not in GROUPS:
            parser.error(f"--only {name}: one of patterns, programs, {', '.join(known)}")
        chosen += GROUPS.get(name, [name])
    options.build = os.path.abspath(options.build)
    options.only = list(dict.fromkeys(chosen))
    return options


def main(arguments, root):
    options = parse_arguments(arguments, root)
    needed = ["tests/bench/memory_patterns", "tests/bench/memory_launch"]
    if set(options.columns) & set(allocators.OURS):
        needed.append("libstrong.so")
    for name in needed:
        if not os.path.exists(os.path.join(options.build, name)):
            sys.exit(f"bench memory: {options.build}/{name} is missing: cmake --preset release && "
                     "cmake --build --preset release")
    directory = tempfile.mkdtemp(prefix="strong-bench-", dir="/dev/shm")
    os.chmod(directory, 0o755)  # a server may run as another user; what it keeps there is its own
    try:
        bench = Bench(options, directory)
        for name in options.only:
            bench.run(name)
        bench.print()
        above = table.check_limits(bench.rows, bench.instructions)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return 1 if above or bench.failures else 0
