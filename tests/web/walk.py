"""A walk through every screen of the web token, in each of its states."""

CODE = "#enter-form button"


def walk(phone, machine, service):
    """Yields the name of each state once the phone shows it.

    The phone is new, and stands at the address.
    """
    start_ms = phone.now_ms
    yield "address"
    yield from address(phone)
    mailed = phone.ask("alice@example.org")
    yield "enter"
    yield from enter(phone, mailed, start_ms)
    yield "done"
    phone.tap("#done-go")
    phone.wait(lambda: phone.screen == "home" and phone.code)
    yield from home(phone, start_ms)
    yield from second(phone, machine, service)
    yield from settings(phone)


def address(phone):
    phone.run("document.querySelector('#address .iphone').hidden = false")
    yield "address-iphone"
    phone.run("document.querySelector('#address .iphone').hidden = true")
    phone.type("#email", "alice")
    phone.tap("#address-form button")
    phone.wait(lambda: phone.find("#notice").is_displayed())
    yield "address-wrong"
    phone.find("#email").clear()


def enter(phone, mailed, start_ms):
    code = mailed()
    phone.type("#mailed", "00000-00000")
    phone.tap(CODE)
    phone.wait(lambda: phone.find("#notice").is_displayed())
    yield "enter-wrong"
    phone.set_clock(start_ms + 3_600_000)
    phone.wait(lambda: phone.find("#request").is_enabled())
    yield "enter-dead"
    phone.set_clock(start_ms)
    phone.find("#mailed").clear()
    phone.type("#mailed", code)
    phone.tap(CODE)
    phone.wait(lambda: phone.screen == "done")


def home(phone, start_ms):
    phone.set_clock(start_ms + 21_000)
    phone.wait(lambda: phone.spent.count(True) == 3)
    yield "home"
    phone.set_clock(start_ms + 55_000)
    phone.wait(lambda: phone.text("#next"))
    yield "home-last"
    phone.set_clock(start_ms - 240_000)
    phone.run("dispatchEvent(new Event('online'))")
    phone.wait(lambda: phone.find("#clock").is_displayed())
    yield "home-clock"
    phone.set_clock(start_ms)
    phone.run("dispatchEvent(new Event('online'))")
    phone.wait(lambda: not phone.find("#clock").is_displayed())


def second(phone, machine, service):
    """A second token for alice: the first one's code is needed."""
    known = phone.code
    service.wait_for("confirmation of alice")
    service.set_clock(machine.now + 60)
    phone.set_clock(machine.now * 1000)
    phone.wait(lambda: phone.code != known)
    phone.tap("#open-settings")
    phone.tap("#add")
    phone.wait(lambda: phone.screen == "address")
    code = phone.ask("alice@example.org")()
    phone.type("#mailed", code)
    phone.tap(CODE)
    phone.wait(lambda: phone.find("#otp").is_displayed())
    yield "enter-otp"
    phone.tap("#close-settings")
    phone.wait(lambda: phone.screen == "home")


def settings(phone):
    phone.tap("#open-settings")
    phone.wait(lambda: phone.find("#accounts input"))
    yield "settings"
    phone.tap("#accounts .row button:first-child")
    phone.wait(lambda: phone.find("#rename"))
    yield "settings-rename"
    phone.tap("#accounts form .row button:last-child")
    phone.wait(lambda: phone.run(
        "return document.activeElement.matches('#accounts li > .row *')"))
    phone.tap("#accounts .row button:last-child")
    phone.wait(lambda: phone.find("#accounts div .row"))
    yield "settings-remove"
    phone.tap("#accounts div .row button:last-child")
    phone.wait(lambda: phone.screen == "enter")  # where it was left
    phone.tap("#open-settings")
    phone.wait(lambda: phone.screen == "settings")
    yield "settings-none"
