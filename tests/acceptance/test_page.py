"""The playground's page in a real browser, with the real program behind it."""

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlparse

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from bot.playground.server import PlaygroundSettings
from tests.acceptance.test_conversation import _picture
from tests.playground import ANNA, BEN, GENERAL, RunningBot, RunningPlayground

CHROMIUM = shutil.which("chromium")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine"),
]
expect.set_options(timeout=60_000)
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]
BARS = {
    "type": "data_visualization",
    "title": "Messages a day",
    "chart": {
        "type": "bar",
        "series": [{"name": "n", "data": [{"label": "Mon", "value": 3}]}],
        "axis_config": {"categories": ["Mon"]},
    },
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield running
        running.close()


@pytest.fixture
def page(browser: Browser, playground: RunningPlayground, bot: RunningBot) -> Iterator[Page]:
    """The page, as Anna sees it: no error in its console, no request to another host."""
    wrong: list[str] = []
    host = urlparse(playground.url).netloc
    opened = browser.new_page(viewport={"width": 1280, "height": 800})
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("console", lambda one: wrong.append(one.text) if one.type == "error" else None)
    opened.on(
        "request",
        lambda asked: wrong.append(asked.url) if urlparse(asked.url).netloc != host else None,
    )
    opened.goto(playground.url)
    expect(opened.locator("#bot-state")).to_contain_text("connected")
    yield opened
    opened.close()
    assert wrong == []


def _ask(page: Page, words: str) -> None:
    page.locator("#text").fill(words)
    page.keyboard.press("Enter")


def _slack(playground: RunningPlayground, method: str, **arguments: Any) -> dict[str, Any]:
    """A call of the Web API, as the bot would make it."""
    token = {"Authorization": f"Bearer {playground.settings.bot_token}"}
    answer = httpx.post(f"{playground.url}/api/{method}", json=arguments, headers=token)
    found: dict[str, Any] = answer.json()
    assert found["ok"], found
    return found


def test_a_question_opens_its_thread_and_the_answer_grows_there(page: Page) -> None:
    _ask(page, "@threadwise /long 4000")

    answer = page.locator("#replies .body").last
    expect(answer.locator(".caret")).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Threadwise is writing")
    expect(answer.locator(".caret")).to_have_count(0)
    expect(answer).to_contain_text("Line 100 of the answer")
    expect(page.locator("#status")).to_be_empty()
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


def test_an_edited_question_is_answered_anew(page: Page) -> None:
    _ask(page, "@threadwise /echo first")
    expect(page.locator("#replies .body").last).to_contain_text("first")
    page.locator("#text").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_role("textbox", name="Message", exact=True).fill("@threadwise /echo second")
    page.get_by_role("button", name="Save").click()

    expect(page.locator("#replies .body").last).to_contain_text("second")


def test_pictures_are_shared_by_the_composer(page: Page) -> None:
    page.locator("#composer input[type=file]").set_input_files(
        {"name": "red.png", "mimeType": "image/png", "buffer": _picture()}
    )
    _ask(page, "@threadwise what is this?")

    expect(page.locator("#replies .body").last).to_contain_text("640 × 480")
    expect(page.locator("#log .files img")).to_be_visible()


def test_it_works_by_the_keyboard_and_on_a_phone(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.keyboard.type("engin")
    page.keyboard.press("Enter")
    expect(page.locator("#title")).to_have_text("# engineering")
    page.set_viewport_size({"width": 390, "height": 844})
    _ask(page, "@threadwise /table")

    expect(page.locator("#replies table")).to_be_visible()
    expect(page.locator("#sidebar")).to_be_hidden()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.keyboard.press("Escape")
    expect(page.locator("#thread")).to_be_hidden()
    page.locator("#log").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("t")
    expect(page.locator("#thread")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#log").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()


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


def test_steps_fill_and_fold_and_charts_have_a_table(
    page: Page, playground: RunningPlayground
) -> None:
    ts = playground.say("look")
    ids = {"recipient_user_id": ANNA, "recipient_team_id": "T0ACME"}
    begun = _slack(playground, "chat.startStream", channel=GENERAL, thread_ts=ts, **ids)
    it = {"channel": GENERAL, "ts": begun["ts"]}
    task = {"type": "task_update", "id": "1", "title": "Thinking", "status": "in_progress"}
    _slack(playground, "chat.appendStream", **it, chunks=[{**task, "details": "Well, well."}])
    thought = page.locator("#replies .thought")
    expect(thought).to_be_visible()
    _slack(playground, "chat.appendStream", **it, chunks=[{**task, "status": "complete"}])
    expect(thought).to_be_hidden()
    page.locator("#replies summary.step").click()
    _slack(playground, "chat.stopStream", **it, blocks=[BARS])

    expect(thought).to_be_visible()
    expect(page.get_by_role("img", name="bar chart: Messages a day")).to_be_visible()
    page.get_by_text("Show as table").click()
    expect(page.locator(".chart td")).to_have_text("3")


def test_a_thread_says_what_its_status_says(page: Page, playground: RunningPlayground) -> None:
    ts = playground.say("look")
    place = {"channel_id": GENERAL, "thread_ts": ts}
    status = page.locator("#status")
    _slack(playground, "assistant.threads.setStatus", **place, status="is reading the room")
    expect(status).to_contain_text("Threadwise is reading the room")
    words = {"status": "is busy", "loading_messages": ["Busy right now: wait a little."]}
    _slack(playground, "assistant.threads.setStatus", **place, **words)
    expect(status).to_contain_text("Busy right now: wait a little.")
    page.reload()
    message = page.locator(f'#log [data-ts="{ts}"]')
    message.hover()
    message.get_by_role("button", name="Reply in thread").click()
    expect(status).to_contain_text("Busy right now: wait a little.")
    _slack(playground, "chat.postMessage", channel=GENERAL, thread_ts=ts, text="Here I am.")
    expect(status).to_be_empty()


def test_what_only_one_person_sees_is_marked_and_unread_channels_stand_out(
    page: Page, playground: RunningPlayground
) -> None:
    whisper = {"channel": GENERAL, "user": ANNA, "text": "psst"}
    _slack(playground, "chat.postEphemeral", **whisper)
    expect(page.locator("#log .ephemeral")).to_contain_text("Only visible to you")
    playground.say("news", who=BEN, channel="C0ENG")

    unread = page.locator("#channels button", has_text="engineering")
    expect(unread.locator(".count")).to_have_text("1")
    unread.click()
    expect(page.locator(".day.new")).to_be_visible()


def test_the_page_comes_back_when_the_playground_does(browser: Browser) -> None:
    """It says that it lost the playground, and finds it again by itself."""
    first = RunningPlayground(PlaygroundSettings())
    port = urlparse(first.url).port or 0
    page = browser.new_page()
    page.goto(first.url)
    expect(page.locator("#title")).to_have_text("# general")
    first.close()
    expect(page.locator("#lost")).to_be_visible()
    second = RunningPlayground(PlaygroundSettings(), port=port)
    try:
        expect(page.locator("#lost")).to_be_hidden()
        second.say("back again")
        expect(page.locator("#log")).to_contain_text("back again")
    finally:
        page.close()
        second.close()
