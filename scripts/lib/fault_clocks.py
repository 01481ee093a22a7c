"""The clocks of scripts/faults: they step by years under a program, or begin where its time namespace says."""
import json
import os
import random
import re
import struct
import threading
import time

from fault_bench import EVERYTHING

YEAR_NS = 366 * 86400 * 10**9
STEP_S = 0.011
NO_TIMES = re.compile("below_ns|cgroup_") # limits of a table, and what the machine did since long

# Waits by Python's own deadlines, on the clock that does not step; what is looked at between is the clock that does.
PYTHON = """import queue, socket, subprocess, sys, threading, time
server = socket.create_server(('127.0.0.1', 0))
def serve():
    while True:
        with server.accept()[0] as one:
            while (part := one.recv(4096)): one.sendall(part)
threading.Thread(target=serve, daemon=True).start()
bad, back, ahead, last = 0, 0, 0, time.time()
one = socket.create_connection(server.getsockname(), 20)
box, lock = queue.Queue(), threading.Lock()
lock.acquire()
for round in range(int(sys.argv[1])):
    one.sendall(b'%d' % round); bad += one.recv(4096) != b'%d' % round
    begin = time.monotonic(); time.sleep(0.002); bad += time.monotonic() - begin < 0.002
    bad += lock.acquire(timeout=0.002)
    try: box.get(timeout=0.002); bad += 1
    except queue.Empty: pass
    event = threading.Event()
    threading.Timer(0.002, event.set).start(); bad += not event.wait(20)
    if round % 20 == 0: bad += subprocess.run(['cat'], input=b'x', stdout=subprocess.PIPE, timeout=20).stdout != b'x'
    now = time.time(); back += now < last - 1000; ahead += now > last + 1000; last = now
print('bad', bad)
if len(sys.argv) > 2: print('the clock stepped' if back and ahead else 'the clock stood')"""


class Steps:
    """The file that libclock_steps.so reads, written all the while: `others` too, the clocks that no administrator can step."""

    def __init__(self, bench, others):
        self.path = os.path.join(bench.folder(), "steps")
        self.others, self.over = others, threading.Event()
        self.write(0, 0)
        self.thread = threading.Thread(target=self.go)

    def write(self, of_day, rest):
        with open(self.path, "r+b" if os.path.exists(self.path) else "wb", buffering=0) as file:
            file.write(struct.pack("=qq", of_day, rest))

    def go(self):
        dice = random.Random(self.others)
        while not self.over.wait(STEP_S):
            self.write(dice.choice((-1, 0, 1)) * dice.randrange(20 * YEAR_NS), dice.randrange(20 * YEAR_NS) if self.others else 0)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def absurd(bench, folder, wall_ns):
    """Times in the reports that cannot be: below nothing, or longer than all threads together were there."""
    wrong, rows = [], 0
    for segment in bench.segments(folder):
        report = bench.report(segment)
        if not -1 <= time.time() - report["process"]["start"] <= wall_ns / 10**9 + 10:
            wrong.append("%s began at %s, it says" % (report["process"]["name"], report["process"]["start"]))
        most = (wall_ns + 10**8) * (report["process"]["threads_started"] + 1)

        def look(value, path):
            if isinstance(value, dict):
                for key, inner in value.items():
                    look(inner, path + (key,))
            elif isinstance(value, list):
                for inner in value:
                    look(inner, path)
            elif path[-1].endswith("_ns") and not NO_TIMES.match(path[-1]) and value is not None and not 0 <= value <= most:
                wrong.append("%s of %s is %s ns; the run took %d" % (".".join(path), report["process"]["name"], value, wall_ns))

        look(report, ())
        for row in report["hooks"]:
            rows += row["timed"] or 0
            if (row["max_ns"] or 0) > wall_ns + 10**8:
                wrong.append("%s: one call took %d ns of %d" % (row["name"], row["max_ns"], wall_ns))
    return wrong + ([] if rows else ["nothing was timed"])


def across(bench, namespace):
    """A program is looked at while it runs, from the other side of the border of a time namespace, both ways."""
    wrong = []
    for what, program, reader in (("inside", namespace, []), ("outside", [], namespace)):
        folder = bench.folder()
        begin = time.monotonic_ns()
        process = bench.start([*program, bench.program("survive_clock"), "100000"], bench.env(folder))
        time.sleep(0.5)
        env = bench.env(more={"STRONG_DIR": folder})
        gc = bench.run([*reader, bench.report_program, "gc", "--all"], env)
        done = bench.run([*reader, bench.report_program, "report", "--json", str(process.pid)], env)
        wall_ns = time.monotonic_ns() - begin
        bench.end(process)
        process.communicate()
        found = json.loads(done.out)["process"] if done.code == 0 else {"state": "with %s" % done, "duration_ns": 0}
        if gc.code != 0 or found["state"] != "running" or not 0.3 * 10**9 < found["duration_ns"] < wall_ns:
            wrong.append("a program %s: gc ended with %s; it is %s for %d ns of %d"
                         % (what, gc, found["state"], found["duration_ns"], wall_ns))
        bench.forget(folder)
    return wrong


def clock_steps(bench):
    """Clocks step by years under a program, or are its namespace's: it goes on as bare, no time in the report is absurd."""
    rounds = str(bench.size(60, 3000))
    python = ["/usr/bin/python3", "-c", PYTHON, rounds]
    waits = [bench.program("survive_clock"), rounds]
    below = {"LD_PRELOAD": bench.program("libclock_steps.so")}
    namespace = ["unshare", "-T", "--monotonic", str(10 * 366 * 86400), "--boottime", str(11 * 366 * 86400)]
    cases = [("the clock of the day steps", [], [*python, "steps"], False),
             ("the clock of the day steps", [], [*waits, "steps"], False),
             ("all clocks step", [], [*waits, "steps"], True)]
    if os.getuid() == 0:
        cases += [("a time namespace", namespace, python, None), ("a time namespace", namespace, waits, None)]
    tried, wrong = (2, across(bench, namespace)) if os.getuid() == 0 else (0, [])
    for what, before, arguments, others in cases:
        def run(folder, more):
            env = {**below, **more} if others is not None else more
            begin = time.monotonic_ns()
            if others is None:
                done = bench.run([*before, *arguments], bench.env(folder, env), 600)
            else:
                with Steps(bench, others) as steps:
                    done = bench.run(arguments, bench.env(folder, {**env, "CLOCK_STEPS": steps.path}), 600)
            return done, time.monotonic_ns() - begin

        bare = run(None, {})[0]
        if bare.code != 0 or (others is not None and b"the clock stepped" not in bare.out):
            wrong.append("%s: bare %s" % (what, bare))
        for mode in ("none", "all"):
            folder = bench.folder()
            done, wall_ns = run(folder, {**EVERYTHING, "STRONG_OPTIMIZE": mode})
            tried += 1
            if done != bare or done.err != bare.err:
                wrong.append("%s, %s:%s" % (what, mode, bare.beside(done)))
            wrong += ["%s, %s: %s" % (what, mode, line) for line in absurd(bench, folder, wall_ns)]
            bench.forget(folder)
    return tried, wrong, "%s rounds of waits, %d ways" % (rounds, len(cases))
