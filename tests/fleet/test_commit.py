"""PostgreSQL is lost at the moment of COMMIT: whoever is told is told once."""

import pytest

from pgproxy import Proxy


@pytest.fixture
def wire(machine, server):
    """Between emotp and the server."""
    with Proxy(machine.dir / "wire", server) as wire:
        machine.conf(store=server.uri(machine.store.db, host=wire.dir))
        yield wire


def login(machine, token, user="alice", steps=0):
    return machine.login(user, token.code(machine.now, steps), "prompts=1")


def could_not_decide(done):
    return (done.result == "PAM_AUTHINFO_UNAVAIL"
            and any("could not decide" in x for x in done.log))


@pytest.mark.parametrize("where", ["before", "after"])
def test_an_outcome_that_nobody_knows_is_a_refusal(machine, wire, where):
    token = machine.enrol("alice")
    assert login(machine, token).accepted
    machine.wait()
    wire.cut(where)
    done = login(machine, token)
    assert could_not_decide(done), done
    assert wire.cuts >= 1  # the thread that sends mail commits too
    wire.mend()
    again = [login(machine, token) for _ in range(2)]
    # What the server never got has used nothing up; else it is used up.
    assert [x.accepted for x in again] == [where == "before", False]
    assert again[1].refused_as == ["replayed"]
    machine.wait()
    assert login(machine, token).accepted
    assert not login(machine, token).accepted


@pytest.mark.parametrize("where", ["before", "after"])
def test_so_are_all_that_shared_the_commit(machine, wire, where):
    tokens = {x: machine.enrol(x) for x in ("alice", "bob", "carol", "dave")}
    assert all(login(machine, t, u).accepted for u, t in tokens.items())
    machine.wait()
    wire.cut(where)

    def all_at_once():
        return machine.together([
            lambda u=u, t=t: login(machine, t, u) for u, t in tokens.items()])

    done = all_at_once()
    assert all(x.result == "PAM_AUTHINFO_UNAVAIL" for x in done), done
    assert wire.cuts >= 1
    wire.mend()
    assert [x.accepted for x in all_at_once()] == [where == "before"] * 4
    machine.wait()
    assert [x.accepted for x in all_at_once()] == [True] * 4
    assert [x.accepted for x in all_at_once()] == [False] * 4


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_server_that_falls_silent_is_not_waited_for(machine, wire, where):
    token = machine.enrol("alice")
    assert login(machine, token).accepted
    machine.wait()
    wire.hold(where)
    done = login(machine, token)
    assert could_not_decide(done), done
    wire.mend()
    wire.hang_up()
    again = [login(machine, token) for _ in range(2)]
    assert [x.accepted for x in again] == [where == "before", False]
    machine.wait()
    assert login(machine, token).accepted


def test_a_tool_says_that_it_does_not_know(machine, wire):
    """What it changed is there whole, or not at all."""
    machine.init()
    for number, where in enumerate(("before", "after")):
        wire.cut(where)
        user = ("alice", "bob")[number]
        done = machine.provision("add", user, f"{user}@example.org")
        assert done.rc == 6 and done.err.count("\n") == 1, done
        wire.mend()
        names = [x["user"] for x in machine.provision(
            "--json", "list", ok=True).json]
        assert (user in names) == (where == "after")


@pytest.mark.parametrize("let_by", [0, 1, 2])
def test_a_registration_is_there_or_it_is_not(machine, wire, let_by):
    """And the code that was mailed is used up, or it is not."""
    machine.add("alice")
    code = machine.invite("alice")
    for where in ("before", "after"):
        had = len(machine.show("alice")["tokens"])
        wire.cut(where, let_by)
        done = machine.register("alice", code)
        wire.mend()
        have = len(machine.show("alice")["tokens"])
        assert done.rc in (0, 1, 6) and have <= 1, done
        assert done.rc != 0 or (had, have) == (0, 1)
        assert done.rc != 1 or (had, have) == (1, 1)
    done = machine.register("alice", code)
    assert done.rc == (1 if have else 0), done
    assert have == 0 or "used: " in done.err
    assert len(machine.show("alice")["tokens"]) == 1
