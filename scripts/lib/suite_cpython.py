"""CPython's own tests, of Debian's package: the files around descriptors, processes, threads, signals, memory and sockets."""
import os
import xml.etree.ElementTree as ElementTree

PYTHON = "/usr/bin/python3.11"
# not test_ioctl and test_devpoll, which fail without us now and then, nor VSOCK, which wants a virtual machine's device
FILES = """asyncio asyncgen asyncore asynchat atexit capi cmd_line concurrent_futures contextlib ctypes dbm_dumb eintr epoll
    faulthandler fcntl file file_eintr fileinput fileio fork1 ftplib gc genericpath getpass httplib httpservers imaplib io largefile
    logging mmap multiprocessing_fork multiprocessing_forkserver multiprocessing_main_handling multiprocessing_spawn
    openpty os pathlib pipes poll popen poplib posix pty queue resource select selectors shutil signal smtplib smtpd socket
    socketserver ssl stat subprocess sys tempfile thread threadedtempfile threading threading_local threadsignals
    time timeout tracemalloc urllib2_localnet uuid wait3 wait4 weakref xmlrpc""".split()
SHORT = "epoll fcntl fork1 mmap poll select selectors signal thread threadsignals wait3 wait4".split()


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
        """Whole files, because some cases lean on others."""
        return self.outcomes(side, sorted({case.split(".")[1] for case in cases if "." in case} & set(self.files)), 1800)

    def outcomes(self, side, files, seconds):
        report = os.path.join(side.work, "cases.xml")
        code, output = side.command([PYTHON, "-m", "test", "-j2", "-u", "network", "-i", "*VSOCK*", "--timeout", "300",
                                     "--junit-xml", report, *files], seconds)
        with open(os.path.join(side.work, "log"), "a", encoding="utf-8") as log:
            log.write(output)
        found = {}
        if code == "timeout":
            found["cpython.whole.timeout"] = "timeout"
        try:
            tree = ElementTree.parse(report)
        except (OSError, ElementTree.ParseError):
            return {"cpython.whole": "no report, ended with %s" % code}
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
            found[name if name.startswith("test.") else "test." + name] = state
        return found
