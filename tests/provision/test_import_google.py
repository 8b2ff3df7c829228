"""import google-authenticator: files of that module's own program."""

import re

import pytest

from errors import failed, rows
from others import Google


@pytest.fixture
def host(machine):
    machine.add("alice")
    return machine


def take(machine, google, *args, user="alice", **how):
    return machine.provision("import", "google-authenticator", google.path,
                             user, *args, **how)


def accepted(machine, code):
    return machine.pamtester("alice", code, "prompts=1")[0]


def test_the_next_code_opens_a_session(host):
    google = Google(host)
    assert google.login(google.token.code(host.now)), "the file is theirs"
    done = take(host, google, ok=True)
    assert "5 scratch codes" in done.out and done.err == ""
    host.wait(period=30)
    assert accepted(host, google.token.code(host.now))
    shown = host.show("alice")
    token, = shown["tokens"]
    assert shown["state"] == "active" and token["confirmed"]
    assert (token["algorithm"], token["digits"], token["period"],
            token["label"]) == ("SHA1", 6, 30, "google-authenticator")


@pytest.mark.parametrize("reuse", ["-d", "-D"])
def test_a_code_used_there_is_not_good_here(host, reuse):
    google = Google(host, "-t", reuse, "-w", "3")
    code = google.token.code(host.now)
    assert google.login(code)
    take(host, google, ok=True)
    assert not accepted(host, code)
    host.wait(period=30)
    assert not accepted(host, code)
    assert accepted(host, google.token.code(host.now))


def test_a_code_of_a_fast_device_used_there_is_not_good_here(host):
    google = Google(host)
    code = google.token.code(host.now, 1)
    assert google.login(code)
    assert f'" DISALLOW_REUSE {host.now // 30 + 1}\n' in google.text
    take(host, google, ok=True)
    host.wait(period=30)
    assert not accepted(host, code)
    host.wait(period=30)
    assert accepted(host, google.token.code(host.now))


def test_the_skew_that_was_learned_there_is_known_here(host):
    google = Google(host)
    for _ in range(3):
        google.login(google.token.code(host.now, 6))
        host.wait(period=30)
    assert '" TIME_SKEW 6\n' in google.text
    assert google.login(google.token.code(host.now, 6))
    take(host, google, ok=True)
    assert host.show("alice")["tokens"][0]["drift"] == 6
    host.wait(period=30)
    assert accepted(host, google.token.code(host.now, 6))


def test_a_skew_out_of_reach_is_warned_about(host):
    google = Google(host)
    google.add('" TIME_SKEW -900')
    done = take(host, google, ok=True)
    assert done.err.startswith("emotp-provision: warning: ")
    assert "900 steps" in done.err
    assert host.show("alice")["tokens"][0]["drift"] == 0


@pytest.mark.parametrize("period", [10, 60])
def test_step_sizes(host, period):
    google = Google(host, "-t", "-d", "-w", "3", "-S", str(period))
    assert google.login(google.token.code(host.now))
    take(host, google, ok=True)
    assert host.show("alice")["tokens"][0]["period"] == period
    host.wait(period=period)
    assert accepted(host, google.token.code(host.now))


def test_scratch_codes_become_recovery_codes(host):
    google = Google(host, "-t", "-d", "-w", "3", "-e", "10")
    first, second, *_ = scratch = google.scratch
    assert len(scratch) == 10
    assert google.login(first), "it is theirs, and used up with that"
    done = take(host, google, ok=True)
    assert "9 scratch codes" in done.out
    assert not accepted(host, first)
    assert accepted(host, second)
    assert not accepted(host, second)
    for code in scratch[2:]:
        assert accepted(host, code)


def test_options_in_any_order_between_the_scratch_codes(host):
    google = Google(host)
    secret, *lines = google.text.splitlines()
    google.write("\r\n".join([secret, *reversed(lines), ""]))
    done = take(host, google, ok=True)
    assert "5 scratch codes" in done.out
    host.wait(period=30)
    assert accepted(host, google.token.code(host.now))


def test_without_a_line_end(host):
    google = Google(host)
    google.write(google.text.rstrip("\n"))
    assert "5 scratch codes" in take(host, google, ok=True).out


def test_limits_on_logins_stay_behind(host):
    google = Google(host, "-t", "-d", "-w", "17", "-r", "3", "-R", "30")
    assert "RATE_LIMIT" in google.text and "WINDOW_SIZE" in google.text
    assert google.login(google.token.code(host.now))
    google.add('" LAST0 1', '" LAST9 2', '" RESETTING_TIME_SKEW 3-1')
    take(host, google, ok=True)


def test_the_larger_of_what_was_carried_and_now(host):
    google = Google(host)
    step = host.now // 30
    google.write(google.text.replace(
        "DISALLOW_REUSE", f"DISALLOW_REUSE {step + 5} {step - 3}"))
    take(host, google, ok=True)
    host.wait(5, period=30)
    assert not accepted(host, google.token.code(host.now))
    host.wait(period=30)
    assert accepted(host, google.token.code(host.now))


def test_a_code_of_the_far_future_is_warned_about(host):
    google = Google(host)
    google.write(google.text.replace("DISALLOW_REUSE",
                                     f"DISALLOW_REUSE {host.now // 30 + 900}"))
    done = take(host, google, ok=True)
    assert done.err.startswith("emotp-provision: warning: a code of the fut")
    assert "ahead" in host.provision("show", "alice", ok=True).out


