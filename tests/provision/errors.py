"""How the tool fails, and what it must leave alone."""

import shutil
from pathlib import Path


def failed(done, rc):
    """One line on standard error that says what is wrong."""
    assert done.rc == rc, done
    assert done.err.startswith("emotp-provision: "), done
    assert done.err.endswith("\n") and done.err.count("\n") == 1, done
    assert len(done.err) > len("emotp-provision: \n") + 8, done
    return done.err


def rows(machine):
    """All that the store holds."""
    return machine.store.dump()


def give_to_dave(machine, *more):
    """The store, and what else is named, becomes dave's."""
    for path in (*machine.store.files(), *more):
        shutil.chown(path, "dave", "dave")


# Files that write_imports() makes, where each test begins with none.
GOOGLE = Path("/etc/emotp/google")
OATH = Path("/etc/emotp/users.oath")


def write_imports():
    """A token of alice's in the file of each of the other modules."""
    GOOGLE.write_text(f"{'A' * 32}\n\" TOTP_AUTH\n12345678\n")
    OATH.write_text(f"HOTP/T30\talice\t-\t{'0b' * 20}\n")
    for path in (GOOGLE, OATH):
        path.chmod(0o644)


ALL = [["add", "carol", "carol@example.org"],
       ["set", "alice", "--language", "pt"], ["remove", "alice"],
       ["enroll", "alice"], ["enrol", "alice"], ["invite", "alice"],
       ["register", "alice"], ["list"], ["show", "alice"],
       ["why", "alice"], ["revoke", "alice"], ["revoke", "alice", "1"],
       ["reset", "alice"], ["unlock", "alice"], ["recovery-codes", "alice"],
       ["verify", "alice"],
       ["import", "google-authenticator", str(GOOGLE), "alice"],
       ["import", "users.oath", str(OATH)], ["export"], ["export", "alice"],
       ["host", "add", "web1"], ["host", "list"], ["host", "remove", "web1"],
       ["flush"]]
OF_A_USER = [x for x in ALL if "alice" in x]


def named(commands):
    return {"argvalues": commands, "ids": [" ".join(x) for x in commands]}
