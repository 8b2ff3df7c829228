"""The code in its ring, the clock, and what is kept."""

import re

import pytest

pytestmark = pytest.mark.plain

BLUE, GREY = "rgb(29, 95, 209)", "rgb(211, 217, 228)"


@pytest.fixture
def registered(phone, machine):
    machine.add("alice")
    phone.register()
    return phone


@pytest.mark.parametrize("seconds,spent", [
    (0, 0), (5.9, 0), (6.1, 1), (30, 5), (59, 9)])
def test_segments_turn_grey_in_their_order(registered, machine, seconds,
                                           spent):
    registered.set_clock(machine.now * 1000 + int(seconds * 1000))
    expected = [True] * spent + [False] * (10 - spent)
    registered.wait(lambda: registered.spent == expected)
    colours = registered.run(
        "document.documentElement.style.setProperty('color-scheme', 'light');"
        "return [...document.querySelectorAll('#ring path')].map((x) => {"
        "x.style.transition = 'none'; return getComputedStyle(x).stroke; })")
    assert colours == [GREY] * spent + [BLUE] * (10 - spent)


def test_a_new_code_at_the_full_minute(registered, machine):
    now_ms = machine.now * 1000
    old = registered.code
    registered.set_clock(now_ms + 54_000)
    registered.wait(lambda: registered.find("#next").is_displayed())
    coming = registered.text("#next")
    registered.set_clock(now_ms + 59_999)
    assert registered.code == old
    registered.set_clock(now_ms + 60_000)
    registered.wait(lambda: registered.code != old)
    assert registered.code[:3] in coming and registered.code[3:] in coming
    assert machine.login("alice", registered.code,
                         at=machine.now + 60).accepted


@pytest.mark.parametrize("ahead_s,word", [(-240, "slow"), (240, "fast")])
def test_a_clock_four_minutes_off_warns_and_logs_in(
        open_phone, machine, ahead_s, word):
    machine.add("alice")
    phone = open_phone(ahead_s=ahead_s)
    phone.register()
    phone.wait(lambda: phone.find("#clock").is_displayed())
    told = phone.text("#clock")
    assert f"4 minutes {word}" in told
    assert "iPhone: Settings" in told and "Android: Settings" in told
    assert machine.login("alice", phone.code).accepted


def test_a_right_clock_warns_of_nothing(registered, service):
    registered.run("dispatchEvent(new Event('focus'))")
    assert not registered.find("#clock").is_displayed()


def test_it_works_without_network_once_registered(registered, service):
    code = registered.code
    registered.run_async("async () => (await navigator.serviceWorker.ready)"
                         ".active.state")
    registered.wait(lambda: registered.run_async(
        "async () => (await caches.keys()).length") == 1)
    service.stop()
    registered.reload()
    registered.wait(lambda: registered.code == code)


def test_no_script_of_the_page_gets_the_secret_out(registered, machine):
    found = registered.run_async("""async () => {
        const db = await new Promise((ok) => {
            const r = indexedDB.open("emotp");
            r.onsuccess = () => ok(r.result);
        });
        const [account] = await new Promise((ok) => {
            const r = db.transaction("accounts").objectStore("accounts")
                .getAll();
            r.onsuccess = () => ok(r.result);
        });
        let said;
        try {
            await crypto.subtle.exportKey("raw", account.key);
            said = "exported";
        } catch (e) {
            said = e.name;
        }
        return [account.key.extractable, said,
            JSON.stringify([account, localStorage, sessionStorage]),
            document.documentElement.outerHTML];
    }""")
    assert found[:2] == [False, "InvalidAccessError"]
    secret = re.search(r"secret=([A-Z2-7]+)", machine.provision(
        "export", "alice", ok=True).out)[1]
    assert secret not in found[2] + found[3]
    assert "alice" in found[2] and "alice" in found[3]


def test_inline_scripts_do_not_run(registered):
    assert registered.run("""
        const s = document.createElement("script");
        s.textContent = "window.broken = true";
        document.body.append(s);
        return window.broken;
    """) is None


def test_every_control_has_a_name(registered):
    registered.tap("#open-settings")
    registered.wait(lambda: registered.find("#accounts input"))
    tree = registered.driver.execute_cdp_cmd("Accessibility.getFullAXTree",
                                             {})["nodes"]
    controls = [x for x in tree if not x.get("ignored") and
                x.get("role", {}).get("value") in
                ("button", "textbox", "radio", "combobox", "link")]
    assert len(controls) >= 5
    assert [x for x in controls if not x.get("name", {}).get("value")] == []


def test_an_ssh_login_with_the_code_off_the_page(registered, machine):
    with machine.sshd() as sshd:
        assert "let in" in sshd.login("alice", registered.code,
                                      "echo let in").stdout
