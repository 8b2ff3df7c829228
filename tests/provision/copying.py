"""Where the tests of copy copy to, and what they compare."""

import os
import sqlite3
import subprocess
from pathlib import Path

from tools import PROVISION

FROM = Path("/var/lib/emotp/emotp.db")
TO = Path("/var/lib/emotp-new/emotp.db")


def uri(path):
    return f"sqlite:{path}"


def copy(machine, *args, source=FROM, to=TO, **how):
    return machine.provision(*args, "copy", uri(source), uri(to), **how)


def switch(machine, to=TO):
    """From here on the machine's store is the new one."""
    machine.conf(store=uri(to))


def tables(path):
    """{table: its rows}, and what is remembered of ids; less the claims."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        names = [x for x, in db.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name"
            " NOT LIKE 'sqlite_%'")]
        found = {name: sorted(map(repr, db.execute(f"SELECT * FROM {name}")))
                 for name in names}
        found["ids"] = sorted(db.execute(
            "SELECT * FROM sqlite_sequence WHERE name <> 'hosts'"))
        return found
    finally:
        db.close()


def start(machine, source=FROM, to=TO):
    child = subprocess.Popen(
        [PROVISION, "copy", uri(source), uri(to)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=machine.environment(leaks=False))
    machine.processes.append(child)
    return child


def populate(machine, count):
    """So many users, each with a token."""
    machine.init()
    machine.provision("add", "-", ok=True, timeout=300, input="".join(
        f"u{i},u{i}@example.org\n" for i in range(count)))
    oath = machine.dir / "users.oath"
    oath.write_text("".join(f"HOTP/T60\tu{i}\t-\t{i:040x}\n"
                            for i in range(count)))
    oath.chmod(0o600)
    machine.provision("import", "users.oath", oath, ok=True, timeout=300)
    os.remove(oath)
