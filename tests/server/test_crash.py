"""kill -9 under load, and what must never be written anywhere."""

import os
import random
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from service import LOCAL
from totp import Token

NONCE = "0123456789abcdef"
KILLS = 100
USERS = 6


def verify(service, key, user, otp):
    return service.post(
        "/v1/verifications",
        {"user": user, "otp": otp, "nonce": NONCE, "service": "sshd",
         "rhost": "192.0.2.7"},
        headers={"Authorization": f"Bearer {key}"}, plain=True)


def verify_local(user, otp):
    """The same on the local socket: "accepted", ..., or None."""
    fields = ["emotp1", "verify", NONCE * 2, user, otp, "sshd", ""]
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
        s.settimeout(20)
        s.connect(str(LOCAL))
        s.send(b"".join(x.encode() + b"\0" for x in fields))
        told = s.recv(2000).split(b"\0")
    return told[3].decode() if len(told) > 3 else None


class Load:
    """Logins by both ways, requests for codes and registrations."""

    def __init__(self, service, machine):
        self.service, self.machine = service, machine
        self.users = [f"user{n}" for n in range(USERS)]
        self.tokens = {x: machine.enrol(x) for x in self.users}
        self.key = machine.provision("host", "add", "web1",
                                     ok=True).out.strip()
        # By the time, since two of a hundred codes may well read the same.
        self.accepted, self.asked, self.registered = [], set(), {}
        lines = "".join(f"new{n},new{n}@example.org\n"
                        for n in range(KILLS * 2))
        machine.provision("add", "-", input=lines, ok=True)

    def log_in(self, user):
        code = self.tokens[user].code(self.machine.now)
        for turn in range(3):
            try:
                if turn % 2:
                    told = verify_local(user, code)
                else:
                    answer = verify(self.service, self.key, user, code)
                    told = answer.status == 200 and answer.json["verdict"]
            except OSError:
                return
            if told == "accepted":
                self.accepted.append((user, self.machine.now))

    def ask(self, name):
        try:
            if self.service.post(
                    "/v1/registration-codes",
                    {"email": f"{name}@example.org"},
                    headers={"X-Forwarded-For": f"10.0.0.{name[3:]}"},
                    plain=True).status == 202:
                self.asked.add(name)
        except OSError:
            pass

    def register(self, name, code):
        try:
            told = self.service.post("/v1/tokens", {
                "email": f"{name}@example.org", "code": code, "label": ""})
        except OSError:
            return
        if told.status == 201:
            self.registered[name] = told.json

    def strike(self, kill):
        """One kill: whatever was being done, and what holds after it."""
        service, machine = self.service, self.machine
        service.set_clock(machine.now + 120)
        code = machine.invite(f"new{kill * 2 + 1}")
        threads = [threading.Thread(target=self.log_in, args=(x,))
                   for x in self.users]
        threads += [
            threading.Thread(target=self.ask, args=(f"new{kill * 2}",)),
            threading.Thread(target=self.register,
                             args=(f"new{kill * 2 + 1}", code))]
        for thread in threads:
            thread.start()
        time.sleep(random.Random(kill).random() * 0.03)
        service.stop(signal.SIGKILL)
        for thread in threads:
            thread.join()
        service.start()
        for user in self.users:
            code = self.tokens[user].code(machine.now)
            if verify_local(user, code) == "accepted":
                self.accepted.append((user, machine.now))


@pytest.mark.plain
def test_a_hundred_kills(service, machine):
    load = Load(service, machine)
    for kill in range(KILLS):
        load.strike(kill)
    # No accepted code is accepted again; one may be used up by an acceptance
    # that nobody heard of any more.
    assert len(load.accepted) == len(set(load.accepted))
    assert KILLS < len(load.accepted) <= KILLS * USERS
    # No token is half made.
    for kill in range(KILLS):
        seen = machine.show(f"new{kill * 2 + 1}")
        assert seen["state"] == "invited" and len(seen["tokens"]) <= 1
        if f"new{kill * 2 + 1}" in load.registered:
            assert len(seen["tokens"]) == 1
    assert len(load.registered) > 0
    for name, told in load.registered.items():
        token = Token(told["secret"])
        assert machine.login(name, token.code(machine.now)).accepted
    # What was promised is mailed: nothing fell out of the outbox.
    service.set_clock(machine.now + 601)  # whoever claimed it is gone
    service.stop()
    assert machine.provision("flush").rc == 0
    mailed = {x.to.split("@")[0] for x in machine.mails() if x.code}
    assert load.asked and load.asked <= mailed
    assert machine.provision("flush").rc == 0


