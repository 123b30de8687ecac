"""Answers as files, from outside: asked for in words, made, and shared in the thread."""

import json
from io import BytesIO
from typing import Any

import docx
from PIL import Image

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
    types = [one["type"] for one in answer["blocks"]]
    assert types.index("task_card") > 0, "what is made of the answer stands beneath it"
    assert "2026-05-04" in str(answer["blocks"][: types.index("task_card")])
    document = docx.Document(BytesIO(bytes_of(playground, file)))
    assert [one.text for one in document.paragraphs[:2]] == ["Plan", "We begin in May."]
    assert document.tables[0].cell(1, 1).text == "2026-05-04"
    assert "turned into a Word document" in playground.asked()[0]["messages"][0]["content"]


BEGINNINGS = {
    "docx": b"PK",
    "xlsx": b"PK",
    "pptx": b"PK",
    "pdf": b"%PDF",
    "csv": b"\xef\xbb\xbfwhat",
    "md": b"# Plan",
    "html": b"<!",
    "txt": b"Plan",
}


def test_an_answer_comes_in_every_format(playground: RunningPlayground, bot: RunningBot) -> None:
    wish = (
        "as Word, as a spreadsheet, as slides, as PDF, as CSV, as Markdown, as HTML, as a text file"
    )
    ts = playground.say(f"{AT}{wish}: /echo {REPORT}")

    playground.answer(ts)

    files = {file["name"]: bytes_of(playground, file) for file in shared_files(playground, ts)}
    assert files.keys() == {f"Plan.{ending}" for ending in BEGINNINGS}
    for ending, beginning in BEGINNINGS.items():
        assert files[f"Plan.{ending}"].startswith(beginning), ending


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

    until(lambda: "`Plan.md`" in shown(playground.answers(ts)[0]))
    assert len(shared_files(playground, ts)) == 1


BARS = '{"type": "bar", "title": "Sales", "labels": ["Q1", "Q2"], "series": [{"name": "tea", "values": [1, 2]}]}'


def kinds(message: dict[str, Any]) -> list[str]:
    """The kinds of a message's blocks that carry its answer."""
    shown_kinds = {"markdown", "data_visualization"}
    return [one["type"] for one in message["blocks"] if one["type"] in shown_kinds]


def test_a_chart_is_drawn_by_slack_where_it_stands(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    ts = playground.say(f"{AT}draw it: /echo Look:\n\n```chart\n{BARS}\n```\n\nThat was it.")

    answer = playground.answer(ts)

    assert kinds(answer) == ["markdown", "data_visualization", "markdown"]
    assert "```chart" not in shown(answer)
    assert "fenced blocks" in playground.asked()[0]["messages"][0]["content"]


def test_a_chart_too_large_for_slack_comes_as_a_picture(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    labels, values = [f"label {number}" for number in range(30)], list(range(30))
    chart = {"type": "line", "title": "Long", "labels": labels, "series": [{"values": values}]}
    ts = playground.say(f"{AT}draw it: /echo Look:\n\n```chart\n{json.dumps(chart)}\n```")

    text = shown(playground.answer(ts))

    assert "Chart: Long" in text
    [file] = shared_files(playground, ts)
    assert file["name"] == "Long.png"
    assert Image.open(BytesIO(bytes_of(playground, file))).width == 1600
    assert file["alt_txt"].startswith("Line chart: Long; label 0: 0")


def test_code_too_long_for_a_message_comes_as_a_file(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    code = "\n".join(f"print({number:05}, 'a line')" for number in range(160))
    ts = playground.say(f"{AT}/echo # The script\n\n```python\n{code}\n```")

    assert "`The script.py`" in shown(playground.answer(ts))
    [file] = shared_files(playground, ts)
    assert bytes_of(playground, file).decode() == f"{code}\n"
