"""Suites of language runtimes that have no tests of their own in Debian's packages: a program for each, with a case for
each thing of the runtime's that ends in a call libstrong hooks."""
import os
import re

WORKLOADS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workloads")


class Runtime:
    """A program that prints "ok NAME" or "not ok NAME: why" for each case, and "ok end" when it came to its end."""

    def run(self, side):
        code, output = side.command(self.command(), 600)
        found = {}
        for match in re.finditer(r"^(ok|not ok) ([^:\n]+)(?:: (.*))?$", output, re.MULTILINE):
            found[match[2]] = "pass" if match[1] == "ok" else "not ok: %s" % match[3]
        if "end" not in found or code != 0:
            found["end"] = "ended with %s: %s" % (code, output[-200:])
        return found

    def again(self, side, _cases):
        return self.run(side)


class Node(Runtime):
    name = "node"
    what = "Node: sockets, HTTP, files, processes, cluster, threads"
    packages = ["nodejs"]

    def prepare(self, bench):
        pass

    def command(self):
        return ["/usr/bin/node", os.path.join(WORKLOADS, "smoke.mjs")]


class Jvm(Runtime):
    name = "jvm"
    what = "OpenJDK: sockets, channels, HTTP, files, threads, locks, faults, processes"
    packages = ["openjdk-17-jdk-headless"]

    def prepare(self, bench):
        self.classes = os.path.join(bench.top, "jvm-classes")
        os.makedirs(self.classes)
        bench.command(["/usr/bin/javac", "-d", self.classes, os.path.join(WORKLOADS, "Smoke.java")], self.classes, 120)

    def command(self):
        return ["/usr/bin/java", "-Xmx512m", "-cp", self.classes, "Smoke"]
