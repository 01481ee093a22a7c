"""Suites that come with the sources of Debian packages, built without us and then run."""
import os
import re

CASE = re.compile(r"^(ok|not ok) (\d+)(?: - (.*?))?( # skip.*)?$", re.IGNORECASE | re.MULTILINE)


class Memcached:
    name = "memcached"
    what = "memcached's t/, server and perl client"
    packages = ["build-essential", "libevent-dev", "perl", "dpkg-dev"]

    def prepare(self, bench):
        self.source = bench.source("memcached")
        if not os.path.exists(self.source + "/timedrun"):
            bench.command(["./configure", "-q", "--disable-docs"], self.source, 300)
            bench.command(["make", "-s", "-j2", "memcached", "memcached-debug", "sizes", "testapp", "timedrun"], self.source, 600)
        # those that need other machines, TLS or minutes of waiting are not run by its own `make test` either
        self.files = sorted(name for name in os.listdir(self.source + "/t") if name.endswith(".t"))

    def run(self, side):
        return self.again(side, [name + ":" for name in self.files])

    def again(self, side, cases):
        found = {}
        for name in sorted({case.split(":")[0] for case in cases}):
            code, output = side.command(["perl", "-Ilib", "t/" + name], 180, self.source)
            for match in CASE.finditer(output):
                state = "skip" if match[4] else "pass" if match[1] == "ok" else "not ok: %s" % match[3]
                found["%s:%s" % (name, match[2])] = state
            found[name + ":end"] = "pass" if code == 0 else "ended with %s" % code
        return found


def case_of(name):
    """Cases that let the first, second, third … allocation fail, until none does, are one: how many there are is the
    allocator's affair (SQLite asks it how large a block is)."""
    return re.sub(r"(-oom-[a-z]+)\.\d+$", r"\1", name)


class SQLite:
    name = "sqlite"
    what = "SQLite's veryquick, by its testfixture"
    packages = ["build-essential", "tcl-dev", "tcl", "dpkg-dev", "libreadline-dev", "zlib1g-dev"]

    def prepare(self, bench):
        self.source = bench.source("sqlite3")
        self.build = os.path.join(bench.cache, "sqlite3", "build")
        os.makedirs(self.build, exist_ok=True)
        if not os.path.exists(self.build + "/testfixture"):
            bench.command([self.source + "/configure", "-q"], self.build, 300)
            bench.command(["make", "-s", "testfixture"], self.build, 1500)

    def run(self, side):
        return self.again(side, [])

    def again(self, side, _cases):
        side.give_to_nobody()  # as root it stops at the first case of access rights
        code, output = side.command([self.build + "/testfixture", self.source + "/test/veryquick.test"], 3000)
        found = {}
        for match in re.finditer(r"^(\S+)\.\.\. (Ok|Omitted)$", output, re.MULTILINE):
            found.setdefault(case_of(match[1]), "pass" if match[2] == "Ok" else "skip")
        for match in re.finditer(r"^! (\S+) +(?:expected|got): +(.*)$", output, re.MULTILINE):
            found[case_of(match[1])] = match[2][:200]
        found["end"] = "pass" if code == 0 else "ended with %s: %s" % (code, output[-200:])
        return found
