"""Suites of command line tools from the sources of Debian packages: zstd with its fuzzers, and curl against its own servers."""
import glob
import os
import re

LINE = re.compile(r"^test\s*\d+ : (.*)$")


class Zstd:
    name = "zstd"
    what = "zstd's fuzzers and unit tests, playTests.sh and cli-tests"
    packages = ["build-essential", "dpkg-dev", "liblz4-dev", "liblzma-dev", "python3", "zlib1g-dev"]
    programs = {"invalidDictionaries": [], "legacy": [], "poolTests": [], "decodecorpus": ["-t", "-T2"]}

    def prepare(self, bench):
        self.tests = bench.source("libzstd") + "/tests"
        if not os.path.exists(self.tests + "/decodecorpus"):
            bench.command(["make", "-s", "-j2", "-C", self.tests, "zstd", "datagen", "fuzzer", "zstreamtest", *self.programs],
                          self.tests, 1800)
        count = "-i40" if bench.short else "-i400"
        self.fuzzers = {"fuzzer": ["fuzzer", "-v", count, "-s1"], "stream": ["zstreamtest", "-v", count, "-s1"],
                        "stream-newapi": ["zstreamtest", "-v", count, "-s1", "--newapi"]}
        folder = self.tests + "/cli-tests"
        files = [os.path.relpath(path, folder) for path in glob.glob(folder + "/*/*.sh") if os.access(path, os.X_OK)]
        self.commands = sorted(name for name in files if not name.startswith("common/"))

    def run(self, side):
        return self.again(side, [part + ":" for part in (*self.fuzzers, "programs", "play", "cli")])

    def again(self, side, cases):
        found = {}
        for part in sorted({case.split(":")[0] for case in cases}):
            method = self.fuzz if part in self.fuzzers else getattr(self, "run_" + part)
            found.update(("%s:%s" % (part, case), state) for case, state in method(side, part).items())
        return found

    def fuzz(self, side, part):
        """A line begins each unit test, the first that fails ends the program; then random input, so many rounds."""
        program, *arguments = self.fuzzers[part]
        code, output = side.command([os.path.join(self.tests, program), *arguments], 1200)
        names = [match[1].split(" : ")[0] for match in map(LINE.match, re.split(r"[\r\n]+", output)) if match]
        found = {"%d %s" % (number, name): "pass" for number, name in enumerate(names)}
        good = code == 0 and "fuzzer tests completed" in output
        found["random input"] = "pass" if good else "ended with %s: %s" % (code, output[-200:])
        return found

    def run_programs(self, side, _part):
        found = {}
        for program, arguments in self.programs.items():
            code, output = side.command([os.path.join(self.tests, program), *arguments], 300)
            found[program] = "pass" if code == 0 else "ended with %s: %s" % (code, output[-200:])
        return found

    def run_play(self, side, _part):
        """Its headings are its cases: it ends at the first that fails."""
        env = {"ZSTD_BIN": self.tests + "/../programs/zstd", "DATAGEN_BIN": self.tests + "/datagen"}
        code, output = side.command(["bash", self.tests + "/playTests.sh"], 1800, env=env)
        titles = re.findall(r"^===> *(.*?)\s*$", output, re.MULTILINE)
        found = {"%d %s" % (number, title): "pass" for number, title in enumerate(titles)}
        found["end"] = "pass" if code == 0 else "ended with %s: %s" % (code, output[-300:])
        return found

    def run_cli(self, side, _part):
        _, output = side.command(["/usr/bin/python3", self.tests + "/cli-tests/run.py"], 900, self.tests)
        failed = {os.path.normpath(name) for name in re.findall(r"^FAIL: (\S+)", output, re.MULTILINE)}
        ran = re.search(r"(?:PASSED all|FAILED \d+ /) (\d+) tests", output)
        found = {name: "failed" if name in failed else "pass" for name in self.commands}
        found["end"] = "pass" if ran and int(ran[1]) >= len(self.commands) // 2 else output[-200:]
        return found


class Curl:
    name = "curl"
    what = "curl's runtests 1 to 300, without TLS, against its own servers"
    packages = ["build-essential", "dpkg-dev", "perl", "zlib1g-dev"]
    flaky = ["165"]  # an international name, in a locale that the machine may not have

    def prepare(self, bench):
        self.source = bench.source("curl")
        self.build = os.path.join(bench.cache, "curl", "build")
        if not os.path.exists(self.build + "/tests/libtest/chkhostname"):
            os.makedirs(self.build, exist_ok=True)
            bench.command([self.source + "/configure", "-q", "--without-ssl", "--disable-shared", "--disable-manual"], self.build, 600)
            bench.command(["make", "-s", "-j2"], self.build, 900)
            bench.command(["make", "-s", "-j2", "-C", "tests", "all"], self.build, 900)
            for folder in ("server", "libtest"):
                bench.command(["make", "-s", "-j2", "-C", "tests/" + folder, "check", "TESTS="], self.build, 900)
        self.tests = ["1", "to", "20" if bench.short else "300"]

    def run(self, side):
        return self.again(side, None)

    def again(self, side, cases):
        tests = self.tests if cases is None else sorted((case for case in cases if case.isdigit()), key=int) or self.tests
        code, output = side.command(["perl", "-I" + self.source + "/tests", self.source + "/tests/runtests.pl", "-a", "-am",
                                     *["!" + number for number in self.flaky], *tests], 1800, self.build + "/tests",
                                    {"srcdir": self.source + "/tests"})
        found = {}
        for match in re.finditer(r"^(PASS|FAIL|SKIP|IGNORE): (\d+) - (.*)$", output, re.MULTILINE):
            found[match[2]] = {"PASS": "pass", "FAIL": "failed: " + match[3]}.get(match[1], "skip")
        if not found:
            found["end"] = "ended with %s: %s" % (code, " ".join(output.splitlines()[-3:]))
        return found
