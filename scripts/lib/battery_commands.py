"""Battery cases that are command lines: shells, file tools, git, compilers, sqlite3."""
import os
import random
import shutil

from battery_run import file_digest, tree_digest

WORKLOADS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "workloads")


def workload(run, name):
    """A copy in the working directory, readable by whatever account the case runs as."""
    return shutil.copy(os.path.join(WORKLOADS, name), run.path(name))


def make_tree(run, name, files, seed):
    """A directory of text and binary files of many sizes, the same for the same seed."""
    chance = random.Random(seed)
    root = run.path(name)
    for number in range(files):
        folder = os.path.join(root, "d%02d" % (number % 17), "e%d" % (number % 3))
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "f%04d" % number), "wb") as file:
            if number % 5:
                words = (b"%x" % chance.getrandbits(20) for _ in range(chance.randrange(1, 4000)))
                file.write(b" ".join(words))
            else:
                file.write(chance.randbytes(chance.randrange(0, 60000)))
        os.utime(file.name, (1700000000, 1700000000))
    os.symlink("d00", os.path.join(root, "link"))
    date_folders(root, 1700000000)
    return root


def date_folders(root, seconds):
    """Fixed times on the directories: what rsync and tar do must not depend on the second."""
    for directory, _, _ in os.walk(root):
        os.utime(directory, (seconds, seconds))


def bash(run):
    script = workload(run, "shell.sh")
    run.step("script", ["bash", script, str(run.size(30, 200))], expect=7)
    run.step("syntax error", ["bash", "-c", "if then"], expect=2)
    run.step("exit code", ["bash", "-c", "exit 42"], expect=42)
    run.step("own signal", ["bash", "-c", "kill -TERM $$"], expect=-15)


def coreutils(run):
    chance = random.Random(1)
    words = ["w%x" % chance.getrandbits(14) for _ in range(run.size(200_000, 3_000_000))]
    run.write("words", "\n".join(words) + "\n")
    run.step("pipeline", ["bash", "-o", "pipefail", "-c",
                          "cat words | tr a-f A-F | sort -S 20M | uniq -c | sort -k1,1nr -k2 |"
                          " tee all | wc; head -n 50 all; cut -c1-7 all | paste -d: - - | sha256sum"])
    run.step("files", ["bash", "-e", "-c",
                       "mkdir in; split -n l/40 words in/x; cp -r in out; mv out/xaa out/moved;"
                       "wc -lc in/*; ls -l --time-style=+ out | awk '{print $5,$NF}';"
                       "du --apparent-size -sb in out; sort -m in/xab in/xac | md5sum;"
                       "dd if=words of=copy bs=4k status=none; cmp words copy; shred -n1 copy;"
                       "stat -c %s copy; tac words | head -n3; tail -n +100 words | head -n 2;"
                       "comm -12 <(sort -u in/xaa) <(sort -u in/xab) | wc -l; rm -r out"])
    run.step("numbers", ["bash", "-c", "seq 1 20000 | factor | sha256sum; seq 9 | shuf --random-source"
                         "=words; timeout 0.2 sleep 5; echo $?; env -i printf '%q\\n' 'a b'"])
    run.step("missing file", ["cat", "no-such-file"], expect=1)


def git(run):
    dates = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000",
             "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b",
             "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    run.prepare(["git", "init", "-q", "-b", "main", "origin"])
    run.prepare(["git", "fast-import", "--quiet"], cwd=run.path("origin"),
                stdin=fast_import(run.size(300, 3000)))
    for label, args in (
            ("clone", ["clone", "-q", "file://" + run.path("origin"), "copy"]),
            ("log", ["-C", "copy", "log", "--stat", "--graph"]),
            ("blame", ["-C", "copy", "blame", "file3"]),
            ("grep", ["-C", "copy", "grep", "-c", "line 7"]),
            ("gc", ["-C", "copy", "gc", "-q", "--aggressive"]),
            ("fsck", ["-C", "copy", "fsck", "--full", "--no-progress"]),
            ("status", ["-C", "copy", "status", "--short", "--branch"])):
        run.step(label, ["git", *args], env=dates)
    run.step("not a repository", ["git", "-C", "/", "log"], env=dates, expect=128)
    run.step("commit", ["bash", "-ec", "cd copy; echo more >> file1; git add -A; git commit -qm more;"
                        "git checkout -q -b side HEAD~3; echo x > new; git add new; git commit -qm new;"
                        "git merge -q -m merged main; git rev-parse HEAD"], env=dates)


