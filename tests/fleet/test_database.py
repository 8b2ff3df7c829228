"""A database in trouble: refusals with clear words, and nothing lost."""

import contextlib
import re

import pytest

from emotpd import DoesNotServe
from fleet import PGPASS, certificates
from netns import DOMAIN
from postgres import PASSWORD, Postgres, give
from sandbox import tmpfs, umount


def login(machine, token, user="alice"):
    return machine.login(user, token.code(machine.now), "prompts=1")


@contextlib.contextmanager
def full(folder):
    """The file system of this folder, to the last byte."""
    hole = folder / "fill"
    with contextlib.suppress(OSError), hole.open("wb", buffering=0) as f:
        while True:
            f.write(bytes(65536))
    with contextlib.suppress(OSError), hole.open("ab", buffering=0) as f:
        while True:
            f.write(bytes(512))
    try:
        yield
    finally:
        hole.unlink()


@pytest.fixture
def small(machine):
    """A file system of 48 MB, the server's own."""
    folder = machine.dir / "small"
    folder.mkdir()
    tmpfs(folder, size="48m")
    give(folder)
    yield folder
    umount(folder)


def read_only(machine, server):
    server.query(f"ALTER DATABASE {machine.store.db} "
                 "SET default_transaction_read_only = on")
    server.hang_up(machine.store.db)


def gone(machine, server):
    server.stop()


def locked_out(machine, server):
    server.query(f"ALTER DATABASE {machine.store.db} CONNECTION LIMIT 0")
    server.hang_up(machine.store.db)


def table_gone(machine, server):
    server.query("ALTER TABLE tokens RENAME TO away", db=machine.store.db)


def back_again(machine, server):
    if server.process.poll() is not None:
        server.start()
    server.query(f"ALTER DATABASE {machine.store.db} CONNECTION LIMIT -1")
    server.query(f"ALTER DATABASE {machine.store.db} "
                 "RESET default_transaction_read_only")
    server.hang_up(machine.store.db)
    server.query("ALTER TABLE IF EXISTS away RENAME TO tokens",
                 db=machine.store.db)


TROUBLES = {read_only: "read-only", gone: "connection to server|terminating|"
            "No such file", locked_out: "too many connections",
            table_gone: "holds no store|tokens"}


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda x: x.__name__)
def test_trouble_is_a_refusal_and_passes(machine, server, trouble):
    token = machine.enrol("alice")
    assert login(machine, token).accepted
    used = token.code(machine.now)
    machine.wait()
    trouble(machine, server)
    mark = machine.decider.log.stat().st_size
    for _ in range(2):
        done = login(machine, token)
        assert done.result == "PAM_AUTHINFO_UNAVAIL", done
        assert any("could not decide" in x for x in done.log)
    assert re.search(TROUBLES[trouble], machine.decider.text(mark))
    done = machine.provision("show", "alice")
    assert done.rc == 6 and re.search(TROUBLES[trouble], done.err), done
    assert done.err.count("\n") == 1
    back_again(machine, server)
    # emotpd was not restarted, and nothing is lost.
    assert login(machine, token).accepted
    again = machine.login("alice", used, "prompts=1")
    assert again.refused_as == ["replayed"]


def test_a_stopped_server_is_not_waited_for(machine, server):
    token = machine.enrol("alice")
    assert login(machine, token).accepted
    machine.wait()
    with server.frozen():
        assert login(machine, token).result == "PAM_AUTHINFO_UNAVAIL"
    server.hang_up(machine.store.db)
    # It may have been accepted behind our back, but nobody was told twice.
    assert [login(machine, token).accepted for _ in range(2)][1:] == [False]
    machine.wait()
    assert login(machine, token).accepted


