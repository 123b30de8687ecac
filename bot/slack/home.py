"""The bot's own tab in Slack: prompts to begin with."""

from bot.errors import SlackError
from bot.slack.api import SlackApi
from bot.slack.inbound import Payload
from bot.telemetry.log import get_logger

log = get_logger("slack")

PROMPTS = (
    ("Explain a picture", "What do you see in the picture that I attach?"),
    ("Draft a reply", "Draft a friendly, short reply to this message: "),
    ("Find the point", "What are the open questions in the text below? "),
    ("What can you do?", "What can you help me with here in Slack?"),
)


async def greet(api: SlackApi, event: Payload) -> None:
    """Offer prompts when somebody opens our messages ("Agents: suggested prompts").

    `app_home_opened` comes with an agent container, `assistant_thread_started` with the older one.
    """
    thread = event.get("assistant_thread") or {}
    channel = thread.get("channel_id") or event.get("channel")
    if not channel or event.get("tab", "messages") != "messages":
        return
    where = {"thread_ts": thread["thread_ts"]} if thread.get("thread_ts") else {}
    prompts = [{"title": title, "message": message} for title, message in PROMPTS]
    try:
        await api.write(
            "assistant.threads.setSuggestedPrompts", channel_id=channel, prompts=prompts, **where
        )
    except SlackError as error:
        log.info("no suggested prompts", reason=str(error))
