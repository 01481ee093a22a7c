"""memcached_client.py PORT COUNT: text-protocol requests over several connections and threads; prints
a digest of every answer."""
import hashlib
import socket
import sys
import threading

PORT, COUNT = int(sys.argv[1]), int(sys.argv[2])


def session(number, digests):
    digest = hashlib.sha256()
    with socket.create_connection(("127.0.0.1", PORT)) as link:
        stream = link.makefile("rb")

        def ask(request, lines=1):
            link.sendall(request)
            for _ in range(lines):
                digest.update(stream.readline())
        for turn in range(COUNT):
            key = b"k%d_%d" % (number, turn % 100)
            value = b"v" * (turn % 3000)
            ask(b"set %s 7 0 %d\r\n%s\r\n" % (key, len(value), value))
            ask(b"get %s\r\n" % key, 3)
            if turn % 10 == 0:
                ask(b"get no_such_key\r\n")
                ask(b"set c%d 0 0 1\r\n5\r\nincr c%d 37\r\nappend c%d 0 0 1\r\nx\r\n"
                    % (number, number, number), 3)
                ask(b"delete %s\r\ntouch %s 5\r\n" % (key, key), 2)
                ask(b"nonsense\r\n")
        ask(b"mg %s v\r\n" % b"k%d_1" % number, 1)
    digests[number] = digest.hexdigest()


digests = {}
threads = [threading.Thread(target=session, args=(n, digests)) for n in range(6)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
for number in sorted(digests):
    print(number, digests[number])
