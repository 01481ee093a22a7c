"""What scripts/suites preloads: ours, and other preloaded libraries stacked before or after it.

A stacked library is in the bare run too, alone: what it does to a program is not ours to answer for. It has to be seen in the
memory of a process, or the run would show nothing.
"""
import glob
import os
import subprocess
import sys
import tempfile

from suite_run import PATH, install

# name: package, where its library is, what is in its environment
STACKS = {"faketime": ("libfaketime", "/usr/lib/*/faketime/libfaketime.so.1", {"FAKETIME": "-400d", "FAKETIME_DONT_RESET": "1"}),
          "eatmydata": ("libeatmydata1", "/usr/lib/*/libeatmydata.so", {})}
NO_STACK = "-"


def places():
    """Each stacked library in each place."""
    return ["%s-%s" % (name, where) for name in STACKS for where in ("before", "after")]


class Preloads:
    """One way to stack: `stack` is one of places(), or NO_STACK."""

    def __init__(self, library, stack, top):
        self.library, self.stack, self.top = library, stack, top
        self.before, self.after, self.env = [], [], {}
        if stack != NO_STACK:
            name, where = stack.split("-")
            package, pattern, self.env = STACKS[name]
            install([package])
            found = glob.glob(pattern)
            if not found:
                sys.exit("suites: the package %s has no %s" % (package, pattern))
            getattr(self, where).append(found[0])
            self.see_mapped()

    def env_of(self, mode):
        """Of the bare run: None."""
        libraries = self.before + ([self.library] if mode else []) + self.after
        env = dict(self.env)
        if libraries:
            env["LD_PRELOAD"] = ":".join(libraries)
        if mode:
            segments = tempfile.mkdtemp(prefix="segments-", dir=self.top)
            os.chmod(segments, 0o700)
            env.update(STRONG_OPTIMIZE=mode, STRONG_DIR=segments)
        return env

    def see_mapped(self):
        """Both are in the memory of a process that is preloaded."""
        wanted = self.before + [self.library] + self.after
        done = subprocess.run(["/bin/cat", "/proc/self/maps"], env={"PATH": PATH, **self.env_of("none")}, capture_output=True,
                              text=True, check=False)
        missing = [path for path in wanted if os.path.realpath(path) not in done.stdout]
        if done.returncode != 0 or done.stderr or missing:
            sys.exit("suites: %s: not preloaded: %s %s" % (self.stack, " ".join(missing), done.stderr.strip()))
