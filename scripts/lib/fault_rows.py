"""The faults of scripts/faults: what goes wrong around a preloaded program, and that it is as bare all the same."""
import os
import random
import re
import signal
import time

from fault_bench import EVERYTHING
from fault_clocks import clock_steps

# name: what is done to whom. Each program does a bit of everything, in the same way each time.
WORK = (["/bin/cat", "/etc/passwd"], ["/usr/bin/sort", "-r", "/etc/services"],
        ["/usr/bin/python3", "-c", "import threading,os\nt=[threading.Thread(target=lambda: sum(range(9999))) for _ in range(4)]\n"
                                   "[x.start() for x in t];[x.join() for x in t]\nprint(os.getppid()>0, len(os.listdir('/proc/self/fd')))"])


# Functions that libstrong calls one for the other below itself (what takes `...` is passed on to what takes a va_list; a lock is
# tried before it is waited for), or that libc does: they fail together.
FAMILIES = tuple(names.split() for names in (
    "fprintf vfprintf __fprintf_chk __vfprintf_chk", "dprintf vdprintf __dprintf_chk __vdprintf_chk",
    "execve execv execvp execvpe execl execlp execle fexecve execveat",
    "pthread_mutex_lock pthread_mutex_timedlock pthread_mutex_clocklock pthread_mutex_trylock",
    "pthread_rwlock_wrlock pthread_rwlock_timedwrlock pthread_rwlock_clockwrlock pthread_rwlock_trywrlock"))


def family_of(name):
    return "," + ",".join(next((names for names in FAMILIES if name in names), [name])) + ","


def injected(bench):
    """Calls of libc fail below libstrong as they do without it: what the victims of all hooks say is the same."""
    library = bench.program("libfault_inject.so")
    with open(os.path.join(os.path.dirname(__file__), "../../preload/abi/hooks.def"), encoding="utf-8") as file:
        hooks = re.findall(r"^HOOK_(?:COUNTED|ENTRY|VERSIONED)\(\w+, (\w+)", file.read(), re.MULTILINE)
    with open(os.path.join(os.path.dirname(__file__), "../../tests/programs/libfault_inject.c"), encoding="utf-8") as file:
        listed = dict(re.findall(r"\bF\((\w+), (POINTER|MINUS|NUMBER|SHORT|NEVER)", file.read()))
    wrong = ["the injector does not know " + name for name in sorted(set(hooks) - set(listed))]
    victims = sorted(name for name in os.listdir(bench.programs) if name.startswith("hook_") and "." not in name)
    pairs = {} # function: the victims that call it
    for victim in victims:
        log = os.path.join(bench.top, "calls-" + victim)
        bench.run([bench.program(victim)], bench.env(more={"LD_PRELOAD": library, "FAULT_RATE": "0", "FAULT_LOG": log}), 30)
        with open(log, encoding="utf-8") as file:
            for line in file:
                name = line.split()[0]
                if listed[name] != "NEVER" and victim not in pairs.setdefault(name, []):
                    pairs[name].append(victim)
    counts = {"tried": 0, "hang bare": 0, "vary bare": 0}
    for name, callers in sorted(pairs.items()):
        dice = random.Random(name)
        for victim in callers if bench.long else [dice.choice(callers)] if dice.randrange(4) == 0 else []:
            wrong += one_injected(bench, library, victim, {"FAULT_NAME": family_of(name), "FAULT_RATE": "1"}, counts)
    possible = {name for name in hooks if listed.get(name) != "NEVER"}
    return counts["tried"], wrong, "%d of %d hooks; bare %d runs vary, %d hang" % (
        len(possible & set(pairs)), len(possible), counts["vary bare"], counts["hang bare"])


