"""liar_client.py: asks the lying server (liar.c) by python's own means: http.client, and RESP and memcached over plain
sockets with a timeout. Arguments, runs and output as liar_client.c.
"""
import hashlib
import http.client
import socket
import sys
import time

RUN_REQUESTS = 20
ASK_REQUEST, ASK_GAP = 1, 9
MASK = (1 << 64) - 1


def ask_hash(seed, request, what):
    x = (seed * 0x9E3779B97F4A7C15 + request * 0xBF58476D1CE4E5B9 + what * 0x94D049BB133111EB) & MASK
    x ^= x >> 30
    x = x * 0xBF58476D1CE4E5B9 & MASK
    x ^= x >> 27
    x = x * 0x94D049BB133111EB & MASK
    return (x >> 33) & 0xFFFFFFFF


def over_http(host, port, request, unrepeatable):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    try:
        if unrepeatable:
            connection.request("POST", f"/{request}", body=b"hello")
        else:
            connection.request("GET", f"/{request}")
        answer = connection.getresponse()
        body = answer.read()
        return f"whole {answer.status}", body
    finally:
        connection.close()


def line_of(connection, have):
    while b"\r\n" not in have:
        got = connection.recv(4096)
        if not got:
            raise EOFError
        have += got
    line, rest = have.split(b"\r\n", 1)
    return line, rest


def body_of(connection, have, size):
    while len(have) < size:
        got = connection.recv(4096)
        if not got:
            raise EOFError
        have += got
    return have[:size]


def over_resp(host, port, request, unrepeatable):
    with socket.create_connection((host, port), timeout=10) as connection:
        command = "INCR" if unrepeatable else "GET"
        key = f"k{request}"
        connection.sendall(f"*2\r\n${len(command)}\r\n{command}\r\n${len(key)}\r\n{key}\r\n".encode())
        line, rest = line_of(connection, b"")
        if line[:1] != b"$":
            return "line", line
        return "bulk", body_of(connection, rest, int(line[1:]) + 2)


def over_memcached(host, port, request, unrepeatable):
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(f"incr k{request} 1\r\n".encode() if unrepeatable else f"get k{request}\r\n".encode())
        line, rest = line_of(connection, b"")
        if not line.startswith(b"VALUE"):
            return "line", line
        return "value", body_of(connection, rest, int(line.split()[3]) + 7)


def main(clients):
    protocol, port, seed, first, runs = sys.argv[1], *map(int, sys.argv[2:6])
    over = clients[protocol]
    for request in range(first * RUN_REQUESTS, (first + runs) * RUN_REQUESTS):
        run = request // RUN_REQUESTS
        host = f"127.0.{run // 250 % 250 + 1}.{run % 250 + 1}"
        body = b""
        try:
            how, body = over(host, port, request, ask_hash(seed, request, ASK_REQUEST) % 10 == 0)
        except TimeoutError:
            how = "HANG"
        except (ConnectionResetError, BrokenPipeError):
            how = "reset"
        except Exception as error:  # how python sees a lie is its own affair, if only it is the same
            how = type(error).__name__
        at = body.find(b"id=")
        foreign = at >= 0 and not body[at:].startswith(f"id={request}".encode()) and len(body) - at > len(f"id={request}")
        print(request, "FOREIGN" if foreign else "own", how, len(body), hashlib.md5(body).hexdigest()[:8])
        gap = ask_hash(seed, request, ASK_GAP)
        if gap % 3 == 0:
            time.sleep(gap // 3 % 500 / 1e6)


if __name__ == "__main__":
    main({"http": over_http, "resp": over_resp, "memcached": over_memcached})