def test_a_full_disk(machine, server, small):
    server.query(f"CREATE TABLESPACE small LOCATION '{small}'")
    server.drop(machine.store.db)
    server.create(machine.store.db, tablespace="small")
    token = machine.enrol("alice")
    accepted = []
    watcher = server.connect(machine.store.db)
    with full(small), watcher:
        # What an old snapshot may still see keeps its place.
        cursor = watcher.cursor()
        cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; "
                       "SELECT count(*) FROM users")
        for _ in range(200):
            machine.wait()
            done = login(machine, token)
            if not done.accepted:
                break
            accepted.append(token.code(machine.now))
        assert done.result == "PAM_AUTHINFO_UNAVAIL", done
        assert "No space left on device" in machine.decider.text()
        told = machine.provision("add", "bob", "bob@example.org")
        if told.rc != 0:  # there may be room for one more row
            assert told.rc == 6 and "No space left" in told.err, told
    watcher.close()
    assert login(machine, token).accepted  # the code that was refused
    assert not any(machine.login("alice", x, "prompts=1").accepted
                   for x in accepted[-10:])


def test_no_room_for_the_log_of_changes(machine, small):
    """The server ends itself then, within a commit."""
    server = Postgres(machine.dir / "pg", wal=small)
    with machine.kept_in(server):
        token = machine.enrol("alice")
        accepted = []
        with full(small):
            for _ in range(60):
                machine.wait()
                done = login(machine, token)
                if not done.accepted:
                    break
                accepted.append(token.code(machine.now))
                with contextlib.suppress(Exception):
                    server.query("SELECT pg_switch_wal()")
            assert done.result == "PAM_AUTHINFO_UNAVAIL", done
            refused = token.code(machine.now)
        server.kill()
        server.start()
        machine.wait()
        assert login(machine, token).accepted
        assert not any(machine.login("alice", x, "prompts=1").accepted
                       for x in [*accepted, refused])
    server.stop()


def test_a_later_schema(machine, server):
    token = machine.enrol("alice")
    server.query("UPDATE meta SET schema = 999", db=machine.store.db)
    done = machine.provision("list")
    assert done.rc == 6 and "later version" in done.err, done
    assert login(machine, token).result == "PAM_AUTHINFO_UNAVAIL"
    assert "later version" in machine.decider.text()
    server.query("UPDATE meta SET schema = 3", db=machine.store.db)
    assert login(machine, token).accepted
    # One that runs sees it as soon as it has to connect again.
    machine.wait()
    server.query("UPDATE meta SET schema = 999", db=machine.store.db)
    server.hang_up(machine.store.db)
    assert login(machine, token).result == "PAM_AUTHINFO_UNAVAIL"
    server.query("UPDATE meta SET schema = 3", db=machine.store.db)
    assert login(machine, token).accepted


def test_a_wrong_password(fleet, server):
    machine = fleet.machine
    token = fleet.enrol(1)["u1"]
    service = fleet.service()
    web1 = fleet.host(service)
    server.query("ALTER ROLE emotp PASSWORD 'another'")
    server.hang_up(machine.store.db)
    told = service.verify(web1.key, "u1", token.code(machine.now))
    assert (told.status, told.type) == (503, "unavailable")
    assert web1.login("u1", token.code(
        machine.now)).result == "PAM_AUTHINFO_UNAVAIL"
    service.stop()
    with pytest.raises(DoesNotServe, match="password authentication failed"):
        service.start()
    assert PASSWORD not in service.text()
    server.query("ALTER ROLE emotp PASSWORD %s", PASSWORD)
    service.start()
    fleet.wait(10)  # the relay has passed the service over for a while
    assert web1.accepts("u1", token.code(machine.now))


@pytest.mark.parametrize("more,trusted", [
    ({}, True), ({"sslmode": "disable"}, True),
    ({"sslrootcert": "/etc/ssl/certs/ca-certificates.crt"}, False),
    ({"host": "localhost"}, False)], ids=["good", "in clear", "ca", "name"])
def test_over_the_network_the_certificate_counts(machine, server, more,
                                                 trusted):
    """The server has no line for a connection in clear."""
    machine.init()
    passfile = machine.dir / "pgpass"
    passfile.write_text(PGPASS)
    passfile.chmod(0o600)
    machine.conf(store=server.uri(machine.store.db, **{
        "host": f"hub.{DOMAIN}", "hostaddr": server.settings[
            "listen_addresses"], "passfile": passfile,
        "sslrootcert": certificates() / "ca.pem", **more}))
    done = machine.provision("list")
    assert done.rc == (0 if trusted else 6), done
    assert trusted or "certificate" in done.err
