"""What `bench memory` measured, as tables of ratios and as limits kept or not.

A row holds one workload's measurements by column. Patterns are judged by wall time where they have threads
and by CPU time otherwise; servers by CPU time per operation. A family is patterns that vary one theme (growing
buffers, scaling): it counts once in a geometric mean.
"""
import math
import statistics

from bench_allocators import PEERS
from bench_measure import ratio


class Row:
    def __init__(self, name, kind, clock="cpu_s", unit="s", family=None):
        self.name = name
        self.kind = kind          # "pattern" or "program"
        self.clock = clock        # what it is judged by: cpu_s or wall_s
        self.unit = unit
        self.family = family or name
        self.measured = {}        # column -> one Measured a round

    def values(self, column, field):
        return [getattr(one, field) for one in self.measured[column]]

    def which(self, field):
        """A field of Measured; None is the clock it is judged by, "other" the other one."""
        other = {"cpu_s": "wall_s", "wall_s": "cpu_s"}
        return other[self.clock] if field == "other" else field or self.clock

    def ratio(self, column, base, field=None):
        field = self.which(field)
        return ratio(self.values(column, field), self.values(base, field))

    def over_best(self, column, field=None):
        """Against the peer that is best at this row."""
        peers = [peer for peer in PEERS if peer in self.measured]
        field = self.which(field)
        best = min(peers, key=lambda peer: statistics.median(self.values(peer, field)))
        return ratio(self.values(column, field), self.values(best, field)) + (best,)


def geometric_mean(rows, figure):
    """Over families, of the mean within each."""
    families = {}
    for row in rows:
        families.setdefault(row.family, []).append(math.log(figure(row)))
    return math.exp(statistics.mean(statistics.mean(values) for values in families.values()))


def cells(words, widths):
    return "| " + " | ".join(f"{word:<{width}}" if i < 1 else f"{word:>{width}}"
                             for i, (word, width) in enumerate(zip(words, widths))) + " |"


def print_table(title, head, lines):
    widths = [max(len(str(line[i])) for line in [head] + lines) for i in range(len(head))]
    print(f"\n{title}\n")
    print(cells(head, widths))
    print("|" + "|".join(("-" if i < 1 else "-") * (width + 1) + ("-" if i < 1 else ":")
                         for i, width in enumerate(widths)) + "|")
    for line in lines:
        print(cells(line, widths))


def ratios_table(title, rows, names, field, unit_of, subject):
    """Column 1 absolute, the others over it; ± is of subject; the last column says how subject stands to the best
    of the peers, which the line names."""
    others = [name for name in names if name != names[0]]
    lines = []
    for row in rows:
        which = row.which(field)
        base = statistics.median(row.values(names[0], which))
        line = [row.name, f"{base:.3f} {unit_of(row, which)}"]
        line += [f"{row.ratio(name, names[0], which)[0]:.3f}" for name in others]
        line.append(f"{row.ratio(subject, names[0], which)[1]:.3f}")
        figure, _, best = row.over_best(subject, which)
        lines.append(line + [f"{figure:.3f} {best}"])
    for kind, word in (("pattern", "patterns"), ("program", "programs")):
        if field == "rss_mib" and kind == "pattern":
            continue  # most are small: their ratios are of what an allocator takes to start
        group = [row for row in rows if row.kind == kind]
        if len({row.family for row in group}) > 1:
            line = [f"geometric mean of {word}", ""]
            line += [f"{geometric_mean(group, lambda row: row.ratio(name, names[0], field)[0]):.3f}" for name in others]
            lines.append(line + ["", f"{geometric_mean(group, lambda row: row.over_best(subject, field)[0]):.3f}"])
    print_table(title, ["", names[0]] + others + ["±", f"{subject}/best"], lines)


def plain_ratios(title, rows):
    """CPU time and peak memory of every column over the first, in one cell each."""
    names = list(dict.fromkeys(name for row in rows for name in row.measured))
    lines = []
    for row in rows:
        line = [row.name, f"{statistics.median(row.values(names[0], 'cpu_s')):.3f} s"]
        for name in names[1:]:
            line.append(f"{row.ratio(name, names[0], 'cpu_s')[0]:.2f}, {row.ratio(name, names[0], 'rss_mib')[0]:.2f}"
                        if name in row.measured else "failed")
        lines.append(line)
    print_table(title, [""] + names, lines)


class Limits:
    """Prints each target with what was measured; above counts those missed by more than their spread."""

    def __init__(self):
        self.lines = []
        self.above = 0

    def check(self, what, figure, limit, noise=0.0, digits=3):
        mark = "ok" if figure <= limit else "ok, within ±" if figure - noise <= limit else "ABOVE"
        self.above += mark == "ABOVE"
        spread = f"{noise:.{digits}f}" if noise else ""
        self.lines.append([what, f"{figure:.{digits}f}", f"{limit:.{digits}f}", spread, mark])

    def print(self):
        if self.lines:
            print_table("Limits (a figure at most its spread above one counts as kept)",
                        ["figure", "measured", "limit", "±", ""], self.lines)


TIME_OF_BARE = {"python3 json": 0.92, "sqlite3": 1.0, "cc1plus": 1.0, "perl": 1.0, "redis-server": 1.0, "postgres": 1.0}


def check_limits(rows, instructions):
    """The project's targets for the memory pool, of those that were measured."""
    limits = Limits()
    by_name = {row.name: row for row in rows if "strong" in row.measured}

    def against(name, base, limit, field=None, what="time"):
        row = by_name.get(name)
        if row and base in row.measured:
            limits.check(f"{name}: {what}, strong / {base}", *_with_noise(row.ratio("strong", base, field), limit))

    pair = instructions.get("pair, per pair", {})
    if "strong" in pair and "jemalloc" in pair:
        limits.check("pair: instructions added to jemalloc's", pair["strong"] - pair["jemalloc"], 6, digits=1)
    against("pair", "jemalloc", 1.03)
    for name in by_name:
        if name.startswith("growing"):
            against(name, "glibc", 1.1)
    for name in ("producer_consumer", "mstress"):
        against(name, "jemalloc", 0.75)
        against(name, "jemalloc", 1.1, "rss_mib", "peak RSS")
        against(name, "glibc", 1.0)
    patterns = [row for row in by_name.values() if row.kind == "pattern"]
    if len({row.family for row in patterns}) >= 6 and "glibc" in patterns[0].measured:
        limits.check("patterns, geometric mean: time, strong / glibc",
                     geometric_mean(patterns, lambda row: row.ratio("strong", "glibc")[0]), 0.85)
        limits.check("patterns, geometric mean: time, strong / best peer of each",
                     geometric_mean(patterns, lambda row: row.over_best("strong")[0]), 1.10)
    one, two = by_name.get("scaling, 1 thread"), by_name.get("scaling, 2 threads")
    if one and two:
        grown = {name: statistics.median(two.values(name, "wall_s")) / statistics.median(one.values(name, "wall_s"))
                 for name in one.measured}
        peers = [grown[name] for name in PEERS if name in grown]
        limits.check("scaling: wall time of 2 threads / 1, strong / best peer", grown["strong"] / min(peers), 1.1)
    for name, limit in TIME_OF_BARE.items():
        against(name, "glibc", limit)
    for row in by_name.values():
        if row.kind == "program":
            against(row.name, "glibc", 1.15, "rss_mib", "peak RSS")
    limits.print()
    return limits.above


def _with_noise(measured, limit):
    return measured[0], limit, measured[1]
