"""The module is a guest in somebody else's process."""

import os
import re
import subprocess

import pytest

from tools import MODULE


def test_a_login_leaves_the_process_as_it_was(machine, alice):
    for answers in (alice.code(machine.now), [alice.wrong(machine.now)] * 3,
                    "!fail"):
        login = machine.login("alice", answers, options=["-s"])
        assert login.changed == [], login
    machine.conf(nonsense=1)
    login = machine.login("alice", "000000", options=["-s"])
    assert login.result == "PAM_SERVICE_ERR"
    assert login.changed == [], login


def test_nullok_leaves_the_process_as_it_was(machine, alice):
    login = machine.login("carol", [], options=["-s"], stack=[
        "auth required {module} nullok", "auth required pam_permit.so"])
    assert login.accepted and login.changed == [], login


def test_the_comparison_sees_a_change(machine, alice):
    """That the two tests above could fail."""
    login = machine.login("alice", [], options=["-s"],
                          stack=["auth required {firstpass} disturb"])
    text = "\n".join(login.changed)
    assert "fd " in text and "umask 77" in text, login


@pytest.mark.plain
def test_two_symbols_leave_the_module():
    out = subprocess.run(["nm", "-D", "--defined-only", MODULE], check=True,
                         capture_output=True, text=True).stdout
    names = {x.split()[-1].partition("@")[0] for x in out.splitlines()}
    names -= {x for x in names if x.isupper()}  # a version node
    assert names == {"pam_sm_authenticate", "pam_sm_setcred"}


@pytest.mark.plain
def test_it_needs_few_libraries():
    out = subprocess.run(["readelf", "-d", MODULE], check=True,
                         capture_output=True, text=True).stdout
    needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\.so", out))
    assert needed <= {"libpam", "libcrypto", "libsqlite3", "libinih",
                      "libc"}, needed
    assert "RPATH" not in out and "RUNPATH" not in out
    assert "BIND_NOW" in out or "NOW" in out


@pytest.mark.plain
def test_its_memory_is_hardened():
    out = subprocess.run(["readelf", "-lW", MODULE], check=True,
                         capture_output=True, text=True).stdout
    assert "GNU_RELRO" in out
    assert re.search(r"GNU_STACK.*\bRW\b", out)


def test_the_environment_changes_nothing(machine, alice, tmp_path):
    """Nor is any file read or made because of it."""
    bad = tmp_path / "openssl.cnf"
    bad.write_text("openssl_conf = x\n[x]\nproviders = y\n[y]\n"
                   "default = z\n[z]\nactivate = 0\n"
                   "garbage [[[ = \n")
    env = {"OPENSSL_CONF": str(bad), "OPENSSL_MODULES": str(tmp_path),
           "OPENSSL_ENGINES": str(tmp_path), "SQLITE_TMPDIR": "/nowhere",
           "TMPDIR": "/nowhere", "HOME": "/nowhere", "LANG": "tr_TR.UTF-8",
           "LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Katmandu",
           "EMOTP_CONF": "/nowhere", "SQLITE_FORCE_PROXY_LOCKING": "1"}
    trace = tmp_path / "trace"
    login = machine.login(
        "alice", alice.code(machine.now), env=env, leaks=False, wrap=[
            "strace", "-f", "-o", trace, "-e", "trace=%file"])
    assert login.accepted, login
    text = trace.read_text()
    assert str(bad) not in text
    after = text[text.index("pam_emotp.so"):]
    assert "/nowhere" not in after
    assert "openssl.cnf" not in after
    machine.wait()
    wrong = machine.login("alice", alice.wrong(machine.now), env=env)
    assert wrong.refused_as[0] == "wrong"


@pytest.mark.sqlite
def test_it_makes_no_process_and_no_thread(machine, alice, tmp_path):
    trace = tmp_path / "trace"
    login = machine.login(
        "alice", [alice.wrong(machine.now), alice.code(machine.now)],
        leaks=False, wrap=[
            "strace", "-f", "-o", trace, "-e",
            "trace=clone,clone3,fork,vfork,execve,kill,setuid,setreuid,"
            "setresuid,setgid,chdir,umask,rt_sigaction,socket,connect"])
    assert login.accepted
    lines = trace.read_text().splitlines()
    names = [x.split(None, 1)[1].partition("(")[0] for x in lines
             if "(" in x]
    assert names.count("execve") == 1
    for call in ("clone", "clone3", "fork", "vfork", "setuid", "setresuid",
                 "chdir", "umask"):
        assert call not in names, lines
    # The log is the only one that it speaks to.
    peers = {m for x in lines if "connect(" in x
             for m in re.findall(r'sun_path="([^"]*)"|sin_addr', x)}
    assert peers <= {"/dev/log", "/var/run/nscd/socket"}, peers


def test_a_process_that_logs_in_often_leaks_nothing(machine, alice):
    codes = [alice.code(machine.now), *(
        alice.wrong(machine.now, i) for i in range(40))]
    login = machine.login("alice", codes, "prompts=1",
                          options=["-s", "-n", "41"])
    assert [x for _, x in login.results] == \
        ["PAM_SUCCESS"] + ["PAM_AUTH_ERR"] * 40
    assert login.changed == []


def test_closed_standard_descriptors_are_no_trap(machine, alice):
    """The store does not end up as descriptor 2, where others write."""
    code = alice.code(machine.now)
    driver = machine.driver("login", "alice", options=["-s"])
    machine.stack("login", "auth required {module}")
    with machine.deciding():
        done = machine.run(["/bin/sh", "-c", 'exec "$0" "$@" 2>&-', *driver],
                           input=code + "\n")
    assert "result authenticate PAM_SUCCESS" in done.out, done
    machine.wait()
    assert machine.show("alice")["state"] == "active"


def test_a_small_stack_and_few_descriptors_are_enough(machine, alice):
    machine.stack("login", "auth required {module}")
    driver = machine.driver("login", "alice")
    with machine.deciding():
        done = machine.run(
            ["/bin/sh", "-c", 'ulimit -n 16; ulimit -s 1024; exec "$0" "$@"',
             *driver], input=alice.code(machine.now) + "\n")
    assert "result authenticate PAM_SUCCESS" in done.out, done


def test_without_descriptors_it_is_a_refusal(machine, alice):
    """Whatever fails, the login is refused: each limit in turn."""
    machine.stack("login", "auth required {module}", )
    for limit in range(4, 12):
        done = machine.run(
            ["/bin/sh", "-c", f'ulimit -n {limit}; exec "$0" "$@"',
             *machine.driver("login", "alice")],
            input="000000\n" * 3, leaks=False)
        assert "PAM_SUCCESS" not in done.out, (limit, done)


@pytest.mark.plain
def test_without_memory_it_is_a_refusal(machine, alice):
    for kib in range(6000, 20000, 500):
        machine.stack("login", "auth required {module} prompts=1")
        with machine.deciding():
            done = machine.run(
                ["/bin/sh", "-c", f'ulimit -v {kib}; exec "$0" "$@"',
                 *machine.driver("login", "alice")], input="000000\n")
        assert "PAM_SUCCESS" not in done.out, (kib, done)
    assert "PAM_AUTH_ERR" in done.out  # the last one had enough


@pytest.mark.sqlite
def test_a_process_that_is_not_root_gets_nothing(machine, alice):
    login = machine.login("alice", [alice.code(machine.now)] * 3, uid="dave")
    assert login.result in ("PAM_AUTHINFO_UNAVAIL", "PAM_SERVICE_ERR"), login
    assert os.stat(machine.store_path.parent).st_mode & 0o777 == 0o700
