"""What strangers are told, and how a phone gets its token."""

import pytest

from totp import Token

ADDRESS = "alice@example.org"
KEYS = ["id", "account", "issuer", "secret", "algorithm", "digits", "period",
        "time"]


def ask(service, email=ADDRESS, **how):
    return service.post("/v1/registration-codes", {"email": email}, **how)


def mailed(service, machine):
    mark = service.log.stat().st_size
    before = len(machine.mails())
    assert ask(service).status == 202
    service.wait_for(r"mail: \d+ sent", mark)
    assert len(machine.mails()) == before + 1
    return machine.mails()[-1].code


def register(service, code, email=ADDRESS, otp=None, **how):
    body = {"email": email, "code": code, "label": "phone"}
    return service.post("/v1/tokens", {**body, **({"otp": otp} if otp
                                                  else {})}, **how)


@pytest.fixture
def phone(service, machine):
    """A user invited, a token registered and confirmed: Token with its id."""
    machine.add("alice")
    told = register(service, mailed(service, machine))
    assert told.status == 201 and list(told.json) == KEYS
    token = Token(told.json["secret"])
    token.id = told.json["id"]
    return token


def confirm(service, token, otp, time):
    return service.post(f"/v1/tokens/{token.id}/confirmations",
                        {"otp": otp, "time": time})


def test_everybody_gets_the_same_answer(service, machine):
    machine.add("alice")
    machine.enrol("bob")
    machine.enrol("carol")
    machine.provision("revoke", "carol", ok=True)
    answers = {(x.status, x.body, tuple(sorted(x.headers)))
               for x in [ask(service, f"{name}@example.org")
                         for name in ("alice", "bob", "carol", "nobody",
                                      "ALICE", "alice", "alice")]}
    assert len(answers) == 1


def test_after_ten_requests_a_source_gets_the_same_and_no_mail(
        service, machine):
    machine.add("alice")
    answers = {(x.status, x.body) for x in [ask(service, f"x{n}@example.org")
                                            for n in range(10)]}
    answers |= {(x.status, x.body) for x in [ask(service)]}
    assert len(answers) == 1
    service.stop()
    assert machine.mails() == []


def test_the_code_on_the_screen_logs_in_at_once(service, machine, phone):
    assert confirm(service, phone, phone.code(machine.now, -1),
                   machine.now).json == {"drift": 0}
    assert machine.show("alice")["state"] == "active"
    assert machine.login("alice", phone.code(machine.now)).accepted


@pytest.mark.parametrize("steps", [-10, -4, 4, 10])
def test_also_on_a_device_minutes_off(service, machine, phone, steps):
    device = machine.now + steps * 60
    assert confirm(service, phone, phone.code(device, -1),
                   device).json == {"drift": steps}
    assert machine.login("alice", phone.code(device)).accepted


def test_a_device_too_far_off_confirms_nothing(service, machine, phone):
    device = machine.now + 11 * 60
    told = confirm(service, phone, phone.code(device, -1), device)
    assert (told.status, told.type) == (403, "wrong-otp")
    assert machine.show("alice")["state"] == "invited"


def test_the_code_now_is_not_the_code_before(service, machine, phone):
    told = confirm(service, phone, phone.code(machine.now), machine.now)
    assert (told.status, told.type) == (403, "wrong-otp")


def test_ten_tries_and_none_counts_to_the_user(service, machine, phone):
    for n in range(10):
        assert confirm(service, phone, phone.wrong(machine.now, n),
                       machine.now).type == "wrong-otp"
    assert confirm(service, phone, phone.code(machine.now, -1),
                   machine.now).type == "wrong-otp"
    assert machine.show("alice")["failures"] == 0


@pytest.mark.parametrize("token", ["0" * 32, "f" * 32])
def test_a_token_that_is_not_there_cannot_be_confirmed(service, token):
    told = service.post(f"/v1/tokens/{token}/confirmations",
                        {"otp": "123456", "time": 1})
    assert (told.status, told.type) == (404, "not-found")


def test_a_second_confirmation_is_refused(service, machine, phone):
    otp = phone.code(machine.now, -1)
    assert confirm(service, phone, otp, machine.now).status == 200
    assert confirm(service, phone, otp, machine.now).status == 409


def test_a_used_code_is_used(service, machine):
    machine.add("alice")
    code = mailed(service, machine)
    assert register(service, code).status == 201
    assert register(service, code).type == "used"


@pytest.mark.parametrize("after,status", [(3599, 201), (3600, 410)])
def test_a_code_lives_an_hour(service, machine, after, status):
    machine.add("alice")
    code = mailed(service, machine)
    service.set_clock(machine.now + after)
    told = register(service, code)
    assert told.status == status
    assert status == 201 or told.type == "expired"


def test_an_active_user_needs_a_current_code(service, machine, phone):
    confirm(service, phone, phone.code(machine.now, -1), machine.now)
    service.set_clock(machine.now + 60)
    code = mailed(service, machine)
    assert register(service, code).type == "otp-required"
    wrong = phone.wrong(machine.now)
    assert register(service, code, otp=wrong).type == "otp-required"
    assert register(service, code,
                    otp=phone.code(machine.now)).status == 201


def test_five_wrong_tries_block_a_source_and_not_the_owner(service, machine):
    machine.add("alice")
    code = mailed(service, machine)
    stranger = {"plain": True,
                "headers": {"X-Forwarded-For": "198.51.100.9"}}
    for _ in range(5):
        assert register(service, "00000-00000",
                        **stranger).type == "wrong-code"
    told = register(service, code, **stranger)
    assert (told.status, told.type) == (403, "wrong-code")
    assert register(service, code).status == 201


def test_unknown_addresses_read_like_wrong_codes(service, machine):
    machine.add("alice")
    machine.enrol("carol")
    machine.provision("revoke", "carol", ok=True)
    answers = {(x.status, x.body) for x in [
        register(service, "00000-00000", f"{name}@example.org")
        for name in ("alice", "nobody", "carol")]}
    assert len(answers) == 1
