"""Between libpq and PostgreSQL: a wire that breaks when a test says so.

    with Proxy(folder, server) as wire:     libpq's host is now folder
        wire.cut("before")      COMMIT never reaches the server
        wire.cut("after")       the server committed; its answer is lost
        wire.hold("before")     both stay connected, and silent
        wire.mend()
        wire.cuts               how often it has happened

It knows as much of the protocol (PostgreSQL 15, chapter 55) as it takes to
see a COMMIT go by, as a simple query or as a prepared statement: messages of
a client are a type, a length and a body, but for the first, which has no type.
"""

import contextlib
import re
import socket
import struct
import threading
from pathlib import Path

from tools import readable

SOCKET = ".s.PGSQL.5432"
SYNC = b"S\0\0\0\4"
COMMIT = re.compile(rb"(^|;)\s*(COMMIT|END)\b", re.IGNORECASE)


class Broken(Exception):
    """The wire is to break here."""


def read_exactly(link, count):
    data = b""
    while len(data) < count:
        more = link.recv(count - len(data))
        if not more:
            raise Broken
        data += more
    return data


def read_message(link, typed=True):
    """(type, body, all of it)"""
    head = read_exactly(link, 5 if typed else 4)
    body = read_exactly(link, struct.unpack(">I", head[-4:])[0] - 4)
    return head[:1] if typed else b"", body, head + body


def texts(body, count):
    """The first count texts of a body, each ended by a NUL."""
    return body.split(b"\0", count)[:count]


class Conversation:
    """One connection: sees which messages commit."""

    def __init__(self):
        self.statements, self.portals = set(), set()

    def commits(self, kind, body):
        """Whether this message of the client makes the server commit."""
        if kind == b"Q":
            return COMMIT.search(body) is not None
        if kind == b"P":
            name, sql = texts(body, 2)
            self.note(self.statements, name, COMMIT.search(sql) is not None)
        elif kind == b"B":
            portal, name = texts(body, 2)
            self.note(self.portals, portal, name in self.statements)
        elif kind == b"E":
            return texts(body, 1)[0] in self.portals
        return False

    @staticmethod
    def note(names, name, commits):
        if commits:
            names.add(name)
        else:
            names.discard(name)


class Proxy:
    def __init__(self, folder, server):
        self.dir = Path(folder)
        self.dir.mkdir(exist_ok=True)
        self.server = server
        self.where = self.silently = None
        self.let_by = self.cuts = 0
        self.links = set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.dir / SOCKET))
        (self.dir / SOCKET).chmod(0o777)
        self.listener.listen(64)
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        (self.dir / SOCKET).unlink()
        self.hang_up()

    def cut(self, where, let_by=0):
        """The wire breaks "before" or "after" each COMMIT, but for the first
        so many.
        """
        assert where in ("before", "after")
        self.where, self.silently, self.let_by = where, False, let_by

    def hold(self, where):
        """The same, but that nobody is told: the answer never comes."""
        self.cut(where)
        self.silently = True

    def mend(self):
        self.where = None

    def hang_up(self):
        """Breaks every connection now."""
        for link in list(self.links):
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.carry, args=(client,),
                                 daemon=True).start()

    def carry(self, client):
        """One connection, until it ends or the wire breaks."""
        server = socket.socket(socket.AF_UNIX)
        links = {client, server}
        self.links |= links
        with client, server, contextlib.suppress(Broken, OSError):
            server.connect(str(self.server.dir / SOCKET))
            server.sendall(read_message(client, typed=False)[2])
            self.converse(client, server)
        self.links -= links

    def converse(self, client, server):
        conversation = Conversation()
        while True:
            ready = readable([client, server])
            if server in ready:
                data = server.recv(65536)
                if not data:
                    raise Broken
                client.sendall(data)
            if client in ready:
                kind, body, message = read_message(client)
                if conversation.commits(kind, body) and self.where:
                    self.let_by -= 1
                    if self.let_by < 0:
                        self.break_here(client, server, kind, message)
                server.sendall(message)

    def break_here(self, client, server, kind, message):
        if self.where == "after":
            server.sendall(message if kind == b"Q" else message + SYNC)
            told = b""
            while b"COMMIT\0" not in told:
                told += server.recv(65536) or self.fail(told)
        self.cuts += 1
        if self.silently:
            while client.recv(65536):
                pass
        raise Broken

    @staticmethod
    def fail(told):
        raise Broken(f"the server did not commit: {told!r}")
