"""PostgreSQL, for as long as a test or a process that runs tests lives.

    server = Postgres(folder)               socket in folder, nothing else
    server = Postgres(folder, listen=["10.9.0.1"], tls=folder_of_server_pem)
    server.create("one"); server.uri("one")
    server.query("select ...", db="one")    rows, as a superuser
    server.stop(), server.kill(), server.start()

Files lie on the world's tmpfs and belong to the account postgres; shared
memory is in the world's own IPC namespace, so that kill -9 leaves nothing.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2

from sandbox import RUN

BIN = max(Path("/usr/lib/postgresql").glob("[0-9]*/bin"),
          key=lambda x: int(x.parent.name), default=Path("/nowhere"))
OWNER = "emotp"  # the role that emotp connects as
PASSWORD = "a word of 24 letters, or"
PATIENCE_S = 60  # for what takes a second on an idle machine
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres",
               "--init-groups", "--pdeathsig=QUIT", "--"]
HBA = """\
local all all trust
hostssl all all all scram-sha-256
hostssl replication all all scram-sha-256
"""
SETTINGS = {"max_connections": 100, "shared_buffers": "16MB",
            "listen_addresses": "", "autovacuum": "off",
            "max_wal_size": "64MB", "log_min_messages": "warning"}


def pristine():
    """A data directory that initdb made; each cluster begins as a copy."""
    folder = RUN / "postgres"
    if not folder.exists():
        folder.mkdir()
        give(folder)
        subprocess.run(
            [*AS_POSTGRES, BIN / "initdb", "-D", folder / "data", "-U",
             "postgres", "--auth=trust", "--no-sync", "-E", "UTF8",
             "--locale=C.UTF-8", "--wal-segsize=1"],
            check=True, capture_output=True, cwd="/", env={"LC_ALL": "C"})
        (folder / "data/pg_hba.conf").write_text(HBA)
    return folder / "data"


def give(*paths):
    """To the account that the server runs as."""
    account = pwd.getpwnam("postgres")
    for path in paths:
        os.chown(path, account.pw_uid, account.pw_gid)


def children(pid):
    """Of a process, down to the last."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        found = [int(x) for t in tasks
                 for x in (t / "children").read_text().split()]
    except OSError:
        return []
    return found + [y for x in found for y in children(x)]


def gone(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2]
    except OSError:
        return True
    return state.split()[0] in "ZX"


def kill_all(process, *others):
    """kill -9 of a process and of what it started; when all are dead."""
    pids = [process.pid, *children(process.pid), *others]
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    until(lambda: all(gone(x) for x in pids), "the dead to be gone")


def until(true, what, patience=PATIENCE_S):
    end = time.monotonic() + patience
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.02)


class Postgres:
    """A cluster; it runs when this returns."""

    def __init__(self, folder, listen=(), tls=None, wrap=(), wal=None,
                 **settings):
        """Listens on folder's socket and, with TLS, on these addresses.

        tls: a folder with server.pem and server.key. wrap: a command that
        runs another, in a place of its own. wal: a folder for the WAL.
        """
        self.dir = Path(folder)
        self.dir.mkdir(parents=True, exist_ok=True)
        give(self.dir)
        self.data = self.dir / "data"
        self.log = self.dir / "log"
        self.wrap = list(wrap)
        self.numbers = iter(range(1_000_000))
        self.process = None
        subprocess.run(["cp", "-a", pristine(), self.data], check=True)
        if wal is not None:
            self.move_wal(Path(wal))
        self.settings = {**SETTINGS, "unix_socket_directories": self.dir,
                         "fsync": "off", **settings}
        if listen:
            self.settings["listen_addresses"] = ",".join(listen)
        if tls is not None:
            self.use_tls(Path(tls))
        self.start()
        self.query(f"CREATE ROLE {OWNER} LOGIN PASSWORD %s", PASSWORD)

    def move_wal(self, place):
        shutil.copytree(self.data / "pg_wal", place, dirs_exist_ok=True)
        for path in (place, *place.rglob("*")):
            give(path)
        shutil.rmtree(self.data / "pg_wal")
        (self.data / "pg_wal").symlink_to(place)

    def use_tls(self, tls):
        for name in ("server.pem", "server.key"):
            shutil.copy(tls / name, self.dir)
            give(self.dir / name)
        self.settings.update({"ssl": "on",
                              "ssl_cert_file": self.dir / "server.pem",
                              "ssl_key_file": self.dir / "server.key"})

    def start(self):
        """Starts it (again); returns when it answers."""
        options = [x for k, v in self.settings.items()
                   for x in ("-c", f"{k}={v}")]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*self.wrap, *AS_POSTGRES, BIN / "postgres", "-D", self.data,
                 *options], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd="/", env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"})
        until(self.answers, "PostgreSQL to answer")

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError("PostgreSQL: " + self.log.read_text())
        try:
            self.connect().close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self):
        """At once, without a checkpoint: as after a crash, but clean."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
        self.process.wait(PATIENCE_S)

    def kill(self):
        """kill -9, of every process of it."""
        kill_all(self.process)

    @contextlib.contextmanager
    def frozen(self):
        """Every process of it stopped (SIGSTOP), for as long as this lasts."""
        pids = [self.process.pid, *children(self.process.pid)]
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    # What a test asks of it, as a superuser.

    def connect(self, db="postgres", user="postgres"):
        """An open connection (psycopg2), each statement for itself."""
        link = psycopg2.connect(host=str(self.dir), user=user, dbname=db,
                                connect_timeout=5)
        link.autocommit = True
        return link

    def query(self, sql, *args, db="postgres", user="postgres"):
        """The rows of one statement, or None."""
        link = self.connect(db, user)
        try:
            with link.cursor() as cursor:
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else None
        finally:
            link.close()

    def create(self, db=None, template="template0", tablespace=None):
        """A database that is emotp's; its name."""
        db = db or f"db{next(self.numbers)}"
        self.query(f"CREATE DATABASE {db} OWNER {OWNER} TEMPLATE {template} "
                   "STRATEGY FILE_COPY"
                   + (f" TABLESPACE {tablespace}" if tablespace else ""))
        return db

    def drop(self, db):
        self.query(f"DROP DATABASE IF EXISTS {db} WITH (FORCE)")

    def hang_up(self, db):
        """Ends every connection to a database, from the server's side."""
        self.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE datname = %s AND pid <> pg_backend_pid()", db)

    def uri(self, db, host=None, **more):
        """How emotp finds it: host, or by default the socket's folder."""
        more = {"user": OWNER, "host": host or self.dir, **more}
        return f"postgresql:///{db}?" + urlencode(more, quote_via=quote,
                                                  safe="/,")
