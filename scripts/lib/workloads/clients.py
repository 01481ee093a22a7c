"""clients.py LIBRARY MODE PORT COUNT: requests by a Python library on loopback; prints the median of one in us.

LIBRARY: requests, http.client or redis; MODE: connect (a connection for each request) or keep (one for all).
redis-threads: the same in THREADS threads while the first one waits for something else, as that of a threaded server does;
prints what a request takes of the time of all of them.
"""
import select
import socket
import statistics
import sys
import threading
import time

THREADS = 4


def with_requests(mode, port):
    import requests
    url = f"http://127.0.0.1:{port}/"
    session = requests.Session()
    get = session.get if mode == "keep" else requests.get
    return lambda: get(url).content


def with_http_client(mode, port):
    import http.client
    kept = http.client.HTTPConnection("127.0.0.1", port)

    def request():
        connection = kept if mode == "keep" else http.client.HTTPConnection("127.0.0.1", port)
        connection.request("GET", "/")
        connection.getresponse().read()
        if mode != "keep":
            connection.close()
    return request


def with_redis(mode, port):
    import redis
    kept = redis.Redis(port=port)

    def request():
        client = kept if mode == "keep" else redis.Redis(port=port)
        client.get("key")
        if mode != "keep":
            client.close()
    return request


def in_threads(make, mode, port, count):
    """us a request, of the time in which all threads are done."""
    def serve():
        request = make(mode, port)
        for _ in range(count // THREADS):
            request()
    threads = [threading.Thread(target=serve) for _ in range(THREADS)]
    quiet, loud = socket.socketpair()

    def run():
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        loud.send(b"done")
    begin = time.perf_counter()
    threading.Thread(target=run).start()
    waits = select.poll()
    waits.register(quiet, select.POLLIN)
    while not waits.poll(500):
        continue
    return (time.perf_counter() - begin) / (count // THREADS * THREADS) * 1e6


def main():
    library, mode, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    if library == "redis-threads":
        in_threads(with_redis, mode, port, count // 10)
        print(f"median {in_threads(with_redis, mode, port, count):.3f}")
        return
    makers = {"requests": with_requests, "http.client": with_http_client, "redis": with_redis}
    request = makers[library](mode, port)
    taken = []
    for _ in range(count // 10):
        request()
    for _ in range(count):
        begin = time.perf_counter()
        request()
        taken.append(time.perf_counter() - begin)
    print(f"median {statistics.median(taken) * 1e6:.3f}")


main()
