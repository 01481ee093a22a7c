"""bench report: what strong-report takes on a full segment: time, memory, lines and bytes of every part, format and
command there is, and how much CPU its live screen needs.

The segment is filled by tests/bench/full_segment_bench: every table of an 8 MiB segment that a program can fill. Commands
and formats are taken from strong-report's own help, so one that is new is measured too. Times are medians over the
rounds; the exit status is 1 when a figure is above its limit. On a busy machine the time on CPU tells what the wall clock
does not.
"""
import argparse
import collections
import os
import pty
import re
import select
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

SECONDS = 0.5
CHECK_SECONDS = 0.2
MEMORY_MIB = 100
LINES = 40
HTML_KB = 500
TOP_SHARE = 1.0
TOP_START_SECONDS = 3
TOP_SECONDS = 10
LINGER = 60
SERVICE = """
import json, threading, time
end = time.time() + %d
def work():
    while time.time() < end:
        json.dumps([{"number": i} for i in range(200)])
        open("/etc/hosts").read()
        time.sleep(0.005)
threads = [threading.Thread(target=work) for _ in range(4)]
[one.start() for one in threads]
[one.join() for one in threads]
""" % LINGER

Run = collections.namedtuple("Run", "seconds cpu mib lines bytes code")
Figure = collections.namedtuple("Figure", "name unit value limit note", defaults=("",))


class Report:
    def __init__(self, build, directory, rounds):
        self.program = os.path.join(build, "strong-report")
        self.library = os.path.join(build, "libstrong.so")
        self.filler = os.path.join(build, "tests", "bench", "full_segment_bench")
        self.directory, self.rounds = directory, rounds
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("STRONG_") and k not in ("LD_PRELOAD", "COLUMNS")}
        self.env.update(STRONG_DIR=directory, LC_ALL="C.UTF-8")

    def run(self, *arguments):
        """Median time and CPU time, highest memory (at least Python's own, which it starts from); what it prints goes to a file, as a user's pipe would take it."""
        seconds, cpu, mib, out = [], [], 0, os.path.join(self.directory, "out")
        for _ in range(self.rounds):
            begin = time.monotonic()
            with open(out, "wb") as file:
                child = subprocess.Popen([self.program, *arguments], env=self.env, stdout=file, stderr=subprocess.DEVNULL,
                                         stdin=subprocess.DEVNULL)
                _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            seconds.append(time.monotonic() - begin)
            cpu.append(usage.ru_utime + usage.ru_stime)
            mib = max(mib, usage.ru_maxrss / 1024)
        with open(out, "rb") as file:
            data = file.read()
        return Run(statistics.median(seconds), statistics.median(cpu), mib, data.count(b"\n"), len(data), child.returncode)

    def words(self, *topic):
        """The words that a command's help lists for the first place, or the commands."""
        text = subprocess.run([self.program, "help", *topic], env=dict(self.env, COLUMNS="200"), check=False,
                              capture_output=True, text=True).stdout
        block = text.split("Words in the first place:\n")[-1].split("\n\n")[0] if topic else text
        found = re.findall(r"^  ([a-z0-9]+)  +\S", block, re.M)
        if not found:  # nothing measured would look like nothing above its limit
            sys.exit(f"bench report: strong-report help {' '.join(topic)} lists nothing that can be measured")
        return found

    def fill(self):
        """A finished full segment; its path."""
        env = dict(self.env, LD_PRELOAD=self.library, STRONG_ALLOC_PERIOD="1", STRONG_BLOCK_PERIOD="1us",
                   STRONG_SAMPLE_RATE="1")
        subprocess.run([self.filler], env=env, check=True, timeout=60)
        names = [name for name in os.listdir(self.directory) if name.endswith(".strong")]
        return max((os.path.join(self.directory, name) for name in names), key=lambda path: os.stat(path).st_blocks)

    def service(self):
        """A small service: four threads that compute, read a file and rest."""
        child = subprocess.Popen(["/usr/bin/python3", "-c", SERVICE], env=dict(self.env, LD_PRELOAD=self.library),
                                 stdout=subprocess.PIPE, text=True)
        for _ in range(100):
            if any(name.startswith(f"{child.pid}-") for name in os.listdir(self.directory)):
                break
            time.sleep(0.05)
        return child

    def live(self):
        """The same program, still alive with all its threads."""
        env = dict(self.env, LD_PRELOAD=self.library, STRONG_ALLOC_PERIOD="1", STRONG_BLOCK_PERIOD="1us",
                   STRONG_SAMPLE_RATE="1")
        child = subprocess.Popen([self.filler, str(LINGER)], env=env, stdout=subprocess.PIPE, text=True)
        child.stdout.readline()  # it says so when everything is filled
        return child


