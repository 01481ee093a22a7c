"""Programs whose bottleneck is known from other tools, each with the fix that the finding names.

A case is a function of (bench, side, fixed, finding): it does the same work whatever `fixed` is, preloaded as a run of
that side; finding is the first finding of the side before, once there is one.
"""
import http.client
import os
import signal
import sys
import threading
import time

from verdict_run import Failed, free_port, setting_of, wait_for_port

# ---- a Python service that opens a connection to Redis for every request -----------------------------------------

SERVICE = '''
import http.server
import sys

import redis


def look_up(key):
    client = redis.Redis(port=int(sys.argv[2]))
    value = client.get(key) or b""
    client.close()
    return value


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer is one write

    def do_GET(self):
        if self.path == "/quit":
            self.server.quit = True
        value = b"".join(look_up(key) for key in ("session", "user", "cart", "stock", "price"))
        self.send_response(200)
        self.send_header("Content-Length", str(len(value)))
        self.end_headers()
        self.wfile.write(value)

    def log_message(self, *_):
        pass


server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.quit = False
while not server.quit:
    server.handle_request()
'''


class RedisService:
    def __init__(self, bench):
        self.bench = bench
        self.port, self.redis_port = free_port(), free_port()
        self.script = bench.write("service.py", SERVICE)
        bench.stay_on_one_cpu()
        redis = bench.start(["redis-server", "--port", str(self.redis_port), "--bind", "127.0.0.1", "--save", "",
                             "--appendonly", "no"])
        wait_for_port(self.redis_port, redis)
        for key in ("session", "user", "cart", "stock", "price"):
            bench.run(["redis-cli", "-p", str(self.redis_port), "set", key, "x" * 100])

    def __call__(self, side, fixed, finding):
        env = setting_of(finding["fix"]) if fixed else {"STRONG_OPTIMIZE": "none"}
        service = self.bench.start(["/usr/bin/python3", self.script, str(self.port), str(self.redis_port)], side, env)
        wait_for_port(self.port, service)
        ask(self.port, ["/"] * (200 if self.bench.short else 1000) + ["/quit"])
        self.bench.finish(service)


