"""A phone: Chromium with a clock of its own, and a thumb."""

import subprocess

from selenium import webdriver
from selenium.webdriver.chrome.service import Service as Driver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from service import TLS

PATIENCE_S = 30

# The page's clock stands still, and moves when a test says so. A world with
# nothing but loopback is "offline" to a browser; here it is not, until a test
# says so.
CLOCK = """
{
	let now = %d;
	Date.now = () => now;
	window.setClock = (ms) => { now = ms; dispatchEvent(new Event("focus")); };
	window.connected = true;
	Object.defineProperty(Navigator.prototype, "onLine",
		{ get: () => window.connected });
}
"""


class Phone:
    def __init__(self, machine, service, language="en", ahead_s=0,
                 size=(390, 780)):
        self.machine, self.service = machine, service
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
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": size[0], "height": size[1], "deviceScaleFactor": 2,
             "mobile": True})
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

    def open(self):
        self.script = self.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": CLOCK % self.now_ms})["identifier"]
        self.driver.get(f"https://localhost:{self.service.tls_port}/")
        self.wait(lambda: self.screen)

    def set_clock(self, ms):
        self.now_ms = ms
        self.driver.execute_cdp_cmd(
            "Page.removeScriptToEvaluateOnNewDocument",
            {"identifier": self.script})
        self.script = self.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument",
            {"source": CLOCK % ms})["identifier"]
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
        return WebDriverWait(self.driver, PATIENCE_S, 0.02).until(
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

    def register(self, address="alice@example.org"):
        """To the code on the screen."""
        code = self.ask(address)()
        self.type("#mailed", code.lower().replace("-", ""))
        self.tap("#enter-form button")
        self.wait(lambda: self.screen == "done")
        self.service.wait_for("confirmation of")
        self.tap("#done-go")
        self.wait(lambda: self.screen == "home" and self.code)
