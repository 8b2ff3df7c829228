"""A program on a terminal of its own, and somebody who types."""

import codecs
import fcntl
import os
import pty
import re
import select
import struct
import termios
import time

from screen import Indenter, paint

ROWS, COLUMNS = 60, 76
TIMEOUT_S = 30


class Otherwise(Exception):
    """Something went otherwise than told."""


class Dialogue:
    """Runs argv on a new terminal; what it prints is shown as it comes."""

    def __init__(self, argv, env, show=True):
        self.name = os.path.basename(argv[0])
        self.text = ""    # all it printed
        self.read_to = 0  # up to here it was waited for
        self.shown_to = 0
        self.shown = Indenter() if show else None
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, env)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def _pump(self, timeout_s):
        """Takes what it printed; False once it has closed its terminal."""
        if not select.select([self.master], [], [], timeout_s)[0]:
            return True
        try:
            data = os.read(self.master, 4096)
        except OSError:  # EIO: the last holder of the other side is gone
            data = b""
        if not data:
            return False
        self.text += self.decoder.decode(data)
        return True

    def _show(self, end):
        if self.shown and end > self.shown_to:
            self.shown.write(self.text[self.shown_to:end])
            self.shown_to = end

    def expect(self, pattern, timeout_s=TIMEOUT_S):
        """
        Waits until it has printed what matches, and shows all up to there;
        returns the match.
        """
        end = time.time() + timeout_s
        alive = True
        while True:
            found = re.compile(pattern).search(self.text, self.read_to)
            if found:
                self.read_to = found.end()
                self._show(self.read_to)
                return found
            self._show(len(self.text))
            if not alive or time.time() > end:
                raise Otherwise("%s %s without printing /%s/" % (
                    self.name, "went on for %d s" % timeout_s if alive
                    else "ended", pattern))
            alive = self._pump(0.1)

    def type(self, line):
        """Types a line, as fast as a person; says so if it is hidden."""
        hidden = not termios.tcgetattr(self.master)[3] & termios.ECHO
        for char in line:
            os.write(self.master, char.encode())
            self._pump(0.05)
            self._show(len(self.text))
        if hidden and self.shown:
            self.shown.write(paint("(types %s, unseen)" % line, "dim"))
        os.write(self.master, b"\r")

    def finish(self, timeout_s=TIMEOUT_S):
        """Waits for its end; its exit status."""
        end = time.time() + timeout_s
        while self._pump(0.1):
            self._show(len(self.text))
            if time.time() > end:
                raise Otherwise("%s did not end" % self.name)
        self._show(len(self.text))
        if self.shown:
            self.shown.end_line()
        os.close(self.master)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def hand_over(self):
        """
        Lets the person at the real terminal type until it ends; its exit
        status. Ctrl-C stops us, and so everything.
        """
        saved = termios.tcgetattr(0)
        silent = termios.tcgetattr(0)
        silent[3] &= ~(termios.ECHO | termios.ICANON)
        silent[0] &= ~termios.ICRNL
        termios.tcsetattr(0, termios.TCSADRAIN, silent)
        try:
            while self._relay():
                self._show(len(self.text))
        finally:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)
        return self.finish()

    def _relay(self):
        self._show(len(self.text))
        ready = select.select([0, self.master], [], [], 0.1)[0]
        if self.master in ready:
            return self._pump(0)
        if 0 in ready:
            data = os.read(0, 1024)
            if not data:
                raise Otherwise("the terminal was closed")
            os.write(self.master, data)
        return True
