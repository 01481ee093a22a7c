"""fuzz_live: strong-report against a segment that changes under it.

The segments are made here, by programs that run preloaded: one that ended and one that was killed. A process of its own writes seeded nonsense into a mapped copy of a segment: bytes, words, whole lines moved
elsewhere, the file cut short and grown again. Meanwhile strong-report reads it, part after part, form after form.
Whatever it finds: it ends by itself in time, with an exit status it documents, and says nothing a terminal would obey.
"""
import mmap
import os
import random
import shutil
import signal
import struct
import subprocess
import tempfile
import time

# What a user would ask for; each is run in turn.
QUESTIONS = [["report"], ["report", "--json"], ["report", "--full"], ["network"], ["locks"], ["threads"], ["export", "pprof"],
             ["export", "folded"], ["export", "html"], ["export", "prometheus"], ["check", "network.p99 < 5ms", "--of"],
             ["diff"]]
BINARY = ["export", "pprof"]
MOST_SECONDS = 20
DOCUMENTED = (0, 1, 2, 3, 99)
READ = (0, 3, 99)  # of a segment that could be made sense of
RESTORE_EVERY = 64  # writes between two restorations, so that most of what is read still is a segment


def write_nonsense(path, original, seed):
    """Child: never returns. One seeded step at a time; the whole state follows from the seed and the steps' number."""
    choose = random.Random(seed)
    descriptor = os.open(path, os.O_RDWR)
    area = mmap.mmap(descriptor, len(original))
    while True:
        for _ in range(RESTORE_EVERY):
            at = choose.randrange(len(original) - 8)
            kind = choose.randrange(256)
            if kind < 120:
                area[at] = choose.randrange(256)
            elif kind < 200:
                number = choose.choice((0, 1, 2**16, 2**31, 2**32 - 1, 2**63, 2**64 - 1, len(original)))
                struct.pack_into("<Q", area, at & ~7, number)
            elif kind < 204:  # the header and the table of tables decide most
                area[choose.randrange(4096)] = choose.randrange(256)
            elif kind < 254:
                area.move(at & ~63, choose.randrange(len(original) - 64) & ~63, 64)
            else:  # cut short for a moment; the mapping beyond it is not touched meanwhile
                os.ftruncate(descriptor, choose.randrange(len(original)))
                time.sleep(0.0005)
                os.ftruncate(descriptor, len(original))
            if kind < 254 and choose.randrange(4) == 0:
                time.sleep(0.0005)
        time.sleep(0.002)
        area[:] = original
        time.sleep(0.002)


def complaint_of(question, status, output, message):
    """What was wrong with one answer, or None."""
    if status not in DOCUMENTED:
        return "status %d" % status
    if status in (1, 2) and not message.startswith(b"strong-report: "):
        return "refused without a word"
    if b"Sanitizer" in message or b"runtime error" in message:
        return "sanitizer"
    if any(byte in message or (question != BINARY and byte in output) for byte in (b"\x1b", b"\x07", b"\x00")):
        return "terminal escapes"
    return None


PROGRAM = """
import json, os, socket, sys, tempfile, threading, time
def work(number):
    one, other = socket.socketpair()
    with tempfile.TemporaryFile() as file:
        for i in range(2000):
            one.send(b"x" * 100)
            other.recv(100)
            file.write(json.dumps([i] * 50).encode())
            file.flush()
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
[thread.start() for thread in threads]
socket.getaddrinfo("localhost", 80)
[thread.join() for thread in threads]
if sys.argv[1] == "killed":
    os.kill(os.getpid(), 9)
"""


def make_segments(library, folder):
    """The bytes of a segment for each way to end; [] where nothing was measured."""
    contents = []
    for way in ("ended", "killed"):
        place = os.path.join(folder, way)
        os.mkdir(place, 0o700)
        environment = dict(os.environ, LD_PRELOAD=library, STRONG_DIR=place, STRONG_SHM_SIZE="2MiB",
                           STRONG_SAMPLE_RATE="1", STRONG_ALLOC_PERIOD="4KiB", STRONG_CPU_HZ="500")
        subprocess.run(["/usr/bin/python3", "-c", PROGRAM, way], env=environment, stdin=subprocess.DEVNULL, check=False)
        for name in os.listdir(place):
            with open(os.path.join(place, name), "rb") as segment:
                contents.append(segment.read())
    return contents


def run(report, library, findings, seconds, seed=20241126):
    """Returns (answers, answers that were a report, [names of findings, kept as files])."""
    answers = accepted = 0
    complaints = []
    # Leaks are the unit tests' subject; libdw loses 32 bytes of its own on the programs above, whatever is written.
    environment = {"PATH": os.environ["PATH"], "TERM": "dumb", "LANG": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
    with tempfile.TemporaryDirectory(prefix="strong-live-") as folder:
        contents = make_segments(library, folder)
        if not contents:
            return 0, 0, []
        ends = time.monotonic() + seconds
        path, whole = os.path.join(folder, "live.strong"), os.path.join(folder, "whole.strong")
        while time.monotonic() < ends:
            original = contents[seed % len(contents)]
            for name in (path, whole):
                with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                    file.write(original)
            seed += 1
            writer = os.fork()
            if writer == 0:
                try:
                    write_nonsense(path, original, seed)
                finally:
                    os._exit(3)
            try:
                for question in QUESTIONS:
                    operands = [whole, path] if question == ["diff"] else [path]
                    try:
                        answer = subprocess.run([report, *question, *operands], stdin=subprocess.DEVNULL, cwd=folder,
                                                capture_output=True, timeout=MOST_SECONDS, env=environment)
                        problem = complaint_of(question, answer.returncode, answer.stdout, answer.stderr)
                        output = answer.stderr
                    except subprocess.TimeoutExpired as late:
                        problem, output = "no end after %d s" % MOST_SECONDS, late.stderr or b""
                        answer = None
                    answers += 1
                    accepted += answer is not None and answer.returncode in READ
                    if problem:
                        name = "%d-%s" % (seed, "-".join(question))
                        shutil.copyfile(path, os.path.join(findings, name + ".strong"))
                        with open(os.path.join(findings, name), "wb") as file:
                            file.write(("%s: strong-report %s\n" % (problem, " ".join(question))).encode() + output)
                        complaints.append(name)
                        if len(complaints) >= 20:
                            return answers, accepted, complaints
            finally:
                ended, status = os.waitpid(writer, os.WNOHANG)
                if ended == 0:
                    os.kill(writer, signal.SIGKILL)
                    os.waitpid(writer, 0)
                elif status:
                    complaints.append("the writer ended: %d" % status)
    return answers, accepted, complaints
