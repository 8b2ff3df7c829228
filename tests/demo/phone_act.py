"""The second act: a phone registers at emotpd's page, and logs in."""

import importlib.util
import re
import shutil
import time
from pathlib import Path

import house
from screen import good, paint, say

CODE = re.compile(r"(?m)^(\w{5}-\w{5})$")
TOOLS = ("/usr/bin/chromium", "/usr/bin/chromedriver")


def possible():
    """Whether there is a browser to play the phone."""
    return all(map(shutil.which, TOOLS)) and \
        importlib.util.find_spec("selenium") is not None


class Page:
    """The web token in a browser without a screen."""

    def __init__(self, url):
        from selenium import webdriver
        from selenium.webdriver.chrome.service import Service

        options = webdriver.ChromeOptions()
        options.binary_location = TOOLS[0]
        for argument in ("headless=new", "no-sandbox", "disable-gpu",
                         "disable-dev-shm-usage", "lang=en",
                         f"user-data-dir={house.RUN}/phone"):
            options.add_argument("--" + argument)
        self.driver = webdriver.Chrome(
            options=options, service=Service(TOOLS[1], env={
                "HOME": str(house.RUN), "PATH": house.PATH,
                "LANG": "C.UTF-8"}))
        self.driver.get(url)

    def find(self, selector):
        return self.driver.find_element("css selector", selector)

    def wait(self, true, timeout_s=20):
        end = time.time() + timeout_s
        while not true():
            if time.time() > end:
                raise RuntimeError("the page does not go on")
            time.sleep(0.05)

    def screen(self, name):
        self.wait(lambda: self.find("#" + name).is_displayed())

    def type(self, selector, text):
        say("types %s" % paint(text, "bold"))
        self.find(selector).send_keys(text)

    def tap(self, selector):
        say("taps %s" % paint(self.find(selector).text, "bold"))
        self.find(selector).click()

    def close(self):
        self.driver.quit()


def register(story):
    """From the address to the code on the screen, which is returned."""
    page = Page("http://localhost:%d/" % story.house.service_port)
    try:
        page.screen("address")
        page.type("#email", house.ADDRESS)
        known = len(story.house.mails())
        page.tap("#address-form button")
        page.screen("enter")
        code = None
        while code is None:  # a mail that tells of the reset comes first
            known += 1
            code = CODE.search(story.house.wait_for_mail(known))
        story.show_mail(known)
        print()
        page.type("#mailed", code[1].lower())
        page.tap("#enter-form button")
        page.screen("done")
        good(page.find("#done-who").text)
        page.wait(lambda: "confirmation of" in service_log())
        page.tap("#done-go")
        page.screen("home")
        page.wait(lambda: page.find("#code").text)
        return re.sub(r"\s", "", page.find("#code").text)
    finally:
        page.close()


def service_log():
    return Path(house.RUN / "emotpd.log").read_text()
