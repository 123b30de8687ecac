"""The playground's page in a real browser, with the real program behind it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.acceptance.test_conversation import _picture
from tests.playground import RunningBot, RunningPlayground

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
expect.set_options(timeout=15_000)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture
def page(playground: RunningPlayground, bot: RunningBot) -> Iterator[Page]:
    """The page, as Anna sees it; no error may turn up in its console."""
    errors: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        opened = browser.new_page(viewport={"width": 1280, "height": 800})
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.goto(playground.url)
        expect(opened.locator("#bot-state")).to_contain_text("connected")
        yield opened
        browser.close()
    assert errors == []


def _ask(page: Page, words: str) -> None:
    page.locator("#text").fill(words)
    page.keyboard.press("Enter")


def test_a_question_opens_its_thread_and_the_answer_grows_there(page: Page) -> None:
    _ask(page, "@threadwise what is 12*7?")

    expect(page.locator("#replies .body").last).to_contain_text("That is 84.")
    expect(page.locator("#log .summary")).to_contain_text("1 reply")
    expect(page.locator("#log .mention")).to_have_text("@threadwise")


def test_markdown_is_shown_and_never_run(page: Page) -> None:
    _ask(
        page, "@threadwise /echo # Hi\n\n| a | b |\n|---|---|\n| 1 | <img src=x onerror=alert(1)> |"
    )

    expect(page.locator("#replies td").first).to_have_text("1")
    expect(page.locator("#replies h3")).to_have_text("Hi")
    assert page.locator("#replies .body img").count() == 0


def test_stop_ends_an_answer(page: Page) -> None:
    _ask(page, "@threadwise /slow")
    page.get_by_role("button", name="Stop").first.click()

    expect(page.locator("#replies .body").last).to_contain_text("Stopped.")


def test_retry_is_a_button_under_a_failed_answer(page: Page) -> None:
    _ask(page, "@threadwise /fail cut once")
    page.get_by_role("button", name="Retry").click()

    expect(page.locator("#replies .body").last).not_to_contain_text("broke before")
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)


def test_pictures_are_shared_by_the_composer(page: Page) -> None:
    page.locator("#composer input[type=file]").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": _picture()}
    )
    _ask(page, "@threadwise what is this?")

    expect(page.locator("#replies .body").last).to_contain_text("640 × 480")
    expect(page.locator("#log .files img")).to_be_visible()


def test_it_works_by_the_keyboard_and_on_a_phone(page: Page) -> None:
    page.keyboard.press("Control+k")
    expect(page.locator("#title")).to_have_text("# engineering")
    page.set_viewport_size({"width": 390, "height": 844})
    _ask(page, "@threadwise /echo small")

    expect(page.locator("#replies .body").last).to_contain_text("small")
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()


def test_the_drawer_shows_calls_and_events(page: Page) -> None:
    page.locator("#drawer-button").click()
    page.locator("#text").fill("@threadwise /echo hi")
    page.keyboard.press("Enter")

    expect(page.locator("#calls .call", has_text="chat.startStream").first).to_be_visible()
    expect(page.locator("#calls .event", has_text="app_mention").first).to_be_visible()


def test_another_person_sees_their_own_workspace(page: Page) -> None:
    page.locator("#me").select_option("U0CHEN")

    expect(page.locator("#channels")).not_to_contain_text("leads")
    _ask(page, "@threadwise /echo from chen")
    expect(page.locator("#replies .body").last).to_contain_text("from chen")
    assert Path(CHROMIUM or "").exists()
