"""How the tool fails, and what it must leave alone."""

import shutil
import sqlite3


def failed(done, rc):
    """One line on standard error that says what is wrong."""
    assert done.rc == rc, done
    assert done.err.startswith("emotp-provision: "), done
    assert done.err.endswith("\n") and done.err.count("\n") == 1, done
    assert len(done.err) > len("emotp-provision: \n") + 8, done
    return done.err


def rows(machine):
    """All that the store holds."""
    db = sqlite3.connect(f"file:{machine.store_path}?mode=ro", uri=True)
    try:
        return list(db.iterdump())
    finally:
        db.close()


def give_to_dave(machine, *more):
    """The store, and what else is named, becomes dave's."""
    folder = machine.store_path.parent
    for path in (folder, *folder.iterdir(), *more):
        shutil.chown(path, "dave", "dave")


ALL = [["add", "carol", "carol@example.org"],
       ["set", "alice", "--language", "pt"], ["remove", "alice"],
       ["enroll", "alice"], ["enrol", "alice"], ["invite", "alice"],
       ["register", "alice"], ["list"], ["show", "alice"],
       ["revoke", "alice"], ["revoke", "alice", "1"], ["reset", "alice"],
       ["unlock", "alice"], ["verify", "alice"], ["flush"]]
OF_A_USER = [x for x in ALL if x[1:2] == ["alice"]]


def named(commands):
    return {"argvalues": commands, "ids": [" ".join(x) for x in commands]}
