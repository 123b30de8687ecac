"""Commands, shortcuts, forms and buttons, as Slack's own Socket Mode client is told of them."""

from typing import Any

import httpx
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.playground.slack.tickets import Origin, Tickets
from bot.playground.slack.workspace import Refusal
from tests.playground import ANNA, BEN, CHEN, GENERAL, RunningPlayground, View
from tests.unit.playground.conftest import App, acted, refused

FORM: View = {
    "type": "modal",
    "callback_id": "form",
    "title": {"type": "plain_text", "text": "Form"},
    "submit": {"type": "plain_text", "text": "Send"},
    "notify_on_close": True,
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Why"},
            "element": {"type": "plain_text_input", "action_id": "why", "max_length": 5},
        },
        {
            "type": "input",
            "block_id": "when",
            "optional": True,
            "label": {"type": "plain_text", "text": "When"},
            "element": {
                "type": "timepicker",
                "action_id": "when",
                "initial_time": "09:00",
            },
        },
        {
            "type": "actions",
            "block_id": "more",
            "elements": [
                {
                    "type": "static_select",
                    "action_id": "size",
                    "options": [
                        {"text": {"type": "plain_text", "text": "Short"}, "value": "s"},
                        {"text": {"type": "plain_text", "text": "Long"}, "value": "l"},
                    ],
                }
            ],
        },
    ],
}
HOME: View = {"type": "home", "blocks": [{"type": "divider"}]}
BUTTON = [
    {
        "type": "actions",
        "block_id": "b",
        "elements": [
            {
                "type": "button",
                "action_id": "go",
                "value": "1",
                "text": {"type": "plain_text", "text": "Go"},
            }
        ],
    }
]


async def _opened(playground: RunningPlayground, app: App, view: View = FORM) -> View:
    """Anna has called the global shortcut, and sees a form."""
    await acted(playground.shortcut, None, "summarize")
    payload = await app.got("shortcut")
    answer = await app.web.views_open(trigger_id=payload["trigger_id"], view=view)
    return dict(answer["view"])


async def test_a_command_arrives_with_names_as_ids_and_answers_one_person(
    playground: RunningPlayground, app: App
) -> None:
    app.acks["command"] = {"text": "Working on it."}
    [shown] = await acted(playground.command, "/summarize #leads for @ben, not me@ben.example")
    command = await app.got("command")

    assert command["text"] == "<#G0LEADS|> for <@U0BEN|ben>, not me@ben.example"
    assert (shown["text"], shown["ephemeral"]) == ("Working on it.", True)
    assert await acted(playground.ephemerals, BEN) == []


async def test_commands_are_refused_in_threads_and_when_nobody_knows_them(
    playground: RunningPlayground, app: App
) -> None:
    ts = playground.say("hi")
    [unknown] = await acted(playground.command, "/nonsense")
    assert "not a valid command" in unknown["text"]
    told = {"channel": GENERAL, "text": "/summarize", "thread_ts": ts}
    await acted(playground.post, "commands", **{"as": ANNA}, **told)
    [in_thread] = [one for one in playground.thread(ts) if one.get("ephemeral")]
    assert in_thread["text"] == "/summarize is not supported in threads. Sorry!"

    assert not app.has("command")


async def test_a_response_url_takes_five_messages(playground: RunningPlayground, app: App) -> None:
    await acted(playground.post, "commands", **{"as": ANNA}, channel=GENERAL, text="/digest")
    url = (await app.got("command"))["response_url"]
    async with httpx.AsyncClient() as http:
        assert (await http.post(url, json={"markdown_text": "x"})).json()["error"] == "no_text"
        for n in range(4):
            answer = await http.post(url, json={"text": f"{n}", "replace_original": True})
            assert answer.status_code == 200
        late = await http.post(url, json={"text": "late"})

    assert (late.status_code, late.json()["error"]) == (404, "used_url")
    texts = [one["text"] for one in playground.ephemerals()]
    assert texts == ["0", "1", "2", "3"], "a command's URL replaces nothing"


async def test_a_clicks_response_url_replaces_what_only_one_person_sees(
    playground: RunningPlayground, app: App
) -> None:
    await app.web.chat_postEphemeral(channel=GENERAL, user=ANNA, text="a", blocks=BUTTON)
    [message] = playground.ephemerals()
    await acted(playground.click, message, "go")
    payload = await app.got("block_actions")
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    async with httpx.AsyncClient() as http:
        await http.post(payload["response_url"], json={"text": "b", "replace_original": True})
        assert [one["text"] for one in playground.ephemerals()] == ["b"]
        await http.post(payload["response_url"], json={"delete_original": True})

    assert playground.ephemerals() == []


async def test_a_form_is_checked_sent_and_closed(playground: RunningPlayground, app: App) -> None:
    view = await _opened(playground, app)
    missing = await acted(playground.submit, view, {})
    assert list(missing["errors"]) == ["why"]
    long = await acted(playground.submit, view, {"why": "much too long"})
    assert list(long["errors"]) == ["why"]
    assert not app.has("view_submission")
    taken = await acted(playground.submit, view, {"why": "so", "size": "l"})

    values = (await app.got("view_submission"))["view"]["state"]["values"]
    assert taken["errors"] == {}
    assert values["why"]["why"]["value"] == "so"
    assert values["when"]["when"]["selected_time"] == "09:00"
    assert values["more"]["size"]["selected_option"]["value"] == "l"
    assert playground.views()["stack"] == []


