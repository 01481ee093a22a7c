"""http_server.py PORT: the server that the curl case talks to; files, /echo and /slow."""
import hashlib
import http.server
import os
import signal
import sys
import time


class Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.path == "/slow":
            time.sleep(1)
        super().do_GET()

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def do_PUT(self):
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        self.answer(body)

    def answer(self, body):
        text = ("%d %s\n" % (len(body), hashlib.sha256(body).hexdigest())).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 128


signal.signal(signal.SIGTERM, lambda number, frame: os._exit(0))
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
