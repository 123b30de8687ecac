"""The disk is full while the bot runs: nothing that was accepted is lost, nothing else is accepted."""

import resource
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.playground.model.mind_samples import long_text
from tests.acceptance.test_door import Door, door
from tests.playground import AT, RunningPlayground, is_done, shown, until

__all__ = ["door"]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux limits the files of a process that runs"
)


@contextmanager
def full_disk(door: Door, database: Path) -> Iterator[None]:
    """The kernel lets no file of the program grow beyond the database's log as it is now."""
    with closing(sqlite3.connect(database)) as reader, closing(sqlite3.connect(database)) as writer:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchall()  # the log can't begin anew
        writer.execute("CREATE TABLE ballast (weight)")
        writer.execute("INSERT INTO ballast VALUES (zeroblob(2000000))")
        writer.commit()
        size = database.with_name(f"{database.name}-wal").stat().st_size
        process = door.bot.process.pid
        _, most = resource.prlimit(process, resource.RLIMIT_FSIZE)
        resource.prlimit(process, resource.RLIMIT_FSIZE, (size, most))
        try:
            yield
        finally:
            resource.prlimit(process, resource.RLIMIT_FSIZE, (most, most))


def test_a_reply_that_runs_ends_once_and_a_question_is_accepted_when_there_is_room_again(
    door: Door, tmp_path: Path
) -> None:
    playground, database = door.playground, tmp_path / "bot.db"
    running = playground.say(f"{AT}/tokens 300 60")
    playground.growing(running)
    with full_disk(door, database):
        refused = playground.say(f"{AT}what is 6*7?")
        until(lambda: _statuses(playground, refused) == ["HTTP 500"] * 2, what="Slack's next try")
        until(lambda: "ending not kept yet" in door.bot.log(), what="the end of the reply")
        status, told = _readiness(door)
        assert (status, told["database"]) == (503, False)
        assert "disk" in told["why"]["database"]
        assert playground.answers(refused) == []

    until(lambda: _outcomes(database) == ["done"], what="the ending to be kept")
    assert _readiness(door) == (200, {"ok": True, "database": True, "worker": True})
    playground.post("deliver", event=_events(playground, refused)[0]["body"]["event"])

    assert "42" in playground.answer(refused)["text"]
    [answer] = playground.answers(running)
    assert is_done(answer)
    assert shown(answer).count(long_text(1200)) == 1
    assert "Traceback" not in playground.http.get("/playground/calls").text


def _events(playground: RunningPlayground, ts: str) -> list[dict[str, Any]]:
    return [one for one in playground.events() if one["body"]["event"].get("ts") == ts]


def _statuses(playground: RunningPlayground, ts: str) -> list[str]:
    """How the tries of a message's `message` event have ended."""
    found = _events(playground, ts)
    return [one["status"] for one in found if one["type"] == "message"]


def _readiness(door: Door) -> tuple[int, dict[str, Any]]:
    answer = httpx.get(f"{door.url}/readyz")
    return answer.status_code, answer.json()


def _outcomes(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT outcome FROM replies").fetchall()
    return [outcome for (outcome,) in rows]
