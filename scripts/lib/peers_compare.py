"""Their first five beside ours, and what is missing. What libstrong has no hook for, or too few samples to have met, is
said, every time, and is no failure of the report."""
from peers_ours import ALLOCATOR_CALLS, EXACT, NOT_HOOKED

FIRST = 5
LEAST = 0.01  # of the whole: what is smaller, sampling may rightly not have met
CHANCE = 1e-6  # how likely a sampler may be to have met none of a function without that being said to be a fault
LOADER_CALLS = 60  # opened, read and closed by the loader before libstrong is there


def text(value, unit):
    if unit == "bytes":
        return f"{value / 2**20:.2f} MiB"
    if unit == "share":
        return f"{value * 100:.1f} %"
    if unit == "seconds":
        return f"{value * 1000:.1f} ms"
    return f"{value:,.0f}"


def may_be_unmet(share, samples):
    """Whether samples at random can have missed what has this share of the time: each misses it with 1 - share."""
    return (1 - min(share, 1)) ** samples > CHANCE


def judge(table, name, figure, ours, own):
    """What is wrong, or "", and whether that is a fault of ours."""
    if own is None and table.kind.startswith("syscall") and name in NOT_HOOKED:
        return f"{NOT_HOOKED[name]}: not hooked", False
    if own is None and table.kind == "cpu" and may_be_unmet(figure, ours.cpu_samples):
        return f"not met by {ours.cpu_samples:,} samples, as can be", False
    if own is None:
        return "not in ours", True
    if table.kind == "syscalls" and name in EXACT and abs(own.value - figure) > LOADER_CALLS + figure * 0.01:
        return f"{own.value:,.0f} instead of {figure:,.0f}", True
    return "", False


def show(program, table, ours):
    """Prints one table; returns what is missing."""
    failures = []
    print(f"\n{program} under {table.peer}: {table.title}")
    print(f"  {table.peer:>14}  {'libstrong':>14}  {'':5}  what")
    for name, figure in table.rows[:FIRST]:
        if figure < table.total * LEAST or figure <= 0:
            continue
        own = ours.find(table.kind, name)
        wrong, fault = judge(table, name, figure, ours, own)
        unit = "calls" if own is not None and name in ALLOCATOR_CALLS and table.kind.startswith("syscall") else table.unit
        shown = text(own.value, unit) if own is not None else "-"
        note = own.note if own is not None else ""
        if own is not None and own.margin:
            note = f"± {text(own.margin, table.unit)} {note}"
        print(f"  {text(figure, table.unit):>14}  {shown:>14}  {'' if wrong else 'ok':5}  {name}  {wrong or note}".rstrip())
        if fault:
            failures.append(f"{program}, {table.peer}, {table.title}: {name}: {wrong}")
    return failures
