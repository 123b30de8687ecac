"""What people may write after `/digest`, and what they are told when it makes no sense."""

from contextlib import suppress
from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.conversation.digests.digest import Plan, Quiet, Window, plan_of
from bot.conversation.digests.recurrence import EVERY_DAY, WEEKDAYS, WEEKEND, Recurrence
from bot.conversation.digests.words import read_order
from bot.conversation.summaries.request import Length
from bot.errors import UnclearRequest

WEEKDAYS_AT_NINE = Recurrence(days=WEEKDAYS, at=time(9), zone="Europe/Berlin")
ENG = Plan(channels=("C0ENG",), recurrence=WEEKDAYS_AT_NINE)


def order(words: str) -> Plan:
    return read_order(words, zone="Europe/Berlin", channel_id="C0HERE")


def at(hour: int, minute: int = 0, days: frozenset[int] = WEEKDAYS) -> Plan:
    return replace(ENG, recurrence=replace(WEEKDAYS_AT_NINE, at=time(hour, minute), days=days))


@pytest.mark.parametrize(
    ("words", "plan"),
    [
        (
            "<#C0ENG|eng> every weekday at 9:00 in Europe/Berlin about incidents",
            replace(ENG, focus="incidents"),
        ),
        ("<#C0ENG|> every weekday at 9:00", ENG),
        ("<#C0ENG> daily at 17:30", at(17, 30, EVERY_DAY)),
        ("every weekend at 9am about <#C0ENG>".replace("about ", ""), at(9, 0, WEEKEND)),
        ("<#C0ENG> at 9 on mondays and fridays", at(9, 0, frozenset({0, 4}))),
        ("<#C0ENG> every mon, wed and fri at 5:05 pm", at(17, 5, frozenset({0, 2, 4}))),
        ("<#C0ENG> mon-thu at noon", at(12, 0, frozenset({0, 1, 2, 3}))),
        ("<#C0ENG> every fri to mon at 12 am", at(0, 0, frozenset({4, 5, 6, 0}))),
        ("<#C0ENG> weekly at 8.15", at(8, 15, frozenset({0}))),
        ("<#C0ENG> weekly on tuesday at 8:15", at(8, 15, frozenset({1}))),
        ("<#C0ENG> at 7:00", at(7)),
        ("please send me a digest of <#C0ENG> every weekday", ENG),
        ("every weekday", replace(ENG, channels=("C0HERE",))),
        ("this channel every weekday", replace(ENG, channels=("C0HERE",))),
        ("<#C0ENG> <#C0OPS> <#C0ENG> weekdays", replace(ENG, channels=("C0ENG", "C0OPS"))),
        ("<#C0ENG> and <#C0OPS> weekdays to <#C0TEAM>", replace(
            ENG, channels=("C0ENG", "C0OPS"), place="C0TEAM")),
        ("<#C0ENG> weekdays here", replace(ENG, place="C0HERE")),
        ("<#C0ENG> weekdays to me", ENG),
        ("<#C0ENG> weekdays in Deutsch", replace(ENG, language="German")),
        ("<#C0ENG> weekdays in german in tokyo", replace(
            ENG, language="German", recurrence=replace(WEEKDAYS_AT_NINE, zone="Asia/Tokyo"))),
        ("<#C0ENG> weekdays (UTC)", replace(
            ENG, recurrence=replace(WEEKDAYS_AT_NINE, zone="UTC"))),
        ("<#C0ENG> weekdays since my last digest", ENG),
        ("<#C0ENG> weekdays of the last 24 hours", replace(ENG, window=Window.DAY)),
        ("<#C0ENG> every monday over the last week, detailed", replace(
            at(9, 0, frozenset({0})), window=Window.WEEK, length=Length.DETAILED)),
        ("short <#C0ENG> weekdays even if quiet", replace(
            ENG, length=Length.SHORT, quiet=Quiet.SAY)),
        (
            "this channel every monday and friday at 17:30 here of the last week in German, short",
            replace(
                at(17, 30, frozenset({0, 4})),
                channels=("C0HERE",),
                place="C0HERE",
                window=Window.WEEK,
                language="German",
                length=Length.SHORT,
            ),
        ),
        ("<#C0ENG> about deploys in production every weekday at 9", replace(
            ENG, focus="deploys in production")),
        ("<#C0ENG> every weekday at 9:00 about life in Berlin, in German, short, even if quiet",
            replace(ENG, focus="life in Berlin", language="German", length=Length.SHORT,
                    quiet=Quiet.SAY)),
        ("<#C0ENG> weekdays about R&amp;D &lt;3 in German", replace(
            ENG, focus="R&D <3", language="German")),
        ("<#C0ENG> each weekday 9am in New York time", replace(
            ENG, recurrence=replace(WEEKDAYS_AT_NINE, zone="America/New_York"))),
        ("<#C0ENG> monday through friday @ 9 o'clock UTC", replace(
            ENG, recurrence=replace(WEEKDAYS_AT_NINE, zone="UTC"))),
        ('<#C0ENG> about "what we do at 9 every day" weekdays', replace(
            ENG, focus="what we do at 9 every day")),
    ],
)  # fmt: skip
def test_an_order_in_words_is_understood(words: str, plan: Plan) -> None:
    assert order(words) == plan


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("<#C0ENG>", "When shall the digest come?"),
        ("<#C0ENG> every weekday at 25:00", "`25:00` is no time of day"),
        ("<#C0ENG> every weekday at 13 pm", "`13 pm` is no time of day"),
        ("<#C0ENG> every weekday at 9:75", "`9:75` is no time of day"),
        ("<#C0ENG> every fortnight at 9", "I don't know the day `fortnight`"),
        ("#eng every weekday", "which channel #eng is"),
        ("<#C0ENG> every weekday in Atlantis", "neither a time zone nor a language `Atlantis`"),
        ("<#C0ENG> every weekday with unicorns", "I did not understand “with unicorns”"),
        (" ".join(f"<#C{n}>" for n in range(11)) + " weekdays", "10 channels at most"),
        (f"<#C0ENG> weekdays about {'x' * 501}", "500 characters at most"),
    ],
)
def test_what_makes_no_sense_is_answered_with_what_would(words: str, said: str) -> None:
    with pytest.raises(UnclearRequest) as raised:
        order(words)

    assert said in str(raised.value)


def test_a_direct_message_has_no_channel_of_its_own() -> None:
    with pytest.raises(UnclearRequest, match="Which channels"):
        read_order("every weekday at 9", zone="UTC", channel_id="D0ANNA")


@given(st.text(alphabet="abcdefg#<>|@:/-,. 0129CEG", max_size=60))
def test_any_words_end_in_a_plan_or_a_sentence(words: str) -> None:
    with suppress(UnclearRequest):
        plan = order(words)
        assert plan_of(plan.as_json()) == plan


def test_a_subject_is_shown_as_it_was_typed_and_pings_nobody() -> None:
    assert "about R&amp;D &lt;!channel&gt;" in replace(ENG, focus="R&D <!channel>").words


@pytest.mark.parametrize("plan", [ENG, replace(ENG, place="C0TEAM", focus="x", quiet=Quiet.SAY)])
def test_a_plan_is_kept_whole(plan: Plan) -> None:
    assert plan_of(plan.as_json()) == plan
