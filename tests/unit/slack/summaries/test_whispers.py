"""What one person is told reaches them whole, whatever Slack's response URLs still take."""

from collections.abc import AsyncIterator, Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.conversation.summaries.kept import KeptSummary
from bot.conversation.summaries.orders import Address
from bot.conversation.summaries.request import Length
from bot.errors import SlackRefused
from bot.slack.api import SlackApi, make_session
from bot.slack.summaries.blocks import pages
from bot.slack.whispers import SlackWhisper
from tests.playground import ANNA, ANNAS_DM, RunningPlayground

USES = 5
"""Of a response URL ("Handling user interaction")."""
LONG = "\n\n".join(f"Paragraph {number}: {'word ' * 400}" for number in range(40))


class Slack:
    """A response URL that takes five messages, and direct messages beside it."""

    def __init__(self) -> None:
        self.answered: list[Mapping[str, Any]] = []
        self.refused = 0
        self.posted: list[Mapping[str, Any]] = []
        self.whispered: list[Mapping[str, Any]] = []
        self.closed = False
        """Whether there can be no direct messages."""

    async def respond(self, request: web.Request) -> web.Response:
        if len(self.answered) >= USES:
            self.refused += 1
            return web.Response(status=404, text="used_url")
        self.answered.append(await request.json())
        return web.Response(text="ok")

    async def write(self, method: str, **given: Any) -> Mapping[str, Any]:
        if method == "chat.postEphemeral":
            self.whispered.append(given)
            return {}
        if method == "conversations.open":
            if self.closed:
                raise SlackRefused(method, "missing_scope")
            return {"channel": {"id": f"D-{given['users']}"}}
        assert method == "chat.postMessage"
        self.posted.append(given)
        return {"ts": f"{len(self.posted)}.0"}


@pytest.fixture
async def slack() -> AsyncIterator[tuple[Slack, SlackWhisper]]:
    slack = Slack()
    app = web.Application()
    app.router.add_post("/respond", slack.respond)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        address = Address(
            user_id="U1", channel_id="C1", response_url=str(server.make_url("/respond"))
        )
        api = SimpleNamespace(session=session, write=slack.write)
        yield slack, SlackWhisper(cast("Any", api), address)


def summary(markdown: str) -> KeptSummary:
    return KeptSummary(
        id=1,
        team_id="T1",
        user_id="U1",
        channel_id="C1",
        thread_ts="",
        asked_in="C1",
        span=None,
        focus="",
        language="",
        length=Length.NORMAL,
        markdown=markdown,
        title="#general",
    )


async def test_from_the_sixth_message_on_it_is_a_direct_message(
    slack: tuple[Slack, SlackWhisper],
) -> None:
    """Nothing is lost or doubled, and nothing is tried that Slack would refuse."""
    workspace, whisper = slack
    wanted = pages(LONG)
    assert len(wanted) > USES + 1

    await whisper.show(summary(LONG), shares_in="C1")

    messages = [*workspace.answered, *workspace.posted]
    said = [
        block["text"]
        for message in messages
        for block in message["blocks"]
        if block["type"] == "markdown"
    ]
    assert said == wanted
    assert len(workspace.answered) == USES
    assert {message["channel"] for message in workspace.posted} == {"D-U1"}
    assert messages[-1]["blocks"][-1]["type"] == "actions"
    assert workspace.refused == 0


async def test_a_response_url_that_slack_no_longer_knows_is_a_direct_message(
    slack: tuple[Slack, SlackWhisper],
) -> None:
    """It lives for half an hour; a summary of a large channel may come later."""
    workspace, whisper = slack
    workspace.answered = [{}] * USES
    await whisper.say("There is nothing new.")
    assert [message["text"] for message in workspace.posted] == ["There is nothing new."]


async def test_without_direct_messages_it_is_said_in_the_channel_to_the_person_alone(
    slack: tuple[Slack, SlackWhisper],
) -> None:
    workspace, whisper = slack
    workspace.answered, workspace.closed = [{}] * USES, True
    await whisper.say("There is nothing new.")
    [said] = workspace.whispered
    assert (said["channel"], said["user"], said["text"]) == ("C1", "U1", "There is nothing new.")


Ways = Callable[..., SlackWhisper]


@pytest.fixture
async def whisper(playground: RunningPlayground) -> AsyncIterator[Ways]:
    """A word to Anna in the playground, by a URL of hers or without one."""
    async with make_session() as session:
        token = playground.settings.bot_token
        api = SlackApi(token=token, base_url=f"{playground.url}/api/", session=session)
        yield lambda **where: SlackWhisper(api, Address(user_id=ANNA, channel_id="", **where))


@pytest.mark.parametrize("kind", ["drop_after", "drop_before", "garbage"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update"])
async def test_a_direct_message_whose_answer_is_lost_stands_once(
    playground: RunningPlayground, whisper: Ways, method: str, kind: str
) -> None:
    word = whisper()
    playground.fault(method, kind)
    await word.progress("_Reading…_")
    await word.say("Here it is.")

    assert [one["text"] for one in playground.messages(ANNAS_DM)] == ["Here it is."]


async def test_what_replaces_a_message_is_said_again_where_the_answer_is_lost() -> None:
    seen: list[str] = []

    async def respond(request: web.Request) -> web.Response:
        seen.append((await request.json())["text"])
        return web.Response(status=500 if len(seen) == 1 else 200)

    app = web.Application()
    app.router.add_post("/respond", respond)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        url = str(server.make_url("/respond"))
        address = Address(user_id="U1", channel_id="C1", response_url=url, replaces=True)
        await SlackWhisper(cast("Any", SimpleNamespace(session=session)), address).say("Done.")

    assert seen == ["Done.", "Done."]
