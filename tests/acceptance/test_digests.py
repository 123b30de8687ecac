"""Digests as people see them: ordered in words or by a form, made by the clock, told once."""

import sqlite3
import time
from contextlib import closing, suppress
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from bot.playground.model.service import ModelSettings
from bot.playground.server import PlaygroundSettings
from bot.work.errands import AT_ONCE, MOST_PATIENT
from tests.playground import (
    ANNA,
    ANNAS_DM,
    BEN,
    BOT,
    CHEN,
    ENGINEERING,
    GENERAL,
    LEADS,
    Message,
    RunningBot,
    RunningPlayground,
    buttons,
    running_bot,
    shown,
    until,
)
from tests.unit.reading.orders import FILES


def said(view: dict[str, Any]) -> str:
    """Everything that a message or view says in sections and small print."""
    texts = []
    for block in view.get("blocks", []):
        if block["type"] == "section":
            texts.append(block["text"]["text"])
        if block["type"] == "context":
            texts += [element["text"] for element in block["elements"]]
    return "\n".join(texts)


def posts(playground: RunningPlayground, channel: str) -> list[Message]:
    """The bot's messages in a channel that are digests."""
    found = playground.messages(channel)
    return [one for one in found if one.get("user") == BOT and one["text"].startswith("Digest:")]


def talk(playground: RunningPlayground, channel: str = ENGINEERING) -> None:
    first = playground.say("We ship release 2 on Friday.", channel=channel)
    playground.say("Agreed. I write the notes.", who=BEN, channel=channel, thread_ts=first)
    playground.say("The database is slow today.", who=CHEN, channel=channel)


