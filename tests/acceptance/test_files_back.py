"""Answers as files, from outside: asked for in words, made, and shared in the thread."""

from io import BytesIO
from typing import Any

import docx

from tests.playground import AT, RunningBot, RunningPlayground, shown, until

REPORT = "# Plan\n\nWe **begin** in May.\n\n| what | when |\n|---|---|\n| start | 2026-05-04 |"


def shared_files(playground: RunningPlayground, ts: str) -> list[dict[str, Any]]:
    """The files that the bot has shared in a thread, once each sharing has become visible."""
    done = [one for one in playground.calls("files.completeUploadExternal") if one["ok"]]

    def files() -> list[dict[str, Any]]:
        return [file for one in playground.answers(ts) for file in one.get("files", [])]

    until(lambda: len(files()) == len(done), what="the files")
    return files()


def bytes_of(playground: RunningPlayground, file: dict[str, Any]) -> bytes:
    """A file as a person would download it."""
    token = {"Authorization": f"Bearer {playground.settings.bot_token}"}
    found = playground.http.get(file["url_private_download"], headers=token)
    assert found.status_code == 200, found.text
    return found.content


def test_make_it_a_word_file_ends_with_a_file_in_the_thread(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}make it a Word file: /echo {REPORT}")

    answer = playground.answer(ts)

    assert "As a file in this thread: `Plan.docx`" in answer["text"]
    [file] = shared_files(playground, ts)
    assert file["name"] == "Plan.docx"
    document = docx.Document(BytesIO(bytes_of(playground, file)))
    assert [one.text for one in document.paragraphs[:2]] == ["Plan", "We begin in May."]
    assert document.tables[0].cell(1, 1).text == "2026-05-04"
    assert "turned into a Word document" in playground.asked()[0]["messages"][0]["content"]


def test_a_workspace_without_uploads_gets_a_sentence(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    playground.fault("files.getUploadURLExternal", "error", error="file_uploads_disabled")
    ts = playground.say(f"{AT}as PDF and as CSV: /echo {REPORT}")

    text = playground.answer(ts)["text"]

    assert "We **begin**" in text or "We begin" in text
    assert "uploading files switched off" in text
    assert [file["name"] for file in shared_files(playground, ts)] == ["Plan.csv"]


def test_an_upload_that_breaks_off_is_done_once(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    playground.fault("files.completeUploadExternal", "drop_after", times=1)
    ts = playground.say(f"{AT}as Markdown: /echo {REPORT}")

    assert "`Plan.md`" in playground.answer(ts)["text"]
    assert len(shared_files(playground, ts)) == 1


def test_a_crash_behind_the_sharing_shares_nothing_twice(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    playground.fault("chat.stopStream", "delay", seconds=5, times=1)
    ts = playground.say(f"{AT}as Markdown: /echo {REPORT}")
    until(lambda: shared_files(playground, ts), what="the file")
    bot.kill()
    bot.start()

    until(lambda: "`Plan.md`" in shown(playground.answers(ts)[0]), seconds=40)
    assert len(shared_files(playground, ts)) == 1
