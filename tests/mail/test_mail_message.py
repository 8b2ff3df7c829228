"""What a mail looks like: RFC 5322, read strictly."""

import email
import email.policy
import email.utils
import re
import socket
import string

import pytest

from machine import CODE, NOW

WANTED = ["Date", "From", "To", "Subject", "Message-ID", "MIME-Version",
          "Content-Type", "Content-Transfer-Encoding", "Auto-Submitted"]
HOST = "login"  # as the sandbox has it; /etc/hosts knows the rest
UMLAUTS = "Käsemanufaktur Österreich · 安全"


def strictly(raw):
    """Also that headers and body keep within what may travel."""
    assert not re.search(rb"[^\r]\n|\r[^\n]|[^\x20-\x7e\t\r\n]", raw)
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 78, max(lines, key=len)
    return email.message_from_bytes(raw, policy=email.policy.strict)


def invited(machine, **settings):
    machine.conf(**settings)
    machine.add("alice")
    machine.provision("invite", "alice", ok=True)
    return machine.mails()[-1]


def template(machine, text, kind="code", language="en"):
    """An administrator's own template; returns the directory of all."""
    folder = machine.dir / "texts" / language
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{kind}.txt").write_text(text)
    return folder.parent


def test_headers(machine):
    mail = invited(machine)
    message = strictly(mail.raw)
    assert message.keys() == WANTED
    assert message["From"] == "emotp@login.example.org"
    assert message["To"] == "alice@example.org"
    assert email.utils.parsedate_to_datetime(
        message["Date"]).timestamp() == NOW
    assert message["Date"].endswith("+0000")
    assert message["MIME-Version"] == "1.0"
    assert message.get_content_type() == "text/plain"
    assert message.get_content_charset() == "utf-8"
    assert message["Content-Transfer-Encoding"] == "7bit"
    assert message["Auto-Submitted"] == "auto-generated"
    assert re.fullmatch(r"<[0-9a-f]{32}@login\.example\.org>",
                        message["Message-ID"])


def test_the_code_stands_alone_on_a_line_and_not_in_a_header(machine):
    mail = invited(machine)
    header, _, body = mail.raw.partition(b"\r\n\r\n")
    assert body.count(mail.code.encode()) == 1
    assert f"\r\n{mail.code}\r\n".encode() in body
    assert mail.code.encode() not in header
    assert not CODE.search(mail.subject)


def test_the_mail_tells_until_when_the_code_is_good(machine):
    mail = invited(machine)
    assert "2027-01-15 09:00 UTC" in mail.body  # NOW is 08:00:00


@pytest.fixture
def renamed():
    """A function that gives the host another name for this test."""
    yield socket.sethostname
    socket.sethostname(HOST)


@pytest.mark.parametrize("name, full", [
    ("login", "login.example.org"), ("alone", "alone"),
    ("a.b.example.net", "a.b.example.net")])
def test_mail_from_is_the_host_s_full_name_by_default(machine, renamed, name,
                                                      full):
    renamed(name)
    message = strictly(invited(machine).raw)
    assert message["From"] == f"emotp@{full}"
    assert message["Message-ID"].endswith(f"@{full}>")


def test_a_host_name_that_is_none(machine, post, renamed):
    """It ends up in a file's name, in a greeting, in an address."""
    renamed("a/b:c\r\nd")
    machine.add("alice")
    done = machine.provision("invite", "alice")
    assert done.rc == 8 and "mail_from" in done.err, done
    machine.conf(mail_from="emotp@example.org")
    machine.provision("invite", "alice", ok=True)
    assert r".a\057b\072c" in machine.mails()[-1].path.name
    sink = post.server()
    post.settings(sink.tap, mail_from="emotp@example.org")
    machine.provision("invite", "alice", ok=True)
    assert sink.letters[0].greeting == "localhost"


def test_every_message_has_an_id_of_its_own(machine):
    machine.add("alice")
    for _ in range(20):
        machine.provision("invite", "alice", ok=True)
    ids = {x.message["Message-ID"] for x in machine.mails()}
    assert len(ids) == 20


