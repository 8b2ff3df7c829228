"""A Maildir: whole files, appearing at once, readable by nobody else."""

import os
import re

import pytest

import sandbox
from tools import PROVISION


def mode(path):
    return path.stat().st_mode & 0o7777


def test_layout(machine):
    machine.add("alice")
    os.umask(0)
    try:
        machine.provision("invite", "alice", ok=True)
    finally:
        os.umask(0o022)
    assert sorted(x.name for x in machine.maildir.iterdir()) == ["new", "tmp"]
    for folder in (machine.maildir, machine.maildir / "new",
                   machine.maildir / "tmp"):
        assert mode(folder) == 0o700
    assert list((machine.maildir / "tmp").iterdir()) == []
    mail, = (machine.maildir / "new").iterdir()
    assert mode(mail) == 0o600
    assert re.fullmatch(r"1800000000\.R[0-9a-f]{32}\.login\.example\.org",
                        mail.name)


def test_an_existing_one_is_left_as_it_is(machine):
    for name in ("new", "tmp", "cur"):
        (machine.maildir / name).mkdir(parents=True, mode=0o750)
    (machine.maildir / "new/1.2.3").write_text("another\n")
    machine.add("alice")
    machine.provision("invite", "alice", ok=True)
    assert mode(machine.maildir / "new") == 0o750
    assert (machine.maildir / "new/1.2.3").read_text() == "another\n"
    assert len(list((machine.maildir / "new").iterdir())) == 2


def test_the_file_is_synced_before_it_appears_and_its_place_after(machine):
    machine.add("alice")
    trace = machine.dir / "trace"
    done = machine.run(["strace", "-f", "-y", "-o", trace, "-e",
                        "trace=fsync,rename,renameat,renameat2",
                        PROVISION, "invite", "alice"], leaks=False)
    assert done.rc == 0, done
    calls = [(m[1], m[2]) for m in re.finditer(
        r"(fsync|renameat2?)\(\d+<([^>]*)>", trace.read_text())
        if str(machine.maildir) in m[2]]
    names = [(x, path.removeprefix(str(machine.maildir)).split("/")[1:2])
             for x, path in calls]
    at = [x for x, _ in names].index("renameat")
    assert ("fsync", ["tmp"]) in names[:at]
    assert names[at + 1:] == [("fsync", ["new"])]


@pytest.mark.parametrize("obstacle", ["file", "new is a file", "full disk",
                                      "no parent"])
def test_what_cannot_be_written_is_exit_7(machine, nothing_lives, obstacle):
    machine.add("alice")
    if obstacle == "file":
        machine.maildir.write_text("")
    elif obstacle == "new is a file":
        machine.maildir.mkdir()
        (machine.maildir / "new").write_text("")
    elif obstacle == "no parent":
        machine.conf(mail=f"maildir:{machine.dir}/no/such/place")
    else:
        machine.maildir.mkdir()
        sandbox.tmpfs(machine.maildir, size="4k")
        (machine.maildir / "ballast").write_bytes(b"x" * 4096)
    try:
        done = machine.provision("invite", "alice")
    finally:
        if obstacle == "full disk":
            sandbox.umount(machine.maildir)
    assert done.rc == 7 and done.err.startswith("emotp-provision: maildir /")
    nothing_lives()


@pytest.mark.parametrize("setting", ["maildir:", "maildir:mail",
                                     "maildir:~/mail"])
def test_the_path_is_absolute(machine, setting):
    machine.add("alice")
    machine.conf(mail=setting)
    done = machine.provision("invite", "alice")
    assert done.rc == 8 and "absolute" in done.err
