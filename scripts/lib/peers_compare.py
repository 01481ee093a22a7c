"""Their first five beside ours, and what is missing. What libstrong has no hook for is said, every time, and is no
failure of the report."""
from peers_ours import ALLOCATOR_CALLS, EXACT, NOT_HOOKED

FIRST = 5
LEAST = 0.01  # of the whole: what is smaller, sampling may rightly not have met
LOADER_CALLS = 60  # opened, read and closed by the loader before libstrong is there


def text(value, unit):
    if unit == "bytes":
        return f"{value / 2**20:.2f} MiB"
    if unit == "share":
        return f"{value * 100:.1f} %"
    if unit == "seconds":
        return f"{value * 1000:.1f} ms"
    return f"{value:,.0f}"


def judge(table, name, figure, own):
    """"" or what is wrong."""
    if own is None and table.kind.startswith("syscall") and name in NOT_HOOKED:
        return f"{NOT_HOOKED[name]}: not hooked"
    if own is None:
        return "not in ours"
    if table.kind == "syscalls" and name in EXACT and abs(own.value - figure) > LOADER_CALLS + figure * 0.01:
        return f"{own.value:,.0f} instead of {figure:,.0f}"
    return ""


def show(program, table, ours):
    """Prints one table; returns what is missing."""
    failures = []
    print(f"\n{program} under {table.peer}: {table.title}")
    print(f"  {table.peer:>14}  {'libstrong':>14}  {'':5}  what")
    for name, figure in table.rows[:FIRST]:
        if figure < table.total * LEAST or figure <= 0:
            continue
        own = ours.find(table.kind, name)
        wrong = judge(table, name, figure, own)
        unit = "calls" if own is not None and name in ALLOCATOR_CALLS and table.kind.startswith("syscall") else table.unit
        shown = text(own.value, unit) if own is not None else "-"
        note = own.note if own is not None else ""
        if own is not None and own.margin:
            note = f"± {text(own.margin, table.unit)} {note}"
        print(f"  {text(figure, table.unit):>14}  {shown:>14}  {'' if wrong else 'ok':5}  {name}  {wrong or note}".rstrip())
        if wrong and name not in NOT_HOOKED:
            failures.append(f"{program}, {table.peer}, {table.title}: {name}: {wrong}")
    return failures
