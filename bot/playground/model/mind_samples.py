"""Texts that the rehearsal model can show: long ones, tables, code."""

TABLE = """\
Here is a table:

| fruit | count | price |
|---|---:|---:|
| apples | 12 | 3.50 |
| pears | 7 | 2.10 |
| plums | 31 | 5.00 |

Three rows, three columns."""
CHART = """\
The fruit we sold:

```chart
{
  "type": "bar",
  "title": "Fruit sold",
  "labels": ["spring", "summer", "autumn"],
  "series": [
    {"name": "apples", "values": [120, 90, 210]},
    {"name": "plums", "values": [15, 180, 60]}
  ],
  "y_label": "boxes"
}
```

Plums are for the summer."""
DOCUMENT = """\
# The fruit report

What we sold **this year**, and what we learned.

## In short

- Apples carry the autumn
- Plums carry the summer
  - as every year

## Numbers

| fruit | boxes | price | change |
|---|---:|---:|---:|
| apples | 420 | 3.50 | 12% |
| plums | 255 | 5.00 | -4% |

```chart
{"type": "line", "title": "Boxes sold", "labels": ["spring", "summer", "autumn"], \
"series": [{"name": "apples", "values": [120, 90, 210]}, {"name": "plums", "values": [15, 180, 60]}]}
```

## Next steps

1. Order more boxes
2. Ask [the orchard](https://example.com/orchard) about pears"""
CODE = """\
A function that counts words:

```python
def count(text: str) -> dict[str, int]:
    words = {}
    for word in text.split():
        words[word] = words.get(word, 0) + 1
    return words
```

Call it with any text."""


def long_text(length: int) -> str:
    """Numbered lines with headings, lists, tables and code, as long as asked."""
    parts: list[str] = ["This answer is as long as it was asked to be.\n\n"]
    size = number = 0
    while size < length:
        number += 1
        part = _section(number)
        parts.append(part)
        size += len(part)
    return "".join(parts)[:length].rstrip()


def _section(number: int) -> str:
    first = number * 100
    match number % 4:
        case 1:
            lines = "".join(f"Line {first + n} of the answer goes on. " for n in range(8))
            return f"## Part {number}\n\n{lines.strip()}\n\n"
        case 2:
            return "".join(f"- item {first + n} with **bold** words\n" for n in range(8)) + "\n"
        case 3:
            rows = "".join(f"| row {first + n} | {n} | value {n * 7} |\n" for n in range(8))
            return f"| name | n | value |\n|---|---|---|\n{rows}\n"
        case _:
            body = "".join(f"    step_{first + n}()  # {n}\n" for n in range(8))
            return f"```python\ndef part_{number}():\n{body}```\n\n"
