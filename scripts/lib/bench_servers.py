"""Servers under load for `bench memory`: one instance a column, all alive at once, loaded in turns.

Loopback or a socket in the work directory only. A server is a context manager: load() returns what one
operation cost, and leaving it stops the server by its own id.
"""
import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

from bench_measure import Failed, Measured, family_cpu_s, peak_rss_mib, task_cpu_s

POSTGRES = "/usr/lib/postgresql/15/bin"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def stop(server, how):
    server.send_signal(how)
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


class Redis:
    """Sets, gets, lists and hashes of 100-byte values over 50,000 keys."""
    OPERATIONS = 25000
    TESTS = ["set", "get", "lpush", "lpop", "hset"]

    def __init__(self, column, environment, directory):
        self.port = free_port()
        self.server = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
            env=dict(environment, **column.additions()), stdout=subprocess.DEVNULL, cwd=directory)

    def __enter__(self):
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        raise Failed("redis-server does not answer")

    def __exit__(self, *_):
        stop(self.server, signal.SIGTERM)

    def load(self):
        before, begin = task_cpu_s(self.server.pid), time.monotonic()
        subprocess.run(["redis-benchmark", "-p", str(self.port), "-n", str(self.OPERATIONS), "-c", "50", "-d", "100",
                        "-r", "50000", "-t", ",".join(self.TESTS), "-q"],
                       check=True, stdout=subprocess.DEVNULL, timeout=120)
        operations = self.OPERATIONS * len(self.TESTS)
        return Measured((time.monotonic() - begin) / operations * 1e6,
                        (task_cpu_s(self.server.pid) - before) / operations * 1e6, peak_rss_mib(self.server.pid))


class Postgres:
    """pgbench's read-only transactions, 2 clients, each run with fresh backends. CPU is of the postmaster and of
    the backends it has reaped; peak memory is of the largest backend, shared buffers included."""
    TRANSACTIONS = 8000

    def __init__(self, column, environment, directory, template):
        self.user = "postgres" if os.geteuid() == 0 else None
        self.port = free_port()
        self.data = os.path.join(directory, "postgres-" + column.name.replace(" ", "-"))
        self.environment = environment
        self.run(["cp", "-a", template, self.data])
        additions = column.additions()
        if "STRONG_DIR" in additions:
            additions["STRONG_DIR"] = os.path.join(self.data, "segments")
            self.run(["mkdir", "-m", "700", additions["STRONG_DIR"]])
        self.server = subprocess.Popen(
            [os.path.join(POSTGRES, "postgres"), "-D", self.data, "-p", str(self.port), "-k", self.data,
             "-c", "listen_addresses=", "-c", "shared_buffers=16MB", "-c", "fsync=off", "-c", "autovacuum=off"],
            env=dict(environment, **additions), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/",
            user=self.user, group=self.user, extra_groups=[] if self.user else None)

    def run(self, command):
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True, cwd="/",
                              user=self.user, group=self.user, extra_groups=[] if self.user else None, timeout=120)

    def __enter__(self):
        try:
            wait_for_postgres(self.data, self.port, self.environment)
        except Failed:
            self.__exit__()
            raise
        self.idle = self.children()
        return self

    def __exit__(self, *_):
        stop(self.server, signal.SIGINT)

    def children(self):
        with open(f"/proc/{self.server.pid}/task/{self.server.pid}/children") as file:
            return set(file.read().split())

    def load(self):
        before, begin, largest = family_cpu_s(self.server.pid), time.monotonic(), 0.0
        client = subprocess.Popen([os.path.join(POSTGRES, "pgbench"), "-n", "-S", "-c", "2", "-j", "1", "-t",
                                   str(self.TRANSACTIONS), "-h", self.data, "-p", str(self.port), "-U", "postgres",
                                   "postgres"], env=self.environment, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE, cwd="/")
        while client.poll() is None:
            time.sleep(0.02)
            for child in self.children() - self.idle:
                try:
                    largest = max(largest, peak_rss_mib(child))
                except (OSError, StopIteration):
                    pass  # it has ended
        wall_s = time.monotonic() - begin
        if client.returncode:
            raise Failed("pgbench: " + client.stderr.read().decode(errors="replace")[-200:])
        client.stderr.close()
        for _ in range(200):
            if self.children() <= self.idle:
                break
            time.sleep(0.01)
        operations = 2 * self.TRANSACTIONS
        return Measured(wall_s / operations * 1e6, (family_cpu_s(self.server.pid) - before) / operations * 1e6, largest)


def wait_for_postgres(data, port, environment):
    for _ in range(200):
        ready = subprocess.run([os.path.join(POSTGRES, "pg_isready"), "-q", "-h", data, "-p", str(port)],
                               env=environment)
        if ready.returncode == 0:
            return
        time.sleep(0.05)
    raise Failed("postgres does not answer")


def postgres_template(environment, directory):
    """A cluster with pgbench's tables, made without any allocator, to copy for each column."""
    from bench_allocators import Column
    empty = os.path.join(directory, "postgres-empty")
    if os.geteuid() == 0:
        account = pwd.getpwnam("postgres")
        os.makedirs(empty, mode=0o700)
        os.chown(empty, account.pw_uid, account.pw_gid)
    user = "postgres" if os.geteuid() == 0 else None
    subprocess.run([os.path.join(POSTGRES, "initdb"), "-D", empty, "-A", "trust", "-U", "postgres", "-N",
                    "--wal-segsize=1"], env=environment, check=True, capture_output=True, cwd="/", user=user, group=user,
                   extra_groups=[] if user else None, timeout=120)
    holder = os.path.dirname(empty)
    if user:  # the copies go beside it
        os.chmod(holder, 0o755)
        home = os.path.join(holder, "postgres")
        os.makedirs(home, mode=0o700)
        os.chown(home, account.pw_uid, account.pw_gid)
        shutil.move(empty, os.path.join(home, "empty"))
        empty, holder = os.path.join(home, "empty"), home
    with Postgres(Column("template"), environment, holder, empty) as server:
        server.run([os.path.join(POSTGRES, "pgbench"), "-q", "-i", "-s", "1", "-h", server.data, "-p", str(server.port),
                    "-U", "postgres", "postgres"])
        made = server.data
    return holder, made