def test_hotp_is_refused(host):
    google = Google(host, "-c", "-w", "3")
    assert '" HOTP_COUNTER' in google.text
    before = rows(host)
    error = failed(take(host, google), 1)
    assert "counter (HOTP)" in error and "line " in error
    assert rows(host) == before


BAD = {
    "empty": (2, lambda t: "", "line 1"),
    "no secret": (2, lambda t: '" TOTP_AUTH\n', "line 1"),
    "secret not base 32": (2, lambda t: "!" + t, "line 1"),
    "secret too long": (2, lambda t: "A" * 120 + t, "line 1"),
    "no TOTP_AUTH": (2, lambda t: t.replace("TOTP_AUTH", "RATE_LIMIT"),
                     "TOTP_AUTH"),
    "unknown option": (2, lambda t: t + '" KANGAROO 9\n', "does not know"),
    "an option twice": (2, lambda t: t + '" TOTP_AUTH\n', "twice"),
    "bad step size": (2, lambda t: t + '" STEP_SIZE x\n', "STEP_SIZE"),
    "step size 0": (2, lambda t: t + '" STEP_SIZE 0\n', "STEP_SIZE"),
    "step size 1": (1, lambda t: t + '" STEP_SIZE 1\n', "periods"),
    "step size 9999": (1, lambda t: t + '" STEP_SIZE 9999\n', "periods"),
    "bad skew": (2, lambda t: t + '" TIME_SKEW 1x\n', "TIME_SKEW"),
    "bad steps": (2, lambda t: t.replace("_REUSE", "_REUSE 1 -2"),
                  "DISALLOW_REUSE"),
    "endless step": (2, lambda t: t.replace("_REUSE", "_REUSE 9" + "9" * 30),
                     "DISALLOW_REUSE"),
    "scratch of 7": (2, lambda t: t + "1234567\n", "scratch"),
    "scratch and more": (2, lambda t: t + "12345678x\n", "scratch"),
    "scratch of letters": (2, lambda t: t + "kangaroo\n", "scratch"),
    "too many scratch codes": (
        1, lambda t: t + "12345678\n" * 6, "scratch"),
    "NUL": (2, lambda t: t + "\0\n", "NUL"),
    "long line": (2, lambda t: t + '" RATE_LIMIT' + " 1" * 3000, "too long"),
    "long file": (2, lambda t: t + "\n" * 65536, "too long"),
}


@pytest.mark.parametrize("rc, change, word", BAD.values(), ids=BAD)
def test_what_is_no_such_file(host, rc, change, word):
    google = Google(host)
    secret = google.text.split("\n")[0]
    google.write(change(google.text))
    before = rows(host)
    error = failed(take(host, google), rc)
    assert word in error
    assert secret not in error and "KANGAROO" not in error.upper()
    assert rows(host) == before


def test_for_whom_it_cannot_be(host):
    google = Google(host)
    before = rows(host)
    assert "nothing was imported" in failed(
        take(host, google, user="nobody"), 3)
    failed(take(host, google, user="x" * 200), 3)
    assert rows(host) == before
    take(host, google, ok=True)
    before = rows(host)
    assert "already" in failed(take(host, google), 4)
    host.provision("revoke", "alice", ok=True)
    before = rows(host)
    assert "reset" in failed(take(host, google), 1)
    assert rows(host) == before


def test_beside_a_token_of_ours_and_up_to_eight(machine, alice):
    for number in range(7):
        take(machine, Google(machine, "-t", "-D", "-w", "3", "-e", "0",
                             name=str(number)), ok=True)
    assert len(machine.show("alice")["tokens"]) == 8
    before = rows(machine)
    assert "8 tokens" in failed(take(machine, Google(machine)), 1)
    assert rows(machine) == before
    machine.wait()
    assert accepted(machine, alice.code(machine.now))


def test_a_dry_run_changes_nothing(host):
    google = Google(host)
    before = rows(host)
    done = take(host, google, "--dry-run", ok=True)
    assert "nothing was changed" in done.out
    assert rows(host) == before
    failed(take(host, google, "--dry-run", user="nobody"), 3)


def test_one_line_in_the_log_without_a_secret(host):
    google = Google(host)
    done = take(host, google, env={"SUDO_USER": "carol"}, ok=True)
    line, = done.log
    assert re.match(r"import google-authenticator \S+ alice: done, by ", line)
    assert "carol" in line and line.facility == "authpriv"
    for word in [google.text.split("\n")[0], *google.scratch]:
        assert word not in done.out + done.err + line
    line, = take(host, google).log
    assert ": exists already, by " in line


def test_secrets_are_sealed_in_the_store(host):
    google = Google(host)
    take(host, google, ok=True)
    kept = "\n".join(rows(host))
    for word in google.scratch:
        assert word not in kept


@pytest.mark.parametrize("words", [
    [], ["google-authenticator"], ["google-authenticator", "/nowhere"],
    ["kangaroo", "/nowhere"], ["users.oath"], ["users.oath", "/a", "b"],
    ["google-authenticator", "/a", "b", "c"]])
def test_usage(host, words):
    assert "import" in failed(host.provision("import", *words), 2)
