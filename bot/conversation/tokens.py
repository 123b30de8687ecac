"""How many tokens a text is for Qwen: a fast estimate that errs on the high side.

Qwen's tokenizer gives every digit its own token, a Chinese character about half of one, an
English word a little more than one. Counting characters by kind does without the tokenizer's tens
of megabytes and half a second at the start. Measured against the vocabulary of Qwen 3.6: English
+5 %, code +13 %, JSON +12 %, chat logs +1 %, tables and figures ±3 %, German +20 %, Chinese +25 %,
Japanese and Russian more; tests/samples/tokens.json keeps true counts for the test.
"""

import re

_DIGIT = re.compile(r"[0-9]")
_WORD = re.compile(r"[A-Za-z]+")
_MARK = re.compile(r"[!-/:-@\[-`{-~]+")
_WIDE = re.compile(r"[\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]")
_OTHER = re.compile(r"[^\x00-\x7f\u3000-\u9fff\uac00-\ud7af\uff00-\uffef]")
_LINE = re.compile(r"\n+[ \t]*")
_LONG_WORD = 8
_PIXELS_A_TOKEN = 32 * 32
"""What a picture costs (Model Studio, "Image and video understanding")."""


def estimate(text: str) -> int:
    """The tokens of a text, a few percent too many rather than too few."""
    if not text:
        return 0
    words = _WORD.findall(text)
    long = sum((len(word) - 1) // _LONG_WORD for word in words)
    marks = sum((len(run) + 1) // 2 for run in _MARK.findall(text))
    wide = len(_WIDE.findall(text))
    other = len(_OTHER.findall(text))
    digits = len(_DIGIT.findall(text))
    lines = len(_LINE.findall(text))
    return (
        int(
            len(words) * 1.12
            + long
            + marks * 1.1
            + wide * 0.65
            + other * 0.4
            + digits * 1.12
            + lines
        )
        + 1
    )


def of_picture(width: int, height: int) -> int:
    """The tokens of a picture of so many pixels."""
    return width * height // _PIXELS_A_TOKEN + 2
