"""Mail that cannot go out: exit 7, nothing in clear, no code alive."""

import ssl

import pytest

from machine import CODE
from smtp_sink import PASSWORD, USER

CLEAR = b"EHLO login.example.org\r\n"
SECRETS = (b"AUTH", b"MAIL", b"RCPT", b"DATA", b"alice", USER.encode(),
           PASSWORD.encode(), b"Subject")


def strip(data):
    """A man in the middle hides that the server offers STARTTLS."""
    return data.replace(b"250-STARTTLS\r\n", b"")


def deny(data):
    """... or answers for the server that it is out of order."""
    return data.replace(b"220 Ready to start TLS", b"454 TLS not available")


def inject(data):
    """... or slips answers in, to be taken for those given under TLS."""
    return data.replace(b"220 Ready to start TLS\r\n",
                        b"220 Ready to start TLS\r\n"
                        b"250-localhost\r\n250 AUTH PLAIN LOGIN\r\n"
                        b"235 2.7.0 good\r\n250 good\r\n250 good\r\n")


def refusing(verb):
    return lambda v, address: "550 5.7.1 no" if v == verb else None


# What the server is like, the scheme, settings of ours, and what the error
# line says.
CASES = {
    "no STARTTLS": ({"mode": "plain"}, "smtp", {}, "TLS"),
    "STARTTLS stripped": ({"edit": strip}, "smtp", {}, "TLS"),
    "STARTTLS denied": ({"edit": deny}, "smtp", {}, "STARTTLS"),
    "answers injected": ({"edit": inject}, "smtp", {}, ""),
    "another CA": ({"cert": "foreign"}, "smtp", {}, "certificate"),
    "another host": ({"cert": "elsewhere"}, "smtp", {}, "localhost"),
    "expired": ({"cert": "expired"}, "smtp", {}, "expired"),
    "TLS 1.1": ({"newest_tls": ssl.TLSVersion.TLSv1_1}, "smtp", {}, ""),
    "another CA, smtps": ({"mode": "smtps", "cert": "foreign"}, "smtps", {},
                          "certificate"),
    "another host, smtps": ({"mode": "smtps", "cert": "elsewhere"}, "smtps",
                            {}, "localhost"),
    "no TLS for smtps": ({"mode": "plain"}, "smtps", {}, ""),
}
LATE = {
    "bad password": ({}, {"mail_user": "somebody"}, "535"),
    "sender refused": ({"refuse": refusing("MAIL")}, {}, "550"),
    "recipient refused": ({"refuse": refusing("RCPT")}, {}, "550"),
    "mail refused": ({"refuse": refusing("DATA")}, {}, "550"),
}


def refused(machine, says):
    done = machine.provision("invite", "alice")
    assert done.rc == 7, done
    assert done.err.startswith("emotp-provision: ") and says in done.err
    assert done.err.count("\n") == 1
    assert PASSWORD not in done.err + "".join(done.log)
    return done


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
@pytest.mark.parametrize("case", CASES)
def test_without_good_tls_nothing_is_said(machine, post, nothing_lives, case):
    server, scheme, settings, says = CASES[case]
    sink = post.server(**server)
    post.settings(sink.tap, scheme, **settings)
    machine.add("alice")
    refused(machine, says)
    assert sink.tap.connections == 1
    assert sink.seen == []
    assert sink.tap.clear.replace(b"STARTTLS\r\n", b"").replace(
        b"QUIT\r\n", b"") in (b"", CLEAR), sink.tap.clear
    for secret in SECRETS:
        assert secret not in sink.tap.clear
    nothing_lives()


@pytest.mark.parametrize("case", LATE)
def test_refused_by_the_server(machine, post, nothing_lives, case):
    server, settings, says = LATE[case]
    sink = post.server(**server)
    post.settings(sink.tap, **settings)
    machine.add("alice")
    refused(machine, says)
    assert sink.letters == []
    nothing_lives()
    for letter in sink.seen:  # a code that was seen all the same is no good
        code = CODE.search(letter.body)[1]
        done = machine.register("alice", code)
        assert done.rc == 1 and "wrong-code" in done.err, done
    assert (len(sink.seen) == 1) == (case == "mail refused")


def test_without_a_login_nothing_is_said_either(machine, post,
                                                nothing_lives):
    """To a server that would take it all, in clear, from anybody."""
    sink = post.server(mode="plain", auth=False)
    post.settings(sink.tap, login=False)
    machine.add("alice")
    refused(machine, "TLS")
    assert sink.tap.clear in (CLEAR, CLEAR + b"QUIT\r\n")
    assert sink.seen == []
    nothing_lives()


def test_no_server_there(machine, post, nothing_lives):
    sink = post.server()
    post.settings(sink.tap, mail="smtp://localhost:9")
    machine.add("alice")
    refused(machine, "smtp://localhost:9: ")
    post.settings(sink.tap, mail="smtp://nowhere.invalid")
    refused(machine, "nowhere.invalid")
    nothing_lives()


def test_a_silent_server_is_given_up(machine, post, nothing_lives):
    tap = post.tap(0)
    post.settings(tap)
    machine.add("alice")
    refused(machine, "")
    assert tap.sent == b""
    nothing_lives()


def test_a_mail_not_sent_costs_nothing_of_the_limit(machine, post, query):
    sink = post.server(refuse=refusing("RCPT"))
    post.settings(sink.tap)
    machine.add("alice")
    before = query("SELECT mailed FROM users")
    refused(machine, "550")
    assert query("SELECT mailed FROM users") == before


def test_an_earlier_code_stays_good(machine, post):
    machine.add("alice")
    code = machine.invite("alice")
    sink = post.server(refuse=refusing("RCPT"))
    post.settings(sink.tap)
    machine.wait()
    refused(machine, "550")
    assert machine.register("alice", code).rc == 0


def test_enroll_tells_it_too(machine, post, nothing_lives):
    sink = post.server(refuse=refusing("RCPT"))
    post.settings(sink.tap)
    machine.add("alice")
    done = machine.provision("enroll", "alice", input="")
    assert done.rc == 7 and "550" in done.err, done
    nothing_lives()


@pytest.mark.parametrize("server, settings", [
    ({"mode": "plain"}, {}),
    ({"edit": strip}, {}),
    ({"cert": "foreign"}, {}),
    ({"cert": "elsewhere"}, {}),
    ({}, {"mail_user": "somebody"}),
    ({"refuse": refusing("RCPT")}, {}),
    ({}, {"mail": "smtp://localhost:9"}),
])
def test_what_is_queued_is_kept_and_sent_once_later(machine, post, query,
                                                    server, settings):
    sink = post.server(**server)
    post.settings(sink.tap, **settings)
    machine.init()
    machine.conf()
    machine.enrol("alice")
    machine.provision("reset", "alice", ok=True)
    post.settings(sink.tap, **settings)
    for _ in range(2):
        done = machine.provision("flush")
        assert done.rc == 7 and PASSWORD not in done.err, done
        assert query("SELECT count(*), max(claimed_at) FROM intents") == [
            (2, 0)]
    assert sink.seen == []
    assert b"alice" not in sink.tap.clear
    good = post.server()
    post.settings(good.tap)
    for _ in range(2):
        machine.provision("flush", ok=True)
        assert len(good.letters) == 2
    assert query("SELECT count(*) FROM intents") == [(0,)]
