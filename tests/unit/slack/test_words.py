"""What people read in a Slack message, the model reads: forwards and other apps' cards, too."""

from typing import Any

import pytest

from bot.slack.inbound import Identity, Ignored, read_event, thread_message
from bot.slack.words import words_of

US = Identity(team_id="T1", user_id="UBOT", bot_id="BBOT", name="threadwise")
_RICH = {
    "type": "rich_text",
    "elements": [
        {
            "type": "rich_text_section",
            "elements": [
                {"type": "text", "text": "Disk of "},
                {"type": "user", "user_id": "U2"},
                {"type": "text", "text": " is full, see "},
                {"type": "link", "url": "https://wiki.example/disk"},
            ],
        },
        {
            "type": "rich_text_list",
            "elements": [
                {"type": "rich_text_section", "elements": [{"type": "text", "text": "db1"}]},
                {"type": "rich_text_section", "elements": [{"type": "emoji", "name": "fire"}]},
            ],
        },
    ],
}
_FORWARD = {
    "is_share": True,
    "is_msg_unfurl": True,
    "from_url": "https://acme.slack.com/archives/C9/p1",
    "author_name": "ben",
    "text": "The pier closes on Friday.\nTell <@UBOT>.",
    "files": [
        {"id": "F1", "name": "pier.png", "mimetype": "image/png", "url_private": "https://x"}
    ],
}


def _message(**more: Any) -> dict[str, Any]:
    base = {"type": "message", "channel": "C1", "channel_type": "channel", "user": "U1"}
    return {**base, "text": "", "ts": "5.1", **more}


def test_a_forwarded_message_is_read_with_its_author_and_files() -> None:
    read = read_event(_message(text="Is that so?", attachments=[_FORWARD]), US, frozenset())

    assert not isinstance(read, Ignored)
    assert read.text == (  # type: ignore[union-attr]
        "Is that so?\nForwarded from ben:\n> The pier closes on Friday.\n> Tell <@UBOT>."
    )
    assert [file.file_id for file in read.files] == ["F1"]  # type: ignore[union-attr]
    assert not read.mentions_us  # type: ignore[union-attr]  # ben did, and not here


def test_a_forward_whose_words_are_only_in_blocks_is_read() -> None:
    copied = {"message": {"blocks": [_RICH]}}
    forward = {"is_share": True, "message_blocks": [copied]}

    assert words_of(_message(attachments=[forward])).startswith(
        "Forwarded from somebody:\n> Disk of <@U2> is full"
    )


def test_the_preview_of_a_link_is_nobodys_word_and_no_edit() -> None:
    for mark in ("is_msg_unfurl", "is_app_unfurl", "from_url"):
        preview = [{mark: True, "text": "preview"}]
        assert words_of(_message(text="hi", bot_id="BMON", attachments=preview)) == "hi"
    before, after = (
        _message(text="hi"),
        _message(text="hi", attachments=[{"title": "preview"}]),
    )
    change = _message(subtype="message_changed", message=after, previous_message=before)

    assert isinstance(read_event(change, US, frozenset()), Ignored)


def test_an_alert_of_another_app_is_read_from_its_card() -> None:
    card = {
        "fallback": "disk full",
        "pretext": "Alert",
        "title": "Disk full",
        "title_link": "https://mon.example/1",
        "text": "98 % used",
        "fields": [{"title": "Host", "value": "db1"}],
    }
    read = thread_message(_message(bot_id="BMON", attachments=[card]), US)

    assert read is not None
    assert read.text == ("Alert\n<https://mon.example/1|Disk full>\n98 % used\nHost: db1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Disk\nDisk of <@U2> is full, see https://wiki.example/disk\n• db1\n• :fire:"),
        ("Disk", "Disk\nDisk of <@U2> is full, see https://wiki.example/disk\n• db1\n• :fire:"),
        ("New alert", "New alert\nDisk\nDisk of <@U2> is full, see https://wiki.example/disk"),
    ],
)
def test_blocks_of_an_app_are_read_once_beside_its_text(text: str, words: str) -> None:
    blocks = [{"type": "header", "text": {"type": "plain_text", "text": "Disk"}}, _RICH]

    assert words_of(_message(text=text, bot_id="BMON", blocks=blocks)).startswith(words)


def test_a_persons_text_is_whole_and_their_blocks_are_not_read_twice() -> None:
    assert words_of(_message(text="hello", blocks=[_RICH])) == "hello"


@pytest.mark.parametrize("odd", [None, "x", [None], [{}], [{"is_share": True}], [{"blocks": 5}]])
def test_odd_attachments_do_not_make_it_stumble(odd: Any) -> None:
    assert words_of(_message(text="hi", attachments=odd)) == "hi"