async def test_a_submission_may_be_answered_with_errors_another_view_or_nothing(
    playground: RunningPlayground, app: App
) -> None:
    view = await _opened(playground, app)
    app.acks["view_submission"] = {"response_action": "errors", "errors": {"why": "Not so."}}
    answered = await acted(playground.submit, view, {"why": "so"})
    assert answered["errors"] == {"why": "Not so."}
    app.acks["view_submission"] = {"response_action": "push", "view": FORM}
    await acted(playground.submit, view, {"why": "so"})
    first, second = playground.views()["stack"]
    assert (second["previous_view_id"], second["root_view_id"]) == (first["id"], first["id"])
    app.acks["view_submission"] = {"response_action": "update", "view": {**FORM, "blocks": []}}
    await acted(playground.submit, second, {"why": "so"})
    assert playground.views()["stack"][-1]["blocks"] == []
    app.acks["view_submission"] = {"response_action": "update", "view": {"type": "modal"}}
    third = playground.views()["stack"][-1]
    assert "trouble" in await acted(playground.submit, third, {})
    app.acks["view_submission"] = {"response_action": "clear"}
    await acted(playground.submit, third, {})

    assert playground.views()["stack"] == []


async def test_views_stack_three_deep_and_say_when_they_are_closed(
    playground: RunningPlayground, app: App
) -> None:
    view = await _opened(playground, app)
    for left in (True, True, False):
        await acted(playground.click_in_view, view, "size", value="s")
        clicked = await app.got("block_actions")
        pushing = app.web.views_push(trigger_id=clicked["trigger_id"], view=FORM)
        if left:
            view = dict((await pushing)["view"])
        else:
            assert await refused(pushing) == "push_limit_reached"
    await acted(playground.close_view)

    closed = await app.got("view_closed")
    assert closed["view"]["id"] == view["id"]
    assert len(playground.views()["stack"]) == 2


async def test_a_view_is_updated_only_by_who_has_seen_its_newest_state(
    playground: RunningPlayground, app: App
) -> None:
    view = await _opened(playground, app)
    newer = await app.web.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    stale = app.web.views_update(view_id=view["id"], hash=view["hash"], view=FORM)
    assert await refused(stale) == "hash_conflict"
    assert newer["view"]["id"] == view["id"]
    await acted(playground.close_view)

    gone = app.web.views_update(view_id=view["id"], view=FORM)
    assert await refused(gone) == "not_found"


async def test_the_home_tab_is_each_persons_own(playground: RunningPlayground, app: App) -> None:
    await app.web.views_publish(user_id=ANNA, view=HOME)
    await acted(playground.home)
    opened = (await app.got("app_home_opened"))["event"]

    assert opened["tab"] == "home"
    assert opened["view"]["type"] == "home"
    assert playground.views(BEN)["home"] is None
    again = app.web.views_publish(user_id=ANNA, view=HOME, hash="old")
    assert await refused(again) == "hash_conflict"


async def test_a_messages_shortcut_brings_the_message(
    playground: RunningPlayground, app: App
) -> None:
    ts = playground.say("what a day", who=CHEN)
    await acted(playground.shortcut, playground.thread(ts)[0], "summarize_thread", who=BEN)
    payload = await app.got("message_action")

    assert payload["message"]["text"] == "what a day"
    assert payload["message_ts"] == ts
    assert payload["user"]["id"] == BEN


async def test_without_an_ack_the_person_is_told(playground: RunningPlayground, app: App) -> None:
    app.acks["command"] = None
    [told] = await acted(playground.command, "/summarize")

    assert "operation_timeout" in told["text"]


@pytest.mark.parametrize(
    "view",
    [
        {**FORM, "title": {"type": "plain_text", "text": "x" * 25}},
        {**FORM, "private_metadata": "x" * 3_001},
        {**FORM, "submit": None},
        {**FORM, "blocks": [{"type": "divider"}] * 101},
        {**FORM, "blocks": [{"type": "markdown", "text": "messages only"}]},
        {**FORM, "colour": "red"},
    ],
    ids=["title", "metadata", "no submit", "blocks", "markdown", "unknown"],
)
async def test_views_are_checked(
    playground: RunningPlayground, slack: AsyncWebClient, view: View
) -> None:
    publishing = slack.api_call("views.open", json={"trigger_id": "x", "view": view})

    assert await refused(publishing) == "invalid_arguments"


async def test_a_view_of_more_than_250_kilobytes_is_too_large(slack: AsyncWebClient) -> None:
    text = {"type": "mrkdwn", "text": "x" * 2_999}
    view = {**FORM, "blocks": [{"type": "section", "text": text}] * 90}

    opening = slack.api_call("views.open", json={"trigger_id": "x", "view": view})
    assert await refused(opening) == "view_too_large"


def test_a_trigger_opens_one_view_within_three_seconds() -> None:
    now = [0.0]
    tickets = Tickets(lambda: now[0])
    used, kept = tickets.trigger(ANNA), tickets.trigger(ANNA)
    assert tickets.exchange(used) == (ANNA, "")
    with pytest.raises(Refusal, match="exchanged_trigger_id"):
        tickets.exchange(used)
    with pytest.raises(Refusal, match="invalid_trigger_id"):
        tickets.exchange("made up")

    now[0] = 3.1
    with pytest.raises(Refusal, match="expired_trigger_id"):
        tickets.exchange(kept)


def test_a_response_url_ends_after_half_an_hour() -> None:
    now: list[float] = [0.0]
    tickets = Tickets(lambda: now[0])
    origin: Any = Origin(user=ANNA, channel=GENERAL)
    ticket = tickets.response_path(origin).rsplit("/", 1)[-1]
    assert tickets.respond(ticket) == origin

    now[0] = 1_801
    with pytest.raises(Refusal, match="expired_url"):
        tickets.respond(ticket)
