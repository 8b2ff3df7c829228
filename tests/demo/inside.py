"""Runs a function as the first process of a pid namespace of its own."""

import ctypes
import os
import signal
import time

import host

CLONE_NEWPID = 0x20000000
libc = ctypes.CDLL(None, use_errno=True)


def _check(result):
    if result != 0:
        err = ctypes.get_errno()
        raise OSError(err, "namespace: " + os.strerror(err))


class Space:
    """
    The kernel kills every process in it when the first one ends, and kills
    that one when we end: nothing can stay behind.
    """

    def __init__(self, work):
        """work(note) returns the exit status; note(name, port) tells us."""
        ours = os.open("/proc/self/ns/pid", os.O_RDONLY)
        self.notes, told = os.pipe()
        _check(libc.unshare(CLONE_NEWPID))
        self.pid = os.fork()
        if self.pid == 0:
            self._be_first(work, told)
        os.close(told)
        self.namespace = os.stat("/proc/self/ns/pid_for_children").st_ino
        _check(libc.setns(ours, CLONE_NEWPID))
        os.close(ours)

    @staticmethod
    def _be_first(work, told):
        # Ctrl-C is for the one outside, which then ends us.
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: None)
        status = 1
        try:
            status = work(lambda name, port: os.write(
                told, b"%s %d\n" % (name.encode(), port)))
        finally:
            os._exit(status)

    def wait(self):
        """Its exit status."""
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        self.pid = None
        return status

    def end(self):
        """Ends all that is still there; returns when it is gone."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
            self.pid = None

    def processes_left(self, timeout_s=3):
        end = time.time() + timeout_s
        while True:
            count = host.processes_in(self.namespace)
            if count == 0 or time.time() > end:
                return count
            time.sleep(0.05)

    def ports(self):
        """{name: port} of what was told before it ended."""
        os.set_blocking(self.notes, False)
        try:
            lines = os.read(self.notes, 4096).decode().splitlines()
        except BlockingIOError:
            lines = []
        return {name: int(port) for name, port in map(str.split, lines)}
