"""The page in a real browser (headless Chromium): it sorts, plays, shows and fits.

Needs selenium, Chromium and its driver; skipped where one of them is missing. No network: selenium
is told where both programs are.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

webdriver = pytest.importorskip("selenium.webdriver", reason="selenium is not installed")
waiting = pytest.importorskip("selenium.webdriver.support.ui", reason="selenium is not installed")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.skipif(not BROWSER, reason="Chromium is not installed"),
    pytest.mark.skipif(not DRIVER, reason="chromedriver is not installed"),
]
WIDTHS = [375, 1280]
WIDE = """
const wide = document.documentElement.clientWidth + 1, found = [];
for (const each of document.querySelectorAll("body *")) {
  if (each.closest(".scroll") && !each.matches(".scroll")) continue;
  if (each.closest(".hidden, .skip")) continue;
  if (each.getBoundingClientRect().right > wide) found.push(each.outerHTML.slice(0, 120));
}
return [document.documentElement.scrollWidth, found];
"""


@pytest.fixture(scope="module")
def browser(text: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(text, encoding="utf-8")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for argument in (
        "headless=new",
        "no-sandbox",
        "disable-gpu",
        "disable-dev-shm-usage",
        "autoplay-policy=no-user-gesture-required",
    ):
        options.add_argument(f"--{argument}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.chrome.service.Service(DRIVER)
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.get(path.as_uri())
        yield driver
    finally:
        driver.quit()


def resize(browser: Any, width: int) -> None:
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def column(browser: Any, name: str, number: int) -> list[float]:
    script = (
        "return [...document.getElementById(arguments[0]).tBodies[0].rows]"
        ".map(row => Number(row.cells[arguments[1]].dataset.key))"
    )
    return list(browser.execute_script(script, name, number))


def test_nothing_is_reported_on_the_console_and_no_script_of_a_name_ran(browser: Any) -> None:
    assert browser.get_log("browser") == []
    assert browser.title == "MultiSpec: results"


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_screen(browser: Any, width: int) -> None:
    resize(browser, width)
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = true")
    scroll, found = browser.execute_script(WIDE)
    assert scroll <= width
    assert found == []


def test_pictures_show_and_players_know_how_long_they_are(browser: Any) -> None:
    empty = "return [...document.images].filter(i => !i.complete || !i.naturalWidth).length"
    assert browser.execute_script(empty) == 0
    wait = waiting.WebDriverWait(browser, 20)
    ready = "return [...document.querySelectorAll('audio')].map(a => [a.readyState, a.duration])"
    wait.until(lambda b: all(state >= 1 for state, _ in b.execute_script(ready)))
    found = browser.execute_script(ready)
    assert len(found) >= 4
    assert all(0.9 < seconds < 1.2 for _, seconds in found), "the recordings last a second"


def test_a_table_sorts_by_click_and_by_keyboard(browser: Any) -> None:
    resize(browser, 1280)
    heads = "#demo-results thead th"
    head = browser.find_elements("css selector", heads)[2]
    button = head.find_element("css selector", "button")
    browser.execute_script(
        "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button
    )
    button.click()
    assert head.get_attribute("aria-sort") == "descending", "numbers begin with the largest"
    values = column(browser, "demo-results", 2)
    assert values == sorted(values, reverse=True)
    button.send_keys(webdriver.Keys.ENTER)
    assert head.get_attribute("aria-sort") == "ascending"
    assert column(browser, "demo-results", 2) == sorted(values)
    said = browser.find_element("id", "said").get_attribute("textContent")
    assert "sorted by accuracy, ascending" in said
    other = browser.find_elements("css selector", heads)[0]
    other.find_element("css selector", "button").send_keys(webdriver.Keys.SPACE)
    assert other.get_attribute("aria-sort") == "ascending", "words begin with a"
    assert head.get_attribute("aria-sort") is None


def test_the_first_tab_skips_to_the_results_and_focus_can_be_seen(browser: Any) -> None:
    browser.refresh()
    keys = webdriver.ActionChains(browser)
    keys.send_keys(webdriver.Keys.TAB).perform()
    active = browser.switch_to.active_element
    assert active.get_attribute("href").endswith("#main")
    assert active.value_of_css_property("outline-style") == "solid"
    assert active.rect["x"] >= 0
    active.send_keys(webdriver.Keys.ENTER)
    assert browser.switch_to.active_element.get_attribute("id") == "main"


def test_one_player_at_a_time(browser: Any) -> None:
    script = """
    const [one, other] = document.querySelectorAll("audio"), done = arguments[0];
    for (const each of [one, other]) { each.muted = true; each.loop = true; }
    one.play().then(() => other.play()).then(() => setTimeout(() => {
      done([one.paused, other.paused]); other.pause();
    }, 50), (error) => done(String(error)));
    """
    assert browser.execute_async_script(script) == [True, False]


def test_paper_shows_what_is_folded_away(browser: Any) -> None:
    browser.execute_script("for (const d of document.querySelectorAll('details')) d.open = false")
    browser.execute_script("dispatchEvent(new Event('beforeprint'))")
    folded = "return document.querySelectorAll('details:not([open])').length"
    assert browser.execute_script(folded) == 0
    browser.execute_script("dispatchEvent(new Event('afterprint'))")
    assert browser.execute_script(folded) > 0


def test_the_file_is_all_there_is(browser: Any) -> None:
    fetched = "return performance.getEntriesByType('resource').map(e => e.name)"
    names = [name for name in browser.execute_script(fetched) if not name.startswith("data:")]
    assert names == []
    assert Path(browser.current_url.removeprefix("file://")).name.startswith("index.html")
