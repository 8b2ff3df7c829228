"""What stays of tokens and users that were taken away."""

from office import confirm, guess, other, registered, second, word


def test_numbers_are_never_used_again(machine, alice):
    token = registered(second(machine, "alice", alice))
    machine.wait()
    confirm(machine, "alice", token)
    machine.provision("revoke", "alice", "2", ok=True)
    machine.wait()
    registered(second(machine, "alice", alice))
    assert [x["number"] for x in machine.show("alice")["tokens"]] == [1, 3]
    machine.provision("revoke", "alice", ok=True)
    machine.provision("reset", "alice", ok=True)
    registered(machine.register("alice", machine.invite("alice")))
    assert [x["number"] for x in machine.show("alice")["tokens"]] == [4]


def test_revoking_one_leaves_the_other(machine, alice):
    token = registered(second(machine, "alice", alice))
    machine.wait()
    confirm(machine, "alice", token)
    machine.provision("revoke", "alice", "1", ok=True)
    assert machine.show("alice")["state"] == "active"
    machine.wait()
    login = machine.login("alice", alice.code(machine.now), "prompts=1")
    assert login.refused_as == ["wrong"]
    confirm(machine, "alice", token)
    machine.provision("revoke", "alice", "2", ok=True)
    assert machine.show("alice")["state"] == "revoked"


def test_reset_takes_all_tokens_and_clears(machine, alice):
    guess(machine, "alice", alice, 5)
    machine.provision("reset", "alice", ok=True)
    shown = machine.show("alice")
    assert (shown["state"], shown["tokens"], shown["failures"],
            shown["failures_24h"]) == ("invited", [], 0, 0)
    assert not machine.login("alice", alice.code(machine.now),
                             "prompts=1").accepted


def test_what_a_later_add_takes_over(machine, alice):
    guess(machine, "alice", alice, 7)
    machine.provision("remove", "alice", ok=True)
    assert machine.provision("show", "alice").rc == 3
    assert machine.provision("--json", "list", ok=True).json == []
    machine.provision("add", "Alice", "other@example.org", ok=True)
    shown = machine.show("alice")
    assert shown["state"] == "invited" and shown["tokens"] == []
    assert shown["email"] == "other@example.org"
    assert (shown["failures"], shown["failures_24h"]) == (7, 7)
    registered(machine.register("alice", machine.invite("alice")))
    assert [x["number"] for x in machine.show("alice")["tokens"]] == [2]


def test_old_codes_of_who_was_removed_and_added(machine, alice):
    machine.provision("remove", "alice", ok=True)
    machine.add("alice")
    assert not machine.login("alice", alice.code(machine.now),
                             "prompts=1").accepted
    machine.provision("remove", "alice", ok=True)
    assert not machine.login("alice", alice.code(machine.now), "nullok",
                             ).accepted


def test_tries_are_taken_over_too(machine, office):
    """99 wrong codes, removed and added: the hundredth still kills."""
    office.add("alice")
    office.invite("alice", machine.now)
    first = machine.mails()[-1].code
    for i in range(99):
        office.register("alice", other(first, i), machine.now)
    office.provision("remove", "alice", ok=True)
    office.add("alice")
    machine.wait()
    assert office.invite("alice", machine.now).rc == 0
    code = machine.mails()[-1].code
    office.register("alice", other(first, 99), machine.now)
    assert word(office.register("alice", code, machine.now)) == "expired"


def test_the_address_is_free_at_once(machine, alice):
    machine.provision("remove", "alice", ok=True)
    machine.provision("add", "bob", "ALICE@example.org", ok=True)
    done = machine.provision("add", "alice", "alice@example.org")
    assert done.rc == 4
    machine.provision("add", "alice", "alice2@example.org", ok=True)


def test_the_removed_user_is_mailed_at_the_old_address(machine, alice):
    machine.provision("flush", ok=True)
    before = len(machine.mails())
    machine.provision("remove", "alice", ok=True)
    machine.provision("add", "bob", "alice@example.org", ok=True)
    machine.provision("flush", ok=True)
    new = machine.mails()[before:]
    assert [x.to for x in new] == ["alice@example.org"]
    assert "alice" in new[0].body and "removed" in new[0].body


def test_what_waits_for_the_old_address_never_goes_to_the_new(machine, alice):
    before = len(machine.mails(to="alice@example.org"))
    machine.provision("remove", "alice", ok=True)
    machine.provision("add", "alice", "mallory@example.org", ok=True)
    machine.provision("flush", ok=True)
    assert machine.mails(to="mallory@example.org") == []
    assert len(machine.mails(to="alice@example.org")) >= before
