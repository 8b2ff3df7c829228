"""A running emotpd: its process, its log, its clock."""

import re
import signal
import struct
import subprocess
import time
from pathlib import Path

from tools import BUILD

EMOTPD = BUILD / "emotpd"
LOCAL = Path("/run/emotp/emotpd.sock")
PATIENCE_S = 30  # for what happens at once on an idle machine


class DoesNotServe(AssertionError):
    """It ended, or is too slow."""


class Emotpd:
    """One that reads self.conf, which whoever makes it has written.

    wrap: a command that runs another, in a place of its own.
    """

    def __init__(self, machine, folder, wrap=()):
        self.machine = machine
        self.dir = Path(folder)
        self.dir.mkdir()
        self.wrap = list(wrap)
        self.log = self.dir / "log"
        self.conf = self.dir / "emotp.conf"
        self.clock = self.dir / "clock"
        self.process = None
        self.put_clock(machine.now)
        machine.daemons.append(self)

    def start(self, wrap=(), env=None, **how):
        """Starts it (again); returns when it serves."""
        mark = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.wrap, *wrap, str(EMOTPD), "--config", str(self.conf)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.machine.environment(at=self.clock, env=env), **how)
        self.machine.processes.append(self.process)
        self.wait_for(r"\bready$", mark)
        self.listening = re.findall(r"listening on (\S+://\S+|unix:\S+)",
                                    self.log.read_text()[mark:])

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def wait_for(self, pattern, mark=0):
        """The first line of the log, after mark bytes, that fits."""
        end = time.monotonic() + PATIENCE_S
        while True:
            over = self.process.poll() is not None
            text = self.log.read_bytes()[mark:].decode(errors="replace")
            for line in text.splitlines():
                if re.search(pattern, line):
                    return line
            if over or time.monotonic() > end:
                raise DoesNotServe(f"no line {pattern!r} in:\n{text}")
            time.sleep(0.01)

    def text(self, mark=0):
        """What it logged after so many bytes."""
        return self.log.read_bytes()[mark:].decode(errors="replace")

    def put_clock(self, at):
        """Its wall clock from now on; its timers go on."""
        self.at = at
        with self.clock.open("r+b" if self.clock.exists() else "wb") as f:
            f.write(struct.pack("=q", at))

    def stop(self, number=signal.SIGTERM):
        """Ends it; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(PATIENCE_S)
