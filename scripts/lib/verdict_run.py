"""What the cases of scripts/verdicts share: a directory on disk, the processes they start, the reports.

Every wait is bounded. Only processes started here are ever signalled, each as the leader of a session of its own.
"""
import json
import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

PATH = "/usr/lib/postgresql/15/bin:/usr/bin:/bin:/usr/sbin:/sbin"
WAIT_S = 60


class Failed(Exception):
    """The case could not be carried out."""


class Workbench:
    """One case's directory: segments, a copy of the library that every account may read, logs."""

    def __init__(self, library, report, programs, short):
        # Not /tmp: it may be in memory, where a sync costs nothing.
        self.path = tempfile.mkdtemp(prefix="verdicts-", dir="/var/tmp")
        os.chmod(self.path, 0o755)
        self.library = self.join("libstrong.so")
        shutil.copy(library, self.library)
        os.chmod(self.library, 0o755)
        self.report_program = report
        self.programs = programs
        self.short = short
        self.user = None
        self.running = []
        self.segments = self.join("segments")
        os.mkdir(self.segments, 0o700)
        self.cpus = os.sched_getaffinity(0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait(WAIT_S)
        os.sched_setaffinity(0, self.cpus)
        shutil.rmtree(self.path, ignore_errors=True)

    def join(self, *names):
        return os.path.join(self.path, *names)

    def write(self, name, content):
        with open(self.join(name), "w", encoding="utf-8") as file:
            file.write(content)
        return self.join(name)

    def stay_on_one_cpu(self):
        """What is started from here on, and its client: between two CPUs of a virtual machine most of a short exchange is
        the time that an idle one takes to wake, which is no fix's to change."""
        os.sched_setaffinity(0, {min(self.cpus)})

    def become(self, account):
        """From here on programs run as `account`, when we are root; the segments are theirs."""
        if os.getuid() != 0:
            return
        entry = pwd.getpwnam(account)
        self.user = entry.pw_uid, entry.pw_gid
        for directory in (self.path, self.segments):
            os.chown(directory, *self.user)

    # -- processes ----------------------------------------------------------------------------------

    def start(self, arguments, side=None, env=None, **keywords):
        """Preloaded where it is a side's; its output goes to a log."""
        full = {"PATH": PATH, "HOME": self.path, "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        if side:
            full.update(LD_PRELOAD=self.library, STRONG_DIR=self.segments, STRONG_RUN=side, STRONG_KEEP="1000")
        full.update(env or {})
        if self.user:
            keywords.update(user=self.user[0], group=self.user[1], extra_groups=[])
        with open(self.join("log"), "ab") as log:
            process = subprocess.Popen(arguments, cwd=self.path, env=full, start_new_session=True,
                                       stdin=subprocess.DEVNULL, stdout=log, stderr=log, **keywords)
        self.running.append(process)
        return process

    def finish(self, process, stop=None):
        """Waits for its end, which has to be a good one."""
        if stop is not None:
            process.send_signal(stop)
        try:
            code = process.wait(WAIT_S)
        except subprocess.TimeoutExpired:
            raise Failed("%s did not end" % process.args[0]) from None
        if code != 0:
            raise Failed("%s ended with %d\n%s" % (process.args[0], code, self.log()))

    def run(self, arguments, side=None, env=None):
        self.finish(self.start(arguments, side, env))

    def log(self):
        with open(self.join("log"), encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]

    # -- reports --------------------------------------------------------------------------------------

    def report(self, *arguments):
        done = subprocess.run([self.report_program, *arguments], capture_output=True, timeout=WAIT_S, check=False,
                              env={"PATH": PATH, "STRONG_DIR": self.segments})
        if done.returncode != 0:
            raise Failed("strong-report %s: %s" % (" ".join(arguments), done.stderr.decode()))
        return json.loads(done.stdout)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for_port(port, process):
    end = time.monotonic() + WAIT_S
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise Failed("nothing listens on port %d" % port)


def setting_of(fix):
    """The STRONG_… setting that a fix names first."""
    found = re.search(r"(STRONG_[A-Z_]+)=([^\s,;]+)", fix)
    if not found:
        raise Failed("the fix names no setting: " + fix)
    return {found.group(1): found.group(2)}