def canaries(machine, service):
    """Everything secret that passes through, told to the service."""
    machine.add("alice")
    service.post("/v1/registration-codes", {"email": "alice@example.org"})
    service.wait_for("mail: 1 sent")
    mailed = machine.mails()[-1].code
    token = service.post("/v1/tokens", {
        "email": "alice@example.org", "code": mailed, "label": "x"}).json
    key = machine.provision("host", "add", "web1", ok=True).out.strip()
    device = Token(token["secret"])
    otp, wrong = device.code(machine.now), device.wrong(machine.now)
    guess = "7Z7Z7-7Z7Z7"
    service.post(f"/v1/tokens/{token['id']}/confirmations", {
        "otp": device.code(machine.now, -1), "time": machine.now})
    service.post("/v1/tokens", {"email": "alice@example.org", "code": guess,
                                "label": "x", "otp": wrong})
    assert verify(service, key, "alice", otp).json["verdict"] == "accepted"
    verify(service, key, "alice", wrong)
    verify(service, key + "x", "alice", wrong)
    verify(service, key, "alice", "correct horse battery staple")
    assert verify_local("alice", "tr0ub4dor&3") == "malformed"
    return [mailed, mailed.replace("-", ""), guess, token["secret"], otp,
            wrong, key, machine.key_path.read_text().strip(),
            device.code(machine.now, -1), "horse battery", "tr0ub4dor",
            "a-password-for-the-mail-server"]


def test_no_secret_is_told_to_log_metrics_or_process_list(serve, machine):
    password = machine.dir / "password"
    password.write_text("a-password-for-the-mail-server\n")
    password.chmod(0o400)
    service = serve(mail_user="emotp", mail_password_file=password)
    found = canaries(machine, service)
    text = service.log.read_text() + str(service.metrics())
    for name in ("cmdline", "environ", "comm", "status"):
        text += Path(f"/proc/{service.process.pid}/{name}").read_text(
            errors="replace")
    text += " ".join(machine.syslog.since(machine.start))
    assert "accepted code for alice" in text
    for canary in found:
        # six digits may stand in a port or a time as well
        assert canary not in text or len(canary) == 6 and \
            f" {canary}" not in text and f'"{canary}' not in text


@pytest.mark.plain
def test_it_leaves_no_core(machine, serve):
    folder = machine.dir / "cores"
    folder.mkdir()
    service = serve()
    service.stop()
    os.chdir(folder)
    try:
        service.start(wrap=["prlimit", "--core=unlimited"])
        assert service.get("/v1/time").status == 200
        assert service.stop(signal.SIGSEGV) == -signal.SIGSEGV
    finally:
        os.chdir("/")
    assert list(folder.iterdir()) == []


@pytest.mark.sqlite
@pytest.mark.plain
def test_who_is_not_root_may_not_look_into_it(machine, serve):
    """Not even the user that it has become; nor does a pipe get a core."""
    machine.init()
    for path in (machine.store_path.parent,
                 *machine.store_path.parent.iterdir()):
        os.chown(path, 2001, 2001)
    service = serve()
    status = Path(f"/proc/{service.process.pid}/status")
    assert "Uid:\t2001" in status.read_text()
    assert status.stat().st_uid == 0
    assert machine.key_path.stat().st_uid == 0
    assert machine.provision("add", "bob", "bob@example.org").rc == 0


def test_the_key_as_a_credential(machine, serve):
    """What LoadCredential= in the unit does."""
    service = serve()
    token = machine.enrol("alice")
    service.stop()
    folder = machine.dir / "credentials"
    folder.mkdir(mode=0o500)
    (folder / "master.key").write_bytes(machine.key_path.read_bytes())
    (folder / "master.key").chmod(0o400)
    machine.key_path.unlink()
    service.start(env={"CREDENTIALS_DIRECTORY": str(folder)})
    assert verify_local("alice", token.code(machine.now + 60)) == "accepted"
    service.stop()
    (folder / "master.key").chmod(0o444)
    with pytest.raises(AssertionError):
        service.start(env={"CREDENTIALS_DIRECTORY": str(folder)})