def one_run(report, name, arguments, seconds, rows, lines=None, kilobytes=None):
    run = report.run(*arguments)
    rows.append(Figure(name, "s", run.seconds, seconds, f"{run.cpu:.3f} s on CPU"))
    rows.append(Figure("  its memory", "MiB", run.mib, MEMORY_MIB))
    if lines:
        rows.append(Figure("  its lines", "lines", run.lines, lines))
    if kilobytes:
        rows.append(Figure("  its size", "kB", run.bytes / 1000, kilobytes))
    if run.code not in (0, 99):
        rows.append(Figure("  its exit code", "", run.code, 0))
    if run.bytes == 0:
        rows.append(Figure("  printed nothing", "", 1, 0))


def process_cpu(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def drain(screen, seconds):
    """Takes what a terminal would show; returns how many bytes, -1 when its program ended."""
    begin, seen = time.monotonic(), 0
    while time.monotonic() - begin < seconds:
        if select.select([screen], [], [], 0.2)[0]:
            try:
                seen += len(os.read(screen, 65536))
            except OSError:
                return -1
    return seen


def top_figure(report, rows, name, victim):
    """CPU of `top` on a terminal of 80 columns that looks once a second at a process, once it has started."""
    try:
        pid, screen = pty.fork()
        if pid == 0:
            os.environ.update(report.env, TERM="xterm", COLUMNS="80", LINES="24")
            os.execv(report.program, [report.program, "top", "--interval=1s", str(victim.pid)])
        seen = drain(screen, TOP_START_SECONDS)
        started, begin = process_cpu(pid), time.monotonic()
        if seen >= 0:
            seen = drain(screen, TOP_SECONDS)
        share = (process_cpu(pid) - started) / max(time.monotonic() - begin, 1) * 100
        if seen > 0:
            os.write(screen, b"q")
        else:
            os.kill(pid, signal.SIGKILL)
        _, _, usage = os.wait4(pid, 0)
        os.close(screen)
        rows.append(Figure(name, "% CPU", share, TOP_SHARE))
        rows.append(Figure("  its memory", "MiB", usage.ru_maxrss / 1024, MEMORY_MIB))
        if seen <= 0:
            rows.append(Figure("  ended early or showed nothing", "", 1, 0))
    finally:
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        victim.stdout.close()


def figures(build, rounds, directory):
    rows = []
    report = Report(build, directory, rounds)
    segment = report.fill()
    commands = report.words()
    rows.append(Figure("segment", "MiB", os.stat(segment).st_blocks * 512 / 2**20, 8.1))
    one_run(report, "report", ["report", "--width=100", segment], SECONDS, rows, lines=LINES)
    one_run(report, "report --full", ["report", "--full", segment], SECONDS, rows)
    for part in report.words("report"):
        one_run(report, f"report {part}", ["report", part, segment], SECONDS, rows)
    one_run(report, "report cpu --callers", ["report", "cpu", "--callers", segment], SECONDS, rows)
    one_run(report, "report memory --callees", ["report", "memory", "--callees", segment], SECONDS, rows)
    one_run(report, "report --json", ["report", "--json", segment], SECONDS, rows)
    if "export" in commands:
        for format_name in report.words("export"):
            cost = ["--cost=allocated"] if format_name == "folded" else []  # its threads are too short for CPU samples
            one_run(report, f"export {format_name}", ["export", format_name, segment, *cost], SECONDS, rows,
                    kilobytes=HTML_KB if format_name == "html" else None)
    if "check" in commands:
        one_run(report, "check", ["check", "threads < 100000", f"--of={segment}"], CHECK_SECONDS, rows)
    if "top" in commands:
        top_figure(report, rows, "top, a service of 5 threads", report.service())
        top_figure(report, rows, "top, 400 threads, segment full", report.live())
    return rows


def main(argv, root):
    parser = argparse.ArgumentParser(prog="bench report", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=os.path.join(root, "build", "release"), metavar="DIR")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each command (default 5)")
    options = parser.parse_args(argv)
    build = os.path.abspath(options.build)
    for needed in ("libstrong.so", "strong-report", "tests/bench/full_segment_bench"):
        if not os.path.exists(os.path.join(build, needed)):
            sys.exit(f"bench report: {build}/{needed} is missing: build it first, or name the build with --build")
    directory = tempfile.mkdtemp(prefix="strong-bench-", dir="/dev/shm")
    try:
        rows = figures(build, max(1, options.rounds), directory)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{'what, on a full segment':34} {'unit':6} {'figure':>9}    limit")
    for row in rows:
        judged = "ok" if row.value <= row.limit else "ABOVE"
        print(f"{row.name:34} {row.unit:6} {row.value:9.3f}  ≤ {row.limit:<5g}  {judged:6} {row.note}".rstrip())
    return any(row.value > row.limit for row in rows)
