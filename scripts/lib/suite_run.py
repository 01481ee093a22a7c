"""What the suites of scripts/suites share: packages and sources of Debian's, and a run of a suite in one mode.

A suite is a class with a name, `what` (one line), `packages`, and three methods: prepare(bench) builds what it needs, once;
run(side) returns {case: "pass", "skip" or what went wrong}; again(side, cases) the same for at least these cases. All
commands are bounded in time, in sessions of their own, and end with everything that they started.
"""
import functools
import glob
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
import time

PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
MODES = ("none", "safe", "all")


def install(packages):
    """Debian packages that are not there yet; ends the script where that cannot be."""
    missing = [name for name in packages
               if subprocess.run(["dpkg-query", "-W", "-f=${Status}", name], capture_output=True, text=True,
                                 check=False).stdout != "install ok installed"]
    if not missing:
        return
    print("suites: installing " + " ".join(missing), file=sys.stderr)
    root = [] if os.getuid() == 0 else ["sudo"]
    for command in (["apt-get", "update", "-qq"],
                    ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "-qq",
                     "--no-install-recommends", *missing]):
        done = subprocess.run(root + command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            sys.exit("suites: %s: %s" % (" ".join(command), done.stderr.strip().splitlines()[-1:]))


def compare_versions(one, other):
    if one == other:
        return 0
    return -1 if subprocess.run(["dpkg", "--compare-versions", one, "lt", other], check=False).returncode == 0 else 1


class Bench:
    """Where a suite lives: `top` is for this run, `cache` keeps sources and what was built of them."""

    def __init__(self, top, cache, short):
        self.top, self.cache, self.short = top, cache, short

    def source(self, package):
        """The unpacked source of a Debian package, fetched once, by the sources that apt knows, as sources."""
        folder = os.path.join(self.cache, package)
        found = glob.glob(folder + "/*/debian")
        if found:
            return os.path.dirname(found[0])
        os.makedirs(folder, exist_ok=True)
        lists = os.path.join(self.cache, "apt")
        os.makedirs(lists + "/lists/partial", exist_ok=True)
        with open(lists + "/sources.list", "w", encoding="utf-8") as one:
            for name in glob.glob("/etc/apt/sources.list.d/*.list") + ["/etc/apt/sources.list"]:
                if os.path.exists(name):
                    with open(name, encoding="utf-8") as lines:
                        one.writelines("deb-src" + line[3:] for line in lines if line.startswith("deb "))
        os.makedirs(lists + "/parts", exist_ok=True)
        for name in glob.glob("/etc/apt/sources.list.d/*.sources"):
            with open(name, encoding="utf-8") as lines, \
                    open(os.path.join(lists, "parts", os.path.basename(name)), "w", encoding="utf-8") as out:
                out.writelines("Types: deb-src\n" if line.startswith("Types:") else line for line in lines)
        options = ["-o", "Dir::Etc::sourcelist=" + lists + "/sources.list", "-o", "Dir::Etc::sourceparts=" + lists + "/parts",
                   "-o", "Dir::State::lists=" + lists + "/lists", "-o", "APT::Sandbox::User=root"]
        self.command(["apt-get", *options, "update", "-qq"], folder, 300)
        said = self.command(["apt-cache", *options, "showsrc", package], folder, 60)
        versions = sorted(set(re.findall(r"^Version: (\S+)", said, re.MULTILINE)), key=functools.cmp_to_key(compare_versions))
        for version in reversed(versions): # a mirror may lack the newest, of another archive
            code, output = self.try_command(["apt-get", *options, "source", "-qq", "%s=%s" % (package, version)], folder, 600)
            found = glob.glob(folder + "/*/debian")
            if code == 0 and found:
                return os.path.dirname(found[0])
        sys.exit("suites: no source of %s can be had:\n%s" % (package, output[-3000:] if versions else ""))

    def try_command(self, arguments, folder, seconds):
        return run(arguments, folder, {"PATH": PATH, "HOME": self.top, "LC_ALL": "C.UTF-8"}, seconds)

    def command(self, arguments, folder, seconds):
        """Has to succeed."""
        code, output = self.try_command(arguments, folder, seconds)
        if code != 0:
            sys.exit("suites: %s ended with %s:\n%s" % (" ".join(arguments), code, output[-3000:]))
        return output


class Side:
    """One run of a suite: in a folder of its own, bare or preloaded, with a log beside it."""

    def __init__(self, bench, name, preload):
        self.bench, self.short = bench, bench.short
        self.work = os.path.join(bench.top, name)
        self.log = self.work + ".log"
        os.makedirs(self.work)
        self.env = {"PATH": PATH, "HOME": self.work, "TMPDIR": self.work, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
        self.env.update(preload)
        self.seconds = 0.0
        self.identity = {}

    def give_to_nobody(self):
        """Commands from here on are run by a user without rights, where we are root."""
        if os.getuid() != 0:
            return
        account = pwd.getpwnam("nobody")
        for path in [self.work, *glob.glob(self.work + "/**", recursive=True), self.env.get("STRONG_DIR", self.work)]:
            os.chown(path, account.pw_uid, account.pw_gid)
        self.identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}

    def command(self, arguments, seconds, folder=None, env=None):
        """(exit code, "timeout" or "signal N", output); counted into the side's time."""
        begin = time.monotonic()
        done = run(arguments, folder or self.work, {**self.env, **(env or {})}, seconds, self.identity)
        seconds = time.monotonic() - begin
        self.seconds += seconds
        with open(self.log, "a", encoding="utf-8", errors="replace") as log: # for who keeps it
            log.write("$ %s\n%s\n(%s after %.1f s)\n" % (" ".join(arguments), done[1].rstrip("\n"), done[0], seconds))
        return done


def run(arguments, folder, env, seconds, identity=None):
    """Its output goes to a file, so that a child left over does not hold us until time is over."""
    with tempfile.TemporaryFile() as file:
        process = subprocess.Popen(arguments, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=file,
                                   stderr=subprocess.STDOUT, start_new_session=True, **(identity or {}))
        try:
            code = process.wait(timeout=seconds)
            code = "signal %d" % -code if code < 0 else code
        except subprocess.TimeoutExpired:
            code = "timeout"
        try: # what is left of the session: all of it when time was over
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.wait()
        file.seek(0)
        return code, file.read().decode(errors="replace")