def ask(port, paths):
    """One after the other on one connection."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for path in paths:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        if answer.status != 200:
            raise Failed("%s answered %d" % (path, answer.status))
    client.close()


# ---- nginx in front of a slow service -----------------------------------------------------------------------------

UPSTREAM = '''
import asyncio
import sys

DELAY = float(sys.argv[2])


async def serve(reader, writer):
    while await reader.readuntil(b"\\r\\n\\r\\n"):
        await asyncio.sleep(DELAY)
        writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\nhello")
        await writer.drain()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
'''

NGINX = '''
daemon off;
worker_processes 1;
%(user)s
error_log %(path)s/nginx.error;
pid %(path)s/nginx.pid;
events { worker_connections 64; }
http {
    access_log off;
    client_body_temp_path %(path)s/body;
    proxy_temp_path %(path)s/proxy;
    fastcgi_temp_path %(path)s/fastcgi;
    uwsgi_temp_path %(path)s/uwsgi;
    scgi_temp_path %(path)s/scgi;
    server {
        listen 127.0.0.1:%(port)d;
        location / { proxy_pass http://127.0.0.1:%(upstream)d; }
    }
}
'''


class SlowUpstream:
    CLIENTS = 4

    def __init__(self, bench):
        self.bench = bench
        self.port, self.upstream = free_port(), free_port()
        self.script = bench.write("upstream.py", UPSTREAM)
        self.config = bench.write("nginx.conf", NGINX % {
            "path": bench.path, "port": self.port, "upstream": self.upstream,
            "user": "user root;" if os.getuid() == 0 else ""})

    def __call__(self, side, fixed, finding):
        if fixed and "127.0.0.1:%d" % self.upstream not in finding["fix"]:
            raise Failed("the fix does not name the slow service: " + finding["fix"])
        slow = self.bench.start(["/usr/bin/python3", self.script, str(self.upstream), "0.002" if fixed else "0.05"])
        wait_for_port(self.upstream, slow)
        nginx = self.bench.start(["/usr/sbin/nginx", "-p", self.bench.path, "-c", self.config], side)
        wait_for_port(self.port, nginx)
        each = 10 if self.bench.short else 100
        clients = [threading.Thread(target=ask, args=(self.port, ["/"] * each)) for _ in range(self.CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        self.bench.finish(nginx, signal.SIGQUIT)
        slow.kill()
        slow.wait()


# ---- postgres that waits for its log to be on disk -----------------------------------------------------------------

class Postgres:
    def __init__(self, bench):
        self.bench = bench
        bench.become("postgres")
        self.data = bench.join("data")
        bench.run(["initdb", "-D", self.data, "--no-sync", "-A", "trust", "-U", "postgres"])
        self.with_server(None, False, ["pgbench", "-i", "-s", "1", "-q"])
        self.with_server(None, False, ["psql", "-q", "-c", "select pg_switch_wal()"])

    def settings(self, fixed):
        """Without full pages all runs fit into one file of the log, which then has one name in the reports."""
        self.bench.write("data/postgresql.auto.conf", "listen_addresses = ''\nunix_socket_directories = '%s'\n"
                         "autovacuum = off\nfull_page_writes = off\nsynchronous_commit = %s\n" % (self.bench.path, "off" if fixed else "on"))

    def is_ready(self):
        """Without a connection, whose process would be one more to report."""
        try:
            with open(self.bench.join("data/postmaster.pid"), encoding="ascii") as file:
                return "ready" in file.read().split()
        except FileNotFoundError:
            return False

    def with_server(self, side, fixed, client):
        self.settings(fixed)
        server = self.bench.start(["postgres", "-D", self.data], side)
        while not self.is_ready():
            if server.poll() is not None:
                raise Failed("postgres did not start\n" + self.bench.log())
            time.sleep(0.02)
        self.bench.run([*client, "-h", self.bench.path, "-U", "postgres", "postgres"])
        self.bench.finish(server, signal.SIGINT)

    def __call__(self, side, fixed, finding):
        if fixed and "one sync for a batch" not in finding["fix"]:
            raise Failed("the fix does not say to sync for a batch: " + finding["fix"])
        transactions = "1000" if self.bench.short else "3000"
        self.with_server(side, fixed, ["pgbench", "-N", "-n", "-c", "1", "-t", transactions])


# ---- a C++ program that waits for its one lock ---------------------------------------------------------------------

class Lock:
    def __init__(self, bench):
        self.bench = bench
        self.program = os.path.join(bench.programs, "verdict_lock")

    def __call__(self, side, fixed, finding):
        if fixed and "split the lock" not in finding["fix"]:
            raise Failed("the fix does not say to split the lock: " + finding["fix"])
        self.bench.run([self.program, "2000" if self.bench.short else "40000"], side,
                       {"LOCKS": "64" if fixed else "1"})


class Case:
    def __init__(self, what, make, finding, figure, sentence, runs=3):
        self.what = what          # the program and how it is fixed
        self.make = make
        self.finding = finding    # the first one of the run before
        self.figure = figure      # whose time is what the finding names: hooks, or parts of the time
        self.sentence = sentence  # what diff's sentence has to match
        self.runs = runs          # a side and round: what differs from run to run is part of the noise


CASES = {
    "redis": Case("Python, a Redis connection a request; STRONG_OPTIMIZE=safe", RedisService, "reconnecting",
                  ("socket", "connect", "shutdown", "close"), r"less time (connecting|waiting for tcp://127\.0\.0\.1)", runs=5),
    "nginx": Case("nginx, service of 50 ms; a faster service", SlowUpstream, "slow_answers", ("part:event_loop", "part:network"),
                  r"less time waiting for answers of tcp://127\.0\.0\.1"),
    "postgres": Case("postgres, pgbench -N -c 1; synchronous_commit=off", Postgres, "fsync_bound",
                     ("fsync", "fdatasync", "sync_file_range", "msync"), r"less time in calls on"),
    "lock": Case("C++, four threads, one lock; a lock for each device", Lock, "lock_held_blocking", ("pthread_mutex_lock",),
                 r"less time waiting for (the lock|locks)"),
}

assert sys.version_info >= (3, 9)
