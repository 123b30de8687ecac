"""The colours of charts, as an Office theme has them: charts in Word, PDF and on slides look alike.

The same as in `templates/look.typ`.
"""

import re

_ACCENTS = ("2F6FDE", "F08C2E", "2CA58D", "D1495B", "7A5BD0", "E0B324")
_ACCENT = re.compile(r'(<a:accent([1-6])>\s*<a:srgbClr val=")[0-9A-F]{6}')


def in_our_colours(theme: str) -> str:
    """A theme's XML with our accents (ECMA-376, "CT_ColorScheme")."""
    return _ACCENT.sub(lambda found: found[1] + _ACCENTS[int(found[2]) - 1], theme)
