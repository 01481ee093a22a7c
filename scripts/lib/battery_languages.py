"""Battery cases that run an interpreter or a virtual machine on a script of ours."""
from battery_commands import workload


def python3(run):
    script = workload(run, "all.py")
    run.step("script", ["/usr/bin/python3", "-I", script, str(run.size(1, 8))])
    run.step("exception", ["/usr/bin/python3", "-I", "-c", "raise SystemError('no')"], expect=1)
    run.step("many modules", ["/usr/bin/python3", "-I", "-m", "json.tool", "--sort-keys"],
             stdin=b'{"b": [1, 2.5, null], "a": {"c": "\\u00e9"}}')


def perl(run):
    script = workload(run, "all.pl")
    run.step("script", ["/usr/bin/perl", script, str(run.size(1, 10))], expect=9)
    run.step("die", ["/usr/bin/perl", "-e", "$! = 5; die qq(no\\n)"], expect=5)


def node(run):
    script = workload(run, "all.js")
    run.step("script", ["/usr/bin/node", script, str(run.size(1, 8))], expect=5)
    run.step("rejection", ["/usr/bin/node", "-e", "process.on('exit', c => console.log(c));"
                           "process.exitCode = 3; setTimeout(() => console.log('late'), 20)"], expect=3)


def java(run):
    script = workload(run, "All.java")
    run.step("script", ["/usr/bin/java", "-Xmx512m", script, str(run.size(1, 8))], expect=6)
    run.step("version", ["/usr/bin/java", "-version"])


def php(run):
    script = workload(run, "all.php")
    run.step("script", ["/usr/bin/php", "-n", script, str(run.size(1, 10))], expect=8)
    run.step("error", ["/usr/bin/php", "-n", "-d", "display_errors=stderr", "-r", "no_such();"], expect=255)


def chromium(run):
    """A browser process, a zygote in namespaces of its own, a renderer behind seccomp, a dozen threads each."""
    run.become("nobody")
    page = run.write("page.html", open(workload(run, "all.html")).read())
    namespaces, _, _ = run.execute(["unshare", "--user", "--pid", "--fork", "/bin/true"], preload=False)
    sandbox = [] if namespaces == 0 else ["--no-sandbox"]  # some hosts forbid what it is made of
    for label in ["page"] + ["page %d" % number for number in range(2, run.size(1, 6) + 1)]:
        run.measured(label, ["/usr/bin/chromium", "--headless", "--disable-gpu", *sandbox,
                             "--virtual-time-budget=20000", "--user-data-dir=" + run.path("profile " + label),
                             "--dump-dom", "file://" + page],
                     lambda out, err: ["<title>done</title>" in out, out], env={"HOME": run.work})


CASES = {
    "python3": ("threads, subprocess, asyncio, sockets", python3, ["python3"]),
    "perl": ("regexes, sort, fork, pipes, sockets", perl, ["perl"]),
    "node": ("http, workers, child processes, files, gzip", node, ["node"]),
    "java": ("OpenJDK: threads, sockets, files, processes", java, ["java"]),
    "chromium": ("a page in the browser, headless, in its sandbox", chromium, ["chromium"]),
    "php": ("php-cli: arrays, files, proc_open, streams", php, ["php"]),
}
