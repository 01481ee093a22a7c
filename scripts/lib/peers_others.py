"""What heaptrack, strace and perf say about a program, as tables: lists of (name, figure), largest first."""
import collections
import os
import re
import shutil
import subprocess

Table = collections.namedtuple("Table", "peer title unit kind rows total")
TIMEOUT = 60


def environment(extra):
    """Without libstrong, and with what the program needs. FRESH names a file that must not be there."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("STRONG_") and k != "LD_PRELOAD"}
    env.update({k: v for k, v in extra.items() if k != "FRESH"})
    for suffix in ("", "-journal", "-wal") if "FRESH" in extra else ():
        if os.path.exists(extra["FRESH"] + suffix):
            os.unlink(extra["FRESH"] + suffix)
    return env


def run(command, extra, **kwargs):
    return subprocess.run(command, env=environment(extra), check=True, capture_output=True, text=True, timeout=TIMEOUT,
                          stdin=subprocess.DEVNULL, errors="replace", **kwargs)


def missing(peer):
    """Why a peer cannot run here; empty where it can."""
    program = {"heaptrack": "heaptrack_print"}.get(peer, peer)
    if not shutil.which(program):
        return "not installed (scripts/setup)"
    if peer == "perf":
        probe = subprocess.run(["perf", "record", "-e", "cpu-clock", "-o", "/dev/null", "true"], capture_output=True,
                               text=True, timeout=TIMEOUT, check=False)
        if probe.returncode:
            return "not permitted here: " + (probe.stderr.strip().splitlines() or ["no message"])[0]
    if peer == "strace":
        probe = subprocess.run(["strace", "-c", "-o", "/dev/null", "true"], capture_output=True, text=True,
                               timeout=TIMEOUT, check=False)
        if probe.returncode:
            return "not permitted here: " + (probe.stderr.strip().splitlines() or ["no message"])[0]
    return ""


# ---- heaptrack ----

def leaf(stack):
    """The innermost function of a folded stack: "main (t.c);insert (t.c)" -> insert."""
    return re.sub(r" \([^()]*\)$", "", stack.split(";")[-1].strip())


def heaptrack(command, extra, directory):
    base = os.path.join(directory, "heaptrack")
    run(["heaptrack", "-o", base] + command, extra)
    data = next(os.path.join(directory, name) for name in sorted(os.listdir(directory)) if name.startswith("heaptrack."))
    kinds = (("peak", "live at the peak", "bytes"), ("leaked", "unfreed at exit", "bytes"),
             ("temporary", "temporary allocations", "calls"), ("allocations", "allocations", "calls"))
    for kind, title, unit in kinds:
        folded = os.path.join(directory, "folded")
        run(["heaptrack_print", "-f", data, "-F", folded, "--flamegraph-cost-type", kind, "-p", "0", "-a", "0", "-T", "0",
             "-l", "0"], {})
        sums = collections.Counter()
        with open(folded, encoding="utf-8", errors="replace") as file:
            for line in file:
                stack, _, figure = line.rstrip().rpartition(" ")
                # "main (t.c);insert (t.c); 400": the last part is empty
                sums[leaf(stack.rstrip("; "))] += int(figure)
        yield Table("heaptrack", title, unit, kind, sums.most_common(), sum(sums.values()))
    os.unlink(data)


# ---- strace ----

def strace(command, extra, directory):
    out = os.path.join(directory, "strace")
    run(["strace", "-c", "-f", "-o", out] + command, extra)
    seconds, calls = {}, {}
    with open(out, encoding="ascii", errors="replace") as file:
        for line in file:
            fields = line.split()
            if len(fields) >= 5 and re.fullmatch(r"[0-9.]+", fields[0]) and fields[-1] != "total":
                seconds[fields[-1]] = float(fields[1])
                calls[fields[-1]] = int(fields[3])
    for title, unit, kind, figures in (("system calls by count", "calls", "syscalls", calls),
                                       ("system calls by time", "seconds", "syscall_time", seconds)):
        rows = sorted(figures.items(), key=lambda row: -row[1])
        yield Table("strace", title, unit, kind, rows, sum(figures.values()))


# ---- perf ----

def perf(command, extra, directory):
    data = os.path.join(directory, "perf.data")
    run(["perf", "record", "-e", "cpu-clock", "-F", "997", "-g", "-o", data] + command, extra)
    text = run(["perf", "report", "-i", data, "--stdio", "--no-children", "-g", "none", "-F", "overhead,dso,sym", "--percent-limit",
                "0.5"], {}).stdout
    rows = []
    for line in text.splitlines():
        found = re.match(r"\s*([0-9.]+)%\s+(\S+)\s+\[(.)\]\s+(\S.*?)\s*$", line)
        if not found:
            continue
        share, module, where, symbol = float(found[1]) / 100, found[2], found[3], found[4]
        name = "(kernel)" if where == "k" else f"[{module}]" if symbol.startswith("0x") else symbol
        rows.append((name, share))
    sums = collections.Counter()
    for name, share in rows:
        sums[name] += share
    yield Table("perf", "functions by CPU time of their own", "share", "cpu", sums.most_common(), 1.0)
    os.unlink(data)


PEERS = {"heaptrack": heaptrack, "strace": strace, "perf": perf}
