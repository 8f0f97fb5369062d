"""The page in a real Chromium, on a phone and on a desk."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from reports import LANGUAGES, Summary, render_page

CHROMIUM: Final = shutil.which("chromium")
DRIVER: Final = shutil.which("chromedriver")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        CHROMIUM is None or DRIVER is None,
        reason="chromium or chromedriver is missing; run 'sudo scripts/install-chromium'",
    ),
]

SILENCING: Final = (
    "--headless=new",
    "--no-sandbox",  # containers run tests as root
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

WIDTHS: Final = (390, 1280)

Show = Callable[[Summary, str, int], None]


@pytest.fixture
def summaries(summary: Summary, mixed_summary: Summary, hostile_summary: Summary) -> list[Summary]:
    """Gather an ordinary run, one over two creditors, and one full of attacks."""
    return [summary, mixed_summary, hostile_summary]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start a Chromium with an empty profile; the driver's path is given: nothing is fetched."""
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for argument in SILENCING:
        options.add_argument(argument)
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('profile')}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=Service(str(DRIVER)))
    try:
        yield chrome
    finally:
        chrome.quit()


@pytest.fixture
def show(browser: webdriver.Chrome, tmp_path: Path) -> Show:
    """Open the page of a summary at a width, as a phone where that is small."""

    def show_page(summary: Summary, language: str, width: int) -> None:
        page = tmp_path / "report.html"
        page.write_text(render_page(summary, language), encoding="utf-8")
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        browser.get(page.as_uri())

    return show_page


def console(browser: webdriver.Chrome) -> list[object]:
    """Return what the page wrote to the console; the driver's own command, selenium types none."""
    return list(browser.execute("getLog", {"type": "browser"})["value"])


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_overflow_and_a_silent_console(
    browser: webdriver.Chrome, show: Show, summaries: list[Summary], language: str, width: int
) -> None:
    for summary in summaries:
        show(summary, language, width)
        assert browser.execute_script("return window.innerWidth") == width
        assert browser.execute_script("return document.scrollingElement.scrollWidth") <= width
        assert console(browser) == []


def test_the_first_screen_of_a_phone_shows_the_first_decision(
    browser: webdriver.Chrome, show: Show, summary: Summary
) -> None:
    show(summary, "pt-BR", 390)
    bottom = browser.execute_script(
        "return document.querySelector('.card').getBoundingClientRect().bottom"
    )
    assert bottom < 900


def test_hostile_texts_run_nothing(
    browser: webdriver.Chrome, show: Show, hostile_summary: Summary
) -> None:
    show(hostile_summary, "pt-BR", 1280)
    script = "return document.querySelectorAll('script, img, b > i, a').length"
    assert browser.execute_script(script) == 0
    assert "<script>alert(1)</script>" in browser.execute_script("return document.body.innerText")
