"""Suites of event loops: libevent's regress by every way of waiting, and libuv's tests."""
import os
import re
import shutil

REGRESS = re.compile(r"^([a-z_0-9]+/\w+): (?:\[forking\] )?(OK|SKIPPED|DISABLED)?", re.MULTILINE)
# as its own test.sh runs it: {way: what is in the environment besides, to turn the others off}
WAYS = {"epoll": ("EPOLL", {}), "changelist": ("EPOLL", {"EVENT_EPOLL_USE_CHANGELIST": "yes"}),
        "timerfd": ("EPOLL", {"EVENT_PRECISE_TIMER": "1"}), "poll": ("POLL", {}), "select": ("SELECT", {}),
        "debug": ("EPOLL", {"EVENT_DEBUG_MODE": "1"})}
PROGRAMS = ("test-init", "test-eof", "test-closed", "test-weof", "test-time", "test-changelist", "test-fdleak", "test-dumpevents")


class Libevent:
    name = "libevent"
    what = "libevent's regress and its programs: epoll, changelist, timerfd, poll, select, debug mode"
    packages = ["build-essential", "cmake", "dpkg-dev", "python3", "zlib1g-dev"]

    def prepare(self, bench):
        source = bench.source("libevent")
        self.build = os.path.join(bench.cache, "libevent", "build")
        if not os.path.exists(self.build + "/bin/regress"):
            os.makedirs(self.build, exist_ok=True)
            bench.command(["cmake", "-S", source, "-B", self.build, "-DCMAKE_BUILD_TYPE=Release", "-DEVENT__LIBRARY_TYPE=STATIC",
                           "-DEVENT__DISABLE_OPENSSL=ON", "-DEVENT__DISABLE_SAMPLES=ON", "-DEVENT__DISABLE_BENCHMARK=ON"],
                          self.build, 300)
            bench.command(["cmake", "--build", self.build, "-j2"], self.build, 900)

    def run(self, side):
        return self.again(side, [way + ":" for way in WAYS])

    def again(self, side, cases):
        found = {}
        for way in sorted({case.split(":")[0] for case in cases}):
            found.update(self.by(way, side))
        return found

    def by(self, way, side):
        only, env = WAYS[way]
        env = {**{"EVENT_NO" + name: "yes" for name in ("EPOLL", "POLL", "SELECT") if name != only}, **env}
        found = {}
        for program in PROGRAMS:
            code, output = side.command([os.path.join(self.build, "bin", program)], 120, env=env)
            found["%s:%s" % (way, program)] = "pass" if code == 0 else "ended with %s: %s" % (code, output[-200:])
        code, output = side.command([self.build + "/bin/regress"], 900, env=env)
        matches = list(REGRESS.finditer(output))
        for match, following in zip(matches, matches[1:] + [None]):
            text = output[match.start():following.start() if following else len(output)]
            if "[%s FAILED]" % match[1] in text or match[2] is None and " OK" not in text:
                state = " ".join(text.split())[:200]
            else:
                state = "skip" if match[2] in ("SKIPPED", "DISABLED") else "pass"
            found["%s:%s" % (way, match[1])] = state
        return found


class Libuv:
    name = "libuv"
    what = "libuv's tests"
    packages = ["build-essential", "cmake", "dpkg-dev"]
    flaky = {"tcp_connect_timeout", "tcp_close_while_connecting"}  # want a network that drops packets

    def prepare(self, bench):
        self.source = bench.source("libuv1")
        self.build = os.path.join(bench.cache, "libuv1", "build")
        if not os.path.exists(self.build + "/uv_run_tests_a"):
            os.makedirs(self.build, exist_ok=True)
            bench.command(["cmake", "-S", self.source, "-B", self.build, "-DCMAKE_BUILD_TYPE=Release",
                           "-DLIBUV_BUILD_TESTS=ON"], self.build, 300)
            bench.command(["cmake", "--build", self.build, "-j2", "--target", "uv_run_tests_a"], self.build, 900)

    def program(self, side):
        """A copy where anybody may run it: it does not run as root."""
        program = os.path.join(side.work, "uv_run_tests_a")
        if not os.path.exists(program):
            shutil.copy(self.build + "/uv_run_tests_a", program)
            shutil.copytree(self.source + "/test/fixtures", side.work + "/test/fixtures")
            side.give_to_nobody()
        return program

    def run(self, side):
        code, output = side.command([self.program(side)], 900)
        found = {}
        for match in re.finditer(r"^(ok|not ok) \d+ - (\w+)(.*)((?:\n#.*)*)", output, re.MULTILINE):
            skipped = "skip" in match[3].lower()
            if match[2] not in self.flaky:
                found[match[2]] = "skip" if skipped else "pass" if match[1] == "ok" else " ".join(match[4].split())[:200]
        found["end"] = "pass" if code in (0, 1) else "ended with %s" % code
        return found

    def again(self, side, cases):
        found = {}
        for case in cases - {"end"}:
            code, output = side.command([self.program(side), case], 120)
            found[case] = "pass" if code == 0 else "ended with %s: %s" % (code, output[-200:])
        return {**found, "end": "pass"} if "end" not in cases else self.run(side)