def fast_import(commits):
    out = []
    for number in range(commits):
        body = "\n".join("line %d of %d" % (line, number % 50) for line in range(number % 200))
        message = "commit %d" % number
        out.append("commit refs/heads/main\ncommitter a <a@b> %d +0000\ndata %d\n%s\n"
                   "M 644 inline file%d\ndata %d\n%s\n" % (1600000000 + number, len(message), message,
                                                         number % 40, len(body), body))
    return "".join(out).encode()


def gcc(run):
    run.write("large.cc", large_source(run.size(25, 300)))
    flags = ["-O2", "-g", "-std=c++17"]
    run.step("compile", ["g++", *flags, "-c", "large.cc", "-o", "large.o"])
    run.step("link", ["g++", "large.o", "-o", "large"])
    run.step("result", ["./large"])
    run.record("object", file_digest(run.path("large.o")))
    run.write("wrong.c", "int main(void) { return undeclared; }\n")
    run.step("error", ["gcc", "-c", "wrong.c"], expect=1)


def large_source(functions):
    out = ["#include <algorithm>\n#include <iostream>\n#include <map>\n#include <regex>\n"
           "#include <string>\n#include <vector>\n"]
    for number in range(functions):
        out.append("static long f%d(std::map<std::string, std::vector<long>> &m) {\n"
                   "    auto &v = m[\"k%d\"]; for (long i = 0; i < %d; ++i) v.push_back(i * i %% 97);\n"
                   "    std::sort(v.begin(), v.end(), [](long a, long b) { return a > b + %d; });\n"
                   "    return v.empty() ? 0 : v.front();\n}\n" % (number, number % 13, number + 3, 0))
    calls = " ".join("s += f%d(m);" % number for number in range(functions))
    out.append("int main() { std::map<std::string, std::vector<long>> m; long s = 0; %s\n"
               "    std::cout << s << ' ' << std::regex_match(\"abc\", std::regex(\"[a-c]+\"))"
               " << std::endl; }\n" % calls)
    return "".join(out)


def sqlite3(run):
    rows = run.size(100_000, 1_000_000)
    script = workload(run, "tables.sql")
    with open(script, encoding="utf-8") as file:
        text = file.read().replace("ITEM_COUNT", str(rows))
    run.step("script", ["sqlite3", "-batch", "test.db"], stdin=text.encode())
    run.step("query", ["sqlite3", "-batch", "-json", "test.db",
                       "SELECT kind, count(*), sum(value) FROM item GROUP BY kind ORDER BY kind"])
    run.step("error", ["sqlite3", "-batch", "test.db", "SELECT * FROM no_such_table"], expect=1)
    run.record("file", file_digest(run.path("test.db")))


def rsync(run):
    make_tree(run, "from", run.size(300, 3000), 7)
    copy = ["rsync", "-a", "--out-format=%o %n %l"]
    run.step("first copy", [*copy, "from/", "to/"])
    run.record("tree", tree_digest(run.path("to")))
    make_tree_change(run)
    run.step("changes", [*copy, "--delete", "--checksum", "--no-whole-file", "from/", "to/"])
    run.record("changed tree", tree_digest(run.path("to")))
    run.step("nothing to do", [*copy, "from/", "to/"])
    run.step("missing source", ["rsync", "-a", "nowhere/", "to/"], expect=23)


def make_tree_change(run):
    with open(run.path("from", "d00", "e0", "f0000"), "ab") as file:
        file.write(b"more")
    os.remove(run.path("from", "d01", "e1", "f0001"))
    date_folders(run.path("from"), 1700000001)


def tar(run):
    make_tree(run, "from", run.size(400, 4000), 9)
    run.step("pack", ["bash", "-o", "pipefail", "-c", "tar -c --sort=name --owner=0 --group=0 from |"
                      " zstd -q -T2 -9 > from.tar.zst"])
    run.step("list", ["bash", "-o", "pipefail", "-c", "zstd -dc from.tar.zst | tar -t"])
    run.step("unpack", ["tar", "--zstd", "-x", "-f", "from.tar.zst", "--transform", "s/^from/to/S"])
    run.record("tree", tree_digest(run.path("to")))
    run.step("broken", ["bash", "-c", "head -c 1000 from.tar.zst | zstd -dc | tar -t"], expect=2)


CASES = {
    "bash": ("functions, pipes, jobs, traps, 4 exits", bash, ["bash"]),
    "coreutils": ("sort, uniq, split, cp, dd … in pipelines", coreutils, ["sort"]),
    "git": ("clone, log, blame, gc, fsck, merge", git, ["git"]),
    "gcc": ("g++ -O2 -g of a large file, link, run", gcc, ["cc1plus"]),
    "sqlite3": ("inserts, index, joins, vacuum", sqlite3, ["sqlite3"]),
    "rsync": ("copy, change, delete, checksum", rsync, ["rsync"]),
    "tar": ("tar | zstd -T2 and back", tar, ["tar", "zstd"]),
}
