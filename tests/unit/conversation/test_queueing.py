"""What somebody is told who waits in line."""

import pytest

from bot.conversation.queueing import in_line, ordinal


@pytest.mark.parametrize(
    ("number", "word"),
    [
        (1, "1st"),
        (2, "2nd"),
        (3, "3rd"),
        (4, "4th"),
        (10, "10th"),
        (11, "11th"),
        (12, "12th"),
        (13, "13th"),
        (21, "21st"),
        (22, "22nd"),
        (33, "33rd"),
        (101, "101st"),
        (111, "111th"),
        (1_013, "1,013th"),
    ],
)
def test_places_are_written_as_people_say_them(number: int, word: str) -> None:
    assert ordinal(number) == word


def test_it_reads_well_behind_the_apps_name_and_alone() -> None:
    busy = in_line(3)

    assert busy.status == "is busy right now: you are about 3rd in line"
    assert busy.sentence == "Busy right now: you are about 3rd in line."
