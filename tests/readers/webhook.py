#!/usr/bin/python3
"""webhook.py ANSWERS: a receiver of Alertmanager's webhooks: answers each request with the next status of ANSWERS
("500,200,…"), prints one line of JSON for each (status, path, content type, payload), and ends after the last. Its
port is in the file "port".
"""
import http.server
import json
import os
import sys

answers = [int(word) for word in sys.argv[1].split(",")]


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        status = answers.pop(0)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        print(json.dumps([status, self.path, self.headers["Content-Type"], json.loads(body)]), flush=True)
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words):
        pass


server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
with open("port.new", "w", encoding="ascii") as file:
    file.write(str(server.server_port))
os.rename("port.new", "port")
while answers:
    server.handle_request()
