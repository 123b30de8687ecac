"""Which of a thread's files a question names: by file name, or as "the second picture". Pure."""

import re
from collections.abc import Sequence
from pathlib import PurePath

from bot.conversation.thread import SharedFile

_SHORTEST_STEM = 4
_ORDINALS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": -1,
    "erste": 1, "zweite": 2, "dritte": 3, "vierte": 4, "fünfte": 5, "letzte": -1,
    "一": 1, "二": 2, "三": 3, "四": 4, "五": 5,
}  # fmt: skip
_PICTURE = r"(?:picture|image|photo|screenshot|bild|foto|图|图片|照片|截图)"
_COUNTED = re.compile(
    rf"\b(?P<word>{'|'.join(one for one in _ORDINALS if one.isascii() or one == 'fünfte')})"
    rf"[nrs]?\s+{_PICTURE}"
    rf"|(?P<ordinal>\d+)(?:st|nd|rd|th|\.)\s*{_PICTURE}"
    rf"|{_PICTURE}\s*(?:no\.?|number|nr\.?|#)?\s*(?P<number>\d+)"
    rf"|第(?P<sign>[一二三四五]|\d+)[张幅个]",
    re.IGNORECASE,
)


def mentioned(question: str, files: Sequence[SharedFile]) -> set[str]:
    """The ids of those that the question names; `files` in the order in which they were shared.

    Pictures are counted as the model is shown them: each once, where it came first.
    """
    said = question.casefold()
    named = {file.file_id for file in files if _is_named(file.name.casefold(), said)}
    pictures = list(dict.fromkeys(file.file_id for file in files if file.is_picture))
    for found in _COUNTED.finditer(question):
        place = _place(found)
        if place == -1 and pictures:
            named.add(pictures[-1])
        elif 1 <= place <= len(pictures):
            named.add(pictures[place - 1])
    return named


def _is_named(name: str, said: str) -> bool:
    """A whole name, or one without its ending; `image.png` is not meant by every image."""
    stem = PurePath(name).stem
    if name in said:
        return True
    if len(stem) < _SHORTEST_STEM or re.fullmatch(_PICTURE, stem):
        return False
    return re.search(rf"(?<!\w){re.escape(stem)}(?!\w)", said) is not None


def _place(found: re.Match[str]) -> int:
    digits = found["ordinal"] or found["number"] or found["sign"] or ""
    if digits.isdecimal():
        return int(digits[:4])
    return _ORDINALS[digits or found["word"].casefold()]
