"""What scripts/soak keeps alive: redis, nginx, a Python service behind it, postgres; once bare, once preloaded.

Loopback and sockets in the work directory only. As root all of them run as `postgres`, which will not run as root.
Every server leads a session of its own, and only those are signalled.
"""
import os
import pwd
import signal
import subprocess
import time

from verdict_run import PATH, Failed, free_port, wait_for_port

KEPT_FROM = 512  # kept connections have high numbers, and STRONG_POOL_TOTAL bounds them

# Opens a connection to Redis for every request, as such services do, and a thread for every client.
SERVICE = '''
import http.server
import sys

import redis


class Server(http.server.ThreadingHTTPServer):
    accepted = 0

    def get_request(self):
        pair = super().get_request()
        self.accepted += 1
        return pair


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        if self.path == "/accepted":
            value = b"%d" % self.server.accepted
        else:
            client = redis.Redis(port=int(sys.argv[2]))
            value = client.get("session") or b""
            client.close()
        self.send_response(200)
        self.send_header("Content-Length", str(len(value)))
        self.end_headers()
        self.wfile.write(value)

    def log_message(self, *_):
        pass


try:
    Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
except KeyboardInterrupt:
    pass
'''

NGINX = """
daemon off;
worker_processes 1;
pid %(path)s/nginx.pid;
error_log %(path)s/nginx.log;
events { worker_connections 256; }
http {
    access_log off;
    client_body_temp_path %(path)s/body;
    proxy_temp_path %(path)s/proxy;
    fastcgi_temp_path %(path)s/fastcgi;
    uwsgi_temp_path %(path)s/uwsgi;
    scgi_temp_path %(path)s/scgi;
    server {
        listen 127.0.0.1:%(port)d;
        root %(path)s/html;
        location /status { stub_status; }
        location /service { proxy_pass http://127.0.0.1:%(service)d/; }
    }
}
"""


