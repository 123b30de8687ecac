"""Takes the teeth out of what a model wrote: nobody is pinged, no picture is fetched. Pure.

Text from pages and files reaches the model, so its answer may try to call a whole channel
together, or to send data out in the address of a picture that Slack would fetch.
"""

import re

_QUIET = "\u200b"  # a zero-width space: the word reads the same and is no mention any more
_BROADCAST = re.compile(r"<!(channel|here|everyone|group)(?:\|[^>]*)?>", re.IGNORECASE)
_GROUP = re.compile(r"<!subteam\^\w+(?:\|@?([^>]*))?>", re.IGNORECASE)
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|([^>]*))?>")
_BARE = re.compile(r"(?<![\w@.])@(channel|here|everyone)\b", re.IGNORECASE)
_IMG = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
_SRC = re.compile(r"\bsrc\s*=\s*[\"']?([^\s\"'>]*)", re.IGNORECASE)
_EMPTY_IMAGE = re.compile(r"!\[\](?=[(\[])")
_CODE_SPAN = re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)")


def disarm(text: str, *, people: frozenset[str], in_code: bool) -> str:
    """Make a piece of Markdown harmless; what is code stays byte for byte, but for mentions.

    `people` are the user ids that may be mentioned: those who take part in the thread.
    """
    text = _without_mentions(text, people)
    if in_code:
        return text
    if "`" not in text:
        return _without_pictures(text)
    pieces = []
    end = 0
    for span in _CODE_SPAN.finditer(text):
        pieces += [_without_pictures(text[end : span.start()]), span.group()]
        end = span.end()
    return "".join([*pieces, _without_pictures(text[end:])])


def _without_mentions(text: str, people: frozenset[str]) -> str:
    if "<" not in text:
        return text
    text = _BROADCAST.sub(lambda found: f"@{_QUIET}{found[1].lower()}", text)
    text = _GROUP.sub(lambda found: f"@{_QUIET}{found[1] or 'group'}", text)

    def person(found: re.Match[str]) -> str:
        return found[0] if found[1] in people else f"@{found[2] or found[1]}"

    return _USER.sub(person, text)


def _address(picture: re.Match[str]) -> str:
    source = _SRC.search(picture[0])
    return source[1] if source else ""


def _without_pictures(text: str) -> str:
    if "@" in text:
        text = _BARE.sub(lambda found: f"@{_QUIET}{found[1]}", text)
    if "<" in text:
        text = _IMG.sub(_address, text)
    if "![" in text:
        text = _EMPTY_IMAGE.sub("[image]", text).replace("![", "[")
    return text
