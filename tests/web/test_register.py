"""Registration as a person does it."""

import pytest

HEADINGS = {"en": "Register", "zh-Hant": "註冊", "pt": "Registar"}


@pytest.mark.plain
@pytest.mark.parametrize("language", sorted(HEADINGS))
def test_from_the_address_to_a_login(open_phone, machine, language):
    machine.add("alice")
    phone = open_phone(language=language)
    assert phone.text("h1:not(.unseen)") == HEADINGS[language] or \
        phone.text("#address h1") == HEADINGS[language]
    phone.register()
    assert machine.show("alice")["state"] == "active"
    assert machine.login("alice", phone.code).accepted


@pytest.mark.plain
def test_a_wrong_code_a_used_one_and_a_way_on(phone, machine):
    machine.add("alice")
    mailed = phone.ask("alice@example.org")
    phone.type("#mailed", "00000-00000")
    phone.tap("#enter-form button")
    phone.wait(lambda: "not right" in phone.text("#notice"))
    phone.find("#mailed").clear()
    phone.type("#mailed", mailed())
    phone.tap("#enter-form button")
    phone.wait(lambda: phone.screen == "done")


@pytest.mark.plain
def test_an_expired_code_and_another(phone, machine, service):
    machine.add("alice")
    mailed = phone.ask("alice@example.org")
    old = mailed()
    assert not phone.find("#request").is_enabled()
    service.set_clock(machine.now + 3600)
    phone.set_clock(machine.now * 1000)
    phone.type("#mailed", old)
    phone.tap("#enter-form button")
    phone.wait(lambda: "hour" in phone.text("#notice"))
    assert "no longer good" in phone.text("#lives")
    mailed = phone.mailed()
    phone.tap("#request")
    phone.find("#mailed").clear()
    phone.type("#mailed", mailed())
    phone.tap("#enter-form button")
    phone.wait(lambda: phone.screen == "done")


@pytest.mark.plain
def test_who_has_a_token_needs_its_code_too(phone, machine, alice):
    mailed = phone.ask("alice@example.org")
    phone.type("#mailed", mailed())
    phone.tap("#enter-form button")
    phone.wait(lambda: phone.find("#otp").is_displayed())
    phone.type("#otp", alice.code(machine.now))
    phone.tap("#enter-form button")
    phone.wait(lambda: phone.screen == "done")


@pytest.mark.plain
@pytest.mark.parametrize("connected,words", [
    (True, "No connection to the service"), (False, "This device is offline")])
def test_without_the_service_it_says_so(phone, service, connected, words):
    service.stop()
    phone.run("window.connected = arguments[0]", connected)
    phone.type("#email", "alice@example.org")
    phone.tap("#address-form button")
    phone.wait(lambda: words in phone.text("#notice"))


@pytest.mark.plain
def test_two_accounts(phone, machine, service):
    machine.add("alice")
    machine.add("bob")
    phone.register()
    first = phone.code
    phone.tap("#open-settings")
    phone.wait(lambda: phone.screen == "settings")
    phone.tap("#add")
    phone.register("bob@example.org")
    assert phone.text("#where").startswith("bob")
    assert phone.code != first
    phone.tap("#open-settings")
    phone.wait(lambda: phone.find("#accounts input"))
    phone.tap("#accounts li:first-child input")
    phone.tap("#close-settings")
    phone.wait(lambda: phone.code == first)