class Side:
    """The four servers, preloaded or not."""

    def __init__(self, name, top, library):
        self.name, self.library = name, library
        self.path = os.path.join(top, name)
        self.segments = os.path.join(self.path, "segments")
        self.user = None
        os.makedirs(self.segments, mode=0o700)
        os.mkdir(os.path.join(self.path, "html"))
        with open(os.path.join(self.path, "html", "index.html"), "w") as file:
            file.write("hello\n" * 100)
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            self.user = account.pw_uid, account.pw_gid
            for folder in (self.path, self.segments):
                os.chown(folder, *self.user)
        self.redis, self.nginx, self.service, self.postgres = (free_port() for _ in range(4))
        self.running, self.seen = {}, {}

    def identity(self):
        return {"user": self.user[0], "group": self.user[1], "extra_groups": []} if self.user else {}

    def run(self, command, timeout=120):
        """What it printed; without us. Raises Failed."""
        done = subprocess.run(command, env={"PATH": PATH, "HOME": self.path, "LC_ALL": "C.UTF-8"}, cwd=self.path,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, **self.identity())
        if done.returncode:
            raise Failed("%s: %s ended with %d: %s" % (self.name, command[0], done.returncode, done.stderr.strip()[-300:]))
        return done.stdout

    def start(self, name, command):
        env = {"PATH": PATH, "HOME": self.path, "LC_ALL": "C.UTF-8"}
        if self.library:
            env.update(LD_PRELOAD=self.library, STRONG_DIR=self.segments)
        with open(os.path.join(self.path, name + ".out"), "wb") as log:
            self.running[name] = subprocess.Popen(command, env=env, cwd=self.path, stdin=subprocess.DEVNULL, stdout=log,
                                                  stderr=log, start_new_session=True, **self.identity())

    def start_all(self):
        data = os.path.join(self.path, "data")
        self.run(["initdb", "-D", data, "--no-sync", "-A", "trust", "-U", "postgres"])
        with open(os.path.join(self.path, "nginx.conf"), "w") as file:
            file.write(NGINX % {"path": self.path, "port": self.nginx, "service": self.service})
        with open(os.path.join(self.path, "service.py"), "w") as file:
            file.write(SERVICE)
        self.start("redis", ["redis-server", "--port", str(self.redis), "--bind", "127.0.0.1", "--save", "",
                             "--appendonly", "no"])
        self.start("service", ["/usr/bin/python3", "-I", "service.py", str(self.service), str(self.redis)])
        self.start("nginx", ["nginx", "-p", self.path, "-c", os.path.join(self.path, "nginx.conf")])
        self.start("postgres", ["postgres", "-D", data, "-p", str(self.postgres), "-k", self.path, "-h", "", "-c", "fsync=off",
                                "-c", "shared_buffers=32MB"])
        for name, port in (("redis", self.redis), ("service", self.service), ("nginx", self.nginx)):
            wait_for_port(port, self.running[name])
        self.wait_for_postgres()
        self.run(["redis-cli", "-p", str(self.redis), "set", "session", "x" * 100])
        self.run(["pgbench", "-q", "-i", "-s", "1", *self.database()])

    def database(self):
        return ["-h", self.path, "-p", str(self.postgres), "-U", "postgres", "postgres"]

    def wait_for_postgres(self):
        for _ in range(300):
            try:
                self.run(["psql", "-q", "-c", "select 1", *self.database()])
                return
            except Failed:
                time.sleep(0.1)
        raise Failed("%s: postgres does not answer" % self.name)

    def dead(self):
        """What has ended that should not have."""
        return ["%s: %s ended with %d" % (self.name, name, server.returncode)
                for name, server in self.running.items() if server.poll() is not None]

    def stop_all(self):
        """Asks each to end as its user would; returns what did not end well."""
        wrong = self.dead()
        how = {"redis": signal.SIGTERM, "nginx": signal.SIGQUIT, "service": signal.SIGINT, "postgres": signal.SIGINT}
        for name, server in self.running.items():
            if server.poll() is not None:
                continue
            server.send_signal(how[name])
            try:
                code = server.wait(30)
            except subprocess.TimeoutExpired:
                wrong.append("%s: %s does not end" % (self.name, name))
                continue
            if code != 0:
                wrong.append("%s: %s ended with %d" % (self.name, name, code))
        return wrong

    def kill_all(self):
        for server in self.running.values():
            try:
                os.killpg(server.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass
            server.wait(30)

    def complaints_logged(self):
        """Lines of the servers' logs that tell of a process that died."""
        found = []
        for name in ("nginx.log", "redis.out", "service.out", "postgres.out"):
            with open(os.path.join(self.path, name), errors="replace") as file:
                found += ["%s: %s: %s" % (self.name, name, line.strip()[:200]) for line in file
                          if any(word in line for word in ("exited on signal", "terminated by signal", "PANIC", "Traceback",
                                                           "crashed by signal", "[alert]"))]
        return found

    def last_words(self):
        """The ends of the servers' logs, for one who has to find out what went wrong."""
        for name in ("nginx.log", "redis.out", "service.out", "postgres.out"):
            try:
                with open(os.path.join(self.path, name), errors="replace") as file:
                    yield from ("%s: %s: %s" % (self.name, name, line.rstrip()[:300]) for line in file.readlines()[-10:])
            except FileNotFoundError:
                continue

    # ---- what they take ----

    def family(self, name):
        """The server and everything below it that is alive."""
        pids, result = [self.running[name].pid], []
        while pids:
            pid = pids.pop()
            try:
                for thread in os.listdir("/proc/%d/task" % pid):
                    with open("/proc/%d/task/%s/children" % (pid, thread)) as file:
                        pids += [int(one) for one in file.read().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
            result.append(pid)
        return result

    def taken(self, name):
        """(KiB of memory that is no file's, descriptors but for those of kept connections) of a server's processes.

        Descriptors only of those that were there the last time: postgres' autovacuum comes and goes."""
        kib = count = 0
        family, before = self.family(name), self.seen.get(name)
        self.seen[name] = set(family)
        for pid in family:
            try:
                with open("/proc/%d/status" % pid) as file:
                    kib += next((int(line.split()[1]) for line in file if line.startswith("RssAnon:")), 0)
                if before is None or pid in before:
                    count += sum(int(number) < KEPT_FROM for number in os.listdir("/proc/%d/fd" % pid))
            except (FileNotFoundError, ProcessLookupError):
                continue
        return kib, count

    def segment_kib(self):
        return sum(os.stat(os.path.join(self.segments, name)).st_blocks for name in os.listdir(self.segments)) // 2