@pytest.mark.parametrize("sender, domain", [
    ("codes@example.net", "example.net"),
    ("o'hara+codes@mail.example.net", "mail.example.net"),
])
def test_mail_from(machine, sender, domain):
    message = strictly(invited(machine, mail_from=sender).raw)
    assert message["From"] == sender
    assert message["Message-ID"].endswith(f"@{domain}>")


@pytest.mark.parametrize("issuer", [
    UMLAUTS, "=?utf-8?Q?forged?=", "a" * 64, "a " * 31 + "b", "é" * 32,
    "=_? .", "€" * 21])
def test_any_issuer_arrives_as_it_is(machine, issuer):
    mail = invited(machine, issuer=issuer)
    message = strictly(mail.raw)
    assert message["Subject"] == f"Your registration code for {issuer}"
    assert f"your registration code for {issuer} is" in mail.body
    for word in re.findall(rb"=\?[^ \r]*\?=", mail.raw):
        assert len(word) <= 75
        # no character is torn in two: each word is UTF-8 by itself
        text = word.decode()[10:-2].replace("_", " ")
        bytes.fromhex("".join(
            re.sub(r"=(..)", r"\1", x) if x[0] == "=" else x.encode().hex()
            for x in re.findall(r"=..|.", text))).decode()


@pytest.mark.parametrize("line", [
    "ä", "x" * 77, "x" * 300, "ends with blanks   ", "=3D", ".", "From me",
    "安全" * 60, "x" * 75 + "ä", "x" * 74 + "=", "x" * 73 + "=é",
    "x" * 76, "😀" * 19, string.punctuation.replace("{", "")])
def test_any_line_arrives_as_it_is(machine, line):
    texts = template(machine, f"Ü\n\nbefore\n{line}\n\n{{code}}\nafter\n")
    mail = invited(machine, templates=texts)
    strictly(mail.raw)
    lines = mail.body.splitlines()
    assert lines[0] == "before" and lines[1] == line and lines[2] == ""
    assert lines[3] == mail.code and lines[4:] == ["after"]
    assert f"\r\n{mail.code}\r\n".encode() in mail.raw


def test_a_label_in_any_script(machine):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.register("alice", code, "--label", "Telefon ☎ 電話")
    assert done.rc == 0, done
    machine.provision("flush", ok=True)
    mail = machine.mails()[-1]
    strictly(mail.raw)
    assert "Token: 1 (Telefon ☎ 電話)" in mail.body


def test_a_token_without_a_label(machine):
    machine.enrol("alice")
    machine.provision("flush", ok=True)
    assert re.search(r"Token: 1\r?\n", machine.mails()[-1].body)


def test_the_locale_has_no_say_in_the_date(machine):
    machine.conf()
    machine.add("alice")
    machine.provision("invite", "alice", ok=True,
                      env={"LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Tokyo"})
    mail = machine.mails()[-1]
    assert mail.message["Date"] == "Fri, 15 Jan 2027 08:00:00 +0000"
    assert "2027-01-15 09:00 UTC" in mail.body


def test_every_kind_of_mail(machine):
    machine.enrol("alice")
    machine.provision("revoke", "alice", "1", ok=True)
    machine.provision("reset", "alice", ok=True)
    assert machine.register("alice", machine.invite("alice")).rc == 0
    for _ in range(100):
        machine.login("alice", "000000", "prompts=1")
    assert machine.show("alice")["disabled"]
    machine.provision("remove", "alice", ok=True)
    machine.provision("flush", ok=True)
    for kind in ("registered", "revoked", "reset", "disabled", "removed"):
        mail = machine.mails(subject=kind)[-1]
        strictly(mail.raw)
        assert mail.to == "alice@example.org" and mail.code is None
        assert "Hello alice," in mail.body and "{" not in mail.body
        if kind != "disabled":
            assert "From:  the command line of login" in mail.body
