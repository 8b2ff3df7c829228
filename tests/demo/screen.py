"""What the reader sees: numbered steps, commands, indented output."""

import os
import re
import sys
import textwrap
import time

INDENT = "    "
SEGMENTS = 10  # of the ring around a code, six seconds each

_CODES = {"bold": "1", "dim": "2", "blue": "94", "cyan": "36",
          "green": "32", "red": "31"}


def is_terminal():
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def paint(text, colour):
    """The text in that colour, on a terminal only."""
    if not is_terminal() or "NO_COLOR" in os.environ:
        return text
    return "\033[%sm%s\033[0m" % (_CODES[colour], text)


def say(text=""):
    """A paragraph, filled to 72 columns."""
    print(textwrap.fill(" ".join(text.split()), 72), flush=True)


class Steps:
    """Numbers the headings."""

    def __init__(self):
        self.count = 0

    def __call__(self, heading):
        self.count += 1
        print("\n" + paint("%d. %s" % (self.count, heading), "bold"))
        print(flush=True)


def command(line):
    print(INDENT + paint("# " + line, "cyan"), flush=True)


def block(text):
    """Somebody else's text, as it is, indented."""
    print(textwrap.indent(text.rstrip("\n"), INDENT, lambda line: True),
          flush=True)


def good(text):
    print("\n" + paint("=> ", "green") + text, flush=True)


class Indenter:
    """
    Shows a program's terminal output as it comes, indented; where there is
    no terminal, whole lines without colours and what was overwritten.
    """

    def __init__(self):
        self.fresh = True
        self.line = ""  # not shown yet, where there is no terminal

    def write(self, text):
        if is_terminal():
            self._write_now(text)
            return
        *lines, self.line = (self.line + text).replace(
            "\r\n", "\n").split("\n")
        for line in lines:
            line = re.sub(r"\033\[[\d;]*\w", "", line.split("\r")[-1])
            print((INDENT + line).rstrip(), flush=True)

    def _write_now(self, text):
        for piece in re.findall(r"\r\n|\r|\n|[^\r\n]+", text):
            if piece in ("\r\n", "\n"):
                sys.stdout.write("\n")
                self.fresh = True
            elif piece == "\r":
                sys.stdout.write("\r")
                self.fresh = True
            else:
                sys.stdout.write((INDENT if self.fresh else "") + piece)
                self.fresh = False
        sys.stdout.flush()

    def end_line(self):
        if self.line or not self.fresh:
            self.write("\n")


def _ring(left_s, period_s):
    past = int((period_s - left_s) * SEGMENTS / period_s)
    return (paint("\u25a0" * (SEGMENTS - past), "blue")
            + paint("\u25a1" * past, "dim"))


def wait_for_next_code(step, period_s):
    """Sleeps until the step has begun, counting down."""
    end = step * period_s + 0.5
    left = end - time.time()
    if left <= 0:
        return
    say("A code opens one session, and this one has been used. The next "
        "one comes in %d seconds." % (left + 1))
    print()
    while is_terminal() and left > 0:
        print("\r%s%s %2d s \033[K" % (INDENT, _ring(left % period_s,
              period_s), left + 1), end="", flush=True)
        time.sleep(min(left, 1))
        left = end - time.time()
    if left > 0:
        time.sleep(left)
    else:
        print("\r%s%s  the next code is here\033[K\n"
              % (INDENT, _ring(period_s, period_s)), flush=True)
