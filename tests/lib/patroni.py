"""A PostgreSQL that mends itself: etcd, and two nodes under Patroni.

    with Patroni(net, folder, tls) as cluster:
        cluster.primary(), cluster.standby()        Node
        cluster.primary().kill()                    kill -9, all of it
        cluster.uri("emotp", ...)                   libpq's, with both hosts

Each node is a host of its own (netns.py): pg1.example.org, pg2. A commit
waits for the standby's disk (synchronous_mode), and only a standby that has
every commit takes over.
"""

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg2

from postgres import (AS_POSTGRES, BIN, OWNER, PASSWORD, children, give,
                      kill_all, until)

SCOPE = "fleet"
PASSFILE = "/etc/emotp/pgpass"  # of whoever asks
CLEAR = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/"}


def configuration(node, etcd):
    """What Patroni reads; JSON is YAML."""
    tls = {"ssl": "on", "ssl_cert_file": str(node.dir / "server.pem"),
           "ssl_key_file": str(node.dir / "server.key")}
    return {
        "scope": SCOPE, "name": node.name,
        "restapi": {"listen": f"{node.address}:8008",
                    "connect_address": f"{node.address}:8008"},
        "etcd3": {"hosts": [f"{etcd.address}:2379"]},
        "bootstrap": {
            "dcs": {"ttl": 20, "loop_wait": 1, "retry_timeout": 3,
                    "synchronous_mode": True,
                    "synchronous_mode_strict": False,
                    "postgresql": {"parameters": {
                        "wal_level": "replica", "hot_standby": "on",
                        "max_wal_senders": 5, "max_connections": 60}}},
            "initdb": [{"encoding": "UTF8"}, {"locale": "C.UTF-8"},
                       "no-sync", {"wal-segsize": "1"}],
            "pg_hba": ["local all all trust",
                       "hostssl all all all scram-sha-256",
                       "host replication repl all scram-sha-256"]},
        "postgresql": {
            "listen": f"{node.address}:5432",
            "connect_address": f"{node.address}:5432",
            "data_dir": str(node.dir / "data"), "bin_dir": str(BIN),
            "pgpass": str(node.dir / "pgpass"),
            "authentication": {
                "replication": {"username": "repl", "password": "repl"},
                "superuser": {"username": "postgres", "password": "post"}},
            "parameters": {**tls, "fsync": "off", "shared_buffers": "16MB",
                           "unix_socket_directories": str(node.dir)}},
    }


class Node:
    def __init__(self, cluster, place):
        self.name = place.name.partition(".")[0]
        self.place, self.address = place, place.address
        self.dir = cluster.dir / self.name
        self.dir.mkdir()
        for name in ("server.pem", "server.key"):
            shutil.copy(cluster.tls / name, self.dir)
        give(self.dir, *self.dir.iterdir())
        (self.dir / "patroni.yml").write_text(
            json.dumps(configuration(self, cluster.etcd)))
        self.process = None
        self.start()

    def start(self):
        with (self.dir / "log").open("a") as log:
            self.process = subprocess.Popen(
                [*self.place.wrap, *AS_POSTGRES, "/usr/bin/patroni",
                 self.dir / "patroni.yml"], stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, env=CLEAR)

    def kill(self):
        """Patroni, the postmaster and all that they started."""
        kill_all(self.process, *self.postmaster())

    def postmaster(self):
        """It is no child of Patroni's: its process, and what it started."""
        try:
            pid = int((self.dir / "data/postmaster.pid").read_text()
                      .split()[0])
        except (OSError, IndexError):
            return []
        return [pid, *children(pid)]

    def query(self, sql, *args, db="postgres"):
        """Rows, by the node's own socket."""
        link = psycopg2.connect(host=str(self.dir), user="postgres",
                                dbname=db, connect_timeout=5)
        link.autocommit = True
        try:
            with link.cursor() as cursor:
                cursor.execute(sql, args or None)
                return cursor.fetchall() if cursor.description else None
        finally:
            link.close()


class Patroni:
    def __init__(self, net, folder, tls):
        self.dir, self.tls = Path(folder), Path(tls)
        self.dir.mkdir()
        give(self.dir)
        self.etcd = net.host("etcd")
        self.keeper = self.start_etcd()
        self.nodes = [Node(self, net.host("pg1")), Node(self, net.host("pg2"))]
        until(lambda: self.primary() and self.standby(), "Patroni: " + "".join(
            (x.dir / "log").read_text()[-2000:] for x in self.nodes), 90)
        self.primary().query(f"CREATE ROLE {OWNER} LOGIN PASSWORD %s",
                             PASSWORD)

    def start_etcd(self):
        client = f"http://{self.etcd.address}:2379"
        peer = f"http://{self.etcd.address}:2380"
        with (self.dir / "etcd.log").open("w") as log:
            return subprocess.Popen(
                [*self.etcd.wrap, *AS_POSTGRES, "etcd", "--name", "one",
                 "--data-dir", self.dir / "etcd", "--unsafe-no-fsync",
                 "--listen-client-urls", client, "--advertise-client-urls",
                 client, "--listen-peer-urls", peer,
                 "--initial-advertise-peer-urls", peer, "--initial-cluster",
                 f"one={peer}"], stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=CLEAR)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        for node in self.nodes:
            node.kill()
        kill_all(self.keeper)

    def members(self):
        """Role by name, of those that run: as the first node answers."""
        for node in self.nodes:
            try:
                with urllib.request.urlopen(
                        f"http://{node.address}:8008/cluster", timeout=5) as f:
                    return {x["name"]: x["role"] for x in json.load(
                        f)["members"] if x["state"] in ("running",
                                                        "streaming")}
            except (urllib.error.URLError, OSError, ValueError, KeyError):
                continue
        return {}

    def having(self, role):
        roles = self.members()
        return next((x for x in self.nodes if roles.get(x.name) == role), None)

    def primary(self):
        return self.having("leader")

    def standby(self):
        """The one that has every commit."""
        return self.having("sync_standby")

    # What a store asks of a server: see stores.py.

    def create(self, db):
        self.primary().query(f"CREATE DATABASE {db} OWNER {OWNER}")

    def drop(self, db):
        self.primary().query(f"DROP DATABASE IF EXISTS {db} WITH (FORCE)")

    def query(self, sql, *args, db):
        return self.primary().query(sql, *args, db=db)

    def uri(self, db):
        """For libpq: whichever node takes writes, over the network."""
        return f"postgresql:///{db}?" + urlencode({
            "user": OWNER, "host": ",".join(x.place.name for x in self.nodes),
            "sslrootcert": self.tls / "ca.pem", "passfile": PASSFILE},
            quote_via=quote, safe="/,")
