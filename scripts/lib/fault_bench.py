"""What the rows of scripts/faults share: where things are built, runs with a watchdog, and segments that go away.

A row is a function of a Bench that returns (times it was tried, list of what was wrong, a figure to print). Only processes
started here are signalled, each as the leader of a session of its own.
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile

PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
EVERYTHING = {"STRONG_SAMPLE_RATE": "1", "STRONG_SLOW": "0", "STRONG_ALLOC_PERIOD": "1KiB", "STRONG_BLOCK_PERIOD": "1us",
              "STRONG_KEEP": "100000"}


class Outcome:
    """What a user of a program sees."""

    def __init__(self, code, out, err):
        self.code, self.out, self.err = code, out, err

    def __eq__(self, other):
        return (self.code, self.out) == (other.code, other.out)

    def __str__(self):
        return self.text(len(self.out))

    def text(self, end):
        return "%s, %r, %r" % (self.code, self.out[max(0, end - 300):end], self.err[-300:])

    def beside(self, other):
        """Of a bare program, and of the preloaded one: where they begin to differ."""
        same = len(os.path.commonprefix([self.out, other.out]))
        return "\n      bare      %s\n      preloaded %s" % (self.text(same + 200), other.text(same + 200))


class Bench:
    def __init__(self, build, library, long_form, top):
        self.programs = os.path.join(build, "tests/programs")
        self.report_program = os.path.join(build, "strong-report")
        self.library, self.long, self.top = library, long_form, top
        self.folders = 0

    def size(self, short, long_form):
        return long_form if self.long else short

    def program(self, name):
        return os.path.join(self.programs, name)

    def folder(self):
        """A new directory for segments."""
        return tempfile.mkdtemp(prefix="segments-", dir=self.top)

    def env(self, segments=None, more=None):
        env = {"PATH": PATH, "HOME": self.top, "LC_ALL": "C.UTF-8"}
        if segments:
            env.update(LD_PRELOAD=self.library, STRONG_DIR=segments)
        for name, value in (more or {}).items():
            if name == "LD_PRELOAD" and segments:
                value = self.library + ":" + value
            env[name] = value
        return env

    def start(self, arguments, env, **keywords):
        keywords.setdefault("stdout", subprocess.PIPE)
        keywords.setdefault("stderr", subprocess.PIPE)
        return subprocess.Popen(arguments, cwd=self.top, env=env, stdin=subprocess.DEVNULL, start_new_session=True, **keywords)

    def run(self, arguments, env, seconds=60, **keywords):
        process = self.start(arguments, env, **keywords)
        try:
            out, err = process.communicate(timeout=seconds)
            code = process.returncode
        except subprocess.TimeoutExpired:
            code = "timeout"
        self.end(process)
        if code == "timeout":
            out, err = process.communicate()
        return Outcome(code, out, err)

    def end(self, process):
        """The process and what it left in its session."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass

    def report(self, segment, what="report"):
        """The report as data; raises ValueError with what strong-report said where there is none."""
        done = self.run([self.report_program, what, "--json", segment], self.env())
        if done.code != 0:
            raise ValueError("strong-report ended with %s" % done)
        return json.loads(done.out)

    def segments(self, folder):
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".strong"))

    def forget(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
