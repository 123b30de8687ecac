"""Forgets who leaves: of a workspace the token goes at once, its data soon after.

The deletion is an errand, since it may be long and must not be lost; a removal that is told twice,
or late, after the bot was installed anew, does no harm.
"""

import asyncio
from collections.abc import Callable

from bot.conversation.errands import Errand, Errands, Keep
from bot.conversation.forgetting import FORGET_TEAM
from bot.conversation.installed import Installs
from bot.store.db import Writer
from bot.store.retention import forget_person, forget_team, stop_answers
from bot.telemetry.log import get_logger

log = get_logger("forgetting")

_LOOKS, _LOOK_SECONDS = 120, 0.25
"""A worker hears of a stop within a second; one that takes over from a dead one, within twenty."""
_SKEW_SECONDS = 5.0
"""Slack's clock, which says when it happened, is not ours, which says when it was installed."""


class Leaving:
    """Implements `slack.install.farewell.Leave`."""

    def __init__(
        self, installs: Installs, errands: Errands, *, forget: Callable[[str], None]
    ) -> None:
        """`forget` is told the place: what this process has in memory of it is out of date."""
        self._installs = installs
        self._errands = errands
        self._forget = forget

    async def __call__(self, place: str, moment: float) -> None:
        """Forget a workspace or an organisation as it was at a moment (seconds since the epoch)."""
        moment += _SKEW_SECONDS
        teams = await self._installs.teams(place)
        if not await self._installs.remove(place, before=moment):
            log.info("it was installed anew meanwhile", place=place)
            return
        self._forget(place)
        for team_id in teams:
            await self._errands.add(
                team_id=team_id,
                kind=FORGET_TEAM,
                payload={"before": moment},
                key=f"{FORGET_TEAM} {team_id} {moment:.0f}",
            )


async def forget_quietly(writer: Writer, team_id: str, user_id: str) -> int:
    """Forget a person once nothing is written to them any more; returns how many messages.

    Whoever writes an answer keeps it, and would keep it anew.
    """
    for _ in range(_LOOKS):
        if not await stop_answers(writer, team_id, user_id):
            break
        await asyncio.sleep(_LOOK_SECONDS)
    return await forget_person(writer, team_id, user_id)


class ForgetTeam:
    """Does the errand. Implements `conversation.errands.Handler`."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def run(self, errand: Errand, keep: Keep) -> None:
        """Delete what is kept of the workspace."""
        before = float(errand.payload["before"])
        deleted = await forget_team(self._writer, errand.team_id, before=before)
        log.info("forgotten", conversations=deleted)

    async def give_up(self, errand: Errand) -> None:
        """Nobody is there to be told; the log is."""
        log.error("could not forget a workspace: `bot data purge` can", team=errand.team_id)