def test_a_digest_ordered_in_words_comes_with_its_sources_and_tells_nothing_twice(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    talk(playground)
    [proposal] = playground.command(f"/digest <#{ENGINEERING}|eng> every weekday at 9:00 in Berlin")
    assert "every weekday at 9:00 (Europe/Berlin)" in said(proposal)
    assert said(proposal).count(" 9:00,") == 2, "the next three times"
    playground.click(proposal, "digest_save")
    until(lambda: any("Saved" in one["text"] for one in playground.ephemerals()), what="saved")

    [listed] = playground.command("/digest list")
    playground.click(listed, "digest_run")
    [digest] = until(lambda: posts(playground, ANNAS_DM), what="a digest")
    assert f"*<#{ENGINEERING}>*" in said(digest)
    assert "3 messages, 1 thread" in said(digest)
    assert "/archives/" in said(digest)
    details = until(
        lambda: [
            one
            for one in playground.thread(digest["ts"], channel=ANNAS_DM)
            if "3 of 3 messages" in shown(one)
        ],
        what="details",
    )
    assert len(details) == 1

    until(lambda: '"event": "errand ended"' in bot.log(), what="the first run's end")
    [listed] = playground.command("/digest list")
    playground.click(listed, "digest_run")
    playground.click(listed, "digest_run")
    [again] = until(lambda: posts(playground, ANNAS_DM)[1:], what="the second run")
    assert "quiet: nobody has said anything" in said(again), "somebody waits for it"


def test_a_digest_counts_what_was_shared_and_links_to_it(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    """A file that is broken is named, and the rest is told."""
    drawing = BytesIO()
    Image.new("RGB", (640, 400), "navy").save(drawing, "PNG")
    files = {
        "report.docx": (FILES / "report.docx").read_bytes(),
        "page.png": drawing.getvalue(),
        "broken.pdf": b"%PDF-1.7 and no more",
    }
    ts = playground.share("The papers", files, channel=ENGINEERING)
    [proposal] = playground.command(f"/digest <#{ENGINEERING}|eng> daily at 9:00")
    playground.click(proposal, "digest_save")
    until(lambda: any("Saved" in one["text"] for one in playground.ephemerals()), what="saved")

    [listed] = playground.command("/digest list")
    playground.click(listed, "digest_run")
    [digest] = until(lambda: posts(playground, ANNAS_DM), what="a digest")

    text, label, _ = playground.asked()[-1]["messages"][-1]["content"]
    assert "120000" in text["text"]
    assert label["text"] == "[picture 1, shared in line 1:]"
    assert f"/archives/{ENGINEERING}/p{ts.replace('.', '')}" in said(digest)
    assert "1 message, 1 file, 1 picture, since" in said(digest)
    assert "I could not read `broken.pdf` (the file is damaged)." in said(digest)


def test_the_form_shows_next_times_and_a_preview_and_app_home_shows_what_was_saved(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    talk(playground)
    playground.post("commands", **{"as": "U0ANNA"}, channel=GENERAL, text="/digest")
    form = playground.view(callback_id="digest_form")
    filled = {"channels": [ENGINEERING], "place": GENERAL, "digest_days": ["6"]}
    playground.click_in_view(form, "digest_days", value=["6"], values=filled)
    until(lambda: "Next:* Sun" in said(playground.view()), what="the next times of the new days")

    form = playground.view()
    playground.click_in_view(form, "digest_preview", values=filled)
    preview = until(
        lambda: [
            view
            for view in [playground.view()]
            if "Preview" in view["title"]["text"] and f"<#{ENGINEERING}>" in said(view)
        ],
        what="the preview",
    )
    assert "3 messages" in said(preview[0])
    playground.close_view()

    form = playground.view(callback_id="digest_form")
    assert playground.submit(form, {**filled, "zone": "Atlantis"})["errors"].keys() == {"zone"}
    form = playground.view(callback_id="digest_form")
    assert not playground.submit(form, {**filled, "zone": "UTC"})["errors"]

    schedule = f"<#{ENGINEERING}> in <#{GENERAL}> every Sunday at 9:00 (UTC)"
    home = playground.home(saying=schedule)
    playground.click_in_view(home, "digest_edit")
    form = playground.view(callback_id="digest_form")
    assert not playground.submit(form, {"digest_days": ["5"]})["errors"]
    home = playground.home(saying=schedule.replace("Sunday", "Saturday"))
    playground.click_in_view(home, "digest_pause")
    home = playground.home(saying="It is paused.")
    playground.click_in_view(home, "digest_resume")
    home = playground.home(saying="digest_pause")
    playground.click_in_view(home, "digest_run")
    [digest] = until(lambda: posts(playground, GENERAL), what="a digest in the channel")

    assert [one["text"]["text"] for one in buttons(digest)] == [
        "More detail",
        "Change schedule",
        "Stop these",
    ]
    playground.click(digest, "digest_stop", who=BEN)
    until(
        lambda: any("who ordered this digest" in one["text"] for one in playground.ephemerals(BEN)),
        what="a word to whoever may not stop it",
    )
    before = len(playground.thread(digest["ts"]))
    playground.click(digest, "digest_detail", who=BEN)
    until(lambda: len(playground.thread(digest["ts"])) > before, what="more detail")
    playground.click(digest, "digest_stop")
    until(lambda: any("Stopped" in one["text"] for one in playground.ephemerals()), what="the end")


def test_what_is_private_is_told_to_its_members_and_nowhere_else(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    [refusal] = playground.command(f"/digest <#{LEADS}|> every weekday to <#{GENERAL}|general>")
    assert "others can read this one" in refusal["text"]

    outsider = playground.add_person("dora", channels=[GENERAL])
    [refusal] = playground.command(f"/digest <#{LEADS}|> every weekday", who=outsider)
    assert "not a member" in refusal["text"]
    [refusal] = playground.command(
        f"/digest <#{GENERAL}|> every weekday to <#{ENGINEERING}|eng>", who=outsider
    )
    assert "You are not a member of" in refusal["text"]

    home = playground.home()
    playground.click_in_view(home, "digest_new")
    form = playground.view(callback_id="digest_form")
    elsewhere = {"channels": [LEADS], "place": GENERAL}
    assert playground.submit(form, elsewhere)["errors"].keys() == {"channels"}
    form = playground.view(callback_id="digest_form")
    assert not playground.submit(form, {"channels": [LEADS], "place": None})["errors"]
    playground.home(saying=f"<#{LEADS}> in a direct message every weekday at 9:00")

    [nonsense] = playground.command("/digest #eng every fortnight")
    assert "I don't know the day `fortnight`" in nonsense["text"]


def test_a_crash_while_it_is_posted_tells_nothing_twice_and_leaves_nothing_out(
    bot: RunningBot, playground: RunningPlayground
) -> None:
    talk(playground)
    [proposal] = playground.command(f"/digest <#{ENGINEERING}|eng> every weekday here")
    playground.click(proposal, "digest_save")
    [listed] = until(
        lambda: [one for one in playground.command("/digest list") if "every weekday" in said(one)],
        what="the list",
    )
    # Slack takes the message and its answer is late: the program dies before it can note it.
    playground.fault("chat.postMessage", "delay", seconds=2.0)
    playground.click(listed, "digest_run")
    until(lambda: "digest goes out" in bot.log(), what="a digest on its way")
    bot.kill()
    with suppress(AssertionError):  # where it died before the message left, none will come
        until(lambda: posts(playground, GENERAL), seconds=4)
    bot.start()

    [digest] = until(lambda: posts(playground, GENERAL), what="the digest")
    until(lambda: len(playground.thread(digest["ts"])) > 1, what="the details")
    assert len(posts(playground, GENERAL)) == 1
    assert "3 of 3 messages" in shown(playground.thread(digest["ts"])[1])


def test_what_was_due_while_nothing_ran_comes_with_the_next_start(
    playground: RunningPlayground, tmp_path: Path
) -> None:
    talk(playground)
    with running_bot(playground, tmp_path, BOT_DIGEST_GRACE_MINUTES="1440") as bot:
        _order_one_that_was_due(bot, playground, tmp_path / "bot.db")
        bot.start()
        [digest] = until(lambda: posts(playground, ANNAS_DM), what="a digest")
        assert "3 messages" in said(digest)


def _order_one_that_was_due(bot: RunningBot, playground: RunningPlayground, file: Path) -> None:
    [proposal] = playground.command(f"/digest <#{ENGINEERING}|eng> every day at 9:00 in Berlin")
    playground.click(proposal, "digest_save")
    until(lambda: any("Saved" in one["text"] for one in playground.ephemerals()), what="saved")
    bot.kill()
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE digests SET fired_until = 1")


def test_who_waits_for_a_summary_finds_room_beside_the_mornings_digests(tmp_path: Path) -> None:
    playground = RunningPlayground(PlaygroundSettings(model=ModelSettings(first_token_seconds=20)))
    try:
        with running_bot(playground, tmp_path, BOT_DIGEST_GRACE_MINUTES="1440") as bot:
            for hours in range(1, 48):
                ts = f"{time.time() - hours * 3600:.6f}"
                playground.say("The quay is closed.", channel=ENGINEERING, ts=ts)
            [proposal] = playground.command(f"/digest <#{ENGINEERING}|eng> daily at 9:00")
            playground.click(proposal, "digest_save")
            until(lambda: "Saved" in str(playground.ephemerals()), what="saved")
            bot.terminate()
            _all_due(tmp_path, copies=AT_ONCE)
            bot.start()
            until(lambda: len(playground.asked()) >= MOST_PATIENT, what="digests being made")
            playground.say("The plum cake is ready.")
            playground.post("commands", **{"as": ANNA}, channel=GENERAL, text="/summarize")

            until(lambda: "plum cake" in str(playground.asked()), what="the summary being made")
            assert "plum cake" in str(playground.asked()[MOST_PATIENT])
    finally:
        playground.close()


def _all_due(folder: Path, *, copies: int) -> None:
    """Let the one digest that is saved, and so many like it, be due."""
    with closing(sqlite3.connect(folder / "bot.db")) as database, database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(digests)")]
        names = ", ".join(name for name in columns if name != "id")
        for _ in range(copies):
            database.execute(
                f"INSERT INTO digests ({names}) SELECT {names} FROM digests LIMIT 1"  # noqa: S608
            )
        database.execute("UPDATE digests SET fired_until = 1")
