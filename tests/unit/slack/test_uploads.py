"""A file is shared once, whatever goes wrong on the way; what can't be mended is said in words."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from bot.conversation.files import MadeFile
from bot.conversation.thread import Author, ChannelType, ThreadKey, ThreadMessage, Turn
from bot.errors import FileFailed
from bot.slack.api import SlackApi, make_session
from bot.slack.history import History
from bot.slack.inbound import Identity
from bot.slack.replies.strays import Strays
from bot.slack.uploads import NOT_TAKEN, SENTENCES, Uploads
from tests.playground import ANNA, BOT, GENERAL, RunningPlayground, until

FILE = MadeFile(name="plan.md", media_type="text/markdown", data=b"# Plan")


class Paused:
    """A sleep that is soon over, and remembers for how long it was asked to."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(
            min(seconds, 0.1)
        )  # the playground shares a moment later, as Slack does


@pytest.fixture
def paused() -> Paused:
    return Paused()


@pytest.fixture
async def uploads(playground: RunningPlayground, paused: Paused) -> AsyncIterator[Uploads]:
    async with make_session() as session:
        token = playground.settings.bot_token
        api = SlackApi(token=token, base_url=f"{playground.url}/api/", session=session)
        identity = Identity(team_id="T", user_id=BOT, bot_id="", name="threadwise")
        yield Uploads(api, History(api, identity), sleep=paused)


def _turn(playground: RunningPlayground, *, attempt: int = 1) -> Turn:
    ts = playground.say("a question")
    question = ThreadMessage(id=1, ts=ts, author=Author.PERSON, author_id=ANNA, text="a question")
    return Turn(
        reply_id=1,
        attempt=attempt,
        conversation_id=1,
        key=ThreadKey(team_id="T", channel_id=GENERAL, thread_ts=ts),
        channel_type=ChannelType.CHANNEL,
        history_read=True,
        messages=(question,),
        questions=(question,),
        answers=(),
    )


def _shared(playground: RunningPlayground, turn: Turn) -> list[str]:
    """The names of the files in the thread, once each sharing has become visible."""
    done = [one for one in playground.calls("files.completeUploadExternal") if one["ok"]]

    def names() -> list[str]:
        thread = playground.thread(turn.key.thread_ts)
        return [file["name"] for one in thread for file in one.get("files", [])]

    until(lambda: len(names()) == len(done), what="the files")
    return names()


@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage", "status"])
@pytest.mark.parametrize("method", ["files.getUploadURLExternal", "files.completeUploadExternal"])
async def test_a_step_that_breaks_is_repeated(
    playground: RunningPlayground, uploads: Uploads, kind: str, method: str
) -> None:
    turn = _turn(playground)
    playground.fault(method, kind, times=1, status=503)

    await uploads.publish(turn, FILE)

    assert _shared(playground, turn) == ["plan.md"]


async def test_it_waits_as_long_as_slack_asks(
    playground: RunningPlayground, uploads: Uploads, paused: Paused
) -> None:
    turn = _turn(playground)
    playground.fault("files.completeUploadExternal", "status", status=429, retry_after=7)

    await uploads.publish(turn, FILE)

    assert paused.seconds == [7.0]
    assert _shared(playground, turn) == ["plan.md"]


@pytest.mark.parametrize("code", [*SENTENCES, "something_new"])
async def test_a_refusal_is_said_in_words(
    playground: RunningPlayground, uploads: Uploads, code: str
) -> None:
    playground.fault("files.completeUploadExternal", "error", error=code, times=1)

    with pytest.raises(FileFailed) as failure:
        await uploads.publish(_turn(playground), FILE)

    assert failure.value.sentence == SENTENCES.get(code, NOT_TAKEN)


async def test_a_slack_that_never_answers_is_given_up(
    playground: RunningPlayground, uploads: Uploads
) -> None:
    playground.fault("files.getUploadURLExternal", "drop_before", times=100)

    with pytest.raises(FileFailed, match=NOT_TAKEN):
        await uploads.publish(_turn(playground), FILE)


async def test_a_taken_over_turn_looks_first(
    playground: RunningPlayground, uploads: Uploads
) -> None:
    turn = _turn(playground, attempt=2)

    await uploads.publish(turn, FILE)
    assert _shared(playground, turn) == ["plan.md"]
    await uploads.publish(turn, FILE)

    assert _shared(playground, turn) == ["plan.md"]


async def test_it_looks_until_slack_answers(
    playground: RunningPlayground, uploads: Uploads, paused: Paused
) -> None:
    turn = _turn(playground, attempt=2)
    await uploads.publish(turn, FILE)
    assert _shared(playground, turn) == ["plan.md"]
    playground.fault("conversations.replies", "status", status=429, retry_after=9)
    playground.fault("conversations.replies", "drop_before")
    await uploads.publish(turn, FILE)

    assert _shared(playground, turn) == ["plan.md"]
    assert 9.0 in paused.seconds


async def test_whoever_takes_over_shares_what_was_begun_once(
    playground: RunningPlayground, uploads: Uploads
) -> None:
    turn = _turn(playground)
    begun: list[str] = []

    async def begin(file_id: str) -> None:
        begun.append(file_id)

    where = {"channel_id": GENERAL, "thread_ts": turn.key.thread_ts}
    await uploads.hand_over(FILE, **where, on_begin=begin)
    assert _shared(playground, turn) == ["plan.md"]
    await uploads.hand_over(FILE, **where, begun=begun[0], on_begin=begin)

    assert _shared(playground, turn) == ["plan.md"]
    assert len(begun) == 1


async def test_a_file_is_no_message_to_go_on_in(
    playground: RunningPlayground, uploads: Uploads
) -> None:
    turn = _turn(playground)
    await uploads.publish(turn, FILE)
    assert _shared(playground, turn) == ["plan.md"]

    strays = Strays(uploads._history, turn, known=frozenset, sleep=asyncio.sleep)
    assert await strays.find(0) is None
