"""Imported files may be anybody's: what they are, and what they hold."""

import os
import shutil

import pytest

from errors import failed, give_to_dave, rows
from others import Google, Oath, oath_line

SHADOW = "root:$6$kangaroo$SECRETHASH:19000:0:99999:7:::\n"
USER = {"google-authenticator": ["alice"], "users.oath": []}


@pytest.fixture(params=USER)
def kind(request):
    return request.param


@pytest.fixture
def host(machine):
    machine.add("alice")
    machine.add("bob")
    return machine


def take(machine, kind, path, **how):
    return machine.provision("import", kind, path, *USER[kind], **how)


def good(machine, kind):
    """A file that would be imported."""
    if kind == "users.oath":
        return Oath(machine, oath_line("alice")[0]).path
    return Google(machine).path


def refused(machine, kind, path, rc, word):
    before = rows(machine)
    error = failed(take(machine, kind, path, timeout=20), rc)
    assert word in error
    assert rows(machine) == before


def test_a_symbolic_link(host, kind):
    link = host.dir / "link"
    link.symlink_to(good(host, kind))
    refused(host, kind, link, 1, "symbolic link")
    assert take(host, kind, link.resolve()).rc == 0


def test_a_fifo_is_not_waited_for(host, kind):
    os.mkfifo(host.dir / "fifo")
    refused(host, kind, host.dir / "fifo", 1, "not a regular file")


def test_a_directory_and_a_device(host, kind):
    refused(host, kind, host.dir, 1, "not a regular file")
    refused(host, kind, "/dev/zero", 1, "not a regular file")


def test_a_file_that_is_not_there(host, kind):
    refused(host, kind, host.dir / "none", 2, "No such file")


def test_another_name_of_the_file(host, kind):
    path = good(host, kind)
    os.link(path, host.dir / "second")
    refused(host, kind, path, 1, "other links")


@pytest.mark.parametrize("mode", [0o620, 0o602])
def test_a_file_that_others_can_write(host, kind, mode):
    path = good(host, kind)
    path.chmod(mode)
    refused(host, kind, path, 1, "can be written by others")


def test_a_file_of_somebody_else(host, kind):
    path = good(host, kind)
    shutil.chown(path, "bob")
    refused(host, kind, path, 1, "belongs to another user")


def test_the_users_own_file_is_the_users_own_affair(host):
    path = good(host, "google-authenticator")
    shutil.chown(path, "alice")
    assert take(host, "google-authenticator", path).rc == 0


def test_everybodys_file_is_not_for_one_user(host):
    path = good(host, "users.oath")
    shutil.chown(path, "alice")
    refused(host, "users.oath", path, 1, "belongs to another user")


def test_nothing_of_a_file_is_shown(host, kind):
    path = host.dir / "shadow"
    for text in (SHADOW, "HOTP/T30 " + SHADOW, '" ' + SHADOW,
                 "AAAAAAAA\n" + SHADOW, 'AAAAAAAA\n" ' + SHADOW,
                 f"HOTP/T30 alice - {SHADOW}", "\x1b]0;kangaroo\a\n"):
        path.write_text(text)
        path.chmod(0o600)
        done = take(host, kind, path)
        failed(done, 2)
        shown = done.out + done.err + "".join(done.log)
        for word in ("kangaroo", "SECRETHASH", "19000", "\x1b"):
            assert word not in shown


def test_a_path_cannot_forge_a_line(host, kind):
    done = take(host, kind, "/nowhere\nemotp-provision: \x1b[2Jdone")
    failed(done, 2)
    line, = done.log
    assert "\x1b" not in done.err and "\n" not in line


def test_noise(host, kind):
    path = host.dir / "noise"
    for size in (1, 1000, 70000):
        path.write_bytes(os.urandom(size))
        path.chmod(0o600)
        failed(take(host, kind, path), 2)


def test_read_before_roots_rights_are_given_up(host, kind):
    """The store is dave's, and only root can read the file."""
    path = good(host, kind)
    path.chmod(0o400)
    give_to_dave(host, host.key_path)
    assert take(host, kind, path).rc == 0
    assert len(host.show("alice")["tokens"]) == 1


def test_who_is_not_root(host, kind):
    path = good(host, kind)
    failed(take(host, kind, path, user="bob"), 5)
    shutil.chown(path, "bob")
    path.chmod(0o600)
    failed(take(host, kind, path, user="bob"), 5)
