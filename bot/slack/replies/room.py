"""Where the replies of one workspace are opened, and taken away when their question is gone."""

from collections.abc import Callable

from bot.conversation.ports import IsOurs
from bot.conversation.thread import Turn, Withdrawal
from bot.slack.api import SlackApi
from bot.slack.budget import Budget
from bot.slack.history import History
from bot.slack.replies.reply import SlackReply
from bot.slack.replies.standing import delete_message
from bot.slack.replies.status import Status


class SlackReplies:
    """Opens replies in one workspace. Implements `conversation.ports.Replies`."""

    def __init__(self, api: SlackApi, budget: Budget, history: History, status: Status) -> None:
        self._api = api
        self._budget = budget
        self._history = history
        self._status = status

    def open(
        self,
        turn: Turn,
        *,
        on_stop: Callable[[], None],
        on_segment: Callable[[], None],
        is_ours: IsOurs,
    ) -> SlackReply:
        """A reply into the turn's thread; nothing is shown yet."""
        return SlackReply(
            turn,
            self._api,
            self._budget,
            self._history,
            self._status,
            on_stop=on_stop,
            on_segment=on_segment,
            is_ours=is_ours,
        )

    async def take_away(self, withdrawal: Withdrawal) -> None:
        """Delete the Slack messages of an answer whose question was deleted."""
        for segment in withdrawal.segments:
            await delete_message(self._api, withdrawal.key.channel_id, segment.ts)
