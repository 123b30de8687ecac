"""What is told in which channel: of summaries that are shared, and of digests, by Slack's own word."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import time
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.conversation.charts import Chart, ChartKind, Series
from bot.conversation.digests.digest import Plan
from bot.conversation.digests.recurrence import EVERY_DAY, Recurrence
from bot.conversation.files import MadeFile
from bot.conversation.ports import Person
from bot.conversation.rules import NO_RULES, Rules
from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.request import Length
from bot.errors import NotForYou, SlackError, SlackRefused, SlackUnreachable, UnreadableChannel
from bot.slack.access import Access
from bot.slack.digests.room import METADATA, SlackDigestRoom
from bot.slack.history import History
from bot.slack.inbound import Identity
from bot.slack.installations import Installation
from bot.slack.markdown.charts import chart_block
from bot.slack.summaries.room import SlackSummaryRoom

ANNA = Person(id="U1", name="Anna")
GENERAL = {"id": "C1", "name": "general", "is_channel": True, "is_member": True}
PARTNERS = {**GENERAL, "id": "C2", "name": "partners", "is_ext_shared": True}
CHART = Chart(
    kind=ChartKind.BAR,
    title="Messages a day",
    labels=("Mon", "Tue", "Wed"),
    series=(Series(name="#general", values=(1.0, 12.0, 3.0)),),
)
US = Identity(team_id="T1", user_id="UBOT", bot_id="B1", name="bot")
DAILY = Recurrence(days=EVERY_DAY, at=time(9), zone="UTC")


class Slack:
    """A workspace with Anna in all of its channels; keeps what is posted."""

    def __init__(self, *channels: Mapping[str, Any]) -> None:
        self._channels = {str(one["id"]): one for one in channels}
        self.posted: list[str] = []
        self.tried: list[list[str]] = []
        """The types of blocks of each message that came."""
        self.uploads: list[str] = []
        self.standing: list[Mapping[str, Any]] = []
        self.lost = 0
        """So many answers to posts get lost."""
        self.draws = True
        self.trouble: dict[str, SlackError | Mapping[str, Any]] = {}
        """By method: what it raises, or answers whatever was asked."""

    async def read(self, method: str, **given: Any) -> Mapping[str, Any]:
        if (trouble := self.trouble.get(method)) is not None:
            if isinstance(trouble, SlackError):
                raise trouble
            return trouble
        match method:
            case "conversations.info":
                return {"channel": self._channels[given["channel"]]}
            case "conversations.members":
                return {"members": [ANNA.id]}
            case "users.info":
                return {"user": {"id": given["user"]}}
            case "files.getUploadURLExternal":
                self.uploads.append(given["filename"])
                raise SlackRefused(method, "file_uploads_disabled")
            case _:
                found = [one for one in self.standing if one["channel"] == given["channel"]]
                return {"messages": found}

    async def write(self, method: str, **given: Any) -> Mapping[str, Any]:
        assert method == "chat.postMessage"
        types = [block["type"] for block in given["blocks"]]
        self.tried.append(types)
        if not self.draws and "data_visualization" in types:
            raise SlackRefused(method, "invalid_blocks")
        self.posted.append(given["channel"])
        ts = f"{len(self.posted)}.000001"
        self.standing.append({**given, "ts": ts, "bot_id": US.bot_id})
        if self.lost:
            self.lost -= 1
            raise SlackUnreachable(method, "no answer")
        return {"ts": ts}


def installed(slack: Slack, rules: Rules = NO_RULES) -> Installation:
    budget = SimpleNamespace(refused=set(), next_post=lambda _: 0.0)
    access = Access(cast("Any", slack), rules)
    history = History(cast("Any", slack), US)
    here = SimpleNamespace(api=slack, access=access, history=history, budget=budget, identity=US)
    return cast("Installation", here)


def summary(channel_id: str) -> KeptSummary:
    return KeptSummary(
        id=1,
        team_id="T1",
        user_id=ANNA.id,
        channel_id=channel_id,
        thread_ts="",
        asked_in="C2",
        span=None,
        focus="",
        language="",
        length=Length.NORMAL,
        markdown="We ship.",
        title="#general",
    )


async def share(slack: Slack, of: str, *, channel_id: str) -> None:
    room = SlackSummaryRoom(installed(slack), cast("Any", None))
    await room.share(summary(of), ANNA, channel_id=channel_id)


async def test_what_was_said_among_us_is_not_shared_with_other_companies() -> None:
    slack = Slack(GENERAL, PARTNERS)
    with pytest.raises(NotForYou, match="other companies read #partners"):
        await share(slack, "C1", channel_id="C2")
    assert slack.posted == []


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Rules(denied_channels=frozenset({"C1"})), "I don't post in <#C1>"),
        (Rules(allowed_channels=frozenset({"C2"})), "I don't post in <#C1>"),
        (Rules(denied_users=frozenset({ANNA.id})), "I can't answer you"),
    ],
)
async def test_nothing_is_posted_where_or_for_whom_the_admin_forbids_it(
    rules: Rules, words: str
) -> None:
    here = installed(Slack(GENERAL), rules)
    digest = Plan(channels=("C1",), place="C1", recurrence=DAILY)

    with pytest.raises(NotForYou, match=words):
        await SlackSummaryRoom(here, cast("Any", None)).share(summary("C1"), ANNA, channel_id="C1")
    with pytest.raises(NotForYou, match=words):
        await SlackDigestRoom(here).admit(ANNA.id, digest)
    if not rules.denied_users:
        await SlackDigestRoom(here).admit(ANNA.id, replace(digest, place=""))


async def test_a_channel_that_is_closed_to_us_is_read_to_nobody() -> None:
    for rules in (
        Rules(denied_channels=frozenset({"C1"})),
        Rules(allowed_channels=frozenset({"C2"})),
    ):
        access = Access(cast("Any", Slack(GENERAL)), rules)
        with pytest.raises(NotForYou, match="leave <#C1> alone"):
            await access.require(ANNA.id, "C1", told_in="D1")


async def test_nor_is_it_told_where_they_read_whoever_asks() -> None:
    access = Access(cast("Any", Slack(GENERAL, PARTNERS)))
    with pytest.raises(NotForYou, match="other companies"):
        await access.require(ANNA.id, "C1", told_in="C2")
    for channel_id, told_in in (("C1", "D1"), ("C2", "C2"), ("C2", "C1")):
        assert await access.require(ANNA.id, channel_id, told_in=told_in)


async def test_a_summary_whose_posting_nobody_confirms_is_shared_whole_and_once() -> None:
    slack = Slack(GENERAL)
    slack.lost = 1
    room = SlackSummaryRoom(installed(slack), cast("Any", None))
    long = replace(summary("C1"), markdown="We ship. Really.\n\n" * 1_000)
    await room.share(long, ANNA, channel_id="C1")
    await room.share(long, ANNA, channel_id="C1")
    marks = [one["metadata"]["event_payload"] for one in slack.standing]
    assert marks == [{"summary": 1, "page": number} for number in range(len(marks))]
    assert len(marks) > 1


async def test_what_was_said_with_them_is_shared_there_and_at_home() -> None:
    slack = Slack(GENERAL, PARTNERS)
    await share(slack, "C2", channel_id="C2")
    await share(slack, "C2", channel_id="C1")
    assert slack.posted == ["C2", "C1"]


async def test_an_archived_channel_is_read_where_we_were_in_it_and_never_posted_in() -> None:
    """Each of the two has its own sentence."""
    gone = {**GENERAL, "id": "C3", "name": "gone", "is_archived": True}
    strange = {**gone, "id": "C4", "name": "strange", "is_member": False}
    slack = Slack(GENERAL, gone, strange)
    room = SlackSummaryRoom(installed(slack), cast("Any", None))
    assert (await room.place(ANNA.id, "C3")).name == "#gone"
    with pytest.raises(UnreadableChannel, match="#strange is archived, and I was not in it"):
        await room.place(ANNA.id, "C4")
    with pytest.raises(NotForYou, match="#gone is archived: nothing can be posted"):
        await share(slack, "C3", channel_id="C3")
    assert slack.posted == []


async def test_a_digest_for_other_companies_holds_only_what_they_read() -> None:
    room = SlackDigestRoom(installed(Slack(GENERAL, PARTNERS)))
    await room.admit(ANNA.id, Plan(channels=("C2",), place="C2", recurrence=DAILY))
    with pytest.raises(NotForYou, match="other companies"):
        await room.admit(ANNA.id, Plan(channels=("C1", "C2"), place="C2", recurrence=DAILY))


@pytest.mark.parametrize(
    "trouble", [SlackUnreachable("conversations.info", "HTTP 503"), {"channel": None}]
)
async def test_slack_out_of_sorts_is_a_failure_and_no_refusal(
    trouble: SlackError | Mapping[str, Any],
) -> None:
    """A refusal lets a digest rest until its owner resumes it; a failure is tried again."""
    slack = Slack(GENERAL)
    slack.trouble["conversations.info"] = trouble
    with pytest.raises(SlackUnreachable):
        await SlackDigestRoom(installed(slack)).permit(
            ANNA.id, Plan(channels=("C1",), recurrence=DAILY), "C1"
        )


async def test_a_channel_that_is_gone_is_a_refusal() -> None:
    slack = Slack(GENERAL)
    slack.trouble["conversations.info"] = SlackRefused("conversations.info", "channel_not_found")
    with pytest.raises(NotForYou):
        await SlackDigestRoom(installed(slack)).permit(
            ANNA.id, Plan(channels=("C1",), recurrence=DAILY), "C1"
        )


class Pictures:
    """Draws nothing, and remembers what. Implements what is used of `FileMaker`."""

    def __init__(self) -> None:
        self.charts: list[Chart] = []

    async def picture(self, chart: Chart) -> MadeFile:
        self.charts.append(chart)
        return MadeFile(name=f"{chart.title}.png", media_type="image/png", data=b"png")


async def test_a_chart_that_slack_does_not_take_is_a_picture_in_the_thread() -> None:
    """And from then on it is not tried again; a picture that fails leaves the digest in its place."""
    slack, pictures = Slack(GENERAL), Pictures()
    slack.draws = False
    room = SlackDigestRoom(installed(slack), cast("Any", pictures))
    blocks = [{"type": "section"}, chart_block(CHART)]

    for mark in ("1", "2"):
        message = {"text": "Digest", "blocks": blocks}
        await room.post(message, channel="C1", thread_ts="", mark=mark, look_first=False)

    assert slack.tried == [["section", "data_visualization"], ["section"], ["section"]]
    assert slack.posted == ["C1", "C1"]
    assert pictures.charts == [CHART, CHART]
    assert slack.uploads == ["Messages a day.png"] * 2


@pytest.mark.parametrize(
    ("kinds", "names", "drawn"),
    [
        (["section"], [], True),
        (["section"], ["Messages a day.png"], False),
        (["section", "data_visualization"], [], False),
    ],
)
async def test_a_picture_that_a_crash_cost_a_digest_is_made_up_for_once(
    kinds: list[str], names: list[str], drawn: bool
) -> None:
    """The digest stands; whether its chart is in it, or in its thread, Slack knows."""
    ours = {"ts": "1.000001", "user": US.user_id}
    mark = {"event_type": METADATA, "event_payload": {"mark": "1"}}
    blocks = [{"type": kind} for kind in kinds]
    files = {"ts": "2.000001", "user": US.user_id, "files": [{"name": one} for one in names]}
    slack = Slack(GENERAL)
    slack.trouble["conversations.history"] = {
        "messages": [{**ours, "metadata": mark, "blocks": blocks}]
    }
    slack.trouble["conversations.replies"] = {"messages": [ours, files]}
    room = SlackDigestRoom(installed(slack), cast("Any", Pictures()))

    message = {"text": "Digest", "blocks": [{"type": "section"}, chart_block(CHART)]}
    ts = await room.post(message, channel="C1", thread_ts="", mark="1", look_first=True)

    assert (ts, slack.posted) == ("1.000001", [])
    assert slack.uploads == (["Messages a day.png"] if drawn else [])
