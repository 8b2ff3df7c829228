"""Every screen in every state: what axe finds, and what sticks out."""

import pytest

from tools import BUILD
from walk import walk

AXE = BUILD / "axe/node_modules/axe-core/axe.min.js"
LANGUAGES = ["en", "pt", "zh-Hant"]

# What a person would see as cut off or overlapping, and a script can.
STICKS_OUT = """
    const found = [];
    if (document.documentElement.scrollWidth > innerWidth)
        found.push("the page is wider than the screen");
    const shown = [...document.querySelectorAll(
        "button, p, h1, h2, label, input, select, li, svg.ring")].filter(
        (x) => x.checkVisibility() && !x.closest(".unseen"));
    for (const x of shown) {
        const box = x.getBoundingClientRect();
        if (box.left < 0 || box.right > innerWidth)
            found.push(`${x.id || x.className || x.tagName} sticks out`);
        if (x.tagName !== "SELECT" && x.scrollWidth > x.clientWidth + 1)
            found.push(`${x.id || x.textContent} is cut off`);
    }
    const targets = shown.filter((x) => x.matches("button, input, select"));
    for (const x of targets) {
        const a = x.getBoundingClientRect();
        if (a.width < 24 || a.height < 24)
            found.push(`${x.id || x.textContent} is too small to tap`);
        for (const y of targets) {
            const b = y.getBoundingClientRect();
            if (x !== y && a.left < b.right && b.left < a.right &&
                a.top < b.bottom && b.top < a.bottom)
                found.push(`${x.id || x.textContent} is over ${y.id}`);
        }
    }
    return found;
"""

AXE_RUN = """async () => {
    const { violations } = await axe.run(document, {
        runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
            "best-practice"] });
    return violations.map((x) => `${x.id}: ${x.nodes[0].html}`);
}"""


@pytest.mark.plain
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_sticks_out(open_phone, machine, service, language):
    machine.add("alice")
    phone = open_phone(language=language)
    found, seen = {}, []
    for name in walk(phone, machine, service):
        seen.append(name)
        for size in ((320, 568), (390, 780), (844, 390), (1280, 800)):
            phone.resize(*size)
            for line in phone.run(STICKS_OUT):
                found.setdefault(line, (name, size))
        phone.resize(390, 780)
    assert found == {}
    assert len(seen) == len(set(seen)) >= 15


@pytest.mark.plain
@pytest.mark.skipif(not AXE.exists(), reason=f"no {AXE}: tests/web/axe")
@pytest.mark.parametrize("language", LANGUAGES)
def test_axe_finds_nothing(open_phone, machine, service, language):
    machine.add("alice")
    phone = open_phone(language=language)
    axe, found = AXE.read_text(), {}
    for name in walk(phone, machine, service):
        phone.run(axe)
        for scheme in ("light", "dark"):
            phone.scheme(scheme)
            for line in phone.run_async(AXE_RUN):
                found.setdefault(line, (name, scheme))
    assert found == {}


@pytest.mark.plain
@pytest.mark.skipif(not AXE.exists(), reason=f"no {AXE}: tests/web/axe")
def test_axe_would_find_something(phone):
    phone.run(AXE.read_text())
    phone.run("document.querySelector('label[for=email]').remove();"
              "document.querySelector('.main').style.color = '#4d7fe1'")
    found = " ".join(phone.run_async(AXE_RUN))
    assert "color-contrast" in found and "label" in found
