"""The page in a real Chromium, on a phone and on a desk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
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


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """A Chromium with an empty profile; the driver's path is given, so nothing is downloaded."""
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


def show(browser: webdriver.Chrome, page: Path, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.as_uri())


def overflow(browser: webdriver.Chrome) -> int:
    script = "return document.scrollingElement.scrollWidth - window.innerWidth"
    return int(browser.execute_script(script))


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", ["summary", "mixed_summary", "hostile_summary"])
def test_no_overflow_and_a_silent_console(
    request: pytest.FixtureRequest,
    browser: webdriver.Chrome,
    tmp_path: Path,
    kind: str,
    language: str,
    width: int,
) -> None:
    summary: Summary = request.getfixturevalue(kind)
    page = tmp_path / "report.html"
    page.write_text(render_page(summary, language), encoding="utf-8")
    show(browser, page, width)
    assert browser.execute_script("return window.innerWidth") == width
    assert overflow(browser) <= 0
    assert browser.get_log("browser") == []


def test_the_first_screen_of_a_phone_shows_the_first_decision(
    browser: webdriver.Chrome, tmp_path: Path, summary: Summary
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_page(summary, "pt-BR"), encoding="utf-8")
    show(browser, page, 390)
    bottom = browser.execute_script(
        "return document.querySelector('.card').getBoundingClientRect().bottom"
    )
    assert bottom < 900


def test_hostile_texts_run_nothing(
    browser: webdriver.Chrome, tmp_path: Path, hostile_summary: Summary
) -> None:
    page = tmp_path / "report.html"
    page.write_text(render_page(hostile_summary, "pt-BR"), encoding="utf-8")
    show(browser, page, 1280)
    script = "return document.querySelectorAll('script, img, b > i, a').length"
    assert browser.execute_script(script) == 0
    assert "<script>alert(1)</script>" in browser.execute_script("return document.body.innerText")
