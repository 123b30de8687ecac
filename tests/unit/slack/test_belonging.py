"""Whose workspace it is where a payload names an organisation."""

from typing import Any, cast

import pytest
from slack_bolt import BoltResponse
from slack_bolt.context.async_context import AsyncBoltContext

from bot.slack.belonging import belonging
from bot.slack.installations import Installation, Installations

ORG = {"enterprise": {"id": "E1"}}
VIEW = {"app_installed_team_id": "E1", "team_id": "T5"}


class Anywhere:
    """Installations that reach every workspace; keeps which were asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    async def of(self, team_id: str, enterprise_id: str = "") -> Installation:
        self.asked.append((team_id, enterprise_id))
        return cast("Installation", None)


@pytest.mark.parametrize(
    ("body", "team_id"),
    [
        ({**ORG, "view": VIEW, "team": None, "user": {"id": "W1", "team_id": "T6"}}, "T5"),
        ({**ORG, "view": VIEW, "team": {"id": "T7"}}, "T7"),
        ({**ORG, "view": {"app_installed_team_id": "E1"}, "user": {"team_id": "T6"}}, "T6"),
        ({"enterprise": {"id": "E9"}, "view": VIEW, "team": {"id": "T9"}}, "E1"),
        ({"enterprise": None, "view": VIEW, "team": {"id": "T9"}}, "E1"),
    ],
    ids=["its view", "its payload", "its person", "another organisation's", "a stranger's"],
)
async def test_a_form_in_an_organisation_belongs_to_a_workspace_of_it(
    body: dict[str, Any], team_id: str
) -> None:
    installations = Anywhere()
    context = AsyncBoltContext({"team_id": "E1", "enterprise_id": "E1"})

    async def on() -> BoltResponse:
        return BoltResponse(status=200)

    await belonging(cast("Installations", installations))(body=body, context=context, next=on)

    assert context.team_id == team_id
    assert installations.asked == [(team_id, "E1")]
