"""A private world for one test process: mounts, network, host name, syslog.

Nothing of the host is written to. The world is made of the process's own
namespaces, lives on tmpfs and is gone when the process ends, however it ends.
"""

import itertools
import ctypes
import fcntl
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import time
from pathlib import Path

from tools import TOP

HOST = "login.example.org"
ACCOUNTS = {"alice": 2001, "bob": 2002, "carol": 2003, "dave": 2004,
            "nobody-else": 2005}
RUN = Path("/run/emotp-test")
HOMES = RUN / "home"

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWIPC, CLONE_NEWNET = (
    0x20000, 0x4000000, 0x8000000, 0x40000000)
MS_BIND, MS_REC, MS_PRIVATE, MS_MOVE = 0x1000, 0x4000, 0x40000, 0x2000

libc = ctypes.CDLL(None, use_errno=True)


def check(result, what):
    if result != 0:
        err = ctypes.get_errno()
        raise OSError(err, f"{what}: {os.strerror(err)}")


def mount(source, target, kind=None, flags=0, data=None):
    check(libc.mount(*(x if x is None else os.fsencode(str(x))
                       for x in (source, target, kind)),
                     ctypes.c_ulong(flags), data and data.encode()),
          f"mount {target}")


def umount(target):
    check(libc.umount2(os.fsencode(str(target)), 2), f"umount {target}")


def tmpfs(target, mode="755", size=None):
    mount("tmpfs", target, "tmpfs", 0,
          f"mode={mode}" + (f",size={size}" if size else ""))


def loopback_up():
    with socket.socket() as s:
        request = struct.pack("16sh14x", b"lo", 0x1 | 0x40)
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS: up, running


def private_dev():
    dev = RUN / "dev"
    dev.mkdir()
    tmpfs(dev)
    for name in "null zero full random urandom tty".split():
        (dev / name).touch()
        mount(f"/dev/{name}", dev / name, flags=MS_BIND)
    for name, kind, data in (("pts", "devpts", "newinstance,ptmxmode=0666"),
                             ("shm", "tmpfs", "mode=1777")):
        (dev / name).mkdir()
        mount(kind, dev / name, kind, data=data)
    (dev / "ptmx").symlink_to("pts/ptmx")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        (dev / name).symlink_to(f"/proc/self/fd/{number}")
    (dev / "fd").symlink_to("/proc/self/fd")
    mount(dev, "/dev", flags=MS_MOVE)


def private_etc():
    """A copy of /etc with accounts of ours, and no PAM service but other."""
    etc = RUN / "etc"
    etc.mkdir()
    subprocess.run(["cp", "-a", "/etc/.", etc], check=True)
    for name in ("emotp", "pam.d", "ssh/sshd_config.d"):
        shutil.rmtree(etc / name, ignore_errors=True)
    (etc / "pam.d").mkdir()
    (etc / "pam.d/other").write_text("".join(
        f"{kind} required pam_deny.so\n"
        for kind in ("auth", "account", "session", "password")))
    for name, line in (("passwd", "{0}:x:{1}:{1}::{2}/{0}:/bin/sh"),
                       ("group", "{0}:x:{1}:"),
                       ("shadow", "{0}:*:19000:0:99999:7:::")):
        old = [x for x in (etc / name).read_text().splitlines()
               if x.split(":")[0] not in ACCOUNTS]
        if name == "passwd" and not any(x.startswith("sshd:") for x in old):
            old.append("sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin")
        (etc / name).write_text("\n".join(old + [
            line.format(user, uid, HOMES)
            for user, uid in ACCOUNTS.items()]) + "\n")
    (etc / "nsswitch.conf").write_text(
        "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    (etc / "hosts").write_text(f"127.0.0.1 localhost\n127.0.1.1 {HOST} "
                               f"{HOST.split('.')[0]}\n")
    mount(etc, "/etc", flags=MS_BIND)


def make_homes():
    HOMES.mkdir()
    for user, uid in ACCOUNTS.items():
        (HOMES / user).mkdir(mode=0o755)
        os.chown(HOMES / user, uid, uid)


class Line(str):
    """A line of syslog: the message, and what stood around it."""

    def __new__(cls, raw):
        priority, ident, message = re.fullmatch(
            r"<(\d+)>\w{3} [ \d]\d \d\d:\d\d:\d\d ([^:]*?): ?(.*)", raw,
            re.DOTALL).groups()
        self = super().__new__(cls, message)
        self.raw = raw
        self.ident = ident
        self.facility = {4: "auth", 10: "authpriv", 3: "daemon", 1: "user",
                         2: "mail"}.get(int(priority) >> 3,
                                        str(int(priority) >> 3))
        self.severity = ("emerg alert crit err warning notice info debug"
                         .split()[int(priority) & 7])
        return self


class Syslog:
    """Everything that is sent to the world's /dev/log."""

    MARK = b"\0emotp-test-mark"

    def __init__(self):
        self.lines = []
        self.marks = set()
        self.numbers = itertools.count()
        self.changed = threading.Condition()
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)
        self.sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sender.connect("/dev/log")
        threading.Thread(target=self.collect, daemon=True).start()

    def collect(self):
        while True:
            data = self.socket.recv(65536)
            with self.changed:
                if data.startswith(self.MARK):
                    self.marks.add(data)
                    self.changed.notify_all()
                else:
                    self.lines.append(Line(
                        data.rstrip(b"\0\n").decode("utf-8", "replace")))

    def settle(self):
        """Returns when all that was sent before this call is in lines."""
        mark = b"%s %d" % (self.MARK, next(self.numbers))
        self.sender.send(mark)  # may block, so not while the reader waits
        with self.changed:
            if not self.changed.wait_for(lambda: mark in self.marks, 30):
                raise RuntimeError("the syslog reader stopped")
            self.marks.discard(mark)

    def here(self):
        self.settle()
        return len(self.lines)

    def since(self, position):
        self.settle()
        return [x for x in self.lines[position:] if x != "pamdrive"]

    def wait_for(self, pattern, position=0, timeout=20):
        """For what a daemon says in its own time."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            for line in self.since(position):
                if re.search(pattern, line):
                    return line
            time.sleep(0.02)
        raise AssertionError(f"no log line {pattern!r} in "
                             f"{self.since(position)}")


class Sandbox:
    def __init__(self):
        if os.geteuid() != 0:
            raise RuntimeError("the tests make namespaces: run them as root")
        if str(TOP).startswith(("/run/", "/etc/", "/dev/", "/var/lib/")):
            raise RuntimeError(f"the tests cover {TOP} up: move the checkout")
        os.umask(0o022)
        check(libc.unshare(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC
                           | CLONE_NEWNET),
              "unshare")
        mount(None, "/", flags=MS_REC | MS_PRIVATE)
        socket.sethostname(HOST.split(".")[0])
        loopback_up()
        tmpfs("/run")
        RUN.mkdir()
        for name in ("log", "sshd"):
            (Path("/run") / name).mkdir(mode=0o755)
        private_dev()
        private_etc()
        tmpfs("/var/lib")
        make_homes()
        self.syslog = Syslog()
