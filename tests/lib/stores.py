"""Where the machine keeps its users: pytest --store=sqlite, or postgresql.

Both have the same calls. On PostgreSQL the module, which never speaks to it,
asks an emotpd on the local socket: see Machine.deciding.
"""

import contextlib
import shutil
import sqlite3
from pathlib import Path

from emotpd import LOCAL
from sandbox import RUN

NAMES = ("sqlite", "postgresql")


class Sqlite:
    """The default: one file, which the module opens itself."""

    name = "sqlite"
    local = True  # the module opens it itself
    kept = True  # beyond the test: what is saved can be loaded in the next
    settings = {}
    path = Path("/var/lib/emotp/emotp.db")

    def clear(self):
        shutil.rmtree(self.path.parent, ignore_errors=True)

    def exists(self):
        return self.path.exists()

    def save(self, folder):
        shutil.copytree(self.path.parent, folder)
        return folder

    def load(self, saved):
        self.clear()
        shutil.copytree(saved, self.path.parent)

    def dump(self):
        """All that it holds, so that two can be compared."""
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return [x for x in db.iterdump() if "sqlite_sequence" not in x]
        finally:
            db.close()

    def query(self, sql, *args):
        """Rows, read beside what uses the store; ? stands for an argument."""
        db = sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)
        try:
            return db.execute(sql, args).fetchall()
        finally:
            db.close()

    def execute(self, sql, *args):
        """The same, but writes."""
        with sqlite3.connect(self.path) as db:
            db.execute(sql, args)

    @contextlib.contextmanager
    def held(self):
        """The write lock, as a backup or another process may hold it."""
        db = sqlite3.connect(self.path, isolation_level=None,
                             check_same_thread=False)
        db.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            db.close()

    def empty(self):
        """Leaves a place without a store in it."""
        for path in self.path.parent.iterdir():
            path.unlink()

    def is_empty(self):
        return list(self.path.parent.iterdir()) == []

    def contents(self):
        """Every byte that it keeps."""
        return b"".join(x.read_bytes() for x in self.path.parent.iterdir())

    def files(self):
        """What belongs to whoever owns the store."""
        return [self.path.parent, *self.path.parent.iterdir()]

    def close(self):
        pass


class Postgresql:
    """A database of a cluster, by default of one that lives as long as it."""

    name = "postgresql"
    local = False
    db = "emotp"

    def __init__(self, server=None):
        from postgres import Postgres

        self.kept = server is None
        self.server = server or Postgres(RUN / "pg")
        self.server.create(self.db)
        self.settings = {"store": self.server.uri(self.db),
                         "service": f"unix:{LOCAL}"}

    def clear(self):
        if not self.is_empty():
            self.server.hang_up(self.db)
            self.query("DROP SCHEMA public CASCADE;"
                       "CREATE SCHEMA public AUTHORIZATION emotp")

    def exists(self):
        return self.query("SELECT to_regclass('meta') IS NOT NULL")[0][0]

    def save(self, folder):
        """Whatever is connected is cut off: see PostgreSQL's templates."""
        self.server.hang_up(self.db)
        return self.server.create(template=self.db)

    def load(self, saved):
        self.server.drop(self.db)
        self.server.create(self.db, template=saved)

    def dump(self):
        tables = [x for x, in self.query(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
            "ORDER BY tablename")]
        return [f"{x} {row}" for x in tables for row, in self.query(
            f"SELECT {x}::text FROM {x} ORDER BY 1")]

    def query(self, sql, *args):
        return self.server.query(sql.replace("?", "%s"), *args, db=self.db)

    execute = query

    @contextlib.contextmanager
    def held(self):
        link = self.server.connect(self.db)
        link.cursor().execute(
            "BEGIN; LOCK TABLE meta, users, tokens, hosts IN EXCLUSIVE MODE")
        try:
            yield
        finally:
            link.close()

    empty = clear

    def is_empty(self):
        return self.query("SELECT count(*) FROM pg_tables "
                          "WHERE schemaname = 'public'") == [(0,)]

    def contents(self):
        self.server.query("CHECKPOINT")
        return b"".join(x.read_bytes() for x in self.server.data.rglob("*")
                        if x.is_file())

    def files(self):
        return []

    def close(self):
        self.server.stop()
