"""Settings that will not do are exit 8, before anything is sent."""

import os

import pytest

from smtp_sink import CERTS, PASSWORD, USER
from tools import PROVISION


@pytest.fixture
def sink(machine, post):
    sink = post.server()
    post.settings(sink.tap)
    machine.add("alice")
    return sink


def refused(machine, sink, says):
    done = machine.provision("invite", "alice")
    assert done.rc == 8 and says in done.err, done
    assert done.err.count("\n") == 1 and PASSWORD not in done.err
    assert sink.tap.connections == 0
    return done


@pytest.mark.parametrize("mail", [
    "smtp://", "smtp://:25", "smtp://user@localhost", "smtp://u:p@localhost",
    "smtp://localhost/", "smtp://localhost/path", "smtp://localhost?x=y",
    "smtp://localhost#x", "smtp://localhost:", "smtp://localhost:0",
    "smtp://localhost:65536", "smtp://localhost:999999", "smtp://localhost:a",
    "smtp://localhost:25 ", "smtp://local host", "smtp://[::1", "smtp://::1",
    "smtp://[]", "smtp://%6cocalhost", "smtp:localhost", "http://localhost",
    "SMTP://localhost", "file:///etc/passwd", "localhost", "smtp"])
def test_what_is_no_server(machine, post, sink, mail):
    if mail.endswith(" "):
        mail = mail[:-1] + "x"
    post.settings(sink.tap, mail=mail)
    refused(machine, sink, "mail")


def test_a_password_in_the_wrong_place_is_not_repeated(machine, post, sink):
    post.settings(sink.tap, mail="smtp://emotp:hunter2@localhost")
    assert "hunter2" not in refused(machine, sink, "mail_user").err


@pytest.mark.parametrize("missing", ["mail_user", "mail_password_file"])
def test_user_and_password_go_together(machine, post, sink, missing):
    post.settings(sink.tap, **{missing: None})
    refused(machine, sink, "go together")


@pytest.mark.parametrize("case", ["missing", "empty", "blank line", "two",
                                  "readable", "symlink", "fifo", "foreign",
                                  "linked", "long", "control"])
def test_the_password_file(machine, sink, case):
    path = machine.conf_path.parent / "mail.password"
    text = {"empty": "", "blank line": "\n", "two": f"{PASSWORD}\nmore\n",
            "long": "x" * 300, "control": f"{PASSWORD}\r\n"}.get(case)
    if text is not None:
        path.write_text(text, newline="")
    elif case in ("missing", "fifo"):
        path.unlink()
        if case == "fifo":
            os.mkfifo(path, 0o600)
    elif case == "readable":
        path.chmod(0o640)
    elif case == "symlink":
        path.rename(path.with_suffix(".real"))
        path.symlink_to(path.with_suffix(".real"))
    elif case == "foreign":
        os.chown(path, 2002, 2002)
    else:
        os.link(path, path.with_suffix(".other"))
    refused(machine, sink, str(path))


def test_a_password_needs_no_line_end(machine, sink):
    (machine.conf_path.parent / "mail.password").write_text(PASSWORD)
    machine.provision("invite", "alice", ok=True)
    assert sink.letters[0].login == USER.encode()


def test_the_ca_file(machine, post, sink):
    post.settings(sink.tap, mail_ca=CERTS / "none.pem")
    refused(machine, sink, str(CERTS / "none.pem"))


def test_a_ca_file_without_a_certificate(machine, post, sink, tmp_path):
    (tmp_path / "ca.pem").write_text("nothing\n")
    post.settings(sink.tap, mail_ca=tmp_path / "ca.pem")
    assert machine.provision("invite", "alice").rc in (7, 8)
    assert sink.tap.clear.replace(b"QUIT\r\n", b"") in (
        b"", b"EHLO login.example.org\r\nSTARTTLS\r\n")


def test_the_password_reaches_nobody_else(machine, sink):
    """Neither arguments, nor output, nor log have it."""
    done = machine.provision("invite", "alice", ok=True)
    assert PASSWORD not in done.out + done.err + "".join(done.log)


# What curl and OpenSSL would read from the environment.


def test_the_environment_cannot_add_a_ca(machine, post, sink, nothing_lives):
    foreign = post.server(cert="foreign")
    post.settings(foreign.tap)
    ca = str(CERTS / "other-ca.pem")
    done = machine.provision("invite", "alice", env={
        "SSL_CERT_FILE": ca, "SSL_CERT_DIR": str(CERTS),
        "CURL_CA_BUNDLE": ca})
    assert done.rc == 7, done
    assert foreign.seen == []
    nothing_lives()


def test_the_environment_cannot_take_a_ca_away(machine, sink):
    machine.provision("invite", "alice", ok=True, env={
        "SSL_CERT_FILE": "/dev/null", "SSL_CERT_DIR": "/nowhere",
        "CURL_CA_BUNDLE": "/dev/null"})
    assert len(sink.letters) == 1


def test_the_environment_cannot_name_a_proxy(machine, post, sink):
    proxy = post.tap(0)
    url = f"http://127.0.0.1:{proxy.port}"
    names = ("http_proxy", "https_proxy", "smtp_proxy", "smtps_proxy",
             "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    machine.provision("invite", "alice", ok=True,
                      env={**{x: url for x in names}, "no_proxy": ""})
    machine.provision("invite", "alice", ok=True, env={
        "ALL_PROXY": f"socks5h://127.0.0.1:{proxy.port}"})
    assert len(sink.letters) == 2
    assert proxy.connections == 0


def test_the_environment_cannot_have_the_keys_of_tls_written(machine, sink,
                                                             tmp_path):
    machine.provision("invite", "alice", ok=True,
                      env={"SSLKEYLOGFILE": str(tmp_path / "keys")})
    assert not (tmp_path / "keys").exists()


def test_the_environment_cannot_configure_openssl(machine, sink, tmp_path):
    (tmp_path / "openssl.cnf").write_text("openssl_conf = broken\n")
    trace = tmp_path / "trace"
    done = machine.run(["strace", "-f", "-o", trace, "-e", "trace=openat",
                        PROVISION, "invite", "alice"], leaks=False,
                       env={"OPENSSL_CONF": str(tmp_path / "openssl.cnf")})
    assert done.rc == 0 and len(sink.letters) == 1, done
    assert "openssl.cnf" not in trace.read_text()


def test_no_netrc_is_asked_for_a_password(machine, post, tmp_path):
    sink = post.server()
    post.settings(sink.tap, login=False)
    machine.add("alice")
    for name in (".netrc", ".curlrc"):
        (tmp_path / name).write_text(
            f"machine localhost login {USER} password {PASSWORD}\n"
            if name == ".netrc" else "insecure\nverbose\n")
        (tmp_path / name).chmod(0o600)
    done = machine.provision("invite", "alice", env={"HOME": str(tmp_path)})
    assert done.rc == 7, done  # the server insists on a login
    assert sink.letters == []
