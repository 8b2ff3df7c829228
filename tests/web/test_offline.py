"""The service worker: a version is complete or not there at all."""

import http.server
import re
import ssl
import subprocess
import sys
import threading

import pytest

from service import TLS
from tools import TOP

pytestmark = pytest.mark.plain

WEB = TOP / "server/web"
TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript",
         "svg": "image/svg+xml", "png": "image/png",
         "webmanifest": "application/manifest+json"}


class Files(http.server.BaseHTTPRequestHandler):
    """The token's files, as a test wants them; no API."""

    def do_GET(self):
        name = self.path.split("?")[0][1:] or "index.html"
        body = self.server.files.get(name)
        if body is None:
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Type", TYPES[name.rpartition(".")[2]])
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-cache")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def files(service):
    """A server of files; it takes the service's place for the browser."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.files = {x.name: x.read_bytes() for x in WEB.iterdir()}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    service.tls_port = server.server_address[1]
    yield server
    server.shutdown()
    server.server_close()


def release(server, tmp_path, name, old, new):
    """A next version: one file changed, and stamped."""
    for folder in ("server/web", "tests/style"):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    for file, body in server.files.items():
        (tmp_path / "server/web" / file).write_bytes(body)
    stamp = tmp_path / "tests/style/web"
    stamp.write_bytes((TOP / "tests/style/web").read_bytes())
    path = tmp_path / "server/web" / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    subprocess.run([sys.executable, stamp, "--stamp"], check=True)
    server.files = {x.name: x.read_bytes()
                    for x in (tmp_path / "server/web").iterdir()}


def version(server):
    return re.search(rb'"([0-9a-f]{64})"', server.files["sw.js"])[1].decode()


def kept(phone):
    """Version to the number of its files."""
    return phone.run_async("""async () => {
        const found = {};
        for (const name of await caches.keys())
            found[name] = (await (await caches.open(name)).keys()).length;
        return found;
    }""")


def update(phone):
    """The state in which a worker that is looked for ends."""
    return phone.run_async("""async () => {
        const found = await navigator.serviceWorker.register("/sw.js");
        try { await found.update(); } catch { return "failed"; }
        const next = found.installing ?? found.waiting ?? found.active;
        while (next.state === "installing")
            await new Promise((ok) => next.onstatechange = ok);
        return next.state;
    }""")


def test_a_file_of_another_version_installs_nothing(files, open_phone):
    files.files["ring.js"] += b"\n"
    phone = open_phone()
    phone.run_async("() => navigator.serviceWorker.register('/sw.js')"
                    ".catch(() => {})")
    phone.wait(lambda: phone.run_async(
        "async () => !(await navigator.serviceWorker.getRegistration())"))
    assert kept(phone) == {}


def test_a_missing_file_installs_nothing(files, open_phone):
    del files.files["icon.png"]
    phone = open_phone()
    phone.wait(lambda: phone.run_async(
        "async () => !(await navigator.serviceWorker.getRegistration())"))
    assert kept(phone) == {}


def test_a_version_is_all_of_its_files(files, open_phone):
    phone = open_phone()
    phone.wait(lambda: kept(phone) == {
        version(files): len(list(WEB.iterdir())) - 1})


def test_the_next_version_replaces_the_last_one(files, open_phone, tmp_path):
    phone = open_phone()
    phone.wait(lambda: len(kept(phone)) == 1)
    first = version(files)
    release(files, tmp_path, "words.js", 'register: "Register"',
            'register: "Sign up"')
    assert version(files) != first
    phone.wait(lambda: update(phone) != "installing")
    assert phone.text("#address h1") == "Register"  # this page stays whole
    phone.reload()
    phone.wait(lambda: phone.text("#address h1") == "Sign up")
    phone.wait(lambda: list(kept(phone)) == [version(files)])


def test_half_a_next_version_leaves_the_last_one(files, open_phone, tmp_path):
    phone = open_phone()
    phone.wait(lambda: len(kept(phone)) == 1)
    first = kept(phone)
    whole = dict(files.files)
    release(files, tmp_path, "words.js", 'register: "Register"',
            'register: "Sign up"')
    files.files["ring.js"] = whole["ring.js"] + b"\n"
    update(phone)
    phone.reload()
    assert phone.text("#address h1") == "Register"
    assert kept(phone) == first


def test_the_api_is_never_kept(phone, machine):
    machine.add("alice")
    phone.register()
    phone.wait(lambda: kept(phone))
    paths = phone.run_async("""async () => {
        const [name] = await caches.keys();
        return (await (await caches.open(name)).keys())
            .map((x) => new URL(x.url).pathname);
    }""")
    assert paths and [x for x in paths if x.startswith("/v1")] == []
