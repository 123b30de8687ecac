"""Who people are is known with few calls to Slack, however many of them there are."""

from collections.abc import Mapping
from typing import Any, cast

from bot.conversation.ports import Person
from bot.conversation.thread import Author, ThreadMessage
from bot.errors import SlackLimited, SlackRefused
from bot.slack.directory import Directory

CROWD = [f"U{number}" for number in range(300)]
A_MINUTE = 100


class Slack:
    """A workspace with a crowd in it, and a hundred questions a minute."""

    def __init__(self, *, lists: bool = True) -> None:
        self.calls: list[str] = []
        self._lists = lists

    async def read(self, method: str, **given: Any) -> Mapping[str, Any]:
        self.calls.append(method)
        if method == "conversations.info":
            return {"channel": {"name": "all"}}
        if method == "users.info":
            if self.calls.count(method) > A_MINUTE:
                raise SlackLimited(method, 30.0)
            return {"user": _user(given["user"])}
        if not self._lists:
            raise SlackRefused(method, "missing_scope")
        start, limit = int(given.get("cursor") or 0), int(given["limit"])
        end = start + limit
        return {
            "members": [_user(one) for one in CROWD[start:end]],
            "response_metadata": {"next_cursor": str(end) if end < len(CROWD) else ""},
        }


def _user(user_id: str) -> dict[str, Any]:
    return {"id": user_id, "profile": {"display_name": f"Person {user_id[1:]}"}}


async def named(slack: Slack) -> list[str]:
    messages = [
        ThreadMessage(id=1, ts="1.0", author=Author.PERSON, author_id=one, text="hello")
        for one in CROWD
    ]
    directory = Directory(cast("Any", slack), Person(id="U0BOT", name="bot"))
    people = (await directory.names(messages, "C1")).people
    return [one for one in CROWD if one in people and people[one].name == f"Person {one[1:]}"]


async def test_a_crowd_is_read_from_the_list() -> None:
    slack = Slack()
    assert await named(slack) == CROWD
    assert len(slack.calls) < 10


async def test_without_the_list_slack_is_asked_until_it_says_that_it_is_enough() -> None:
    slack = Slack(lists=False)
    assert len(await named(slack)) == A_MINUTE
    assert len(slack.calls) < A_MINUTE + 25, "no storm of refused calls"
