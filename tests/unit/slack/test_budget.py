"""The sender keeps to what Slack allows, and sets aside what ends a reply."""

from bot.slack.budget import Budget, append_pause


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def _limited() -> tuple[Budget, Clock]:
    clock = Clock()
    budget = Budget(clock)
    budget.limited("chat.postMessage", 0)
    return budget, clock


def test_no_minute_sees_more_calls_than_the_tier() -> None:
    budget, clock = _limited()
    started = 0
    for _ in range(600):
        clock.now += 0.2
        if budget.can_stream:
            budget["chat.startStream"].take()
            budget["chat.stopStream"].take()
            started += 1

    assert 38 <= started <= 40, "two minutes of at most twenty"


def test_until_slack_says_429_streams_are_not_rationed() -> None:
    budget = Budget(Clock())
    for _ in range(100):
        budget["chat.startStream"].take()

    assert budget.can_stream
    budget.limited("chat.startStream", 1)
    assert not budget.can_stream


def test_a_stream_is_only_started_if_it_can_also_be_stopped() -> None:
    budget, _ = _limited()
    budget["chat.stopStream"].reserved = 20

    assert not budget.can_stream


def test_edits_in_between_leave_room_for_the_last_ones() -> None:
    budget, _ = _limited()
    made = 0
    while budget.may_edit_in_between:
        budget["chat.update"].take()
        made += 1

    assert made < 25
    assert budget.can_edit


def test_a_429_stops_the_method_for_as_long_as_slack_says() -> None:
    budget, clock = _limited()
    budget.limited("chat.appendStream", 30)
    assert not budget.may_append

    clock.now += 31
    assert budget.may_append


def test_a_channel_gets_a_message_a_second() -> None:
    budget, _clock = _limited()
    waits = [budget.next_post("C1") for _ in range(4)]

    assert waits[:2] == [0, 0]
    assert waits[3] >= 2
    assert budget.next_post("C2") == 0


def test_many_streams_share_the_minute() -> None:
    budget, _ = _limited()
    alone = append_pause(5, budget)
    budget.live_streams = 50

    assert append_pause(5, budget) > 10 * alone
