"""A server whose end of a connection goes at any moment after an answer: by FIN, by RST, at once, late, or not at all.

On the port it prints, each line that comes is a request for a new port, and is answered with its number. On those ports it
speaks Redis' protocol as far as ECHO goes; how a connection goes on after an answer is drawn by a seeded die. Ends when its control connection does, and prints
how many connections it left in each way.
"""
import collections
import random
import socket
import struct
import threading
import time

dice = random.Random(20261127)
counts = collections.Counter()


def serve(one):
    with one, one.makefile("rb") as lines:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while lines.readline():  # *2, and then $4, ECHO, $length and the text
            request = [lines.readline() for _ in range(4)]
            one.sendall(b"".join(request[2:]))
            how = dice.choice(("stay", "stay", "FIN", "RST"))
            if how == "stay":
                continue
            time.sleep(dice.choice((0, 0.0002, 0.001, 0.003)) * dice.random())
            counts[how] += 1
            if how == "RST":
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return
        counts["left by the client"] += 1


def accepts(listening):
    while True:
        try:
            one = listening.accept()[0]
        except OSError:
            return
        threading.Thread(target=serve, args=(one,), daemon=True).start()


def listener():
    listening = socket.create_server(("127.0.0.1", 0), backlog=50)
    threading.Thread(target=accepts, args=(listening,), daemon=True).start()
    return listening


def main():
    with socket.create_server(("127.0.0.1", 0)) as control:
        print(control.getsockname()[1], flush=True)
        with control.accept()[0] as client, client.makefile("rwb") as lines:
            listening = None
            for _ in lines:
                if listening:
                    listening.shutdown(socket.SHUT_RDWR)
                    listening.close()
                listening = listener()
                lines.write(b"%d\n" % listening.getsockname()[1])
                lines.flush()
    print(*("%s %d" % each for each in sorted(counts.items())), sep=", ", flush=True)


main()
