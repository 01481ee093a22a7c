"""bench network: the network optimizers on loopback, beside the bare program and what a user would run instead.

  stalls       a client that writes twice and reads, the server untouched, both ways of answering
  connections  a connection for each request, in C, with C libraries, Python and PHP; beside the same program with one
               connection for all (which is what changing the program would give), and twemproxy for Redis
  names        getaddrinfo of the hosts file, a name server, the shared memory; beside nscd (bare lookups of the same)
  cost         where there is nothing to gain: CPU per request of persistent connections, in nine times the rounds

All but names runs on one CPU, servers included: between two CPUs of a virtual machine most of a request is the time that an
idle one takes to wake, which is no program's to change. Every round runs each column once, starting with another one each time; figures are medians over the rounds of each
run's own median, ratios are taken within a round. Exit status 1 when a limit is missed.
"""
import argparse
import contextlib
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

from bench_measure import Failed
from bench_servers import free_port, stop

PYTHON = "/usr/bin/python3"
HERE = os.path.dirname(os.path.abspath(__file__))
WORKLOADS = os.path.join(HERE, "workloads")


CPUS = os.sched_getaffinity(0)


@contextlib.contextmanager
def every_cpu():
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, CPUS)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Bench:
    def __init__(self, options, directory):
        self.options, self.directory = options, directory
        self.library = os.path.join(options.build, "libstrong.so")
        self.binaries = os.path.join(options.build, "tests", "bench")
        self.missed = 0
        self.segments = os.path.join(directory, "segments")
        os.mkdir(self.segments, 0o700)

    def binary(self, name):
        return os.path.join(self.binaries, name)

    def environment(self, optimize, **extra):
        env = {k: v for k, v in os.environ.items() if not k.startswith("STRONG_") and k != "LD_PRELOAD"}
        env.update(extra)
        if optimize is not None:
            env.update(LD_PRELOAD=self.library, STRONG_DIR=self.segments, STRONG_OPTIMIZE=optimize)
        return env

    def values(self, command, optimize, **extra):
        """The numbers a client prints, by name."""
        done = subprocess.run(command, env=self.environment(optimize, **extra), capture_output=True, text=True,
                              timeout=120, cwd=self.directory)
        if done.returncode:
            raise Failed(f"{' '.join(command)[:70]}: exit {done.returncode}: {done.stderr.strip()[-200:]}")
        return {name: float(value) for name, value in (line.split()[:2] for line in done.stdout.splitlines() if line)}

    def per_request(self, command, optimize):
        """Client CPU in us; wrk says how many requests it made, redis-benchmark makes what it is told."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        out = subprocess.run(command, env=self.environment(optimize), check=True, capture_output=True, text=True).stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        made = next((int(line.split()[0]) for line in out.splitlines() if " requests in " in line), None)
        return used / (made or int(command[command.index("-n") + 1])) * 1e6

    def rounds(self, runs, times=1):
        """{name: function} called in turns: {name: [result of each round]}; times: as many rounds for each one asked for."""
        names, seen = list(runs), {name: [] for name in runs}
        for i in range(self.options.rounds * times):
            for name in names[i % len(names):] + names[:i % len(names)]:
                seen[name].append(runs[name]())
        return seen

    def judge(self, text, value, limit):
        good = value <= limit
        self.missed += not good
        print(f"    {text} {value:.2f} (limit {limit:g}: {'ok' if good else 'MISSED'})", flush=True)


def ratio(upper, lower):
    return statistics.median(a / b for a, b in zip(upper, lower))


def interval(upper, lower):
    """Where the median of the ratios is with 95 %, by their order alone."""
    ratios = sorted(a / b for a, b in zip(upper, lower))
    off = round(0.98 * len(ratios) ** 0.5)
    return ratios[len(ratios) // 2 - off], ratios[(len(ratios) - 1) // 2 + off]


def median(values):
    return statistics.median(values)


@contextlib.contextmanager
def started(command, directory, port=None, env=None):
    server = subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=directory)
    try:
        if port:
            wait_for(port)
        yield server
    finally:
        stop(server, signal.SIGTERM)


def wait_for(port):
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
            return
        except OSError:
            time.sleep(0.05)
    raise Failed(f"nothing answers on port {port}")


class Servers:
    """redis, nginx, memcached, and twemproxy in front of redis; all bare, with a value of 5 bytes under `key`."""

    def __init__(self, stack, directory):
        self.redis, self.nginx, self.memcached, self.proxy = (free_port() for _ in range(4))
        stack.enter_context(started(["redis-server", "--port", str(self.redis), "--bind", "127.0.0.1", "--save", "",
                                     "--appendonly", "no"], directory, self.redis))
        subprocess.run(["redis-cli", "-p", str(self.redis), "set", "key", "value"], check=True,
                       stdout=subprocess.DEVNULL)
        user = ["-u", "root"] if os.geteuid() == 0 else []
        stack.enter_context(started(["memcached", "-l", "127.0.0.1", "-p", str(self.memcached)] + user, directory,
                                    self.memcached))
        with socket.create_connection(("127.0.0.1", self.memcached)) as client:
            client.sendall(b"set key 0 0 5\r\nvalue\r\n")
            client.recv(64)
        self.start_nginx(stack, directory)
        self.start_proxy(stack, directory)

    def start_nginx(self, stack, directory):
        os.makedirs(os.path.join(directory, "html"))
        with open(os.path.join(directory, "html", "index.html"), "w") as file:
            file.write("hello\n")
        path = os.path.join(directory, "nginx.conf")
        with open(path, "w") as file:
            file.write(f"daemon off; worker_processes 1; pid {directory}/nginx.pid; error_log {directory}/nginx.log;\n"
                       f"events {{}} http {{ access_log off; keepalive_requests 1000000000;\n"
                       f"server {{ listen 127.0.0.1:{self.nginx}; root {directory}/html; }} }}\n")
        stack.enter_context(started(["nginx", "-p", directory, "-c", path], directory, self.nginx))

    def start_proxy(self, stack, directory):
        path = os.path.join(directory, "proxy.yml")
        with open(path, "w") as file:
            file.write(f"pool:\n  listen: 127.0.0.1:{self.proxy}\n  redis: true\n  servers:\n"
                       f"   - 127.0.0.1:{self.redis}:1\n")
        stack.enter_context(started(["nutcracker", "-c", path, "-s", str(free_port()), "-a", "127.0.0.1"], directory,
                                    self.proxy))


# ---- stalls ----

def bench_stalls(bench, _servers):
    print("Two small writes, then a read: time of a request (the server is never preloaded)")
    for answers in ("whole", "split"):
        with subprocess.Popen([bench.binary("network_stall"), "serve", answers], stdout=subprocess.PIPE,
                              text=True) as server:
            try:
                port = server.stdout.readline().split()[1]
                command = [bench.binary("network_stall"), "client", port]
                seen = bench.rounds({name: lambda mode=mode, count=count: bench.values(command + [count], mode)["median"]
                                     for name, mode, count in (("bare", None, "12"), ("safe", "safe", "500"))})
            finally:
                server.terminate()
        print(f"  answer {answers:6} bare {median(seen['bare']) / 1000:8.2f} ms   safe {median(seen['safe']):8.1f} us")
        bench.judge("safe, us:", median(seen["safe"]), 50)


# ---- connections ----

def clients(bench, servers):
    """(name, command with MODE, count, share): in C first: what a request costs without an interpreter."""
    compiled = os.path.join(bench.directory, "library_client")
    subprocess.run(["cc", "-O2", "-o", compiled, os.path.join(WORKLOADS, "library_client.c"), "-lhiredis", "-lcurl"],
                   check=True)
    python, own = [PYTHON, os.path.join(WORKLOADS, "clients.py")], bench.binary("network_client")
    return [
        ("C http", [own, "http", "MODE", str(servers.nginx), "5000"], None),
        ("C redis", [own, "resp", "MODE", str(servers.redis), "5000"], None),
        ("C memcached", [own, "memcached", "MODE", str(servers.memcached), "5000"], None),
        ("hiredis", [compiled, "hiredis", "MODE", str(servers.redis), "5000"], "C redis"),
        ("curl easy handle", [compiled, "curl", "MODE", str(servers.nginx), "2000"], "C http"),
        ("php redis", ["php", os.path.join(WORKLOADS, "redis.php"), "MODE", str(servers.redis), "3000"], "C redis"),
        ("python3 http.client", python + ["http.client", "MODE", str(servers.nginx), "1000"], "C http"),
        ("python3 requests", python + ["requests", "MODE", str(servers.nginx), "300"], "C http"),
        ("python3 redis", python + ["redis", "MODE", str(servers.redis), "1000"], "C redis"),
        ("python3 redis, 4 threads", python + ["redis-threads", "MODE", str(servers.redis), "2000"], "C redis"),
    ]


def bench_connections(bench, servers):
    print("A connection for each request: us a request; kept: one connection for all; own: the share of a safe request\n"
          "that is the client's own work, reckoned by what the C client of the protocol needs")
    print(f"  {'client':24} {'bare':>8} {'none':>8} {'safe':>8} {'kept':>8}  bare/safe  safe/kept   own")
    plain = {}
    for name, command, base in clients(bench, servers):
        runs = {column: (lambda mode, optimize: lambda: bench.values(
            [mode if word == "MODE" else word for word in command], optimize)["median"])(mode, optimize)
            for column, mode, optimize in (("bare", "connect", None), ("none", "connect", "none"),
                                           ("safe", "connect", "safe"), ("kept", "keep", None))}
        seen = bench.rounds(runs)
        safe = median(seen["safe"])
        plain[name] = safe
        own = f"{max(0.0, 1 - plain[base] / safe) * 100:4.0f} %" if base else "    -"
        gain, distance = ratio(seen["bare"], seen["safe"]), ratio(seen["safe"], seen["kept"])
        print(f"  {name:24} {median(seen['bare']):8.1f} {median(seen['none']):8.1f} {safe:8.1f} "
              f"{median(seen['kept']):8.1f}  {gain:9.2f}  {distance:9.2f} {own}", flush=True)
        if not base:
            bench.judge("safe, of bare:", 1 / gain, round(1 / 2.6, 3))
            bench.judge("safe, of kept:", distance, 1.8)
    seen = bench.rounds({"proxy": lambda: bench.values(
        [bench.binary("network_client"), "resp", "connect", str(servers.proxy), "3000"], None)["median"]})
    print(f"  C redis by way of twemproxy: {median(seen['proxy']):.1f} us (safe: {plain['C redis']:.1f})")


# ---- names ----

def bench_names(bench, _servers):
    command = [bench.binary("resolve_bench")]
    with every_cpu():
        seen = bench.rounds({"bare": lambda: bench.values(command, None), "safe": lambda: bench.values(command, "safe")})
    print("Names: getaddrinfo and freeaddrinfo")
    for name in seen["bare"][0]:
        bare, safe = (median([values[name] for values in seen[column]]) for column in ("bare", "safe"))
        print(f"  {name:16} bare {bare:12.1f}   safe {safe:10.1f}")
        limit = {"hosts_ns": 300, "dns_ns": 300, "other_ns": 2000, "duplicates": 0}.get(name)
        if limit is not None:
            bench.judge(f"{name}, safe:", safe, limit)
    bench_nscd(bench)


def bench_nscd(bench):
    """nscd answers over a socket; it has one place in the system, so only as root and where none runs."""
    if os.geteuid() != 0 or os.path.exists("/var/run/nscd/socket") or not shutil.which("nscd"):
        print("  nscd             not measured: needs root, and no nscd running")
        return
    os.makedirs("/var/run/nscd", exist_ok=True)
    program = ("import socket, time\n"
               "for _ in range(200): socket.getaddrinfo('localhost', 80)\n"
               "begin = time.perf_counter()\n"
               "for _ in range(2000): socket.getaddrinfo('localhost', 80)\n"
               "print('each', (time.perf_counter() - begin) / 2000 * 1e6)\n")
    command = [PYTHON, "-c", program]
    bare = bench.rounds({"bare": lambda: bench.values(command, None), "safe": lambda: bench.values(command, "safe")})
    with started(["nscd", "-F"], bench.directory):
        time.sleep(0.5)
        with_nscd = bench.rounds({"nscd": lambda: bench.values(command, None)})
    print(f"  python3 getaddrinfo('localhost'): bare {median([v['each'] for v in bare['bare']]):.2f} us, "
          f"nscd {median([v['each'] for v in with_nscd['nscd']]):.2f}, "
          f"safe {median([v['each'] for v in bare['safe']]):.2f}")


# ---- cost ----

def instructions(command, env):
    out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"] + command, env=env,
                         check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
    return int(next(line for line in out.splitlines() if "Collected" in line).split()[-1])


def bench_cost(bench, servers):
    print("Nothing to gain: persistent connections, CPU of the client with the network optimizers over measuring only")
    network = "none,tcp,connections,resolver"
    for name, command in (
            ("redis-benchmark -c 50", ["redis-benchmark", "-p", str(servers.redis), "-c", "50", "-n", "50000", "-t",
                                       "get", "-q"]),
            ("wrk -c 50", ["wrk", "-t1", "-c50", "-d1", f"http://127.0.0.1:{servers.nginx}/"])):
        # a hundredth is looked for, and two runs of the same differ by three: many rounds, and short
        seen = bench.rounds({column: lambda optimize=optimize: bench.per_request(command, optimize)
                             for column, optimize in (("none", "none"), ("network", network))}, 9)
        low, high = interval(seen["network"], seen["none"])
        print(f"  {name:24} none {median(seen['none']):7.3f} us   with {median(seen['network']):7.3f} us   "
              f"(of none, with 95 %: {low:.3f} to {high:.3f})", flush=True)
        bench.judge("CPU per request, with over none:", ratio(seen["network"], seen["none"]), 1.01)
    quiet = {"STRONG_CPU_HZ": "0", "STRONG_BLOCK_PERIOD": "0"}
    for protocol, port in (("http", servers.nginx), ("resp", servers.redis), ("memcached", servers.memcached)):
        counts = {}
        for optimize in ("none", network):
            few, many = (instructions([bench.binary("network_client"), protocol, "keep", str(port), str(count)],
                                      bench.environment(optimize, **quiet)) for count in (1000, 3000))
            counts[optimize] = (many - few) / 2200
        print(f"  {protocol} client, user instructions a request after the first thousand: none {counts['none']:.0f}, "
              f"with {counts[network]:.0f}", flush=True)


PARTS = {"stalls": bench_stalls, "connections": bench_connections, "names": bench_names, "cost": bench_cost}


def main(arguments, root):
    parser = argparse.ArgumentParser(prog="bench network", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds, at least 5 (default 5)")
    parser.add_argument("--only", default="", help="comma-separated: " + ", ".join(PARTS))
    parser.add_argument("--build", default=os.path.join(root, "build", "release"), help="where libstrong.so is")
    options = parser.parse_args(arguments)
    if options.rounds < 5:
        parser.error("--rounds: at least 5")
    names = [name for name in options.only.split(",") if name] or list(PARTS)
    for name in names:
        if name not in PARTS:
            parser.error(f"--only {name}: one of {', '.join(PARTS)}")
    if not os.path.exists(os.path.join(options.build, "libstrong.so")):
        sys.exit("bench network: libstrong.so is missing: cmake --preset release && cmake --build --preset release")
    directory = tempfile.mkdtemp(prefix="strong-bench-", dir="/dev/shm")
    os.chmod(directory, 0o711)  # nginx's worker reads its page
    bench = Bench(options, directory)
    os.sched_setaffinity(0, {min(CPUS)})
    try:
        with contextlib.ExitStack() as stack:
            servers = Servers(stack, directory)
            for name in names:
                PARTS[name](bench, servers)
    except Failed as failure:
        sys.exit(f"bench network: {failure}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    return bench.missed > 0
