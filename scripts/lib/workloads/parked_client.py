"""A client of parked_server.py's that connects for every exchange: CONTROL-PORT ROUNDS. Prints what was not as asked for."""
import random
import socket
import sys
import time

dice = random.Random(7)
number = answered = wrong = 0
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as control, control.makefile("rwb") as lines:
    for _ in range(int(sys.argv[2])):
        lines.write(b"new\n")
        lines.flush()
        port = int(lines.readline())
        for _ in range(8):
            number += 1
            text, found = b"request %d" % number, b""
            asked = b"$%d\r\n%s\r\n" % (len(text), text)
            try:
                with socket.create_connection(("127.0.0.1", port), 10) as one:
                    one.sendall(b"*2\r\n$4\r\nECHO\r\n" + asked)
                    while len(found) < len(asked):
                        part = one.recv(100)
                        if not part:
                            break
                        found += part
                    time.sleep(dice.choice((0, 0, 0.001)) * dice.random())
            except OSError as error:
                found = repr(error).encode()
            answered += found == asked
            if found != asked:
                wrong += 1
                if wrong < 5:
                    print("asked", asked, "found", found)
            time.sleep(dice.choice((0, 0, 0.0005, 0.002)) * dice.random())
print(answered, "of", number, "answered")
