"""What the web cases share: a site of files, the nginx configuration, wrk and curl loads."""
import os
import random
import re

NGINX_CONF = """
daemon off;
worker_processes 2;
pid %(work)s/nginx.pid;
error_log %(work)s/error.log warn;
events { worker_connections 256; }
http {
    access_log %(work)s/access.log;
    client_body_temp_path %(work)s/body;
    proxy_temp_path %(work)s/proxy;
    fastcgi_temp_path %(work)s/fastcgi;
    uwsgi_temp_path %(work)s/uwsgi;
    scgi_temp_path %(work)s/scgi;
    sendfile on;
    gzip on;
    gzip_types text/plain application/octet-stream;
    server {
        listen 127.0.0.1:%(port)d;
        root %(work)s/site;
        location /status { stub_status; }
        location /proxy/ { proxy_pass http://127.0.0.1:%(port)d/; }
        location /words { return 200 "words\\n"; }
    }
}
"""


def make_site(run):
    chance = random.Random(3)
    os.makedirs(run.path("site"))
    for number in range(run.size(60, 600)):
        with open(run.path("site", "f%d" % number), "wb") as file:
            file.write(chance.randbytes(chance.choice((0, 10, 1000, 30_000, 300_000))))
        os.utime(file.name, (1700000000, 1700000000))


def load(run, url):
    seconds = "%ds" % run.size(1, 5)

    def complaints(out, err):
        requests = re.search(r"(\d+) requests in", out)
        return [bool(requests) and int(requests.group(1)) > 100,
                re.findall(r"(?:Non-2xx|Socket errors).*", out), err]
    for label, path in (("wrk words", "/words"), ("wrk file", "/f4"), ("wrk proxy", "/proxy/f2")):
        run.measured(label, ["wrk", "-t2", "-c16", "-d", seconds, url + path], complaints)


def fetch(run, url):
    """Bodies, codes and headers of some files, as curl prints them; the date is left out."""
    headers = ["-D", "-", "-H", "Accept-Encoding: identity"]

    def without_date(out, err):
        return [re.sub(r"(?m)^Date: .*$", "Date", out), err]
    run.measured("headers", ["curl", "-sS", *headers, "-o", "/dev/null", url + "/f1"], without_date)
    run.measured("not found", ["curl", "-sS", *headers, url + "/nothing"], without_date)
    run.measured("head", ["curl", "-sS", "-I", url + "/f2"], without_date)
    run.step("kept alive", ["curl", "-sS", "-w", "%{http_code} %{num_connects} %{size_download}\\n",
                            *(part for number in range(40)
                              for part in ("-o", "/dev/null", "%s/f%d" % (url, number)))])
    run.step("bodies", ["bash", "-c", "for n in $(seq 0 30); do curl -sS %s/f$n | sha256sum; done" % url])
