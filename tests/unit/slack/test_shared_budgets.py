"""However many processes speak in a workspace, together they keep to what Slack allows it."""

import random
from collections.abc import Mapping
from typing import Any

from bot.conversation.sharing import Told
from bot.slack.budget import Budget, append_pause


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


class Office:
    """Processes of one workspace, which tell each other now and then."""

    def __init__(self, processes: int) -> None:
        self.clock = Clock()
        self.budgets = [Budget(self.clock) for _ in range(processes)]
        self._told: list[tuple[float, Mapping[str, Any]]] = [(0.0, {})] * processes

    def settle(self, process: int) -> None:
        now = self.clock.now
        others = [
            Told(stake=stake, age=now - at)
            for number, (at, stake) in enumerate(self._told)
            if number != process and stake and now - at < 60
        ]
        self._told[process] = (now, self.budgets[process].settle(others))

    def begin(self, process: int, replies: int = 1) -> None:
        self.budgets[process]._replies += replies
        self.settle(process)

    def end(self, process: int) -> None:
        self.budgets[process]._replies = 0


def test_processes_that_begin_at_once_do_not_each_take_the_whole_minute() -> None:
    office = Office(4)
    for process in range(4):
        office.begin(process)

    assert all(budget["chat.update"].free > 0 for budget in office.budgets)
    assert sum(budget["chat.update"].free for budget in office.budgets) <= 47


def test_no_minute_sees_more_calls_than_the_tier_from_all_processes() -> None:
    """Four processes that are as greedy as they may, and tell each other at odd times."""
    dice = random.Random(4)
    office = Office(4)
    calls: list[float] = []
    for process in range(4):
        office.begin(process, replies=dice.randint(1, 5))
    due = dict.fromkeys(range(4), 0.0)
    for _ in range(3_000):
        office.clock.now += 0.1
        process = dice.randrange(4)
        if office.clock.now > due[process]:
            office.settle(process)
            due[process] = office.clock.now + dice.uniform(0.5, 1.5)
        minute = office.budgets[process]["chat.appendStream"]
        if minute.wait() == 0:
            minute.take()
            calls.append(office.clock.now)

    busiest = max(sum(1 for at in calls if one <= at < one + 60) for one in calls)
    assert 85 <= busiest <= 95
    assert len(calls) > 400, "five minutes at nearly the whole rate"


def test_no_process_tries_slack_beyond_its_share_while_another_has_not_used_its_own() -> None:
    office = Office(2)
    for process in (0, 1):
        office.begin(process)
    for process, budget in enumerate(office.budgets):
        minute = budget["chat.startStream"]
        for _ in range(minute.ours):
            assert budget.can_stream
            minute.take()
        assert not budget.can_stream, f"{process} has used its share"
    for _ in range(20):  # news after news, they divide what is still free
        for process, budget in enumerate(office.budgets):
            office.settle(process)
            minute = budget["chat.startStream"]
            while minute.used < minute.ours:
                minute.take()

    assert sum(budget["chat.startStream"].used for budget in office.budgets) == 19
    assert all(budget.can_stream for budget in office.budgets), "Slack says 20+: it may be tried"


def test_a_process_with_more_replies_has_more_of_the_minute() -> None:
    office = Office(2)
    for process, replies in ((0, 9), (1, 1), (0, 0)):
        office.begin(process, replies)

    one, two = (budget["chat.appendStream"].free for budget in office.budgets)
    assert one > 2 * two > 0


def test_who_has_nothing_to_say_leaves_everything_to_the_others() -> None:
    office = Office(2)
    office.begin(0)
    office.budgets[0]["chat.update"].take()
    office.end(0)
    office.clock.now += 10
    office.settle(0)
    office.begin(1)
    assert office.budgets[1]["chat.update"].left == 46

    office.clock.now += 60
    office.settle(0)
    office.settle(1)
    assert office.budgets[1]["chat.update"].left == 47


def test_who_reads_again_after_a_while_need_not_wait_until_the_minute_is_over() -> None:
    """A summary is no reply: it has its share by wanting to call."""
    office = Office(2)
    office.begin(1)
    office.budgets[0]["conversations.history"].take()
    office.clock.now += 10
    office.settle(0)
    minute = office.budgets[0]["conversations.history"]
    assert minute.wait() > 0
    minute.wanted += 1
    office.settle(0)
    assert minute.wait() == 0


def test_what_one_process_sets_aside_no_other_takes() -> None:
    office = Office(2)
    office.begin(0)
    office.budgets[0]["chat.stopStream"].reserved = 20
    office.settle(0)
    office.begin(1)
    office.budgets[1].limited("chat.startStream", 0)

    assert not office.budgets[1].can_stream


def test_a_429_is_heard_in_every_process() -> None:
    office = Office(2)
    office.begin(0)
    office.budgets[0].limited("chat.startStream", 30)
    office.settle(0)
    office.begin(1)
    before = office.budgets[1].can_stream
    office.clock.now += 31
    after = office.budgets[1].can_stream
    for _ in range(20):
        office.budgets[1]["chat.startStream"].take()

    assert (before, after) == (False, True)
    assert office.budgets[1]["chat.startStream"].free <= 0, "the documented figure binds here, too"


def test_streams_of_all_processes_make_each_of_them_slower() -> None:
    office = Office(2)
    office.budgets[0].live_streams = 50
    office.begin(0)
    office.begin(1)

    assert append_pause(5, office.budgets[1]) > 30


def test_of_a_process_that_is_gone_only_what_it_has_used_counts() -> None:
    office = Office(2)
    office.begin(0, replies=40)
    for _ in range(7):
        office.budgets[0]["chat.update"].take()
    office.settle(0)
    office.begin(1)
    assert office.budgets[1]["chat.update"].ours < 10

    for _ in range(6):
        office.clock.now += 1
        office.settle(1)
    assert office.budgets[1]["chat.update"].left == 40
    assert office.budgets[1]["chat.update"].ours >= 20

    office.clock.now += 60
    office.settle(1)
    assert office.budgets[1]["chat.update"].left == 47
