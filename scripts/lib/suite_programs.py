"""Suites that are programs of their own: stress-ng's stressors, which verify what the kernel did, and logins through sshd."""
import os
import subprocess
import sys
import time

from suite_run import PATH, run

# Not mmapfork, fd-race and io-uring: the first two use up a small machine, the last goes past libc.
STRESSORS = """access affinity alarm brk chdir clock clone close context daemon dentry dir dnotify dup epoll eventfd exec fallocate
    fault fcntl fifo file-ioctl flock fork fstat full futex get getdent getrandom handle hdd inotify io itimer kill lease link
    lockf lockofd madvise malloc memfd mlock mmap mprotect mq mremap msg msync munmap nanosleep nice null open pipe poll pthread
    ptrace rename sem sem-sysv sendfile shm sigabrt sigchld sigfd sigfpe sigpending sigq sigrt sigsegv sigsuspend sleep sock
    sockfd sockpair splice stack stackmmap switch symlink sysinfo tee timer timerfd udp utime vfork vm wait yield zombie""".split()
SHORT = "dup epoll futex pthread sigsegv vfork".split()


class StressNg:
    name = "stress-ng"
    what = "stressors, a second each, verifying"
    packages = ["stress-ng"]

    def prepare(self, bench):
        self.stressors = SHORT if bench.short else STRESSORS

    def run(self, side):
        return self.again(side, self.stressors)

    def again(self, side, cases):
        found = {}
        for case in cases:
            code, output = side.command(["stress-ng", "--" + case, "1", "--timeout", "1s", "--verify", "--temp-path", side.work,
                                         "--oomable"], 60)
            found[case] = "pass" if code == 0 else "skip" if code in (3, 4) else \
                "%s: %s" % (code, " ".join(output.split())[-200:])
        return found


CONFIG = """ListenAddress 127.0.0.1
Port %(port)d
HostKey %(work)s/host_key
AuthorizedKeysFile %(work)s/user_key.pub
PidFile none
UsePAM no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
Subsystem sftp /usr/lib/openssh/sftp-server
"""


class Sshd:
    name = "sshd"
    what = "logins on loopback, through its seccomp filter and limits"
    packages = ["openssh-server", "openssh-client"]

    def prepare(self, bench):
        self.logins = 2 if bench.short else 10
        os.makedirs("/run/sshd", mode=0o755, exist_ok=True)

    def run(self, side):
        return self.again(side, range(self.logins))

    def again(self, side, cases):
        if os.getuid() != 0:
            return {str(case): "skip" for case in cases}
        port = free_port()
        for key in ("host_key", "user_key"):
            if not os.path.exists(os.path.join(side.work, key)):
                run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", os.path.join(side.work, key)], side.work,
                    {"PATH": PATH, "HOME": side.work}, 30)
        config = os.path.join(side.work, "sshd_config")
        with open(config, "w", encoding="utf-8") as file:
            file.write(CONFIG % {"port": port, "work": side.work})
        found = {}
        with open(os.path.join(side.work, "sshd.log"), "ab") as log:
            server = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", config], env=side.env, stdin=subprocess.DEVNULL,
                                      stdout=log, stderr=log, start_new_session=True)
        begin = time.monotonic()
        try:
            wait_for(port)
            for case in cases:
                code, output = run(["ssh", "-F", "none", "-p", str(port), "-i", os.path.join(side.work, "user_key"), "-o",
                                    "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
                                    "-o", "BatchMode=yes", "root@127.0.0.1", "echo logged in %s; exit 7" % case], side.work,
                                   {"PATH": PATH, "HOME": side.work}, 30)
                good = code == 7 and output == "logged in %s\n" % case
                found[str(case)] = "pass" if good else "%s: %s" % (code, output[-200:].strip())
        finally:
            side.seconds += time.monotonic() - begin
            server.terminate()
            try:
                code = server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                code = server.wait()
        found["server's end"] = "pass" if code in (0, 255, -15) else "ended with %s" % code
        return found


def free_port():
    import socket
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(port):
    import socket
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    print("suites: sshd does not listen", file=sys.stderr)
