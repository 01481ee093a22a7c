"""Battery cases with a server in the foreground and a client, both preloaded; what the client sees
is compared. Ports are chosen free; every server is stopped by its own process."""
import re
import signal

import battery_web
from battery_commands import workload
from battery_run import free_port, tree_digest


def redis(run):
    port = free_port()
    server = run.server(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                         "--appendonly", "yes", "--dir", run.work, "--daemonize", "no"], port)
    count = run.size(20_000, 300_000)
    cli = ["redis-cli", "-h", "127.0.0.1", "-p", str(port)]
    commands = "".join("SET key:%d value:%d\nHSET hash:%d f %d g %d\nRPUSH list %d\n"
                       % (n, n * n, n % 50, n, -n, n) for n in range(count // 20))
    run.step("pipe", [*cli, "--pipe"], stdin=commands.encode())
    run.measured("benchmark", ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-n", str(count),
                               "-c", "20", "--csv", "-t", "set,get,incr,lpush,rpop,zadd,mset"],
                 lambda out, err: [re.findall(r'^"([^"]+)"', out, re.M), err])
    run.measured("pipelined", ["redis-benchmark", "-h", "127.0.0.1", "-p", str(port), "-n", str(count),
                               "-c", "5", "-P", "16", "-q", "-t", "set,get"],
                 lambda out, err: [re.findall(r"(\w+): [\d.]+ requests", out), err])
    for number, question in enumerate((
            "DBSIZE", "GET counter:__rand_int__", "LLEN mylist", "LRANGE list 0 99", "GET key:77",
            "HGETALL hash:7", "EVAL return(redis.call('dbsize')*2) 0", "NOSUCH command", "BGREWRITEAOF",
            "SAVE")):
        run.step("question %d" % number, [*cli, *question.split()])
    run.measured("statistics", [*cli, "INFO", "commandstats"],
                 lambda out, err: sorted(re.findall(r"cmdstat_((?:set|get|incr|lpush|hset):calls=\d+)",
                                                    out)))
    run.stop("redis-server", server)


def memcached(run):
    port = free_port()
    server = run.server(["memcached", "-u", "root", "-l", "127.0.0.1", "-p", str(port), "-t", "4",
                         "-m", "64"], port)
    client = workload(run, "memcached_client.py")
    run.step("client", ["/usr/bin/python3", "-I", client, str(port), str(run.size(3000, 60_000))])
    run.stop("memcached", server)


def postgres(run):
    run.become("postgres")
    port = free_port()
    data = run.path("data")
    run.prepare(["initdb", "-D", data, "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8"])
    server = run.server(["postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", "",
                         "-c", "logging_collector=off", "-c", "autovacuum_naptime=1s"], port,
                        ready=["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)])
    account = {"PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres",
               "PGDATABASE": "postgres"}

    def without_times(out, err):
        kept = r"^(number of transactions .*|number of failed .*|.*ERROR.*|done)"
        return re.findall(kept, re.sub(r"done in .*", "done", out + err), re.M)
    run.measured("initialise", ["pgbench", "-i", "-s", str(run.size(1, 10)), "-q"], without_times,
                 env=account)
    transactions = str(run.size(300, 5000))
    run.measured("transactions", ["pgbench", "-c", "4", "-j", "2", "-t", transactions, "-n",
                                  "--random-seed=42"], without_times, env=account)
    run.measured("connect each time", ["pgbench", "-c", "2", "-t", str(run.size(50, 500)), "-n", "-S",
                                       "-C", "--random-seed=43"], without_times, env=account)
    for number, query in enumerate((
            "SELECT sum(abalance), count(*) FROM pgbench_accounts",
            "SELECT sum(bbalance) FROM pgbench_branches; SELECT count(*) FROM pgbench_history",
            "SELECT md5(string_agg(x::text, ',')) FROM generate_series(1, 100000) x",
            "SELECT pg_sleep(0.05); SELECT 1/0",
            "CREATE INDEX CONCURRENTLY i ON pgbench_accounts (abalance); VACUUM ANALYZE")):
        args = ["psql", "-X", "-A", "-t"]
        for part in query.split("; "):
            args += ["-c", part]
        run.step("query %d" % number, args, env=account, expect=1 if "1/0" in query else 0)
    run.stop("postgres", server, signal.SIGINT)
    run.record("log", sorted(set(server_messages(run.path("server-%d.log" % port)))))


def server_messages(path):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            found = re.search(r"(WARNING|ERROR|PANIC):\s+(.*)", line)
            if found:
                yield found.group(0)


def nginx(run):
    battery_web.make_site(run)
    port = free_port()
    run.write("nginx.conf", battery_web.NGINX_CONF % {"work": run.work, "port": port})
    server = run.server(["nginx", "-p", run.work, "-c", run.path("nginx.conf")], port)
    run.watch_log(run.path("error.log"))
    url = "http://127.0.0.1:%d" % port
    battery_web.load(run, url)
    battery_web.fetch(run, url)
    run.measured("status", ["curl", "-sS", url + "/status"],
                 lambda out, err: [out.split("\n")[0].split(":")[0], err])
    run.stop("nginx", server, signal.SIGQUIT)


def openssl(run):
    port = free_port()
    run.prepare(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem",
                 "-out", "cert.pem", "-subj", "/CN=localhost", "-days", "2"])
    server = run.server(["openssl", "s_server", "-accept", "127.0.0.1:%d" % port, "-www", "-quiet",
                         "-key", "key.pem", "-cert", "cert.pem"], port)
    address = "127.0.0.1:%d" % port
    seconds = str(run.size(1, 5))
    for label, kind in (("new sessions", "-new"), ("reused sessions", "-reuse")):
        run.measured(label, ["openssl", "s_time", "-connect", address, kind, "-time", seconds,
                             "-CAfile", "cert.pem", "-www", "/"],
                     lambda out, err: [bool(re.search(r"[1-9]\d* connections in .* real seconds", out)),
                                       re.sub(r"[*rt\s]+", "", err)])
    run.measured("s_client", ["openssl", "s_client", "-connect", address, "-CAfile", "cert.pem"],
                 lambda out, err: sorted(set(re.findall(r"(Verify return code: .*|New, TLS.*)", out))))
    run.write("plain", b"0123456789abcdef" * run.size(100_000, 3_000_000))
    for label, args in (("digest", ["dgst", "-sha256", "plain"]),
                        ("encrypt", ["enc", "-aes-256-cbc", "-K", "00" * 32, "-iv", "11" * 16,
                                     "-in", "plain", "-out", "secret"]),
                        ("digest of secret", ["dgst", "-sha512", "secret"]),
                        ("verify", ["verify", "-CAfile", "cert.pem", "cert.pem"])):
        run.step(label, ["openssl", *args])
    run.measured("missing", ["openssl", "x509", "-in", "no-such-file"],
                 lambda out, err: [re.sub(r"(?m)^[0-9A-F]+:error", "(thread):error", err), out],
                 expect=1)
    run.stop("openssl s_server", server)


def curl(run):
    battery_web.make_site(run)
    port = free_port()
    server_script = workload(run, "http_server.py")
    server = run.server(["/usr/bin/python3", "-I", server_script, str(port)], port, preload=False,
                        cwd=run.path("site"))
    url = "http://127.0.0.1:%d" % port
    battery_web.fetch(run, url)
    count = run.size(60, 600)
    run.step("parallel", ["curl", "-sS", "-Z", "--no-progress-meter", "--create-dirs", "-o", "got/#1",
                          url + "/f[0-%d]" % (count - 1)])
    run.record("downloads", tree_digest(run.path("got")))
    run.write("upload", b"field=value&" * 20_000)
    run.step("upload", ["curl", "-sS", "-X", "POST", "-H", "Expect:", "--data-binary", "@upload", url + "/echo"])
    run.step("chunked upload", ["curl", "-sS", "-H", "Expect:", "-T", "-", url + "/echo"], stdin=b"piped" * 50_000)
    run.step("resolve", ["curl", "-sS", "--resolve", "some.host:%d:127.0.0.1" % port,
                         "http://some.host:%d/f1" % port])
    run.step("timeout", ["curl", "-sS", "-o", "/dev/null", "--max-time", "0.3", "-w", "%{http_code}",
                         url + "/slow", "--stderr", "/dev/null"], expect=28)
    run.step("refused", ["curl", "-s", "http://127.0.0.1:1/"], expect=7)
    run.step("refused IPv6", ["curl", "-s", "http://[::1]:1/"], expect=7)
    run.step("file", ["curl", "-sS", "file://" + run.path("site", "f3")])
    run.stop("web server", server)


CASES = {
    "redis": ("redis-server under redis-benchmark", redis,
              ["redis-server|redis-check-rdb", "redis-benchmark"]),
    "nginx": ("nginx under wrk and curl", nginx, ["nginx", "wrk"]),
    "memcached": ("4 threads under a client of ours", memcached, ["memcached"]),
    "postgres": ("postgres under pgbench and psql", postgres, ["postgres", "pgbench"]),
    "curl": ("downloads, uploads, parallel, failures", curl, ["curl"]),
    "openssl": ("s_server under s_time, dgst, enc", openssl, ["openssl"]),
}
