"""What an app reads and uploads: channels, history with cursors, people, files."""

from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from tests.playground import (
    ANNA,
    ANNAS_DM,
    BEN,
    BOT,
    GENERAL,
    LEADS,
    RunningPlayground,
    until,
)
from tests.unit.playground.conftest import App, acted, refused


async def test_history_comes_in_pages_newest_first(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    stamps = [playground.say(f"{n}") for n in range(5)]
    read: list[str] = []
    async for page in await slack.conversations_history(channel=GENERAL, limit=2):
        read += [one["ts"] for one in page["messages"]]
        assert len(page["messages"]) <= 2

    assert read == stamps[::-1]


async def test_bounds_are_exclusive_unless_asked(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    first, second, third = (playground.say(f"{n}") for n in range(3))

    async def read(**bounds: Any) -> list[str]:
        found = await slack.conversations_history(channel=GENERAL, **bounds)
        return [one["ts"] for one in found["messages"]]

    assert await read(oldest=first, latest=third) == [second]
    assert await read(oldest=first, latest=third, inclusive=True) == [third, second, first]
    assert await read(latest=second, inclusive=True, limit=1) == [second]


async def test_a_thread_begins_with_its_first_message_whatever_the_bounds(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    root = playground.say("root")
    stamps = [playground.say(f"{n}", thread_ts=root) for n in range(3)]
    found = await slack.conversations_replies(channel=GENERAL, ts=root, oldest=stamps[1])

    assert [one["ts"] for one in found["messages"]] == [root, stamps[2]]


async def test_a_bot_sees_public_channels_and_its_own(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    playground.add_channel("G0SECRET", type="private", members=[ANNA])
    kinds = "public_channel,private_channel,mpim,im"
    found = await slack.conversations_list(types=kinds)
    listed = {one["id"]: one for one in found["channels"]}

    assert {"C0RANDOM", LEADS, ANNAS_DM} <= listed.keys()
    assert "G0SECRET" not in listed
    assert not listed["C0RANDOM"]["is_member"]
    of_ben = await slack.users_conversations(user=BEN, types=kinds)
    assert LEADS in {one["id"] for one in of_ben["channels"]}
    assert await refused(slack.conversations_info(channel="G0SECRET")) == "channel_not_found"
    await slack.conversations_join(channel="C0RANDOM")
    await slack.chat_postMessage(channel="C0RANDOM", text="now I may")


async def test_people_have_zones_and_flags(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    guest = playground.add_person("gina", channels=[GENERAL], is_restricted=True, tz="Asia/Tokyo")
    gone = playground.add_person("olga", deleted=True)
    found = (await slack.users_info(user=guest))["user"]

    assert (found["is_restricted"], found["tz"], found["tz_offset"]) == (True, "Asia/Tokyo", 32_400)
    assert (await slack.users_info(user=gone))["user"]["deleted"]
    query = {"as": guest}
    state = playground.http.get("/playground/state", params=query).json()
    assert {one["id"] for one in state["channels"]} == {GENERAL, "D0GINA"}


async def test_direct_messages_and_groups_are_opened(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    alone = await slack.conversations_open(users=ANNA)
    assert alone["channel"]["id"] == ANNAS_DM
    group = await slack.conversations_open(users=f"{ANNA},{BEN}")
    again = await slack.conversations_open(users=f"{BEN},{ANNA}")

    assert group["channel"]["id"] == again["channel"]["id"]


async def test_slacks_own_helper_uploads_a_file_into_a_thread(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    ts = playground.say("make me a file")
    sent = await slack.files_upload_v2(
        content="a,b\n1,2\n",
        filename="table.csv",
        title="Table",
        channel=GENERAL,
        thread_ts=ts,
        initial_comment="Here it is.",
    )
    [message] = until(lambda: playground.answers(ts), what="the shared file")

    assert message["subtype"] == "file_share"
    assert (message["text"], message["files"][0]["title"]) == ("Here it is.", "Table")
    file_id = sent["files"][0]["id"]
    shares = (await slack.files_info(file=file_id))["file"]["shares"]["public"][GENERAL]
    assert shares[0]["thread_ts"] == ts


async def test_an_upload_must_be_as_long_as_it_was_announced(
    playground: RunningPlayground, slack: AsyncWebClient
) -> None:
    given = await slack.files_getUploadURLExternal(filename="a.txt", length=5)

    assert playground.http.post(given["upload_url"], content=b"abc").status_code == 400
    unfinished = slack.files_completeUploadExternal(files=[{"id": given["file_id"]}])
    assert await refused(unfinished) == "file_not_found"


async def test_the_bot_is_told_when_it_is_taken_into_a_channel(
    playground: RunningPlayground, app: App
) -> None:
    await acted(playground.invite, "C0RANDOM")
    joined = (await app.got("member_joined_channel"))["event"]

    assert (joined["user"], joined["channel"]) == (BOT, "C0RANDOM")
