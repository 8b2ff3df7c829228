"""
A private house for the demonstration: own accounts, own /etc and /dev/log,
an sshd and a mail server on loopback. All of it is memory of namespaces
that end with the process that calls enter(), however it ends; the host's
files are there to be read, and cannot be written.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests/lib"))

import sandbox  # noqa: E402
from sandbox import mount, tmpfs  # noqa: E402

import host  # noqa: E402
import services  # noqa: E402

BUILD = TOP / os.environ.get("BUILD", "build")
MODULE = BUILD / "pam_emotp.so"
PROVISION = BUILD / "emotp-provision"
EMOTPD = BUILD / "emotpd"

HOST = "server.example.org"
USER, ADDRESS = "alice", "alice@example.org"
MAIL_USER, MAIL_PASSWORD = "emotp", "a-password-for-the-mail-server"
RUN = Path("/run/emotp-demo")
MAILS, LOG = RUN / "mails", RUN / "log"
HOME = Path("/run/home") / USER
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

MS_RDONLY, MS_REMOUNT = 0x1, 0x20
FLAGS = {"nosuid": 0x2, "nodev": 0x4, "noexec": 0x8, "noatime": 0x400,
         "nodiratime": 0x800, "relatime": 0x200000}
PR_SET_PDEATHSIG, SIGKILL = 1, 9

STACK = """\
# Instead of @include common-auth:
auth required {module}
account required pam_nologin.so
account required pam_unix.so
session required pam_unix.so
session optional pam_motd.so motd=/etc/motd
"""

SSHD = """\
Include /etc/ssh/sshd_config.d/10-emotp.conf
Port {port}
ListenAddress 127.0.0.1
HostKey {run}/hostkey
PidFile none
UsePAM yes
UseDNS no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
"""

CLIENT = """\
HostName {host}
Port {port}
User {user}
IdentityFile {keys}/key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {keys}/known_hosts
StrictHostKeyChecking yes
NumberOfPasswordPrompts 1
"""

CONF = """\
issuer = Example
mail = smtp://localhost:{port}
mail_from = emotp@example.org
mail_user = {user}
mail_password_file = /etc/emotp/mail.password
mail_ca = {run}/ca.pem
"""


def enter(outside):
    """
    Moves this process, the first of a new pid namespace, into the house.
    outside is a directory of the host that stays visible and writable.
    """
    os.umask(0o022)
    sandbox.check(sandbox.libc.prctl(PR_SET_PDEATHSIG, SIGKILL), "prctl")
    sandbox.check(sandbox.libc.unshare(
        sandbox.CLONE_NEWNS | sandbox.CLONE_NEWUTS), "unshare")
    mount(None, "/", flags=sandbox.MS_REC | sandbox.MS_PRIVATE)
    socket.sethostname(HOST.split(".")[0])
    kept = [(p, os.open(p, os.O_PATH)) for p in (TOP, outside) if p]
    _make_all_read_only()
    mount("proc", "/proc", "proc")
    for path in host.COVERED:
        tmpfs(path, mode="1777" if path.endswith("tmp") else "755")
    for path, fd in kept:
        _put_back(path, fd)
    if outside:
        mount(None, outside, flags=MS_REMOUNT | sandbox.MS_BIND)
    for path in (sandbox.RUN, RUN, MAILS, Path("/run/sshd"), HOME):
        path.mkdir(parents=True, mode=0o755)
    sandbox.private_dev()
    _private_etc()


def _make_all_read_only():
    """What is not replaced below can be read, and no more."""
    with open("/proc/self/mountinfo") as table:
        mounts = [line.split()[4:6] for line in table]
    for point, options in mounts:
        point = re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), point)
        flags = MS_REMOUNT | MS_RDONLY | sandbox.MS_BIND
        for word in options.split(","):
            flags |= FLAGS.get(word, 0)
        try:
            mount(None, point, flags=flags)
        except OSError:
            if point == "/":
                raise
            # Another mount hides it, so that nobody can write there.


def _put_back(path, fd):
    """Shows a directory again that one of ours has covered."""
    if not os.path.exists(path):
        os.makedirs(path)
        mount("/proc/self/fd/%d" % fd, path, flags=sandbox.MS_BIND)
    os.close(fd)


def _private_etc():
    """A copy, with the account and without emotp."""
    etc = RUN / "etc"
    etc.mkdir()
    subprocess.run(["cp", "-a", "/etc/.", etc], check=True)
    shutil.rmtree(etc / "emotp", ignore_errors=True)
    for name in ("nologin", "ld.so.preload"):
        (etc / name).unlink(missing_ok=True)
    uid = _add_account(etc)
    (etc / "nsswitch.conf").write_text(
        "passwd: files\ngroup: files\nshadow: files\nhosts: files\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n127.0.0.1 %s %s\n"
                               % (HOST, HOST.split(".")[0]))
    (etc / "motd").write_text("Welcome to %s.\n" % HOST)
    mount(etc, "/etc", flags=sandbox.MS_BIND)
    for path in (HOME, HOME / ".ssh"):
        path.mkdir(exist_ok=True)
        os.chown(path, uid, uid)


def _add_account(etc):
    """Adds the user to the private files; returns the uid."""
    lines = {name: [x for x in (etc / name).read_text().splitlines()
                    if x.split(":")[0] != USER]
             for name in ("passwd", "group", "shadow")}
    taken = {x.split(":")[2] for name in ("passwd", "group")
             for x in lines[name] if x.count(":") > 2}
    uid = next(n for n in range(20000, 30000) if str(n) not in taken)
    lines["passwd"].append(f"{USER}:x:{uid}:{uid}::{HOME}:/bin/bash")
    lines["group"].append(f"{USER}:x:{uid}:")
    lines["shadow"].append(f"{USER}:*:19000:0:99999:7:::")
    for name, text in lines.items():
        (etc / name).write_text("\n".join(text) + "\n")
    return uid


def environment():
    kept = {x: os.environ[x] for x in ("TERM", "NO_COLOR", "TZ")
            if x in os.environ}
    return {"PATH": "%s:%s" % (BUILD, PATH), "LC_ALL": "C.UTF-8",
            "HOME": "/root", **kept}


def _quietly(*argv):
    done = subprocess.run(argv, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError("%s: %s" % (argv[0], done.stderr.strip()))


def make_certificates():
    """A CA of our own that vouches for localhost, for the mail server."""
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
           "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    _quietly(*new, "-subj", "/CN=CA of the demonstration",
             "-keyout", RUN / "ca.key", "-out", RUN / "ca.pem")
    _quietly(*new, "-subj", "/CN=localhost", "-CA", RUN / "ca.pem",
             "-CAkey", RUN / "ca.key", "-addext",
             "basicConstraints=critical,CA:FALSE", "-addext",
             "subjectAltName=DNS:localhost", "-keyout", RUN / "smtp.key",
             "-out", RUN / "smtp.pem")


class House:
    """What runs in it, and where."""

    def __init__(self, outside=None, owner=None):
        """With outside, the client's files are there and owner's."""
        self.keys = Path(outside or RUN)
        make_certificates()
        self.mail_port = services.start(
            RUN / "smtp.pem", RUN / "smtp.key", (MAIL_USER, MAIL_PASSWORD),
            MAILS, LOG)
        self._write_configuration()
        self._make_keys()
        self.ssh_port = self._start_sshd()
        if outside and owner:
            for path in (self.keys, *self.keys.iterdir()):
                os.chown(path, owner.pw_uid, owner.pw_gid)

    def _write_configuration(self):
        conf = Path("/etc/emotp")
        conf.mkdir()
        (conf / "emotp.conf").write_text(CONF.format(
            port=self.mail_port, user=MAIL_USER, run=RUN))
        password = conf / "mail.password"
        password.touch(mode=0o600)
        password.write_text(MAIL_PASSWORD + "\n")
        Path("/etc/pam.d/sshd").write_text(STACK.format(module=MODULE))
        lines = Path("/etc/ssh/sshd_config.d")
        lines.mkdir(exist_ok=True)
        shutil.copy(TOP / "etc/examples/10-emotp.conf", lines)

    def start_service(self):
        """emotpd on loopback, which the module asks from now on."""
        run = Path("/run/emotp")
        run.mkdir(mode=0o755)
        with open("/etc/emotp/emotp.conf", "a") as conf:
            conf.write("listen = http://127.0.0.1:0\n"
                       "service = unix:/run/emotp/emotpd.sock\n")
        log = RUN / "emotpd.log"
        with log.open("w") as out:
            daemon = subprocess.Popen(
                [EMOTPD], env={"PATH": PATH}, stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, start_new_session=True)
        end = time.time() + 10
        while not re.search(r"(?m)ready$", log.read_text()):
            if daemon.poll() is not None or time.time() > end:
                raise RuntimeError("emotpd does not start: "
                                   + log.read_text())
            time.sleep(0.05)
        self.service_port = int(re.search(r"http://127.0.0.1:(\d+)",
                                          log.read_text())[1])

    def _make_keys(self):
        for path in (RUN / "hostkey", self.keys / "key"):
            _quietly("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C",
                     "emotp demo", "-f", str(path))
        shutil.copy(self.keys / "key.pub", HOME / ".ssh/authorized_keys")

    def _start_sshd(self):
        for _ in range(5):
            port = services.free_port()
            (RUN / "sshd_config").write_text(
                SSHD.format(port=port, run=RUN))
            daemon = subprocess.Popen(
                ["/usr/sbin/sshd", "-D", "-f", RUN / "sshd_config"],
                env={"PATH": PATH}, stdin=subprocess.DEVNULL,
                start_new_session=True)
            if services.comes_up(port, daemon):
                self._write_client(port)
                return port
        raise RuntimeError("sshd does not start: " + self.log())

    def _write_client(self, port):
        (self.keys / "known_hosts").write_text(
            "[127.0.0.1]:%d,[%s]:%d %s" % (
                port, HOST, port, (RUN / "hostkey.pub").read_text()))
        (self.keys / "ssh_config").write_text(CLIENT.format(
            host=HOST, user=USER, port=port, keys=self.keys))

    def ssh(self, *arguments):
        """The command line that logs in here, and nowhere else."""
        return ["ssh", "-F", str(self.keys / "ssh_config"), *arguments]

    def mails(self):
        return sorted(MAILS.glob("*.eml"))

    def wait_for_mail(self, number, timeout_s=15):
        """The text of the number-th mail, counted from 1."""
        end = time.time() + timeout_s
        while len(self.mails()) < number:
            if time.time() > end:
                return None
            time.sleep(0.05)
        return self.mails()[number - 1].read_text()

    def log(self):
        """All that was sent to /dev/log so far."""
        return LOG.read_text(errors="replace") if LOG.exists() else ""
