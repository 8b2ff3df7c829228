"""Neither the store nor the mail keeps anybody waiting who needs neither."""

import threading
import time

import pytest

NONCE = "0123456789abcdef"
HELD_S = 2


@pytest.fixture
def hosts(machine, service):
    """So many users and a host's key: ask(user, otp) gives the answer."""
    users = [f"u{n}" for n in range(20)]
    tokens = {x: machine.enrol(x) for x in users}
    service.set_clock(machine.now + 120)
    key = machine.provision("host", "add", "web1", ok=True).out.strip()

    def ask(user, otp=None):
        return service.post(
            "/v1/verifications",
            {"user": user, "otp": otp or tokens[user].code(machine.now),
             "nonce": NONCE, "service": "sshd", "rhost": ""},
            headers={"Authorization": f"Bearer {key}"}, plain=True)

    ask.users = users
    return ask


def slowest(service, seconds):
    session, took = service.session(), []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        start = time.monotonic()
        assert service.ask(session, "GET", "/v1/time").status == 200
        took.append(time.monotonic() - start)
        time.sleep(0.01)
    return max(took)


def test_a_locked_store_hinders_only_who_needs_it(service, machine, hosts):
    told = []
    with machine.store.held():
        asking = threading.Thread(target=lambda: told.append(
            hosts("u0")))
        asking.start()
        assert slowest(service, HELD_S) < 1
        assert told == []
    asking.join()
    assert told[0].json["verdict"] == "accepted"


@pytest.mark.sqlite
def test_those_that_wait_together_share_a_commit(service, machine, hosts):
    before = service.metrics()
    told = []
    with machine.store.held():
        threads = [threading.Thread(target=lambda u=x: told.append(hosts(u)))
                   for x in hosts.users]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 20
        while service.metrics()["emotpd_jobs_waiting"] < len(threads) \
                and time.monotonic() < end:
            time.sleep(0.02)
        assert told == []
    for thread in threads:
        thread.join()
    assert [x.json["verdict"] for x in told] == ["accepted"] * len(threads)
    after = service.metrics()
    commits = "emotpd_verification_commits_total"
    assert after[commits] - before[commits] <= 3
    accepted = "emotpd_verifications_accepted_total"
    assert after[accepted] - before[accepted] == len(threads)


def test_the_same_code_twice_in_one_commit(service, machine, hosts):
    told = []
    with machine.store.held():
        threads = [threading.Thread(target=lambda: told.append(hosts("u1")))
                   for _ in range(8)]
        for thread in threads:
            thread.start()
        end = time.monotonic() + 20
        while service.metrics()["emotpd_jobs_waiting"] < 8 \
                and time.monotonic() < end:
            time.sleep(0.02)
    for thread in threads:
        thread.join()
    assert sorted(x.json["verdict"] for x in told) == [
        "accepted"] + ["refused"] * 7


def test_a_store_that_stays_locked_is_no_verdict(service, machine, hosts):
    """Could not decide; and the code is still good afterwards."""
    with machine.store.held():
        told = hosts("u2")
        assert (told.status, told.type) == (503, "unavailable")
        health = service.get("/healthz")
        assert (health.status, health.type) == (503, "unavailable")
    assert service.get("/healthz").status == 200
    assert hosts("u2").json["verdict"] == "accepted"


def test_slow_mail_hinders_nobody(serve, machine):
    script = machine.dir / "sendmail"
    script.write_text("#!/bin/sh\nexec sleep 5\n")
    script.chmod(0o755)
    service = serve(mail=f"sendmail:{script}")
    machine.add("alice")
    token = machine.enrol("bob")
    assert service.post("/v1/registration-codes",
                        {"email": "alice@example.org"}).status == 202
    assert slowest(service, HELD_S) < 1
    key = machine.provision("host", "add", "web1", ok=True).out.strip()
    assert service.post(
        "/v1/verifications",
        {"user": "bob", "otp": token.code(machine.now + 60), "nonce": NONCE,
         "service": "", "rhost": ""},
        headers={"Authorization": f"Bearer {key}"}).status == 200


def test_mail_that_was_not_accepted_is_tried_again(serve, machine):
    """After 15 seconds; meanwhile it waits in the store."""
    marker, script = machine.dir / "up", machine.dir / "sendmail"
    script.write_text(f"#!/bin/sh\ntest -e {marker} || exit 75\n"
                      f"cat > {machine.dir}/sent\n")
    script.chmod(0o755)
    service = serve(mail=f"sendmail:{script}")
    machine.add("alice")
    service.post("/v1/registration-codes", {"email": "alice@example.org"})
    service.wait_for("mail: 1 wait")
    began = time.monotonic()
    marker.touch()
    service.wait_for("mail: 1 sent")
    assert 10 < time.monotonic() - began
    assert "To: alice@example.org" in (machine.dir / "sent").read_text()
