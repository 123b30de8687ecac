"""`/threadwise`: what the bot can do, and a form for how it answers in a channel."""

from collections.abc import Mapping
from typing import Any

from slack_bolt.app.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.async_context import AsyncBoltContext

from bot.conversation.modes import PRESETS, ChannelSettings, Thinking
from bot.conversation.ports import Channels
from bot.errors import SlackError
from bot.slack.api import SlackApi
from bot.slack.inbound import Payload
from bot.slack.installations import Installations
from bot.telemetry.log import get_logger

log = get_logger("slack")

COMMAND = "/threadwise"
CALLBACK = "channel_settings"
HELP = """\
*Ask* by mentioning me in a channel, or in a direct message. The whole thread counts, and so do the pictures and files in it.
• Edit your question and I answer it anew; delete it and my answer goes.
• Say “think hard”, “search the web”, “creative mode”, “code mode”, “factual mode” or “translation mode” in a question, and I do.
• `/summarize` sums up a channel; `/digest` does that by the clock. In a thread: the *Summarize thread* shortcut of a message.
• `/threadwise settings` opens the settings of the channel you are in: who I answer, how, and your own instructions to me.
• `/threadwise forget me` deletes what I keep of you."""
SAVED = "Saved. From now on I answer like that in this channel."
NOT_OPENED = "Slack did not let me open the form. Please try once more."
TOO_SLOW = "That took Slack too long, and the form can't be opened any more. Please try once more."

_TEAM = "team"
"""The choice that leaves a matter to the team's settings; Slack takes no empty value."""
_MOST_INSTRUCTIONS = 3_000
_PRESET_WORDS = {
    "balanced": "Balanced",
    "creative": "Creative writing",
    "code": "Code",
    "factual": "Factual answers",
    "translation": "Translation",
}
_THINKING_WORDS = {
    Thinking.AUTO.value: "When the question asks for it, or looks hard",
    Thinking.ON.value: "Always",
    Thinking.OFF.value: "Only when a message asks for it",
}
_REPLY_WORDS = {
    "auto": "Without a mention while one person is in it",
    "mention": "Only when mentioned",
    "always": "Always",
}


class ChannelForm:
    """The command and its form. A `Feature`."""

    def __init__(self, installations: Installations, channels: Channels) -> None:
        self._installations = installations
        self._channels = channels

    def register(self, app: AsyncApp) -> None:
        """Add the command and the form's end."""
        app.command(COMMAND)(self._asked)
        app.view(CALLBACK)(self._saved)

    async def _asked(self, ack: AsyncAck, command: Payload, context: AsyncBoltContext) -> None:
        if str(command.get("text") or "").strip().lower() not in {"settings", "setup"}:
            await ack(HELP)
            return
        here = await self._installations.of(context.team_id or "")
        team_id, channel_id = here.identity.team_id, str(command["channel_id"])
        settings = await self._channels.load(team_id, channel_id)
        try:
            view = form(settings, channel_id)
            await here.api.write("views.open", trigger_id=command["trigger_id"], view=view)
        except SlackError as error:
            log.info("no form", reason=str(error))
            await ack(TOO_SLOW if "trigger" in str(error) else NOT_OPENED)
            return
        await ack()

    async def _saved(
        self, ack: AsyncAck, view: Payload, body: Payload, context: AsyncBoltContext
    ) -> None:
        here = await self._installations.of(context.team_id or "")
        channel_id = str(view["private_metadata"])
        settings = filled(view["state"]["values"])
        await self._channels.save(here.identity.team_id, channel_id, settings)
        await ack()
        log.info("channel settings saved", channel=channel_id)
        await _confirm(here.api, channel_id, str(body["user"]["id"]))


def form(settings: ChannelSettings, channel_id: str) -> dict[str, Any]:
    """The form with what is set now ("Modals")."""
    chosen = (
        ("preset", "Made for", _PRESET_WORDS, settings.preset),
        ("thinking", "Think before answering", _THINKING_WORDS, settings.thinking),
        ("replies", "In threads I am part of, answer", _REPLY_WORDS, settings.reply_in_threads),
    )
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": channel_id,
        "title": _plain("Channel settings"),
        "submit": _plain("Save"),
        "close": _plain("Cancel"),
        "blocks": [
            *(_choice(name, label, words, value) for name, label, words, value in chosen),
            _instructions(settings.instructions),
        ],
    }


def filled(values: Mapping[str, Any]) -> ChannelSettings:
    """What a person has filled in (`view.state.values`); what is unknown counts as not set."""

    def of(name: str, known: Mapping[str, str]) -> str:
        option = ((values.get(name) or {}).get(name) or {}).get("selected_option") or {}
        value = str(option.get("value") or "")
        return value if value in known else ""

    written = ((values.get("instructions") or {}).get("instructions") or {}).get("value")
    preset = of("preset", _PRESET_WORDS)
    return ChannelSettings(
        preset=preset if preset in PRESETS else "",
        thinking=of("thinking", _THINKING_WORDS),
        reply_in_threads=of("replies", _REPLY_WORDS),
        instructions=str(written or "").strip()[:_MOST_INSTRUCTIONS],
    )


def _choice(name: str, label: str, words: Mapping[str, str], value: str) -> dict[str, Any]:
    options = [_option("As the team has it", _TEAM), *(_option(w, v) for v, w in words.items())]
    initial = next((one for one in options if one["value"] == value), options[0])
    return {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": {
            "type": "static_select",
            "action_id": name,
            "options": options,
            "initial_option": initial,
        },
    }


def _instructions(written: str) -> dict[str, Any]:
    element: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "instructions",
        "multiline": True,
        "max_length": _MOST_INSTRUCTIONS,
        "placeholder": _plain("For example: answer in German, and link our runbook."),
    }
    if written:
        element["initial_value"] = written
    return {
        "type": "input",
        "block_id": "instructions",
        "optional": True,
        "label": _plain("Your instructions to me in this channel"),
        "element": element,
    }


def _option(words: str, value: str) -> dict[str, Any]:
    return {"text": _plain(words), "value": value}


def _plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


async def _confirm(api: SlackApi, channel_id: str, user_id: str) -> None:
    try:
        await api.write("chat.postEphemeral", channel=channel_id, user=user_id, text=SAVED)
    except SlackError as error:
        log.info("no confirmation", reason=str(error))  # it is saved all the same
