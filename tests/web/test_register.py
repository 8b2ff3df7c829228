"""Registration as a person does it."""

import pytest
from selenium.webdriver.common.by import By

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
    # Both were added at one moment of a clock that stands: in any order.
    phone.driver.find_element(
        By.XPATH, "//*[@id='accounts']/li[contains(., 'alice')]//input"
    ).click()
    phone.tap("#close-settings")
    phone.wait(lambda: phone.code == first)


@pytest.mark.plain
def test_a_used_code_and_another(phone, machine, service):
    machine.add("alice")
    code = phone.ask("alice@example.org")()
    machine.register("alice", code)
    phone.enter(code)
    assert "used or replaced" in phone.told()
    service.set_clock(machine.now + 60)
    phone.set_clock(machine.now * 1000)
    phone.wait(lambda: phone.find("#request").is_enabled())
    mailed = phone.mailed()
    phone.tap("#request")
    phone.enter(mailed())
    phone.wait(lambda: phone.screen == "done")


@pytest.mark.plain
def test_a_token_s_code_that_is_not_right(phone, machine, alice):
    code = phone.ask("alice@example.org")()
    phone.enter(code)
    phone.wait(lambda: phone.find("#otp").is_displayed())
    assert "You have a token" in phone.told()
    phone.type("#otp", alice.wrong(machine.now))
    phone.tap("#enter-form button")
    phone.wait(lambda: "was not accepted" in phone.text("#notice"))


@pytest.mark.plain
@pytest.mark.parametrize("typed,told", [
    ("ABCDE", "ten letters and digits"), ("ABCDE-FGHIJ-K", "ten letters")])
def test_what_is_no_code_is_said_at_once(phone, machine, typed, told):
    machine.add("alice")
    phone.ask("alice@example.org")()
    phone.enter(typed)
    assert told in phone.told()


@pytest.mark.plain
@pytest.mark.parametrize("change", [
    str, str.lower, lambda x: x.replace("-", ""),
    lambda x: f" {x.replace('-', ' – ').lower()} ".replace("0", "o")
    .replace("1", "l")], ids=["as mailed", "small", "no dash", "pasted"])
def test_a_code_as_people_type_it(phone, machine, change):
    machine.add("alice")
    phone.enter(change(phone.ask("alice@example.org")()))
    phone.wait(lambda: phone.screen == "done")


@pytest.mark.plain
def test_the_hour_and_the_minute_count_down(phone, machine):
    start_ms = machine.now * 1000
    phone.ask("alice@example.org")
    for ms, lives, again in ((0, "60:00", "1:00"), (500, "60:00", "1:00"),
                             (1_000, "59:59", "0:59"),
                             (59_000, "59:01", "0:01"),
                             (3_599_000, "0:01", None)):
        phone.set_clock(start_ms + ms)
        phone.wait(lambda t=lives: f" {t}." in phone.text("#lives"))
        phone.wait(lambda t=again: phone.text("#request").endswith(
            t or "Request another code"))
        assert phone.find("#request").is_enabled() == (again is None)


@pytest.mark.plain
def test_after_five_in_an_hour_it_says_when_the_next_is_possible(
        phone, machine, service):
    machine.add("alice")
    start = machine.now
    phone.ask("alice@example.org")()
    for turn in range(1, 5):
        service.set_clock(start + turn * 120)
        phone.set_clock(machine.now * 1000)
        phone.wait(lambda: phone.find("#request").is_enabled())
        mailed = phone.mailed()
        phone.tap("#request")
        mailed()
    phone.wait(lambda: phone.text("#request").endswith("in 52:00"))
    assert not phone.find("#request").is_enabled()
    service.set_clock(start + 3600)
    phone.set_clock(machine.now * 1000)
    phone.wait(lambda: phone.find("#request").is_enabled())
    mailed = phone.mailed()
    phone.tap("#request")
    phone.enter(mailed())
    phone.wait(lambda: phone.screen == "done")


@pytest.mark.plain
def test_the_same_address_again_within_the_minute(phone, machine):
    """No mail would come: the code that is on its way is still good."""
    machine.add("alice")
    code = phone.ask("alice@example.org")()
    phone.tap("#other")
    phone.wait(lambda: phone.screen == "address")
    phone.type("#email", "Alice@example.org")
    phone.tap("#address-form button")
    phone.wait(lambda: phone.screen == "enter")
    assert len(machine.mails()) == 1
    phone.enter(code)
    phone.wait(lambda: phone.screen == "done")
