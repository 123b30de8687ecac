"""A question that names a file means it, however old it is."""

import pytest

from bot.conversation.mentioned import mentioned
from bot.conversation.thread import SharedFile


def _file(name: str, media_type: str = "image/png") -> SharedFile:
    return SharedFile(file_id=name, name=name, media_type=media_type, size=1, url="u")


FILES = [
    _file("pier.png"),
    _file("Budget 2026.xlsx", "application/x"),
    _file("image.png"),
    _file("pier.png"),
    _file("sea.jpg", "image/jpeg"),
]


@pytest.mark.parametrize(
    ("question", "names"),
    [
        ("what does pier.png show?", {"pier.png"}),
        ("sum up the budget 2026", {"Budget 2026.xlsx"}),
        ("the second picture", {"image.png"}),
        ("is picture 3 the same as the first image?", {"sea.jpg", "pier.png"}),
        ("and the 2nd screenshot?", {"image.png"}),
        ("the last photo", {"sea.jpg"}),
        ("was zeigt das zweite Bild?", {"image.png"}),
        ("第三张图片是什么?", {"sea.jpg"}),
        ("picture 7", set()),
        ("what is the second question about?", set()),
        ("hello", set()),
    ],
)
def test_files_are_named_by_name_and_by_place(question: str, names: set[str]) -> None:
    assert mentioned(question, FILES) == names


def test_without_pictures_there_is_no_last_one() -> None:
    assert mentioned("the last picture", FILES[1:2]) == set()
