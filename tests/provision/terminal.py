"""The tool on a terminal, with a clock that the test moves."""

import os
import re
import struct
import subprocess

import pexpect

from tools import PROVISION

CELL = 4  # pixels of a module
BLOCKS = {" ": (0, 0), "\u2580": (1, 0), "\u2584": (0, 1), "\u2588": (1, 1)}
ESCAPES = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


class Terminal:
    def __init__(self, machine, args, at=None, env=None):
        self.machine = machine
        self.clock = machine.dir / f"clock-{os.urandom(4).hex()}"
        self.clock.write_bytes(struct.pack("=q", machine.now))
        self.before = {x.path for x in machine.mails()}
        self.start = machine.syslog.here()
        self.child = pexpect.spawn(
            str(PROVISION), [str(x) for x in args], encoding="utf-8",
            timeout=30, dimensions=(80, 140), env=machine.environment(
                self.clock, {"TZ": "UTC", "TERM": "xterm", **(env or {})}))
        self.child.delaybeforesend = None
        self.screen = ""

    def set_clock(self, at):
        with open(self.clock, "r+b") as file:
            file.write(struct.pack("=q", at))

    def wait(self, steps=1):
        self.set_clock(self.machine.wait(steps))

    def expect(self, text):
        """Waits for a text; what was shown until its end."""
        self.child.expect_exact(text)
        shown = (self.child.before + self.child.after).replace("\r\n", "\n")
        self.screen += shown
        return shown

    def type(self, text):
        self.child.sendline(text)

    def answer(self, prompt, text):
        shown = self.expect(prompt)
        self.type(text)
        return shown

    def code(self):
        """The registration code of the mail that came since the start."""
        new = [x.code for x in self.machine.mails()
               if x.path not in self.before and x.code]
        assert len(new) == 1, new
        return new[0]

    def end(self):
        """The exit status; the rest is in .screen."""
        self.child.expect(pexpect.EOF)
        self.screen += self.child.before.replace("\r\n", "\n")
        self.child.close()
        return self.child.exitstatus

    def log(self):
        return self.machine.syslog.since(self.start)

    def close(self):
        self.child.close(force=True)


def rendered(line):
    """A row of half blocks as two rows of modules."""
    cells = [BLOCKS[x] for x in ESCAPES.sub("", line)]
    return [[x[0] for x in cells], [x[1] for x in cells]]


def qr_lines(screen):
    rows = [x for x in screen.splitlines()
            if set(ESCAPES.sub("", x)) <= set(BLOCKS)
            and len(ESCAPES.sub("", x)) > 20]
    assert len({len(ESCAPES.sub("", x)) for x in rows}) == 1, screen
    return rows


def read_qr(screen, folder):
    """What a camera would read on the screen."""
    modules = [y for x in qr_lines(screen) for y in rendered(x)]
    pixels = "\n".join(
        " ".join(str(x) for x in row for _ in range(CELL))
        for row in modules for _ in range(CELL))
    picture = folder / "screen.pbm"
    picture.write_text(f"P1\n{len(modules[0]) * CELL} "
                       f"{len(modules) * CELL}\n{pixels}\n")
    done = subprocess.run(["zbarimg", "-q", "--raw", picture], text=True,
                          capture_output=True)
    assert done.returncode == 0, done
    return done.stdout.removesuffix("\n")
