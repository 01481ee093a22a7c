"""clients.py LIBRARY MODE PORT COUNT: requests by a Python library on loopback; prints the median of one in us.

LIBRARY: requests, http.client or redis; MODE: connect (a connection for each request) or keep (one for all).
"""
import statistics
import sys
import time


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


def main():
    library, mode, port, count = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
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
