"""PostgreSQL for a benchmark: durable, on a socket, and pgbench beside it."""
import os
import pathlib
import re
import subprocess
import time

BIN = max(pathlib.Path("/usr/lib/postgresql").glob("[0-9]*/bin"),
          key=lambda x: int(x.parent.name), default=pathlib.Path("/nowhere"))
AS_POSTGRES = ["setpriv", "--reuid=postgres", "--regid=postgres",
               "--init-groups", "--"]

# The least that one code for one session can cost: one conditional update of
# one row, found by its key.
BARE = """\\set u random(1, {users})
UPDATE bare SET last_step = last_step + 1
WHERE user_id = :u AND last_step < 4102444800;
"""


class Cluster:
    """All but its socket and the limit of its log is the default.

    countsync: a library that counts syncs in the file of the counter syncs.
    """

    def __init__(self, home, users, countsync, syncs):
        self.syncs = syncs
        self.home = home / "postgres"
        self.home.mkdir(mode=0o755)
        os.chmod(home, 0o755)
        self.run("chown", "postgres", self.home, syncs.path)
        self.run(*AS_POSTGRES, BIN / "initdb", "-D", self.home / "data", "-U",
                 "postgres", "--auth=trust", "-E", "UTF8",
                 "--locale=C.UTF-8")
        with (self.home / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*AS_POSTGRES, BIN / "postgres", "-D", self.home / "data",
                 "-c", f"unix_socket_directories={self.home}",
                 "-c", "listen_addresses=", "-c", "max_wal_size=4GB"],
                stdout=log, stderr=log, cwd="/", env={
                    "PATH": "/usr/bin:/bin", "BENCH_SYNCS": syncs.path,
                    "LD_PRELOAD": countsync})
        while subprocess.run([BIN / "pg_isready", "-q", "-h", self.home]
                             ).returncode != 0:
            time.sleep(0.1)
        self.sql("CREATE DATABASE emotp")
        self.sql(f"""CREATE TABLE bare (user_id bigint PRIMARY KEY,
                 last_step bigint NOT NULL) WITH (fillfactor = 60);
                 INSERT INTO bare SELECT i, 0
                 FROM generate_series(1, {users}) AS i""", "emotp")
        self.script = self.home / "bare.sql"
        self.script.write_text(BARE.format(users=users))
        self.uri = f"postgresql://postgres@/emotp?host={self.home}"

    @staticmethod
    def run(*argv):
        return subprocess.run([str(x) for x in argv], check=True, cwd="/",
                              capture_output=True, text=True).stdout

    def sql(self, text, database="postgres"):
        return self.run(BIN / "psql", "-h", self.home, "-U", "postgres",
                        "-Atqc", text, database).strip()

    def tidy(self):
        """What autovacuum does in its time, and a checkpoint, done now."""
        self.sql("VACUUM ANALYZE", "emotp")
        self.sql("CHECKPOINT")

    def sizes(self):
        """Bytes with indexes, and rows, of the tables of emotp."""
        return [x.split("|") for x in self.sql(
            "SELECT relname, pg_total_relation_size(oid), reltuples::bigint "
            "FROM pg_class WHERE relname IN ('users', 'tokens') ORDER BY 1",
            "emotp").splitlines()]

    def bare(self, connections, seconds):
        """Bare updates a second."""
        out = self.run(BIN / "pgbench", "-h", self.home, "-U", "postgres",
                       "-n", "-M", "prepared", "-f", self.script,
                       "-c", connections, "-j", min(connections, 2),
                       "-T", max(1, round(seconds)), "emotp")
        return float(re.search(r"tps = ([\d.]+)", out)[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()
