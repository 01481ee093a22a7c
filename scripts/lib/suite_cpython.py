"""CPython's own tests, of Debian's package: the files around descriptors, processes, threads, signals, memory and sockets."""
import os
import sys
import xml.etree.ElementTree as ElementTree

PYTHON = "/usr/bin/python3.11"
# not test_ioctl and test_devpoll, which fail without us now and then, nor VSOCK, which wants a virtual machine's device
FILES = """asyncio asyncgen asyncore asynchat atexit cmd_line concurrent_futures contextlib ctypes dbm_dumb eintr epoll
    faulthandler fcntl file file_eintr fileinput fileio fork1 ftplib gc genericpath getpass httplib httpservers imaplib io largefile
    logging mmap multiprocessing_fork multiprocessing_forkserver multiprocessing_main_handling multiprocessing_spawn
    openpty os pathlib pipes poll popen poplib posix pty queue resource select selectors shutil signal smtplib smtpd socket
    socketserver ssl stat subprocess sys tempfile thread threadedtempfile threading threading_local threadsignals
    time timeout tracemalloc urllib2_localnet uuid wait3 wait4 weakref xmlrpc""".split()
SHORT = "fcntl fork1 mmap poll select selectors thread wait3 wait4".split()


class CPython:
    name = "cpython"
    what = "CPython 3.11: sockets, processes, threads, signals, files, memory"
    packages = ["python3.11", "libpython3.11-testsuite"]

    def prepare(self, bench):
        self.files = ["test_" + name for name in (SHORT if bench.short else FILES)
                      if any(os.path.exists("/usr/lib/python3.11/test/test_%s%s" % (name, end)) for end in (".py", ""))]

    def run(self, side):
        return self.outcomes(side, self.files, 3600)

    def again(self, side, cases):
        """Whole files, because some cases lean on others; all of them where a case does not tell its file."""
        files = {self.file_of(case) for case in cases}
        return self.outcomes(side, self.files if None in files else sorted(files), 1800)

    def file_of(self, case):
        """test.test_os.Class.case, or ctypes.test.test_x.Class.case, whose cases are another package's."""
        parts = case.split(".")
        name = "test_ctypes" if parts[0] == "ctypes" else parts[1] if len(parts) > 1 else None
        return name if name in self.files else None

    def outcomes(self, side, files, seconds):
        if not files:
            return {}
        report = os.path.join(side.work, "cases.xml")
        code, output = side.command([PYTHON, "-m", "test", "-j2", "-u", "network", "-i", "*VSOCK*", "--timeout", "300",
                                     "--junit-xml", report, *files], seconds)
        with open(os.path.join(side.work, "log"), "a", encoding="utf-8") as log:
            log.write(output)
        if code == "timeout":
            sys.exit("suites: CPython's tests did not end within %d s" % seconds)
        found = {}
        try:
            tree = ElementTree.parse(report)
        except (OSError, ElementTree.ParseError):
            sys.exit("suites: CPython's tests left no report and ended with %s:\n%s" % (code, output[-2000:]))
        for case in tree.iter("testcase"):
            name = case.get("name") or ""
            state = "pass"
            for child in case:
                if child.tag in ("failure", "error"):
                    state = (child.text or child.get("message") or child.tag).strip().splitlines()[-1][:200]
                elif child.tag == "skipped":
                    state = "skip"
            if case.get("result") == "skipped" or case.get("status") == "notrun":
                state = "skip"
            found[name] = state
        return found
