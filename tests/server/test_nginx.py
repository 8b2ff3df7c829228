"""The example for nginx, started for real."""

import re
import socket
import ssl
import subprocess
import time

import pytest

from service import TLS
from tools import TOP

EXAMPLE = TOP / "etc/examples/nginx-emotp.conf"
PORT = 8443  # of this world's own network


@pytest.fixture
def proxied(serve, machine):
    path = machine.dir / "http.sock"
    service = serve(listen=f"unix:{path}")
    text = EXAMPLE.read_text()
    for old, new in (("listen 443 ssl", f"listen 127.0.0.1:{PORT} ssl"),
                     (re.search(r"http://unix:(\S+):;", text)[1], str(path)),
                     (re.search(r"certificate (\S+);", text)[1],
                      str(TLS / "server.pem")),
                     (re.search(r"certificate_key (\S+);", text)[1],
                      str(TLS / "server.key"))):
        assert old in text
        text = text.replace(old, new)
    folder = machine.dir / "nginx"
    folder.mkdir()
    temporary = "".join(f"{x}_temp_path {folder}/{x};" for x in (
        "client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "conf").write_text(
        f"daemon off; pid {folder}/pid; error_log stderr; user root;"
        "events {} http { access_log off; "
        f"{temporary} {text} }}")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "conf"],
                               stderr=subprocess.PIPE)
    machine.processes.append(process)
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", PORT)).close()
            break
        except OSError:
            time.sleep(0.02)
    yield service
    process.terminate()
    process.wait()


def request(text):
    with socket.create_connection(("127.0.0.1", PORT)) as raw, \
            ssl.create_default_context(cafile=str(TLS / "ca.pem")) \
            .wrap_socket(raw, server_hostname="login.example.org") as s:
        s.sendall(text.encode())
        said = b""
        while got := s.recv(65536):
            said += got
    return said.decode()


def test_it_serves_and_tells_the_source(proxied):
    body = '{"email":"alice@example.org","code":"00000-00000","label":""}'
    said = request(
        "POST /v1/tokens HTTP/1.1\r\nHost: login.example.org\r\n"
        "X-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}")
    assert said.startswith("HTTP/1.1 403") and "wrong-code" in said
    assert "from 127.0.0.1" in proxied.wait_for("registration refused")


@pytest.mark.parametrize("path,status", [
    ("/", 200), ("/app.js", 200), ("/v1/time", 200), ("/healthz", 200),
    ("/metrics", 404), ("/none", 404)])
def test_what_goes_through(proxied, path, status):
    said = request(f"GET {path} HTTP/1.1\r\nHost: login.example.org\r\n"
                   "Connection: close\r\n\r\n")
    assert said.startswith(f"HTTP/1.1 {status} ")


def test_what_is_too_long_does_not_go_through(proxied):
    said = request("POST /v1/tokens HTTP/1.1\r\nHost: login.example.org\r\n"
                   "Connection: close\r\nContent-Length: 5000\r\n\r\n"
                   + "x" * 5000)
    assert said.startswith("HTTP/1.1 413 ")