def one_injected(bench, library, victim, faults, counts):
    """What is wrong with one victim under these faults."""
    more = {"LD_PRELOAD": library, **faults}
    bare = bench.run([bench.program(victim)], bench.env(more=more), 3)
    if bare.code == "timeout": # it waits for what was never sent
        counts["hang bare"] += 1
        return []
    if bare != bench.run([bench.program(victim)], bench.env(more=more), 10):
        counts["vary bare"] += 1
        return []
    counts["tried"] += 1
    folder = bench.folder()
    preloaded = bench.run([bench.program(victim)], bench.env(folder, {**EVERYTHING, **more, "STRONG_OPTIMIZE": "none"}), 30)
    wrong = []
    if preloaded != bare and any(bare != bench.run([bench.program(victim)], bench.env(more=more), 10) for _ in range(4)):
        counts["vary bare"] += 1 # more seldom than the two runs could show
    elif preloaded != bare:
        wrong.append("%s, %s:%s" % (victim, faults, bare.beside(preloaded)))
    for segment in bench.segments(folder):
        try:
            bench.report(segment)
        except ValueError as error:
            wrong.append("%s, %s: %s" % (victim, faults, error))
    bench.forget(folder)
    return wrong


def no_place(bench):
    """Nowhere to put a segment: no room, read-only, no directory, no descriptor."""
    def mounted(options):
        return ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o %s none \"$0\" && exec \"$@\"" % options]
    places = {"no room": mounted("size=4k,mode=0700"), "little room": mounted("size=96k,mode=0700"),
              "read-only": mounted("ro"), "no directory": [], "no descriptor": ["sh", "-c", "ulimit -n 4; exec \"$@\"", "sh"]}
    tried, wrong = 0, []
    for place, wrap in places.items():
        for arguments in WORK:
            folder = bench.folder()
            where = folder + "/none" if place == "no directory" else folder
            before = wrap + ([folder] if wrap[:1] == ["unshare"] else [])
            env = ["env", "-u", "LD_PRELOAD"]
            bare = bench.run([*before, *env, *arguments], bench.env())
            for _ in range(bench.size(4, 100)):
                again = ["env", "LD_PRELOAD=" + bench.library, "STRONG_DIR=" + where]
                preloaded = bench.run([*before, *again, *arguments], bench.env())
                tried += 1
                lines = preloaded.err.splitlines()
                ours = [line for line in lines if line.startswith(b"libstrong: ")]
                if preloaded != bare or len(ours) > 1 or [line for line in lines if line not in ours] != bare.err.splitlines():
                    wrong.append("%s, %s:%s" % (place, arguments[0], bare.beside(preloaded)))
            bench.forget(folder)
    return tried, wrong, "%d programs in %d places" % (len(WORK), len(places))


def killed(bench):
    """Killed at any instant: strong-report reads what is left, in which at most one record a thread is damaged."""
    dice = random.Random(20261126)
    tried, wrong, read, threads = 0, [], 0, 6
    for _ in range(bench.size(60, 10000)):
        folder = bench.folder()
        lines = os.path.join(folder, "lines")
        with open(lines, "wb") as file:
            file.truncate(64 * threads)
        process = bench.start([bench.program("survive_busy"), lines, str(threads)], bench.env(folder, EVERYTHING))
        time.sleep(dice.random() * dice.choice((0.01, 0.05, 0.2)))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        tried += 1
        for segment in bench.segments(folder):
            done = bench.run([bench.report_program, "export", "json", segment], bench.env())
            if done.code not in (0, 1) or (done.code == 1 and b"no segment yet" not in done.err and b"not a libstrong" not in done.err):
                wrong.append("after %d kills: %s" % (tried, done))
            elif done.code == 0:
                read += 1
                damaged = re.search(rb'"damaged": (\d+)', done.out)
                if damaged and int(damaged[1]) > threads + 1:
                    wrong.append("after %d kills: %s records are damaged" % (tried, damaged[1].decode()))
        bench.forget(folder)
    if read < tried / 2:
        wrong.append("only %d segments were there to be read" % read)
    return tried, wrong, "%d segments read" % read


