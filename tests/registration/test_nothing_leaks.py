"""Codes and secrets stay out of the store, the log and argv."""

import base64
import sqlite3

import pytest

from office import files
from tools import PROVISION


def traces(code, secret):
    plain = code.replace("-", "")
    raw = base64.b32decode(secret + "=" * (-len(secret) % 8))
    return [code, code.lower(), plain, plain.lower(), secret, secret.lower(),
            raw, raw.hex(), base64.b64encode(raw).decode()]


@pytest.mark.sqlite
def test_nothing_is_kept_in_clear(machine):
    """A reader keeps the write-ahead log alive, so that it is looked at."""
    machine.add("alice")
    reader = sqlite3.connect(machine.store_path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM users").fetchone()
    start = machine.syslog.here()
    codes = [machine.invite("alice") for _ in range(2)]
    before = files(machine.store_path.parent)
    done = machine.register("alice", codes[0])
    assert done.rc == 0, done
    secret = done.json["secret"]
    machine.register("alice", codes[1])
    kept = files(machine.store_path.parent, "/etc/emotp")
    reader.close()
    assert len(kept[machine.store_path.with_name("emotp.db-wal")]) > 0
    log = "\n".join(x.raw for x in machine.syslog.since(start))
    assert "register" in log
    for place in (before, kept):
        for path, data in place.items():
            for code in codes:
                for trace in traces(code, secret):
                    trace = trace if isinstance(trace, bytes) else \
                        trace.encode()
                    assert trace not in data, (path, trace)
    for trace in traces(codes[0], secret) + traces(codes[1], secret):
        if isinstance(trace, str):
            assert trace not in log, trace


def test_a_login_code_is_not_logged_either(machine, alice):
    start = machine.syslog.here()
    right, wrong = alice.code(machine.now), alice.wrong(machine.now, 123)
    code = machine.invite("alice")
    machine.register("alice", code, otp=wrong)
    machine.provision("verify", "alice", input=wrong + "\n")
    machine.register("alice", code, otp=right)
    log = "\n".join(machine.syslog.since(start))
    assert right not in log and wrong not in log and code not in log


def test_no_other_program_is_told(machine):
    """One execve, of the tool itself, without the code among its words."""
    machine.add("alice")
    trace = machine.dir / "trace"
    done = machine.run(
        ["strace", "-f", "-s", "200", "-e", "trace=execve", "-o", trace,
         PROVISION, "invite", "alice"], leaks=False)
    assert done.rc == 0, done
    code = machine.mails()[-1].code
    assert trace.read_text().count("execve(") == 1
    assert code not in trace.read_text()
    assert code not in done.out + done.err


def test_a_code_is_no_argument(machine):
    machine.add("alice")
    code = machine.invite("alice")
    done = machine.provision("register", "alice", code)
    assert done.rc == 2, done
    assert code not in done.err
    assert not any(code in x for x in done.log)
    assert machine.show("alice")["tokens"] == []


def test_only_the_mail_has_the_code(machine):
    machine.add("alice")
    code = machine.invite("alice")
    for args in (["list"], ["show", "alice"], ["--json", "list"],
                 ["--json", "show", "alice"]):
        done = machine.provision(*args, ok=True)
        assert code not in done.out + done.err
    assert [x.code for x in machine.mails()] == [code]
    assert code not in machine.mails()[0].subject


def test_the_secret_is_shown_once(machine):
    machine.add("alice")
    secret = machine.register(
        "alice", machine.invite("alice")).json["secret"]
    machine.provision("flush", ok=True)
    for args in (["list"], ["show", "alice"], ["--json", "list"],
                 ["--json", "show", "alice"], ["verify", "alice"]):
        done = machine.provision(*args, input="000000\n")
        assert secret not in done.out + done.err
    assert not any(secret.encode() in x.raw for x in machine.mails())
