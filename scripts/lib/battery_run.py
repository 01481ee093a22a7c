"""One side of one battery case: a working directory, an environment, the processes it started.

Both sides of a case see the same paths (the directory is emptied in between), so that outputs compare
byte for byte. Every wait is bounded by the deadline of the side. Only processes started here are
ever signalled, each as the leader of a session of its own.
"""
import hashlib
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import time

FATAL = {signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGILL, signal.SIGFPE,
         signal.SIGSYS, signal.SIGTRAP, signal.SIGXFSZ}
CRASH_LINE = re.compile(
    r"(exited on|terminated by|killed by|caught|crashed by) signal:? ?(4|5|6|7|8|11|31)\b"
    r"|Segmentation fault|\bAborted\b|core dumped|double free|malloc_consolidate|corrupted size"
    r"|Bus error|SIGSEGV|SIGABRT|SIGBUS|REDIS BUG REPORT|hs_err_pid|internal compiler error")
PATH = "/usr/lib/postgresql/15/bin:/usr/bin:/bin:/usr/sbin:/sbin"


class Failed(Exception):
    """The side could not go on: a timeout, or a server that never came up."""


class Run:
    def __init__(self, work, preload_env, short, limit_s):
        self.work = work
        self.short = short
        self.deadline = time.monotonic() + limit_s
        self.outcome = {}          # label -> what a user of the program could see
        self.crashes = []          # one line for each
        self.undone = []           # work that did not happen: two equal failures are no success
        self.work_s = 0.0          # of the timed part only
        self.user = None           # account the programs run as; None is ours
        self.preload_env = preload_env
        self.running = []
        self.logs = []
        self.base_env = {"PATH": PATH, "HOME": work, "TMPDIR": work, "LC_ALL": "C.UTF-8",
                         "TZ": "UTC", "TERM": "dumb", "USER": "root", "LOGNAME": "root"}

    def size(self, short, full):
        return short if self.short else full

    def path(self, *names):
        return os.path.join(self.work, *names)

    def write(self, name, content):
        with open(self.path(name), "w" if isinstance(content, str) else "wb") as file:
            file.write(content)
        return self.path(name)

    def record(self, label, value):
        if label in self.outcome:
            raise ValueError("label used twice: " + label)
        self.outcome[label] = value

    def become(self, account):
        """From here on programs run as `account`, when we are root; the directory is theirs."""
        if os.getuid() != 0:
            return
        entry = pwd.getpwnam(account)
        self.user = entry.pw_uid, entry.pw_gid
        for directory in (self.work, self.preload_env.get("STRONG_DIR")):
            if directory:
                os.chown(directory, *self.user)

    # -- processes --------------------------------------------------------------------------------

    def start(self, args, preload=True, env=None, **keywords):
        full_env = dict(self.base_env, **(self.preload_env if preload else {}), **(env or {}))
        if self.user:
            keywords.update(user=self.user[0], group=self.user[1], extra_groups=[])
        process = subprocess.Popen(args, cwd=keywords.pop("cwd", self.work), env=full_env,
                                   start_new_session=True, **keywords)
        self.running.append(process)
        return process

    def execute(self, args, preload=True, env=None, stdin=b"", cwd=None):
        """Runs to the end; returns (exit code, stdout, stderr) and notes a crash."""
        process = self.start(args, preload, env, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, cwd=cwd or self.work)
        try:
            out, err = process.communicate(stdin, timeout=self.left())
        except subprocess.TimeoutExpired:
            self.kill(process)
            raise Failed("timeout: " + " ".join(args)[:100]) from None
        self.running.remove(process)
        self.note_crash(args[0], process.returncode, err)
        return process.returncode, out, err

    def prepare(self, args, **keywords):
        """Never preloaded: makes the input of the case."""
        code, out, err = self.execute(args, preload=False, **keywords)
        if code != 0:
            raise Failed("preparation failed: %s: %s" % (" ".join(args)[:100], err[-300:]))
        return out

    def step(self, label, args, expect=0, **keywords):
        """The normal case: a timed, preloaded run whose output and exit code are compared. Bare, it
        must end with `expect`."""
        begin = time.monotonic()
        code, out, err = self.execute(args, **keywords)
        self.work_s += time.monotonic() - begin
        self.record(label, {"exit code": code, "stdout": compact(out), "stderr": compact(err)})
        if code != expect:
            self.undone.append("%s: exit code %d, not %d: %r" % (label, code, expect, err[-300:]))
        return out

    def measured(self, label, args, facts, expect=0, **keywords):
        """Like step for outputs with times in them: `facts(stdout, stderr)` lists what must match,
        and first of all what shows that the work was done."""
        begin = time.monotonic()
        code, out, err = self.execute(args, **keywords)
        self.work_s += time.monotonic() - begin
        text = out.decode(errors="replace"), err.decode(errors="replace")
        found = facts(*text)
        self.record(label, {"exit code": code, "facts": found})
        if code != expect or not found or not found[0]:
            self.undone.append("%s: exit code %d, facts %r: %r" % (label, code, found, err[-300:]))
        return out

    # -- servers ----------------------------------------------------------------------------------

    def server(self, args, port, ready=None, **keywords):
        """Started in the foreground, its output in a log file; returns when the port answers and,
        if there is one, the command `ready` succeeds."""
        log = self.path("server-%d.log" % port)
        with open(log, "wb") as output:
            process = self.start(args, stdin=subprocess.DEVNULL, stdout=output,
                                 stderr=subprocess.STDOUT, **keywords)
        self.logs.append(log)
        while True:
            if process.poll() is not None:
                self.note_crash(args[0], process.returncode, b"")
                with open(log, "rb") as output:
                    raise Failed("server ended at once: %s: %r" % (args[0], output.read()[-300:]))
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                if ready is None or self.execute(ready, preload=False)[0] == 0:
                    return process
            except OSError:
                pass
            self.left()
            time.sleep(0.02)

    def stop(self, label, process, with_signal=signal.SIGTERM):
        process.send_signal(with_signal)
        try:
            code = process.wait(timeout=min(20, self.left()))
        except subprocess.TimeoutExpired:
            self.kill(process)
            raise Failed("does not stop on signal %d: %s" % (with_signal, label)) from None
        self.running.remove(process)
        self.note_crash(label, code, b"")
        self.record(label + " stops", code)

    def watch_log(self, path):
        self.logs.append(path)

    # -- the end ----------------------------------------------------------------------------------

    def left(self):
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise Failed("timeout")
        return left

    def note_crash(self, what, code, err):
        number = -code if code < 0 else code - 128 if code > 128 else 0
        if number in FATAL:
            self.crashes.append("%s: signal %d" % (os.path.basename(what), number))
        elif CRASH_LINE.search(err.decode(errors="replace")):
            self.crashes.append("%s: %r" % (os.path.basename(what), err[-200:]))

    def kill(self, process):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream:
                stream.close()
        if process in self.running:
            self.running.remove(process)

    def finish(self):
        """Ends what is left and reads the servers' logs for crashes of their children."""
        for process in list(self.running):
            self.kill(process)
        for log in self.logs:
            if os.path.exists(log):
                with open(log, errors="replace") as lines:
                    self.crashes += [line.strip()[:160] for line in lines if CRASH_LINE.search(line)]


def compact(data):
    """Short outputs are kept for the message about a difference, long ones as a digest."""
    if len(data) <= 2000:
        return data.decode(errors="backslashreplace")
    return "%d bytes, sha256 %s" % (len(data), hashlib.sha256(data).hexdigest())


def tree_digest(root):
    """Names, kinds, modes and contents below root; not the times."""
    digest = hashlib.sha256()
    for directory, folders, files in os.walk(root):
        folders.sort()
        for name in sorted(files) + folders:
            path = os.path.join(directory, name)
            state = os.lstat(path)
            digest.update(("%s %o\n" % (os.path.relpath(path, root), state.st_mode)).encode())
            if os.path.islink(path):
                digest.update(os.readlink(path).encode())
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    digest.update(hashlib.sha256(file.read()).digest())
    return digest.hexdigest()


def file_digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def empty_directory(path):
    shutil.rmtree(path, ignore_errors=True)
    os.makedirs(path, mode=0o755)
