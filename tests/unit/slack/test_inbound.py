"""Slack's payloads are read right, and none of them makes us stumble."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.conversation.events import MessageDeleted, MessageEdited, MessagePosted, StopAsked
from bot.conversation.thread import Author, ChannelType
from bot.slack.inbound import Identity, Ignored, read_event, thread_message

CANVAS = {"type": "slack#/types/canvas_id", "value": "F1"}
US = Identity(team_id="T1", user_id="UBOT", bot_id="BBOT", name="threadwise")


def _event(**more: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1"}
    return {**base, "text": "hi", "ts": "5.1", **more}


def _read(**more: Any) -> Any:
    return read_event(_event(**more), US, frozenset({"BOK"}))


def test_a_message_says_who_where_and_to_whom() -> None:
    read = _read(text="<@UBOT> and <@U2|ben>", thread_ts="4.0", user_team="T2")

    assert isinstance(read, MessagePosted)
    assert read.key.thread_ts == "4.0"
    assert read.mentions_us
    assert read.mentions_others
    assert (read.author, read.author_id, read.author_team) == (Author.PERSON, "U1", "T2")


@pytest.mark.parametrize(
    ("context", "viewing"),
    [
        ({"entities": [CANVAS, {"type": "slack#/types/channel_id", "value": "C2"}]}, "C2"),
        ({"entities": [CANVAS]}, ""),
        ({"entities": None}, ""),
        ("?", ""),
        (None, ""),
    ],
)
def test_a_direct_message_says_which_channel_its_author_has_open(
    context: Any, viewing: str
) -> None:
    assert _read(app_context=context).viewing == viewing


def test_a_mention_in_rich_text_counts() -> None:
    user = {"type": "user", "user_id": "UBOT"}
    section = {"type": "rich_text_section", "elements": [user]}

    assert _read(blocks=[{"type": "rich_text", "elements": [section]}]).mentions_us


def test_half_a_character_spoils_neither_words_nor_names() -> None:
    file = {"id": "F1", "name": "a\ud83d.txt", "url_private": "https://x"}
    read = _read(text="b\ud83d", files=[file], bot_id="B1", username="c\x00")

    assert (read.text, read.files[0].name, read.author_name) == (
        "b\ufffd",
        "a\ufffd.txt",
        "c\ufffd",
    )


@pytest.mark.parametrize("subtype", ["file_share", "thread_broadcast", "me_message"])
def test_what_people_say_is_read_whatever_its_subtype(subtype: str) -> None:
    assert isinstance(_read(subtype=subtype), MessagePosted)


@pytest.mark.parametrize(
    "more",
    [
        {"subtype": "channel_join"},
        {"subtype": "message_replied"},
        {"subtype": "assistant_app_thread"},
        {"hidden": True},
        {"user": "UBOT"},
        {"bot_id": "BBOT"},
        {"channel": None},
        {"type": "reaction_added"},
    ],
    ids=str,
)
def test_what_nobody_says_to_us_is_ignored(more: dict[str, Any]) -> None:
    assert isinstance(_read(**more), Ignored)


def test_other_bots_are_known_as_such() -> None:
    assert _read(bot_id="BX").author is Author.BOT
    assert _read(bot_id="BOK").bot_is_allowed


def test_an_edit_is_one_only_if_the_text_is_another() -> None:
    message = _event(text="new", edited={"ts": "6.0"})
    edit = {"subtype": "message_changed", "hidden": True}

    read = _read(**edit, message=message, previous_message=_event(text="old"))
    assert isinstance(read, MessageEdited)
    assert (read.message.text, read.edited_ts) == ("new", "6.0")
    assert isinstance(_read(**edit, message=message, previous_message=message), Ignored)


def test_a_deleted_thread_leaves_a_tombstone() -> None:
    read = _read(subtype="message_changed", message={"subtype": "tombstone", "ts": "5.1"})

    assert read == MessageDeleted(team_id="T1", channel_id="C1", ts="5.1")
    assert _read(subtype="message_deleted", deleted_ts="5.1") == read


def test_files_that_are_stubs_or_left_out_are_missing() -> None:
    whole = {"id": "F1", "name": "a.png", "mimetype": "image/png", "url_private": "https://x"}

    assert _read(files=[whole]).is_whole
    assert _read(files=[whole]).files[0].is_picture
    assert not _read(files=[{"id": "F1", "file_access": "check_file_info"}]).is_whole
    assert not _read(type="app_mention").is_whole
    assert _read(files=[{"id": "F1", "mode": "tombstone"}]).is_whole


def test_where_the_kind_of_channel_is_missing_its_id_tells() -> None:
    assert _read(channel="D1", channel_type=None).channel_type is ChannelType.DM
    assert _read(channel="C1", channel_type="app_home").channel_type is ChannelType.CHANNEL


def test_a_stop_names_its_thread() -> None:
    read = _read(type="agent_session_stopped", thread_ts="4.0")

    assert isinstance(read, StopAsked)
    assert read.key.thread_ts == "4.0"


def test_answers_that_are_being_written_are_no_history() -> None:
    assert thread_message(_event(streaming_state="in_progress"), US) is None
    assert thread_message(_event(text=""), US) is None
    assert thread_message(_event(bot_id="BBOT"), US).author is Author.SELF  # type: ignore[union-attr]


def test_no_recorded_event_makes_us_stumble(shared: Path) -> None:
    samples = sorted((shared / "recordings" / "slack-events").glob("*.json"))
    assert samples
    for sample in samples:
        event = json.loads(sample.read_text()).get("event") or {}
        read_event(event, US, frozenset())
