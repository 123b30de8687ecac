"""What Slack has of a thread is found, and what it does not show is known to be there."""

from typing import Any

from bot.conversation.ports_files import OtherForms
from bot.conversation.thread import ThreadKey
from bot.errors import SlackLimited, SlackRefused
from bot.slack.history import History
from bot.slack.inbound import Identity, other_forms

US = Identity(team_id="T1", user_id="UBOT", bot_id="BBOT", name="threadwise")
KEY = ThreadKey(team_id="T1", channel_id="C1", thread_ts="1.0")


class Slack:
    """A thread of one message, with stubs of files that Slack shows, or does not."""

    def __init__(self, *shown: str) -> None:
        self.shown = shown

    async def read(self, method: str, **arguments: Any) -> dict[str, Any]:
        if method == "conversations.replies":
            stubs = [{"id": one, "mode": "file_access"} for one in ("F1", "F2")]
            return {"messages": [{"ts": "1.0", "user": "U1", "text": "look", "files": stubs}]}
        if arguments["file"] not in self.shown:
            raise SlackRefused(method, "file_not_found")
        url = "https://files.slack.com/1"
        return {"file": {"id": arguments["file"], "name": "pier.png", "url_private": url}}


async def test_a_file_that_slack_does_not_show_is_named_all_the_same() -> None:
    history = History(Slack("F1"), US)  # type: ignore[arg-type]

    shown, hidden = await history.files_of(KEY, "1.0")

    assert (shown.name, bool(shown.url)) == ("pier.png", True)
    assert (hidden.file_id, hidden.name, hidden.url) == ("F2", "file", "")


def test_what_slack_has_made_of_a_recording_is_known() -> None:
    """By the names in a file object ("File object"): clips are written down a while after they come."""
    heard = {"status": "complete", "preview": {"content": "The quay opens", "has_more": True}}
    forms = other_forms({"mp4": "m", "vtt": "v", "transcription": heard})

    assert (forms.mp4, forms.subtitles, forms.said) == ("m", "v", "The quay opens")
    assert not forms.is_all_said
    assert not forms.is_being_heard
    assert other_forms({"transcription": {"status": "processing"}}).is_being_heard
    assert other_forms({"transcription": None}) == OtherForms()


class Pages:
    """A thread of many pages, its first message on each; the last may be refused."""

    def __init__(self, count: int, *, failing: bool = False) -> None:
        self.count = count
        self.failing = failing

    async def read(self, method: str, **arguments: Any) -> dict[str, Any]:
        number = int(arguments.get("cursor") or 1)
        if self.failing and number == self.count:
            raise SlackLimited(method, 60)
        texts = {"1.0": "root", f"2.{number:03}": f"page {number}"}
        messages = [{"ts": ts, "user": "U1", "text": text} for ts, text in texts.items()]
        more = str(number + 1) if number < self.count else ""
        return {"messages": messages, "response_metadata": {"next_cursor": more}}


async def test_a_thread_of_many_pages_is_read_once_each_and_whole() -> None:
    earlier = await History(Pages(3), US).earlier(KEY)  # type: ignore[arg-type]

    assert [message.text for message in earlier.messages] == ["root", "page 1", "page 2", "page 3"]
    assert earlier.is_whole


async def test_what_slack_showed_of_a_thread_counts_and_is_known_to_be_a_part() -> None:
    earlier = await History(Pages(3, failing=True), US).earlier(KEY)  # type: ignore[arg-type]

    assert [message.text for message in earlier.messages] == ["root", "page 1", "page 2"]
    assert not earlier.is_whole
