"""A phone: Chromium with a clock of its own, and a thumb."""

import subprocess

from selenium import webdriver
from selenium.common.exceptions import (NoSuchElementException,
                                        StaleElementReferenceException)
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from service import TLS

PATIENCE_S = 30

# The page's clock stands still, and moves, or runs, when a test says so. A
# world with nothing but loopback is "offline" to a browser; here it is not,
# until a test says so.
CLOCK = """
{
	let now = %d, since = null;
	Date.now = () => Math.floor(now +
		(since === null ? 0 : performance.now() - since));
	window.setClock = (ms) => {
		now = ms;
		since = null;
		dispatchEvent(new Event("focus"));
	};
	window.runClock = (ms) => { now = ms; since = performance.now(); };
	window.connected = true;
	Object.defineProperty(Navigator.prototype, "onLine",
		{ get: () => window.connected });
}
"""


class Phone:
    def __init__(self, machine, service, language="en", ahead_s=0,
                 size=(390, 780), agent=None, script=""):
        self.machine, self.service = machine, service
        self.first = script  # runs before the page's own
        self.now_ms = (machine.now + ahead_s) * 1000
        home = machine.dir / "phone"
        self.trust(home)
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("headless=new", "no-sandbox", "disable-gpu",
                         "disable-dev-shm-usage", f"lang={language}",
                         f"accept-lang={language}",
                         f"user-data-dir={home}/profile"):
            options.add_argument(f"--{argument}")
        self.driver = webdriver.Chrome(options=options, service=Driver(
            "/usr/bin/chromedriver", env={
                "HOME": str(home), "PATH": "/usr/bin:/bin",
                "LANG": "C.UTF-8", "LANGUAGE": language}))
        self.driver.set_script_timeout(PATIENCE_S)
        self.resize(*size)
        if agent:
            self.devtools("Emulation.setUserAgentOverride", userAgent=agent)
        self.open()

    @staticmethod
    def trust(home):
        """Makes the test's authority one of the browser's own."""
        store = home / ".pki/nssdb"
        if store.exists():
            return
        store.mkdir(parents=True)
        for command in (["-N", "--empty-password"],
                        ["-A", "-t", "C,,", "-n", "test", "-i",
                         str(TLS / "ca.pem")]):
            subprocess.run(["certutil", "-d", f"sql:{store}", *command],
                           check=True, capture_output=True)

    def close(self):
        self.driver.quit()

    def devtools(self, method, **arguments):
        return self.driver.execute_cdp_cmd(method, arguments)

    def resize(self, width, height):
        self.devtools("Emulation.setDeviceMetricsOverride", width=width,
                      height=height, deviceScaleFactor=2,
                      mobile=width < 600)

    def scheme(self, value):
        """"light" or "dark", and no motion."""
        self.devtools("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": value},
            {"name": "prefers-reduced-motion", "value": "reduce"}])

    def begin_with_clock(self):
        self.script = self.devtools(
            "Page.addScriptToEvaluateOnNewDocument",
            source=CLOCK % self.now_ms + self.first)["identifier"]

    def open(self):
        self.begin_with_clock()
        self.driver.get(f"https://localhost:{self.service.tls_port}/")
        self.wait(lambda: self.screen)

    def set_clock(self, ms):
        self.now_ms = ms
        self.devtools("Page.removeScriptToEvaluateOnNewDocument",
                      identifier=self.script)
        self.begin_with_clock()
        self.run("setClock(arguments[0])", ms)

    def reload(self):
        self.driver.refresh()
        self.wait(lambda: self.screen)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def run_async(self, script):
        """Of a script that gives a promise: what it resolves to."""
        return self.driver.execute_async_script(
            f"({script})().then(arguments[0], (e) => arguments[0](e.name))")

    def wait(self, true):
        """What is drawn anew in between is looked at again."""
        return WebDriverWait(self.driver, PATIENCE_S, 0.02, [
            NoSuchElementException, StaleElementReferenceException]).until(
                lambda _: true())

    # What is seen.

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.find(selector).text

    @property
    def screen(self):
        return self.run("return document.querySelector("
                        "'main > section:not([hidden])')?.id")

    @property
    def code(self):
        return self.text("#code").replace(" ", "").replace("\xa0", "")

    @property
    def spent(self):
        """For each segment of the ring, in their order: is it grey?"""
        return self.run("return [...document.querySelectorAll('#ring path')]"
                        ".map((x) => x.classList.contains('spent'))")

    # What is done.

    def tap(self, selector):
        self.find(selector).click()

    def type(self, selector, text):
        self.find(selector).send_keys(text)

    def mailed(self):
        """Waits, when called, for the code of a mail that came since."""
        machine, before = self.machine, len(self.machine.mails())
        return lambda: self.wait(lambda: [
            x.code for x in machine.mails()[before:] if x.code])[-1]

    def ask(self, address):
        mailed = self.mailed()
        self.type("#email", address)
        self.tap("#address-form button")
        self.wait(lambda: self.screen == "enter")
        return mailed

    def enter(self, code):
        field = self.find("#mailed")
        field.clear()
        field.send_keys(code)
        self.tap("#enter-form button")

    def told(self):
        """What the page says was wrong, once it says so."""
        self.wait(lambda: self.find("#notice").is_displayed())
        return self.text("#notice")

    def register(self, address="alice@example.org"):
        """To the code on the screen."""
        self.enter(self.ask(address)().lower().replace("-", ""))
        self.wait(lambda: self.screen == "done")
        self.service.wait_for("confirmation of")
        self.tap("#done-go")
        self.wait(lambda: self.screen == "home" and self.code)
