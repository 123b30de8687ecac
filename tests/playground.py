"""Runs the playground and the real program, and acts as the people in it."""

import atexit
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import httpx

from bot.playground.server import PlaygroundSettings, serve
from bot.store.schema import migrate

T = TypeVar("T")
Message = dict[str, Any]
View = dict[str, Any]

ANNA, BEN, CHEN = "U0ANNA", "U0BEN", "U0CHEN"
BOT = "U0THREADW"
GENERAL, ENGINEERING, ANNAS_DM, LEADS, TRIO = "C0GENERAL", "C0ENG", "D0ANNA", "G0LEADS", "G0TRIO"
AT = f"<@{BOT}> "
_PATIENCE = 60.0  # on a machine that is busy with other tests


def until(look: Callable[[], T], *, seconds: float = _PATIENCE, what: str = "") -> T:
    """Look again and again until there is something to see; fail when it never comes."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"never came: {what or look}")
        time.sleep(0.02)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def nobody_at() -> Iterator[str]:
    """An address at which nobody listens, nor can begin to while this lasts."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


class RunningPlayground:
    """A playground on a port of its own, and what people do in it."""

    def __init__(self, settings: PlaygroundSettings, *, port: int = 0) -> None:
        self.settings = settings
        self._server = serve(settings, host="127.0.0.1", port=port)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until(lambda: self._server.started, what="the playground")
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.http = httpx.Client(base_url=self.url, timeout=30)

    def close(self) -> None:
        """End it."""
        self.http.close()
        self._server.should_exit = True
        self._thread.join(timeout=10)

    def post(self, what: str, **body: Any) -> dict[str, Any]:
        """Use the control API."""
        response = self.http.post(f"/playground/{what}", json=body)
        assert response.status_code == 200, response.text
        found: dict[str, Any] = response.json()
        return found

    def say(self, text: str, *, who: str = ANNA, channel: str = GENERAL, **more: Any) -> str:
        """Write a message; returns its ts."""
        return str(self.post("messages", **{"as": who}, channel=channel, text=text, **more)["ts"])

    def share(
        self, text: str, files: dict[str, bytes], *, channel: str = GENERAL, thread_ts: str = ""
    ) -> str:
        """Write a message with files."""
        form = {"as": ANNA, "channel": channel, "text": text, "thread_ts": thread_ts}
        parts = [("files", (name, data)) for name, data in files.items()]
        response = self.http.post("/playground/messages", data=form, files=parts)
        assert response.status_code == 200, response.text
        return str(response.json()["ts"])

    def edit(self, ts: str, text: str, *, channel: str = GENERAL) -> None:
        self.post("edit", **{"as": ANNA}, channel=channel, ts=ts, text=text)

    def delete(self, ts: str, *, channel: str = GENERAL) -> None:
        self.post("delete", **{"as": ANNA}, channel=channel, ts=ts)

    def fault(self, method: str, kind: str, **more: Any) -> None:
        """Let the next calls of a method go wrong."""
        self.post("faults", method=method, kind=kind, **more)

    def model_fails(self, *kinds: str) -> None:
        self.post("model/faults", kinds=list(kinds))

    def thread(self, ts: str, *, channel: str = GENERAL, who: str = ANNA) -> list[Message]:
        """A thread as somebody sees it, the first message included."""
        query = {"channel": channel, "ts": ts, "as": who}
        found: list[Message] = self.http.get("/playground/thread", params=query).json()["messages"]
        return found

    def answers(self, ts: str, *, channel: str = GENERAL) -> list[Message]:
        """The bot's messages in a thread."""
        return [one for one in self.thread(ts, channel=channel) if one.get("user") == BOT]

    def answer(
        self, ts: str, *, channel: str = GENERAL, count: int = 1, seconds: float = _PATIENCE
    ) -> Message:
        """Wait for the bot's `count`-th message in a thread to be complete."""

        def complete() -> Message | None:
            found = self.answers(ts, channel=channel)
            return found[count - 1] if len(found) >= count and is_done(found[count - 1]) else None

        return until(complete, seconds=seconds, what=f"answer {count} in {ts}") or {}

    def growing(self, ts: str, *, channel: str = GENERAL) -> Message:
        """Wait for an answer that has begun to grow."""

        def begun() -> Message | None:
            found = self.answers(ts, channel=channel)
            return found[-1] if found and found[-1]["text"] else None

        return until(begun, what=f"an answer that grows in {ts}") or {}

    def click(
        self,
        message: Message,
        action_id: str,
        *,
        value: Any = None,
        channel: str = GENERAL,
        who: str = ANNA,
    ) -> None:
        """Press a button of a message, or choose a `value` in one of its menus."""
        action = {"action_id": action_id, "value": value}
        self.post("actions", **{"as": who}, channel=channel, ts=message["ts"], action=action)

    def command(self, text: str, *, who: str = ANNA, channel: str = GENERAL) -> list[Message]:
        """Send a slash command; what its person, or everybody, is shown then in the channel."""

        def seen() -> set[str]:
            return {one["ts"] for one in self.messages(channel, who=who)}

        before = seen()
        self.post("commands", **{"as": who}, channel=channel, text=text)
        until(lambda: seen() - before, what=f"an answer to {text}")
        return [one for one in self.messages(channel, who=who) if one["ts"] not in before]

    def messages(self, channel: str = GENERAL, *, who: str = ANNA) -> list[Message]:
        """What stands in a channel for somebody, what only they see included."""
        query = {"channel": channel, "as": who}
        found: list[Message] = self.http.get("/playground/history", params=query).json()["messages"]
        return sorted(found, key=lambda one: one["ts"])

    def ephemerals(self, who: str = ANNA, channel: str = GENERAL) -> list[Message]:
        """What only this person sees in a channel, threads included."""
        query = {"channel": channel, "as": who}
        answer = self.http.get("/playground/ephemerals", params=query).json()
        found: list[Message] = answer["messages"]
        return found

    def shortcut(
        self, message: Message | None, callback_id: str, *, who: str = ANNA, channel: str = GENERAL
    ) -> None:
        """Call a message's shortcut, or without a message a global one."""
        where = {"channel": channel, "ts": message["ts"]} if message else {}
        self.post("shortcuts", **{"as": who}, callback_id=callback_id, **where)

    def views(self, who: str = ANNA) -> dict[str, Any]:
        """What somebody has open (`stack`, the topmost last), and their `home`."""
        found: dict[str, Any] = self.http.get("/playground/views", params={"as": who}).json()
        return found

    def view(self, who: str = ANNA, *, callback_id: str = "") -> View:
        """Wait for a modal, the topmost one."""

        def opened() -> View | None:
            stack = self.views(who)["stack"]
            is_it = stack and callback_id in {"", stack[-1]["callback_id"]}
            return stack[-1] if is_it else None

        return until(opened, what=f"a modal {callback_id}") or {}

    def submit(self, view: View, values: dict[str, Any], *, who: str = ANNA) -> dict[str, Any]:
        """Fill in a modal and send it; values are plain, by action id.

        Returns `errors` by block id (empty: it was taken), or `trouble` when nobody answered.
        """
        given = _by_block(view, values)
        return self.post("views/submit", **{"as": who}, view=view["id"], values=given)

    def click_in_view(
        self,
        view: View,
        action_id: str,
        *,
        value: Any = None,
        values: dict[str, Any] | None = None,
        who: str = ANNA,
    ) -> None:
        """Press a button of a modal or the Home tab, or choose a `value`; `values` as in `submit`."""
        given = _by_block(view, values or {})
        action = {"action_id": action_id, "value": value}
        self.post("actions", **{"as": who}, view=view["id"], action=action, values=given)

    def close_view(self, *, who: str = ANNA) -> None:
        """Close the topmost modal."""
        self.post("views/close", **{"as": who})

    def look(self, channel: str, *, who: str = ANNA) -> None:
        """Open a channel beside the bot's messages."""
        self.post("look", **{"as": who}, channel=channel)

    def home(self, who: str = ANNA, *, saying: str = "") -> View:
        """Open the bot's Home tab and wait until it says that."""
        self.post("home", **{"as": who}, tab="home")

        def shown_home() -> View | None:
            home = self.views(who)["home"]
            return home if home and saying in json.dumps(home, ensure_ascii=False) else None

        return until(shown_home, what="the Home tab") or {}

    def add_person(self, name: str, *, channels: Sequence[str] = (), **more: Any) -> str:
        """Somebody new: `is_restricted`, `is_stranger`, `deleted`, `tz`; returns their id."""
        real_name = more.pop("real_name", name.title())
        about = {"name": name, "real_name": real_name, "channels": list(channels), **more}
        return str(self.post("people", **about)["id"])

    def add_channel(self, channel_id: str, *, members: Sequence[str] = (), **more: Any) -> str:
        """A new channel (`type`, `name`, `archived`); the bot is in it only as a member."""
        return str(self.post("channels", id=channel_id, members=list(members), **more)["id"])

    def invite(self, channel: str, user: str = BOT, *, who: str = ANNA) -> None:
        """Take somebody, or the bot, into a channel."""
        self.post("join", **{"as": who}, channel=channel, user=user)

    def calls(self, method: str = "") -> list[dict[str, Any]]:
        """The Web API calls so far."""
        found = self.http.get("/playground/calls").json()["calls"]
        return [call for call in found if method in {"", call["method"]}]

    def events(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.http.get("/playground/events").json()["events"]
        return found

    def asked(self) -> list[dict[str, Any]]:
        """The requests that the model was sent."""
        found = self.http.get("/playground/model/requests").json()["requests"]
        return [one["body"] for one in found]

    def questions(self) -> list[dict[str, Any]]:
        """The requests but those that only hand back what tools gave."""
        return [one for one in self.asked() if not _hands_back(one)]

    def settled(self) -> None:
        """Wait until every event has been delivered."""
        until(lambda: all(one["delivered"] for one in self.events()), what="deliveries")


def _hands_back(body: dict[str, Any]) -> bool:
    """Whether a request ends with what a tool gave, in whichever protocol."""
    given = body.get("messages") or body["input"]
    newest: dict[str, Any] = (given["messages"] if isinstance(given, dict) else given)[-1]
    return newest.get("role") == "tool" or newest.get("type") == "function_call_output"


def steps(message: Message) -> dict[str, str]:
    """What was done on the way to an answer, as people see it: titles and states."""
    return {
        one["title"]: one["status"]
        for one in message.get("blocks", [])
        if one["type"] == "task_card"
    }


def footer(message: Message) -> str:
    """The quiet line beneath an answer."""
    lines = [one for one in message.get("blocks", []) if one["type"] == "context"]
    return str(lines[-1]["elements"][0]["text"]) if lines else ""


def is_done(message: Message) -> bool:
    """Whether a message is not being written any more."""
    stop = any(one["action_id"] == "stop_reply" for one in buttons(message))
    return message.get("streaming_state") != "in_progress" and not stop


def buttons(message: Message) -> list[dict[str, Any]]:
    """The buttons under a message."""
    return [
        element
        for block in message.get("blocks", [])
        if block["type"] == "actions"
        for element in block["elements"]
    ]


def elements(view: View) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every element of a view or message, with its block's id."""
    for block in view.get("blocks", []):
        parts = [block.get("accessory"), block.get("element"), *(block.get("elements") or [])]
        yield from ((block["block_id"], one) for one in parts if one and "action_id" in one)


def _by_block(view: View, values: dict[str, Any]) -> dict[str, dict[str, Any]]:
    given: dict[str, dict[str, Any]] = {}
    for action_id, value in values.items():
        found = [block for block, one in elements(view) if one["action_id"] == action_id]
        assert found, f"the view asks for no {action_id}"
        given.setdefault(found[0], {})[action_id] = value
    return given


def shown(message: Message) -> str:
    """The Markdown of a message, as people see it."""
    return "".join(one["text"] for one in message.get("blocks", []) if one["type"] == "markdown")


@cache
def _migrated() -> Path:
    """A database at the newest schema: to copy it takes less than to migrate another one."""
    path = Path(tempfile.mkdtemp(prefix="template")) / "bot.db"
    migrate(f"sqlite:///{path}")
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    return path


class RunningBot:
    """The real program, started by its command."""

    def __init__(self, playground: RunningPlayground, folder: Path, **environ: str) -> None:
        self.log_path = folder / "bot.log"
        settings = playground.settings
        self._environ = {
            "PATH": os.environ["PATH"],
            "SLACK_BOT_TOKEN": settings.bot_token,
            "SLACK_APP_TOKEN": settings.app_token,
            "SLACK_API_URL": f"{playground.url}/api/",
            "DASHSCOPE_API_KEY": settings.model.api_key,
            "DASHSCOPE_BASE_URL": playground.url,
            "DATABASE_URL": f"sqlite:///{folder / 'bot.db'}",
            "PORT": "0",
            "BOT_LOG_FORMAT": "json",
            "BOT_LOG_LEVEL": "debug",
            **environ,
        }
        self._folder = folder
        if "DATABASE_URL" not in environ and not (folder / "bot.db").exists():
            shutil.copy(_migrated(), folder / "bot.db")
        self.command = ""
        self.process: subprocess.Popen[bytes]

    def start(self, command: str = "run") -> None:
        """Start it, and wait until it is ready."""
        began = self.log().count('"event": "ready"')
        self.launch(command)
        until(self._is_ready(began), what=f"bot {command}")

    def launch(self, command: str) -> None:
        """Start it; it becomes ready in a while."""
        self.command = command
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bot", command],
                env={name: value for name, value in self._environ.items() if value},
                cwd=self._folder,
                stderr=log,
                stdout=log,
            )

    def tell(self, *arguments: str) -> str:
        """Run another command of it with the same settings; what it prints."""
        told = subprocess.run(
            [sys.executable, "-m", "bot", *arguments],
            env={"COLUMNS": "200", **self._environ},
            cwd=self._folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return told.stdout + told.stderr

    def _is_ready(self, began: int) -> Callable[[], bool]:
        def ready() -> bool:
            assert self.process.poll() is None, self.log()
            return self.log().count('"event": "ready"') > began

        return ready

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to end, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def log(self) -> str:
        """Everything it has logged."""
        return self.log_path.read_text() if self.log_path.exists() else ""


@contextmanager
def running_bot(
    playground: RunningPlayground, folder: Path, **environ: str
) -> Iterator[RunningBot]:
    """The program, running; ended at the end, whatever has become of it."""
    bot = RunningBot(playground, folder, **environ)
    bot.start()
    try:
        yield bot
    finally:
        if bot.process.poll() is None:
            bot.kill()