def fork_tree(bench):
    """A tree of processes: every one leaves a segment no larger than its cap, and gc leaves none."""
    count = bench.size(100, 1000)
    script = ("import os, sys\nn = int(sys.argv[1]) // 10\nfor _ in range(n):\n    if os.fork() == 0:\n        for _ in range(9):\n"
              "            if os.fork() == 0: os._exit(0)\n        for _ in range(9): os.wait()\n        os._exit(0)\n"
              "for _ in range(n): os.wait()\nprint('done')")
    folder, cap = bench.folder(), 2 << 20
    wrong = []
    arguments = ["/usr/bin/python3", "-c", script, str(count)]
    bare = bench.run(arguments, bench.env(), 120)
    preloaded = bench.run(arguments, bench.env(folder, {"STRONG_SHM_SIZE": str(cap), "STRONG_KEEP": "100000"}), 120)
    if bare.code != 0 or preloaded != bare:
        wrong.append("bare %s, preloaded %s" % (bare, preloaded))
    segments = bench.segments(folder)
    if len(segments) < count:
        wrong.append("only %d segments" % len(segments))
    for segment in segments:
        if os.stat(segment).st_blocks * 512 > cap:
            wrong.append("%s takes %d bytes" % (segment, os.stat(segment).st_blocks * 512))
    taken = sum(os.stat(segment).st_blocks * 512 for segment in segments)
    done = bench.run([bench.report_program, "gc", "--all"], bench.env(more={"STRONG_DIR": folder}))
    left = bench.segments(folder)
    if done.code != 0 or left:
        wrong.append("gc ended with %s and left %d" % (done, len(left)))
    bench.forget(folder)
    return count, wrong, "%d segments, %.1f MiB in all, none left" % (len(segments), taken / 2**20)


CHURN = """import os, sys, threading
count = int(sys.argv[1])
def rss(): return int(open('/proc/self/statm').read().split()[1]) * 4
def some(n):
    for _ in range(n // 8):
        threads = [threading.Thread(target=int) for _ in range(8)]
        for one in threads: one.start()
        for one in threads: one.join()
some(4000)
before = rss()
some(count)
print(rss() - before)"""


def thread_churn(bench):
    """Threads come and go: memory does not grow after the first thousands."""
    count, folder, wrong = bench.size(16000, 1000000), bench.folder(), []
    done = bench.run(["/usr/bin/python3", "-c", CHURN, str(count)], bench.env(folder), 3600)
    grown = int(done.out) if done.code == 0 else -1
    if done.code != 0 or grown > 1024:
        wrong.append("ended with %s; grew by %d KiB" % (done, grown))
    bench.forget(folder)
    return count, wrong, "%d KiB more" % grown


def stopped(bench):
    """Stopped for a while: what it says is the same, and the report counts the time as life, not as work."""
    seconds, folder, wrong = bench.size(2, 60), bench.folder(), []
    script = "import time\nend=time.monotonic()+0.5\nwhile time.monotonic()<end: time.sleep(0.01)\nprint('over')"
    process = bench.start(["/usr/bin/python3", "-c", script], bench.env(folder))
    time.sleep(0.25)
    process.send_signal(signal.SIGSTOP)
    time.sleep(seconds)
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=60)
    if (process.returncode, out, err) != (0, b"over\n", b""):
        wrong.append("ended with %s, %r, %r" % (process.returncode, out, err))
    life = 0.0
    for segment in bench.segments(folder):
        report = bench.report(segment)
        life = report["run"]["duration_ns"] / 1e9 if "run" in report else report["process"]["duration_ns"] / 1e9
        if not seconds <= life <= seconds + 30:
            wrong.append("the report says that it lived %.1f s" % life)
    bench.forget(folder)
    return 1, wrong, "lived %.1f s" % life


