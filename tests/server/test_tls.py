"""What is spoken on an https:// listener."""

import shutil
import ssl

import pytest

from service import make_certificate


@pytest.fixture
def reloadable(serve, machine):
    """A service with a certificate of its own, that a test replaces."""
    folder = machine.dir / "own"
    make_certificate(folder, "first")
    for name in ("pem", "key"):
        (folder / f"now.{name}").write_bytes(
            (folder / f"first.{name}").read_bytes())
        (folder / f"now.{name}").chmod(0o600)
    service = serve(tls_certificate=folder / "now.pem",
                    tls_key=folder / "now.key")
    service.folder = folder
    return service


def shown(service):
    """The certificate that a new connection is shown, and the connection."""
    s = service.trust(service.folder / "ca.pem").wrap_socket(
        service.connect_raw(), server_hostname="localhost")
    return dict(x[0] for x in s.getpeercert()["subject"])["commonName"], s


def replace(service, name):
    for kind in ("pem", "key"):
        shutil.copy(service.folder / f"{name}.{kind}",
                    service.folder / f"now.{kind}")


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
def test_versions_spoken(service, version):
    context = service.trust()
    context.minimum_version = ssl.TLSVersion[version]
    context.maximum_version = ssl.TLSVersion[version]
    with context.wrap_socket(service.connect_raw(),
                             server_hostname="localhost") as s:
        s.sendall(b"GET /v1/time HTTP/1.1\r\nHost: x\r\n\r\n")
        assert s.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_old_versions_are_not_spoken(service):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(service.connect_raw())


def test_no_request_in_clear(service):
    with service.connect_raw() as s:
        s.sendall(b"GET /v1/time HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"HTTP" not in s.recv(1000)


def test_a_new_certificate_after_a_reload(reloadable):
    make_certificate(reloadable.folder, "second")
    name, old = shown(reloadable)
    assert name == "first"
    replace(reloadable, "second")
    assert shown(reloadable)[0] == "first"  # only when it is told to
    assert "read again" in reloadable.reload()
    assert shown(reloadable)[0] == "second"
    old.sendall(b"GET /v1/time HTTP/1.1\r\nHost: x\r\n\r\n")
    assert old.recv(1000).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("damage", ["no key", "another key", "junk", "open"])
def test_a_bad_certificate_changes_nothing(reloadable, damage):
    make_certificate(reloadable.folder, "second")
    key = reloadable.folder / "now.key"
    if damage == "no key":
        key.unlink()
    elif damage == "another key":
        shutil.copy(reloadable.folder / "second.key", key)
    elif damage == "open":
        key.chmod(0o644)
    else:
        (reloadable.folder / "now.pem").write_text("junk\n")
    assert "stays as it was: " in reloadable.reload()
    assert shown(reloadable)[0] == "first"


def test_it_does_not_start_without_a_certificate(serve):
    with pytest.raises(AssertionError, match="tls_certificate"):
        serve(tls_certificate=None)
