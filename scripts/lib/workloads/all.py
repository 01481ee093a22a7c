"""Threads, processes, asyncio, sockets, files and signals; prints only what is always the same."""
import asyncio
import hashlib
import json
import multiprocessing
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

SCALE = int(sys.argv[1])


def threads():
    work, results, lock = queue.Queue(), [], threading.Lock()

    def worker():
        while (number := work.get()) is not None:
            digest = hashlib.sha256(b"%d" % number * 1000).hexdigest()
            with lock:
                results.append(digest)
    pool = [threading.Thread(target=worker) for _ in range(8)]
    for thread in pool:
        thread.start()
    for number in range(4000 * SCALE):
        work.put(number)
    for _ in pool:
        work.put(None)
    for thread in pool:
        thread.join()
    print("threads", len(results), hashlib.sha256("".join(sorted(results)).encode()).hexdigest())
    for _ in range(300):
        thread = threading.Thread(target=lambda: None)
        thread.start()
        thread.join()
    event = threading.Event()
    threading.Timer(0.05, event.set).start()
    print("event", event.wait(5), event.wait(0.001))


def processes():
    done = [subprocess.run(["/bin/sh", "-c", "read x; echo got $x; exit %d" % n], input="in\n",
                           capture_output=True, text=True) for n in range(10)]
    print("subprocess", [(d.returncode, d.stdout.strip()) for d in done])
    try:
        subprocess.run(["/bin/sleep", "9"], timeout=0.1)
    except subprocess.TimeoutExpired:
        print("subprocess timed out")
    killed = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE)
    killed.kill()
    print("killed", killed.wait())
    try:
        subprocess.run(["/no/such/program"])
    except FileNotFoundError as error:
        print("missing", error.errno)
    with multiprocessing.get_context("fork").Pool(3) as pool:
        print("pool", sum(pool.map(square, range(3000))))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print("spawned pool", sum(pool.map(square, range(100))))


def square(number):
    return number * number


def sockets():
    listener = socket.create_server(("127.0.0.1", 0))
    address = listener.getsockname()

    def serve():
        for _ in range(200):
            peer, _ = listener.accept()
            with peer:
                while data := peer.recv(100):
                    peer.sendall(data[::-1])
    server = threading.Thread(target=serve)
    server.start()
    total = 0
    for number in range(200):
        with socket.create_connection(("localhost", address[1])) as client:
            client.settimeout(5)
            client.sendall(b"hello %03d" % number)
            total += int(client.recv(100)[::-1][-3:])
    server.join()
    print("sockets", total)
    left, right = socket.socketpair()
    read_end, write_end = os.pipe()
    socket.send_fds(left, [b"fd"], [write_end])
    message, fds, _, _ = socket.recv_fds(right, 10, 1)
    os.write(fds[0], b"passed")
    print("descriptor passing", message, os.read(read_end, 10), len(fds))
    print("select", [len(part) for part in select.select([right], [left], [], 0.01)])
    with socket.socket() as closed:
        print("refused", closed.connect_ex(("127.0.0.1", 1)))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        one.sendto(b"datagram", one.getsockname())
        print("udp", one.recvfrom(20)[0])


async def asynchronous():
    async def handle(reader, writer):
        while line := await reader.readline():
            await asyncio.sleep(0.001)
            writer.write(line.upper())
            await writer.drain()
        writer.close()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async def client(number):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        answers = []
        for turn in range(10):
            writer.write(b"line %d %d\n" % (number, turn))
            answers.append((await reader.readline()).decode().strip())
        writer.close()
        await writer.wait_closed()
        return answers
    answers = await asyncio.gather(*(client(number) for number in range(40 * SCALE)))
    print("asyncio", len(answers), hashlib.sha256(json.dumps(answers).encode()).hexdigest())
    child = await asyncio.create_subprocess_exec("/bin/echo", "child", stdout=asyncio.subprocess.PIPE)
    print("asyncio child", (await child.communicate())[0], child.returncode)
    try:
        await asyncio.wait_for(asyncio.sleep(5), 0.02)
    except asyncio.TimeoutError:
        print("asyncio timed out")
    server.close()


def files():
    with tempfile.TemporaryDirectory() as folder:
        for number in range(300):
            with open(os.path.join(folder, "f%d" % number), "w") as file:
                json.dump({"n": list(range(number))}, file)
                file.flush()
                if number % 100 == 0:
                    os.fsync(file.fileno())
        print("files", sum(os.stat(entry).st_size for entry in os.scandir(folder)))
    data = json.dumps([{"a": n, "b": str(n) * 3} for n in range(30000 * SCALE)])
    print("json", len(data), len(json.loads(data)))
    with open("/proc/self/cmdline", "rb") as file:
        print("first descriptor", file.fileno())


def signals():
    seen = []
    signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
    signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
    end = time.monotonic() + 0.2
    while time.monotonic() < end:
        time.sleep(0.05)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print("signals", len(seen) > 5, signal.sigpending() & {signal.SIGALRM})
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    os.kill(os.getpid(), signal.SIGUSR1)
    print("sigwait", signal.sigtimedwait({signal.SIGUSR1}, 1).si_signo)
    child = os.fork()
    if child == 0:
        os._exit(threading.active_count())
    print("fork", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))


if __name__ == "__main__":
    threads()
    processes()
    sockets()
    asyncio.run(asynchronous())
    files()
    signals()
