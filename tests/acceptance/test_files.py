"""What people share, seen through Slack: the model is shown what is in it."""

import hashlib
from pathlib import Path

from bot.reading.recordings import INLINE_BYTES
from tests.playground import AT, RunningBot, RunningPlayground, is_done, running_bot, steps
from tests.unit.reading.filmed import film, speech
from tests.unit.reading.illustrated import BLUE, png, slides
from tests.unit.reading.orders import FILES

LARGE = (INLINE_BYTES + 8).to_bytes(4, "big") + b"free" + bytes(INLINE_BYTES)
"""A box that players skip, behind a video: it makes it larger than a prompt may be."""


def test_documents_reach_the_model_with_their_places(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    names = ["report.docx", "plans.pptx", "ledger.xlsx", "locked.pdf", "letter.eml"]
    files = {name: (FILES / name).read_bytes() for name in names}
    ts = playground.share(f"{AT}what did dredging cost?", files)

    text = playground.answer(ts)["text"]

    shown = str(playground.asked()[-1]["messages"])
    assert "document 'report.docx', a Word document, shared by Anna" in shown
    assert "| Dredging | 120000 | 131500 |" in shown
    assert "[slide 2]" in shown
    assert "[sheet 'ledger', rows 2–4]" in shown
    assert "der Kai öffnet im Mai 2027" in shown
    assert "`locked.pdf`: it is protected with a password" in text


KINDS = {
    "gb18030.txt": "北码头将于二〇二七年五月开放",
    "latin1.txt": "hat größere Kräne als früher",
    "utf16.txt": "The quay opens in May 2027.",
    "ledger.csv": "[rows 2–4]",
    "ledger.ods": "[sheet 'ledger', rows 2–4]",
    "ledger.xls": "[sheet 'ledger', rows 2–4]",
    "plans.odp": "[slide 3]",
    "report.html": "Dredging",
    "report.odt": "Dredging",
    "report.pdf": "[page 1",
    "report.rtf": "Dredging",
    "ships.zip": "",
    "quay.py": "return 'north'",
    "quay.json": '"quay": "south"',
    "quay.md": "# The quay",
}
"""A file of each kind, and what stands in it for the model."""
CODE = {
    "quay.py": b"def quay():\n    return 'north'\n",
    "quay.json": b'{"quay": "south"}',
    "quay.md": b"# The quay\n\nIt is long.",
}


def test_every_kind_of_file_is_read_or_has_its_sentence(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    names = [*KINDS, "scan.pdf", "locked.xlsx", "report.doc"]
    files = {name: CODE.get(name) or (FILES / name).read_bytes() for name in names}
    ts = playground.share(f"{AT}what do these say?", files)

    text = playground.answer(ts)["text"]

    content = playground.asked()[0]["messages"][-1]["content"]
    shown = "".join(part.get("text", "") for part in content)
    for name, words in KINDS.items():
        document = shown.partition(f"[document '{name}'")[2].partition(f"[end of '{name}']")[0]
        assert document, name
        assert words in document, name
    assert any(part["type"] == "image_url" for part in content), "the scan, as a picture"
    assert "`locked.xlsx`: it is protected with a password" in text
    assert "`report.doc`: it is in the format of Word or PowerPoint before 2007" in text


def test_a_file_that_slack_still_scans_is_waited_for_and_its_reading_is_a_step(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    playground.fault("download", "status", status=423, times=2)
    files = {"report.pdf": (FILES / "report.pdf").read_bytes()}
    ts = playground.share(f"{AT}what did dredging cost?", files)

    answer = playground.answer(ts)

    assert steps(answer) == {"Reading report.pdf": "complete"}
    assert "131500" in str(playground.asked()[-1]["messages"])


def test_slacks_login_page_is_no_file(playground: RunningPlayground, bot: RunningBot) -> None:
    playground.fault("download", "garbage")
    files = {"report.pdf": (FILES / "report.pdf").read_bytes()}
    ts = playground.share(f"{AT}what did dredging cost?", files)

    assert "`report.pdf`: Slack does not let me download it" in playground.answer(ts)["text"]


def test_what_one_process_has_read_of_a_file_the_next_one_need_not_fetch(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    files = {"report.docx": (FILES / "report.docx").read_bytes()}
    ts = playground.share(f"{AT}what did dredging cost?", files)
    playground.answer(ts)
    playground.fault("download", "status", status=403, times=99)
    bot.kill()
    bot.start()
    playground.say("and who says so?", thread_ts=ts)

    playground.answer(ts, count=2)
    assert "| Dredging | 120000 | 131500 |" in str(playground.asked()[-1]["messages"])


def test_what_a_process_leaves_that_dies_is_cleared_and_nothing_of_those_that_live(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    with running_bot(playground, tmp_path, TMPDIR=str(folder)) as bot:
        [left] = folder.iterdir()
        (left / "download").write_text("what somebody has shared")
        bot.kill()
        bot.start()
        [ours] = folder.iterdir()
        assert ours != left

        beside = RunningBot(playground, tmp_path, TMPDIR=str(folder))
        beside.start("worker")
        assert ours in set(folder.iterdir())
        assert beside.terminate() == 0
        assert set(folder.iterdir()) == {ours}


def test_a_picture_on_a_slide_reaches_the_model_under_its_slides_number(
    playground: RunningPlayground, bot: RunningBot, tmp_path: Path
) -> None:
    deck = slides(tmp_path / "plans.pptx", [], [png(BLUE, (320, 180))], alt="The northern quay")
    files = {"plans.pptx": deck.read_bytes()}
    ts = playground.share(f"{AT}what does the diagram on slide 2 show?", files)

    text = playground.answer(ts)["text"]

    *_, words, picture = playground.asked()[-1]["messages"][-1]["content"]
    assert "[picture 1: slide 2; The northern quay]" in words["text"]
    assert words["text"].endswith("[plans.pptx, picture 1, slide 2:]")
    assert picture["image_url"]["url"].startswith("data:image/png;base64,")
    assert (
        f"**plans.pptx, picture 1, slide 2**: PNG, 320 × 180 pixels, dark, on average {BLUE}"
        in text
    )


def test_more_pictures_than_a_prompt_takes_leave_room_for_those_that_are_asked_about(
    playground: RunningPlayground, bot: RunningBot, tmp_path: Path
) -> None:
    large = [[png(f"#{number * 10:02x}4040", (1300, 1000))] for number in range(1, 21)]
    files = {name: slides(tmp_path / name, *large).read_bytes() for name in ("a.pptx", "b.pptx")}
    ts = playground.share(f"{AT}what does slide 19 show?", files)

    playground.answer(ts)

    content = playground.asked()[-1]["messages"][-1]["content"]
    texts = "".join(part.get("text", "") for part in content)
    pictures = [part for part in content if part["type"] == "image_url"]
    assert 15 < len(pictures) < 25
    assert "[a.pptx, picture 19, slide 19:]" in texts
    assert "[b.pptx, picture 19, slide 19:]" in texts
    assert "there was no room for" in texts


def test_a_video_reaches_the_model_and_a_voice_clip_has_its_sentence(
    playground: RunningPlayground, bot: RunningBot, tmp_path: Path
) -> None:
    files = {
        "demo.mp4": film(tmp_path / "demo.mp4").read_bytes(),
        "note.m4a": speech(tmp_path / "note.m4a").read_bytes(),
    }
    ts = playground.share(f"{AT}what happens in this video?", files)

    text = playground.answer(ts)["text"]

    assert "video_url" in str(playground.asked()[-1]["messages"])
    assert "[video 'demo.mp4', shared by Anna" in str(playground.asked()[-1]["messages"])
    assert "`note.m4a`: the model I use can't hear, and Slack has no transcript of it" in text


def test_a_video_too_large_for_a_prompt_is_handed_to_the_service(
    playground: RunningPlayground, bot: RunningBot, tmp_path: Path
) -> None:
    """The model looks at the whole of it: its address is in the request, and is found there."""
    data = film(tmp_path / "tour.mp4").read_bytes() + LARGE
    ts = playground.share(f"{AT}what happens in this video?", {"tour.mp4": data})

    text = playground.answer(ts)["text"]

    [upload] = playground.http.get("/playground/model/uploads").json()["uploads"]
    assert upload["sha256"] == hashlib.sha256(data).hexdigest()
    parts = playground.asked()[-1]["input"]["messages"][-1]["content"]
    assert [part["video"] for part in parts if "video" in part] == [upload["url"]]
    assert f"{len(data):,} bytes" in text


def test_a_document_longer_than_the_prompt_is_searched_or_read_whole(
    playground: RunningPlayground, bot: RunningBot
) -> None:
    pages = [f"Day {day}: wind and rain, and nothing else to tell.\n\n" * 8 for day in range(900)]
    pages[700] += "The dredging cost 131,500 in the end.\n\n"
    ts = playground.share(f"{AT}what did the dredging cost?", {"log.txt": "".join(pages).encode()})

    playground.answer(ts)

    shown = str(playground.asked()[-1]["messages"])
    assert "The dredging cost 131,500 in the end." in shown
    assert "left out …]" in shown

    playground.say(f"{AT}please summarise all of it", thread_ts=ts)
    answer = playground.answer(ts, count=2)

    asked = [str(one["messages"]) for one in playground.asked()]
    parts = [one for one in asked if "You read one part of a long document" in one]
    assert len(parts) > 3
    assert f"read to its end in {len(parts)} parts" in asked[-1]
    assert is_done(answer)
