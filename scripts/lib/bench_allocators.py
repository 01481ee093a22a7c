"""The columns of `bench memory`: what each puts into the environment, and a proof that it took effect.

A column is bare glibc, another allocator preloaded, or libstrong in one of three settings. The libraries
are copied where an unprivileged user can read them, so that a rebuild in the middle of a run changes
nothing. Profilers are columns too, compared in a table of their own.
"""
import os
import shutil
import subprocess

MULTIARCH = "/usr/lib/x86_64-linux-gnu"
PEERS = ["glibc", "jemalloc", "mimalloc", "tcmalloc"]
OURS = ["strong", "unsampled", "no pool"]
EXPLAINED = {
    "glibc": "nothing preloaded",
    "jemalloc": "libjemalloc.so.2", "mimalloc": "libmimalloc.so.2.0", "tcmalloc": "libtcmalloc_minimal.so.4",
    "strong": "libstrong.so, default settings",
    "unsampled": "libstrong.so with STRONG_ALLOC_PERIOD=0",
    "no pool": "libstrong.so with STRONG_OPTIMIZE=-memory",
    "heaptrack": "heaptrack; the CPU of its interpreter included",
    "jemalloc prof": "libjemalloc.so.2 with MALLOC_CONF=prof:true,prof_active:true,lg_prof_sample:19",
    "gperftools heap": "libtcmalloc.so.4 with HEAPPROFILE: a stack for every allocation",
    "tcmalloc sampled": "libtcmalloc.so.4 with TCMALLOC_SAMPLE_PARAMETER=524288",
}


class Column:
    """name; library to preload; what else the environment gets; words put before the command; whether one round
    must do, because it takes many times as long as the rest."""

    def __init__(self, name, library=None, settings=None, before=(), slow=False):
        self.name = name
        self.library = library
        self.settings = dict(settings or {})
        self.before = list(before)
        self.slow = slow

    def additions(self):
        return dict(self.settings, **({"LD_PRELOAD": self.library} if self.library else {}))


def base_environment():
    kept = {k: v for k, v in os.environ.items()
            if not k.startswith(("STRONG_", "MALLOC_", "LD_", "GLIBC_", "MIMALLOC_", "TCMALLOC_"))}
    kept["LC_ALL"] = "C.UTF-8"
    return kept


def segment_directory(directory, name):
    path = os.path.join(directory, "segments-" + name.replace(" ", "-"))
    os.makedirs(path, mode=0o700, exist_ok=True)
    return path


def columns(names, directory, library, extra):
    """The allocators called names; extra is set for libstrong only."""
    copies = {"jemalloc": "libjemalloc.so.2", "mimalloc": "libmimalloc.so.2.0", "tcmalloc": "libtcmalloc_minimal.so.4"}
    settings = {"strong": {}, "unsampled": {"STRONG_ALLOC_PERIOD": "0"}, "no pool": {"STRONG_OPTIMIZE": "-memory"}}
    made = []
    for name in names:
        if name == "glibc":
            made.append(Column(name))
        elif name in copies:
            made.append(Column(name, os.path.join(MULTIARCH, copies[name])))
        else:
            copy = os.path.join(directory, "libstrong.so")
            if not os.path.exists(copy):
                shutil.copy(library, copy)
                os.chmod(copy, 0o755)
            made.append(Column(name, copy, dict(extra, **settings[name], STRONG_DIR=segment_directory(directory, name))))
    for column in made:
        prove(column)
    return made


def profilers(directory, names):
    """The peers that profile the heap, writing what they write into directory."""
    out = os.path.join(directory, "profiles")
    os.makedirs(out, exist_ok=True)
    heap = os.path.join(out, "heap")
    known = [
        Column("heaptrack", before=["heaptrack", "-o", os.path.join(out, "heaptrack")], slow=True),
        Column("jemalloc prof", os.path.join(MULTIARCH, "libjemalloc.so.2"),
               {"MALLOC_CONF": f"prof:true,prof_active:true,lg_prof_sample:19,prof_prefix:{heap}"}),
        Column("gperftools heap", os.path.join(MULTIARCH, "libtcmalloc.so.4"), {"HEAPPROFILE": heap},
               slow=True),
        Column("tcmalloc sampled", os.path.join(MULTIARCH, "libtcmalloc.so.4"),
               {"TCMALLOC_SAMPLE_PARAMETER": "524288"}),
    ]
    made = [column for column in known if not names or column.name in names]
    for column in made:
        prove(column)
    return made


def prove(column):
    """The library is mapped into a process started like every other one: a preload that fails says so only on
    stderr, and the figures would be glibc's under another name."""
    if not column.library:
        return
    seen = subprocess.run(["/bin/cat", "/proc/self/maps"], env=dict(base_environment(), **column.additions()),
                          capture_output=True, text=True, check=True)
    name = os.path.basename(os.path.realpath(column.library))
    if name not in seen.stdout:
        raise SystemExit(f"bench memory: {column.name}: {column.library} was not loaded: {seen.stderr.strip()}")