STORM = """import os, signal, socket, subprocess, sys, threading, time
count = [0]
def handler(number, frame): count[0] += 1
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
server = socket.create_server(('127.0.0.1', 0))
def serve():
    while True:
        one = server.accept()[0]
        with one:
            while True:
                part = one.recv(4096)
                if not part: break
                one.sendall(part)
threading.Thread(target=serve, daemon=True).start()
end, rounds, bad = time.monotonic() + float(sys.argv[1]), 0, 0
while time.monotonic() < end:
    rounds += 1
    text = b'%d ' % rounds * 400
    with socket.create_connection(server.getsockname()) as one:
        one.sendall(text)
        found = b''
        while len(found) < len(text): found += one.recv(4096)
    bad += found != text
    with open('storm', 'wb') as file: file.write(text)
    with open('storm', 'rb') as file: bad += file.read() != text
    lock = threading.Lock(); lock.acquire(); bad += lock.acquire(timeout=0.0005)
    begin = time.monotonic(); time.sleep(0.0005); bad += time.monotonic() - begin < 0.0005
    if rounds % 50 == 0:
        bad += subprocess.run(['cat'], input=text, stdout=subprocess.PIPE).stdout != text
signal.setitimer(signal.ITIMER_REAL, 0)
os.unlink('storm')
print('bad', bad, 'enough', rounds > 20 and count[0] > 500 * float(sys.argv[1]))"""


def storm(bench):
    """5,000 signals a second through whatever blocks: nothing fails, comes short or goes on early for it."""
    seconds, wrong, tried = bench.size(4, 600), [], 0
    arguments = ["/usr/bin/python3", "-c", STORM, str(seconds)]
    bare = bench.run(arguments, bench.env(), seconds + 60)
    if (bare.code, bare.out) != (0, b"bad 0 enough True\n"):
        wrong.append("bare: %s" % bare)
    for mode in ("none", "all"):
        folder = bench.folder()
        done = bench.run(arguments, bench.env(folder, {**EVERYTHING, "STRONG_OPTIMIZE": mode}), seconds + 60)
        tried += 1
        if done != bare:
            wrong.append("%s: bare %s, preloaded %s" % (mode, bare, done))
        wrong += ["no segment"] if not bench.segments(folder) else []
        bench.forget(folder)
    return tried, wrong, "%d s each: bare, measuring and optimizing" % seconds


def parked(bench):
    """Connections that were kept for later are reset or closed by their servers: no byte is lost, doubled or misdirected."""
    rounds, wrong, tried, reused, ended = 300, [], 0, 0, 0
    workloads = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workloads")
    for _ in range(bench.size(1, 40)): # new processes: one that has met many such servers keeps no more connections
        server = bench.start(["/usr/bin/python3", os.path.join(workloads, "parked_server.py")], bench.env())
        port = server.stdout.readline().decode().strip()
        folder = bench.folder()
        done = bench.run(["/usr/bin/python3", os.path.join(workloads, "parked_client.py"), port, str(rounds)],
                         bench.env(folder, {"STRONG_OPTIMIZE": "all"}), 120)
        ways = server.communicate(timeout=60)[0].decode()
        bench.end(server)
        tried += rounds * 8
        ended += sum(int(number) for number in re.findall(r"(?:FIN|RST) (\d+)", ways))
        if (done.code, done.out) != (0, b"%d of %d answered\n" % (rounds * 8, rounds * 8)):
            wrong.append("%s; the server: %s" % (done, ways))
        again = sum(bench.report(segment)["self"]["counters"]["connections_reused"] for segment in bench.segments(folder))
        if again < rounds:
            wrong.append("only %d connections were used again" % again)
        reused += again
        bench.forget(folder)
    return tried, wrong, "%d used again; %d ended by the server" % (reused, ended)


ROWS = {"injected": injected, "no-place": no_place, "killed": killed, "fork-tree": fork_tree, "thread-churn": thread_churn,
        "stopped": stopped, "storm": storm, "parked": parked, "clock-steps": clock_steps}
