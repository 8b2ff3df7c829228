"""The two other OTP modules, as their own programs leave their files."""

import re
import struct

from totp import Token


def authenticate(machine, service, user, code, at=None, env=None):
    done = machine.run(["pamtester", service, user, "authenticate"],
                       input=code + "\n", at=at, env=env, leaks=False)
    return done.rc == 0


class Google:
    """A user's ~/.google_authenticator, made by google-authenticator(1)."""

    def __init__(self, machine, *options, name="google"):
        self.machine = machine
        self.path = machine.dir / name
        options = options or ("-t", "-d", "-w", "3")
        if "-r" not in options:
            options += ("-u",)
        made = machine.run(["google-authenticator", *options, "-f", "-q",
                            "-s", self.path], leaks=False)
        assert made.rc == 0, made
        machine.stack("theirs", "auth required pam_google_authenticator.so "
                                f"secret={self.path} user=root")

    @property
    def text(self):
        return self.path.read_text()

    @property
    def token(self):
        size = re.search(r'^" STEP_SIZE (\d+)$', self.text, re.M)
        return Token(self.text.split("\n")[0],
                     period=int(size[1]) if size else 30)

    @property
    def scratch(self):
        return re.findall(r"^\d{8}$", self.text, re.M)

    def write(self, text):
        self.path.chmod(0o600)
        self.path.write_text(text)

    def add(self, *lines):
        self.write(self.text + "".join(x + "\n" for x in lines))

    def login(self, code, at=None):
        return authenticate(self.machine, "theirs", "alice", code, at)


class Oath:
    """A users.oath, which pam_oath(8) updates at each login."""

    def __init__(self, machine, *lines, window=10):
        self.machine = machine
        self.path = machine.dir / "users.oath"
        self.write(*lines)
        machine.stack("theirs", f"auth required pam_oath.so window={window} "
                                f"usersfile={self.path}")

    @property
    def text(self):
        return self.path.read_text()

    def write(self, *lines):
        self.path.write_text("".join(x + "\n" for x in lines))
        self.path.chmod(0o600)

    def login(self, user, code, at=None, env=None):
        return authenticate(self.machine, "theirs", user, code, at, env)


def oath_line(user, kind="HOTP/T30", pin="-", number=1, more=""):
    """A line of users.oath, and the device that belongs to it."""
    secret = struct.pack(">Q", number) + b"\x5a" * 12
    parts = kind.split("/")
    token = Token(secret, period=int(parts[1][1:]) if len(parts) > 1 else 30,
                  digits=int(parts[2]) if len(parts) > 2 else 6)
    return f"{kind}\t{user}\t{pin}\t{secret.hex()}{more}", token


