"""A real sshd and its stock client."""

import os
import socket
import struct
import subprocess
import tempfile
import time
from pathlib import Path

from sandbox import ACCOUNTS, HOMES

CONFIG = """\
Port {port}
ListenAddress {address}
HostKey {dir}/hostkey
PidFile none
UsePAM yes
PasswordAuthentication no
KbdInteractiveAuthentication yes
AuthenticationMethods publickey,keyboard-interactive:pam
AuthorizedKeysFile .ssh/authorized_keys
MaxStartups 200:1:200
UseDNS no
PrintMotd no
PrintLastLog no
LogLevel VERBOSE
"""

CLIENT = """\
HostName {address}
Port {port}
IdentityFile {dir}/key
IdentitiesOnly yes
IdentityAgent none
UserKnownHostsFile {dir}/known_hosts
StrictHostKeyChecking yes
NumberOfPasswordPrompts 1
LogLevel INFO
"""


ASKPASS = """\
#!/bin/sh
cd "${0%/*}" || exit 1
printf '%s\\0' "$1" >> prompts
echo >> count
sed -n "$(wc -l < count)p" answers
"""


def keygen(path):
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "",
                    "-f", str(path)], check=True)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def answers(address, port):
    try:
        with socket.create_connection((address, port), 5) as s:
            return s.recv(4) == b"SSH-"
    except OSError:
        return False


class Sshd:
    def __init__(self, machine, extra=(), place=None):
        """place: a host of its own, see netns.py."""
        self.machine = machine
        self.dir = machine.dir / (f"ssh-{place.name}" if place else "ssh")
        self.dir.mkdir()
        self.address = place.address if place else "127.0.0.1"
        self.port = 2222 if place else free_port()
        self.clock = self.dir / "clock"
        self.set_clock(machine.now)
        self.keys()
        (self.dir / "sshd_config").write_text(
            "".join(x + "\n" for x in extra)
            + CONFIG.format(address=self.address, port=self.port,
                            dir=self.dir))
        (self.dir / "client").write_text(
            CLIENT.format(address=self.address, port=self.port, dir=self.dir))
        self.log = self.dir / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*(place.wrap if place else []), "/usr/sbin/sshd", "-D", "-e",
                 "-f", str(self.dir / "sshd_config")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=machine.environment(at=self.clock, leaks=False))
        machine.processes.append(self.process)
        self.wait_until_up()

    def wait_until_up(self):
        end = time.monotonic() + 20
        while not answers(self.address, self.port):
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("sshd: " + self.log.read_text())
            time.sleep(0.02)

    def keys(self):
        keygen(self.dir / "hostkey")
        keygen(self.dir / "key")
        public = (self.dir / "hostkey.pub").read_text()
        (self.dir / "known_hosts").write_text(
            f"[{self.address}]:{self.port} {public}")
        for user, uid in ACCOUNTS.items():
            folder = HOMES / user / ".ssh"
            folder.mkdir(exist_ok=True)
            with (folder / "authorized_keys").open("a") as f:
                f.write((self.dir / "key.pub").read_text())
            for path in (folder, folder / "authorized_keys"):
                os.chown(path, uid, uid)

    def set_clock(self, at):
        """The daemon's time from now on, for connections that are open too."""
        temporary = not self.clock.exists()
        with self.clock.open("wb" if temporary else "r+b") as f:
            f.write(struct.pack("=q", at))
        self.machine.now = at

    def command(self, user, command="true", key=True, options=()):
        argv = ["ssh", "-F", str(self.dir / "client")]
        if not key:
            argv += ["-o", "PubkeyAuthentication=no"]
        for option in options:
            argv += ["-o", option]
        return [*argv, f"{user}@{self.address}", command]

    def login(self, user, code, command="true", key=True, options=()):
        """ssh as a person uses it: every prompt is answered with code, or
        with the next of a list of codes.

        Returns a CompletedProcess; its .prompts are what was asked. code
        None: nobody is there to answer.
        """
        argv = self.command(user, command, key, options)
        if code is None:
            argv[1:1] = ["-o", "BatchMode=yes"]
        with tempfile.TemporaryDirectory(dir=self.dir) as folder:
            ask = Path(folder, "askpass")
            ask.write_text(ASKPASS)
            ask.chmod(0o700)
            codes = [code] * 20 if isinstance(code, str) else code or []
            Path(folder, "answers").write_text(
                "".join(x + "\n" for x in codes))
            done = self.client(argv, SSH_ASKPASS=str(ask),
                               SSH_ASKPASS_REQUIRE="force")
            prompts = Path(folder, "prompts")
            done.prompts = (prompts.read_text().split("\0")[:-1]
                            if prompts.exists() else [])
        return done

    def sshpass(self, user, code, command="true"):
        """The same by sshpass, which gives up when asked again."""
        return self.client(["sshpass", "-P", "Verification code", "-p", code,
                            *self.command(user, command)])

    def client(self, argv, **env):
        return subprocess.run(
            argv, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=120, errors="replace", start_new_session=True,
            env={"PATH": "/usr/bin:/bin", "HOME": "/root", **env}, check=False)

    def stop(self):
        """With every process it started, down to the last session."""
        self.process.terminate()
        self.process.wait()

