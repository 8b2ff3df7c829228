"""Several accounts, languages, and what the page asks of the browser."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

pytestmark = pytest.mark.plain

IPHONE = ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit"
          "/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/"
          "604.1")
PERSIST = """
    window.asked = 0;
    navigator.storage.persist = async () => { window.asked++; return true; };
    navigator.storage.persisted = async () => window.asked > 0;
"""


def settings(phone):
    phone.tap("#open-settings")
    phone.wait(lambda: phone.screen == "settings"
               and phone.find("#accounts input"))


def row(phone, number, what):
    """A button of an account's row: "rename" or "remove"."""
    phone.tap(f"#accounts li:nth-child({number}) .row "
              f"button:nth-child({['rename', 'remove'].index(what) + 1})")


@pytest.fixture
def two(phone, machine):
    """alice, then bob, who is chosen; the codes of both."""
    machine.add("alice")
    machine.add("bob")
    phone.register()
    codes = [phone.code]
    settings(phone)
    phone.set_clock(phone.now_ms + 1000)  # they stand in their order
    phone.tap("#add")
    phone.register("bob@example.org")
    phone.codes = [*codes, phone.code]
    assert len(set(phone.codes)) == 2
    return phone


def names(phone):
    return [x.text for x in phone.driver.find_elements(
        By.CSS_SELECTOR, "#accounts strong")]


def test_one_is_chosen_and_stays_so(two):
    settings(two)
    assert names(two) == ["alice", "bob"]
    two.tap("#accounts li:first-child input")
    two.tap("#close-settings")
    two.wait(lambda: two.code == two.codes[0])
    two.reload()
    two.wait(lambda: two.code == two.codes[0])
    assert two.text("#who") == "alice"


def test_one_is_renamed_and_stays_so(two):
    settings(two)
    row(two, 2, "rename")
    two.wait(lambda: two.find("#rename"))
    two.find("#rename").clear()
    two.type("#rename", "Work <b>" + Keys.ENTER)
    two.wait(lambda: names(two) == ["alice", "Work <b>"])
    two.tap("#close-settings")
    two.wait(lambda: two.screen == "home")
    assert two.text("#where").split("\n") == ["Work <b>", "bob · Example"]
    two.reload()
    two.wait(lambda: two.code == two.codes[1])
    assert two.text("#who") == "Work <b>"


def test_renaming_can_be_left(two):
    settings(two)
    row(two, 1, "rename")
    two.wait(lambda: two.find("#rename"))
    two.type("#rename", "x" + Keys.ESCAPE)
    two.wait(lambda: names(two) == ["alice", "bob"])


def test_they_are_removed_only_for_sure_and_none_leads_to_registration(two):
    settings(two)
    row(two, 2, "remove")
    two.wait(lambda: two.find("#accounts div .row"))
    two.tap("#accounts div .row button:first-child")
    two.wait(lambda: names(two) == ["alice", "bob"])
    for left in (["alice"], []):
        row(two, len(left) + 1, "remove")
        two.wait(lambda: two.find("#accounts div .row"))
        two.tap("#accounts div .row button:last-child")
        two.wait(lambda n=left: two.screen != "settings"
                 or names(two) == n)
    two.wait(lambda: two.screen == "address")
    two.reload()
    assert two.screen == "address"


def test_the_settings_button_stands_at_the_top_left(two):
    box = two.find("#open-settings").rect
    assert box["x"] < 30 and box["y"] < 30


def test_a_tap_copies_the_code(two):
    two.devtools("Browser.grantPermissions", permissions=[
        "clipboardReadWrite", "clipboardSanitizedWrite"])
    two.tap("#copy")
    two.wait(lambda: two.text("#hint") == "Copied")
    assert two.run_async("() => navigator.clipboard.readText()") \
        == two.codes[1]
    two.set_clock(two.now_ms + 5000)
    two.wait(lambda: two.text("#hint") == "Tap the code to copy it")


def test_a_language_is_chosen_and_stays_so(two):
    settings(two)
    two.run("const s = document.getElementById('language'); s.value = 'pt';"
            "s.dispatchEvent(new Event('change'))")
    two.wait(lambda: two.text("#settings h1") == "Definições")
    two.reload()
    two.wait(lambda: two.text("#hint") == "Toque no código para o copiar")
    assert two.run("return document.documentElement.lang") == "pt"


def test_it_asks_for_storage_that_stays(open_phone, machine):
    machine.add("alice")
    phone = open_phone(script=PERSIST)
    assert phone.run("return window.asked") == 0
    phone.register()
    assert phone.run("return window.asked") == 1
    settings(phone)
    phone.wait(lambda: "keeps these accounts" in phone.text("#kept"))


@pytest.mark.parametrize("agent,standalone,hinted", [
    (IPHONE, False, True), (IPHONE, True, False), (None, False, False)])
def test_iphones_are_told_why_to_add_it(open_phone, agent, standalone,
                                        hinted):
    phone = open_phone(agent=agent, script="" if not standalone else
                       "navigator.standalone = true;")
    hint = phone.find("#address .iphone")
    assert hint.is_displayed() == hinted
    assert not hinted or "after a week" in hint.text


def test_it_can_be_installed(phone):
    manifest = phone.devtools("Page.getAppManifest")
    assert manifest["errors"] == []
    phone.run_async("async () => (await navigator.serviceWorker.ready).scope")
    found = [x["errorId"] for x in phone.devtools(
        "Page.getInstallabilityErrors")["installabilityErrors"]]
    assert found in ([], ["in-incognito"])


def test_by_keyboard_alone(phone, machine):
    machine.add("alice")
    mailed = phone.mailed()
    phone.run("document.body.focus()")

    def press(keys):
        phone.driver.switch_to.active_element.send_keys(keys)

    press(Keys.TAB * 2)  # past the settings, to the address
    press("alice@example.org" + Keys.ENTER)
    phone.wait(lambda: phone.screen == "enter")
    press(mailed() + Keys.ENTER)
    phone.wait(lambda: phone.screen == "done")
    press(Keys.TAB)
    press(Keys.ENTER)
    phone.wait(lambda: phone.screen == "home" and phone.code)
    press(Keys.TAB)
    assert phone.driver.switch_to.active_element.get_attribute("id") \
        == "copy"
