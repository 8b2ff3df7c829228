"""Templates: the administrator's own, and what will not do."""

import os

import pytest

GOOD = "Code\n\nHello {user}\n{code}\nuntil {expires}\n"


@pytest.fixture
def texts(machine):
    """A function that writes a template below a configured directory."""
    folder = machine.dir / "texts"
    machine.conf(templates=folder)
    machine.add("alice")

    def write(text, kind="code", language="en"):
        path = folder / language / f"{kind}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path
    return write


def invited(machine):
    machine.provision("invite", "alice", ok=True)
    return machine.mails()[-1]


def test_an_administrator_s_template_is_used(machine, texts):
    texts("Dein Code für {issuer}\n\nHallo {user}!\n\n{code}\n\n"
          "bis {expires}; {issuer}{issuer}\n")
    mail = invited(machine)
    assert mail.subject == "Dein Code für Example"
    assert mail.body.replace("\r\n", "\n") == (
        f"Hallo alice!\n\n{mail.code}\n\n"
        "bis 2027-01-15 09:00 UTC; ExampleExample\n")


def test_only_what_is_there_is_overridden(machine, texts):
    texts("Mine\n\nA token, {token}.\n", kind="registered")
    code = invited(machine).code
    assert machine.register("alice", code).rc == 0
    machine.provision("reset", "alice", ok=True)
    machine.provision("flush", ok=True)
    subjects = [x.subject for x in machine.mails()]
    assert "Mine" in subjects and len(subjects) == 3
    assert "Your registration for Example was reset" in subjects


def test_the_user_s_language_alone_counts(machine, texts):
    texts("Um código\n\n{code}\n", language="pt")
    assert "registration code" in invited(machine).subject
    machine.provision("set", "alice", "--language", "pt", ok=True)
    assert invited(machine).subject == "Um código"
    machine.provision("set", "alice", "--language", "zh-Hant", ok=True)
    texts("English\n\n{code}\n")
    assert invited(machine).subject == "您的 Example 註冊碼"


def test_values_are_not_looked_into(machine, texts):
    machine.conf(templates=machine.dir / "texts", issuer="{code} {user}")
    texts("{issuer}\n\n{issuer}\n{code}\n")
    mail = invited(machine)
    assert mail.subject == "{code} {user}"
    assert mail.body.splitlines()[0] == "{code} {user}"


def test_line_ends_of_another_system(machine, texts):
    texts(GOOD.replace("\n", "\r\n"))
    assert invited(machine).code


def test_a_last_line_without_its_end(machine, texts):
    texts("Code\n\nHello\n{code}")
    mail = invited(machine)
    assert mail.raw.endswith(f"\r\n{mail.code}\r\n".encode())


BROKEN = {
    "empty": (b"", 'line 0: the subject is missing'),
    "no subject": (b"\n\n{code}\n", "line 1: the subject is missing"),
    "no blank line": (b"Code\nHello\n{code}\n", "line 2: no blank line"),
    "no body": (b"Code\n\n", "the body is missing"),
    "no code": (b"Code\n\nHello\n", "no {code} alone on a line"),
    "code not alone": (b"Code\n\nIt is {code}.\n", "line 3: the code stands"),
    "code in the subject": (b"{code}\n\n{code}\n", "line 1: the code never"),
    "unknown placeholder": (b"Code\n\n{code}\n{secret}\n",
                            "line 4: unknown placeholder"),
    "open brace": (b"Code\n\n{code}\n{user\n", "line 4: unknown placeholder"),
    "not UTF-8": (b"Code\n\n{code}\n\xff\n", "line 4: not plain UTF-8"),
    "control character": (b"Code\n\n{code}\n\x1b[2J\n", "line 4: not plain"),
    "NUL": (b"Code\n\n{code}\n\0\n", "NUL"),
    "long": (b"Code\n\n{code}\n" + b"x" * 9000, "too long"),
    "long when filled in": (b"Code\n\n{code}\n" + b"{expires}\n" * 700,
                            "too long"),
    "long subject": (b"x" * 256 + b"\n\n{code}\n", "line 1: too long"),
}


def not_mailed(machine, says, path):
    done = machine.provision("invite", "alice")
    assert done.rc == 8, done
    assert says in done.err and str(path) in done.err, done
    assert machine.mails() == []


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_one_is_exit_8(machine, texts, nothing_lives, case):
    text, says = BROKEN[case]
    not_mailed(machine, says, texts(text))
    nothing_lives()


@pytest.mark.parametrize("case", ["symlink", "dangling", "fifo", "directory",
                                  "writable", "foreign", "linked"])
def test_one_that_others_have_a_say_in_is_refused(machine, texts,
                                                  nothing_lives, case):
    path = texts(GOOD)
    if case in ("symlink", "dangling"):
        path.rename(path.with_suffix(".real"))
        path.symlink_to("code.real" if case == "symlink" else "nowhere")
    elif case in ("fifo", "directory"):
        path.unlink()
        os.mkfifo(path) if case == "fifo" else path.mkdir()
    elif case == "writable":
        path.chmod(0o666)
    elif case == "foreign":
        os.chown(path, 2002, 2002)
    else:
        os.link(path, path.with_suffix(".other"))
    not_mailed(machine, "", path)
    nothing_lives()


def test_a_queued_mail_waits_for_its_template_and_the_rest_go_on(
        machine, texts, query):
    code = invited(machine).code
    assert machine.register("alice", code).rc == 0
    machine.provision("reset", "alice", ok=True)
    path = texts("Mine\n\n{code}\n", kind="registered")
    done = machine.provision("flush")
    assert done.rc in (7, 8) and "no code in this mail" in done.err, done
    assert [x.subject for x in machine.mails()][1:] == [
        "Your registration for Example was reset"]
    path.unlink()
    machine.provision("flush", ok=True)
    assert len(machine.mails()) == 3
    assert query("SELECT count(*) FROM intents") == [(0,)]
