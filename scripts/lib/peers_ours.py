"""What strong-report says about a program: its JSON document, looked up by the names other profilers use."""
import collections
import json
import os
import subprocess

from peers_others import TIMEOUT, environment

# Which hooks make a system call. futex is what waiting for locks, threads and conditions ends in.
HOOKS_OF = {
    "read": ["read", "__read", "__read_chk", "fread", "fgets", "getline"],
    "write": ["write", "__write", "fwrite", "puts", "printf", "fflush", "fputs"],
    "pread64": ["pread", "pread64", "__pread64", "__pread_chk", "__pread64_chk"],
    "pwrite64": ["pwrite", "pwrite64", "__pwrite64"],
    "openat": ["open", "open64", "openat", "openat64", "creat", "fopen", "fopen64", "__open_2", "__open64_2", "__openat_2"],
    "close": ["close", "__close", "fclose"],
    "fsync": ["fsync"], "fdatasync": ["fdatasync"],
    "sendto": ["send", "sendto", "__send"], "recvfrom": ["recv", "recvfrom", "__recv_chk"],
    "connect": ["connect"], "accept4": ["accept", "accept4"], "socket": ["socket"], "socketpair": ["socketpair"],
    "clock_nanosleep": ["nanosleep", "clock_nanosleep", "sleep", "usleep"],
    "futex": ["pthread_mutex_lock", "pthread_join", "pthread_cond_wait", "pthread_cond_timedwait", "sem_wait"],
    "poll": ["poll"], "ppoll": ["ppoll"], "select": ["select"], "epoll_wait": ["epoll_wait"], "wait4": ["wait4", "waitpid", "wait"],
    "fcntl": ["fcntl", "fcntl64"], "unlink": [], "ftruncate": ["ftruncate", "ftruncate64"],
}
# Called on behalf of malloc and the loader, inside libc: the allocator's account and the page faults tell of them.
ALLOCATOR_CALLS = {"mmap", "munmap", "mremap", "brk", "madvise", "mprotect"}
# Not hooked: no hook of ours sees them, wherever they come from.
NOT_HOOKED = {"newfstatat": "stat and its kin", "statx": "stat and its kin", "access": "access", "faccessat2": "access",
              "getdents64": "readdir", "rt_sigreturn": "signal handlers"}
# One system call for one call: the figures must be the same, but for what the loader does before libstrong is there.
EXACT = {"write", "pread64", "pwrite64", "openat", "close", "fsync", "fdatasync", "sendto", "recvfrom", "clock_nanosleep"}

# Finer than the default, for a program of seconds: what is compared is who is named, not what it costs.
CPU_HZ = 499

Figure = collections.namedtuple("Figure", "value margin note")


def plain(name):
    """Of "copy_word(unsigned)", "by_value.part.0" and "keep.constprop.0" what every demangler and compiler agrees on."""
    return (name or "(no stack)").split("(")[0].split(".")[0]


class Ours:
    def __init__(self, document):
        self.document = document
        self.hooks = {hook["name"]: hook for hook in document["hooks"]}
        self.functions = collections.defaultdict(float)
        for function in document["functions"]:
            self.functions[function["function"]] += function["cpu_self_ns"]
        self.cpu_ns = sum(self.functions.values())
        self.cpu_samples = round(self.cpu_ns / 1e9 * CPU_HZ)
        self.sites = collections.defaultdict(lambda: collections.Counter())
        sampled = document["memory"]["sampled"] or {"sites": []}
        for site in sampled["sites"]:
            for what in ("allocated", "temporary", "live", "peak"):
                for part in ("bytes", "objects", "margin_bytes"):
                    self.sites[plain(site["function"])][what, part] += site[what].get(part) or 0

    def heap(self, kind, name):
        what, part = {"peak": ("peak", "bytes"), "leaked": ("live", "bytes"), "temporary": ("temporary", "objects"),
                      "allocations": ("allocated", "objects")}[kind]
        site = self.sites.get(plain(name))
        if site is None or not site[what, part]:
            return None
        return Figure(site[what, part], site[what, "margin_bytes"] if part == "bytes" else None, "")

    def syscalls(self, name):
        if name in ALLOCATOR_CALLS:
            faults = [reading["minor_faults"] for reading in self.document["resources"] if reading["minor_faults"]]
            return Figure(faults[-1] if faults else 0, None, "page faults; the allocator's own account") if faults else None
        hooks = [self.hooks[hook] for hook in HOOKS_OF.get(name, []) if hook in self.hooks]
        if not hooks:
            return None
        calls = sum(hook["timed"] if hook["class"] == "lock" or hook["timed"] < hook["calls"] else hook["calls"] for hook in hooks)
        return Figure(calls, None, "" if name in EXACT else "waits of " + ", ".join(hook["name"] for hook in hooks))

    def syscall_time(self, name):
        hooks = [self.hooks[hook] for hook in HOOKS_OF.get(name, []) if hook in self.hooks]
        if not hooks:
            return self.syscalls(name)
        return Figure(sum(hook["total_ns"] for hook in hooks) / 1e9, None, "")

    def cpu(self, name):
        """A share of the CPU time; the kernel's is the account of the kernel itself."""
        if name == "(kernel)":
            last = [reading for reading in self.document["resources"] if reading["cpu_user_ns"] is not None]
            whole = last[-1]["cpu_user_ns"] + last[-1]["cpu_system_ns"] if last else 0
            return Figure(last[-1]["cpu_system_ns"] / whole, None, "system time") if whole else None
        own = self.functions.get(name)
        if own is None:
            for function in self.functions:
                if plain(function) == plain(name):
                    own = self.functions[function]
                    break
        return Figure(own / self.cpu_ns, None, "") if own else None

    def find(self, kind, name):
        if kind in ("peak", "leaked", "temporary", "allocations"):
            return self.heap(kind, name)
        return getattr(self, kind)(name)


def measure(build, directory, command, extra):
    """Runs it preloaded, measuring only, and reads what was measured."""
    segments = os.path.join(directory, "segments")
    os.makedirs(segments, mode=0o700, exist_ok=True)
    for name in os.listdir(segments):
        os.unlink(os.path.join(segments, name))
    env = environment(extra)
    env.update(LD_PRELOAD=os.path.join(build, "libstrong.so"), STRONG_DIR=segments, STRONG_OPTIMIZE="none",
               STRONG_CPU_HZ=str(CPU_HZ), STRONG_ALLOC_PERIOD="64KiB")
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=TIMEOUT)
    segment = max((os.path.join(segments, name) for name in os.listdir(segments) if name.endswith(".strong")),
                  key=os.path.getmtime)
    out = subprocess.run([os.path.join(build, "strong-report"), "report", "--json", segment], check=True,
                         capture_output=True, text=True, timeout=TIMEOUT).stdout
    return Ours(json.loads(out))
