"""Is what strong-report says of a battery run sane? Asked of every segment the run left behind.

Sane: it parses (no NaN), the duration is positive, the shares of time sum to at most 1 (1.02 with
rounding), calls were counted, no number anywhere is negative but the slope of memory, and each program that the case is about
has a segment.
"""
import concurrent.futures
import json
import os
import subprocess

SHORT_LIMIT = 24
SLOPE = ".memory.trend.bytes_per_second"


def check(report, directory, expected, owner, short):
    """Returns (text for the table, list of complaints)."""
    names = sorted(name for name in os.listdir(directory) if name.endswith(".strong"))
    paths = [os.path.join(directory, name) for name in names]
    if not paths:
        return "no segment", ["no segment in STRONG_DIR"]
    # The largest ones did the work; of the others a short run reads only as many as it must to find
    # the case's own programs.
    paths.sort(key=lambda path: os.stat(path).st_blocks, reverse=True)
    complaints = []
    seen = set()
    asked = 0
    while asked < len(paths):
        missing = [name for name in expected if not present(name, seen)]
        if short and asked >= SHORT_LIMIT and not missing:
            break
        chosen = paths[asked:asked + SHORT_LIMIT]
        asked += len(chosen)
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = list(pool.map(lambda path: check_one(report, path, owner), chosen))
        for path, (exe, problems) in zip(chosen, results):
            exe = os.path.basename(exe)
            seen.add(exe)
            complaints += ["%s (%s): %s" % (os.path.basename(path), exe, problem)
                           for problem in problems]
    complaints += ["no segment of %s among %s" % (name, sorted(seen))
                   for name in expected if not present(name, seen)]
    text = "%d of %d segments" % (asked, len(paths))
    return ("sane, " + text, []) if not complaints else ("INSANE, " + text, complaints)


def present(name, seen):
    """Is there a program whose name begins with one of a|b? (python3 is python3.11 by exe.)"""
    return any(exe.startswith(tuple(name.split("|"))) for exe in seen)


def check_one(report, path, owner):
    identity = {"user": owner[0], "group": owner[1], "extra_groups": []} if owner else {}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
    try:
        done = subprocess.run([report, "--json", path], stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=30, env=environment, check=False,
                              **identity)
    except subprocess.TimeoutExpired:
        return "?", ["strong-report took more than 30 s"]
    if done.returncode != 0:
        return "?", ["strong-report ended with %d: %s" % (done.returncode,
                                                          done.stderr.decode()[:200].strip())]
    try:
        facts = json.loads(done.stdout, parse_constant=reject_constant)
    except ValueError as error:
        return "?", ["not JSON: %s" % error]
    return facts.get("process", {}).get("exe", "?"), complaints_of(facts)


def reject_constant(name):
    raise ValueError("the number " + name)


def complaints_of(facts):
    problems = []
    try:
        if facts["process"]["duration_ns"] <= 0:
            problems.append("duration is %s" % facts["process"]["duration_ns"])
        shares = sum(entry["share"] or 0 for entry in facts["time"])
        if shares > 1.02:
            problems.append("shares of time sum to %.3f" % shares)
        # who is killed as soon as it is there made none
        if facts["process"]["state"] != "killed" and sum(hook["calls"] or 0 for hook in facts["hooks"]) <= 0:
            problems.append("no calls")
    except (KeyError, TypeError) as error:
        problems.append("wrong shape: %r" % error)
    negative(facts, "", problems)
    return problems[:5]


def negative(value, where, problems):
    if isinstance(value, dict):
        for key, inner in value.items():
            negative(inner, where + "." + key, problems)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            negative(inner, "%s[%d]" % (where, number), problems)
    elif isinstance(value, (int, float)) and value < 0 and not where.endswith(SLOPE):
        problems.append("negative: %s = %s" % (where.lstrip("."), value))
