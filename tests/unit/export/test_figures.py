"""Cells that look like numbers or dates are such, and ids stay text."""

from datetime import date, datetime

import pytest

from bot.export.figures import Figure, read_column


@pytest.mark.parametrize(
    ("cell", "value", "number_format"),
    [
        ("12", 12, "0"),
        ("-3.50", -3.5, "0.00"),
        ("−7", -7, "0"),
        ("+1", 1, "+0;-0"),
        ("1,234,567.8", 1234567.8, "#,##0.0"),
        ("12.5%", 0.125, "0.0%"),
        ("8 %", 0.08, "0%"),
        ("$1,200", 1200, '"$"#,##0'),
        ("3.20 €", 3.2, '0.00 "€"'),
        ("2026-03-09", date(2026, 3, 9), "yyyy-mm-dd"),
        ("2026-03-09 14:30", datetime.fromisoformat("2026-03-09 14:30"), "yyyy-mm-dd hh:mm"),
        ("9.3.2026", date(2026, 3, 9), "dd.mm.yyyy"),
        ("007", "007", "General"),
        ("1234567890123456", "1234567890123456", "General"),
        ("2026-13-40", "2026-13-40", "General"),
        ("1.2.3", "1.2.3", "General"),
        ("=1+1", "=1+1", "General"),
        ("12 apples", "12 apples", "General"),
        ("1,2,3", "1,2,3", "General"),
        ("", "", "General"),
        (".", ".", "General"),
    ],
)
def test_a_cell_means_what_people_mean(cell: str, value: object, number_format: str) -> None:
    [figure] = read_column([cell])

    assert figure == Figure(value=value, number_format=number_format)  # type: ignore[arg-type]
    assert type(figure.value) is type(value)


def test_a_column_tells_that_the_comma_is_a_decimal_one() -> None:
    values = [figure.value for figure in read_column(["1.234,50 €", "3,5 €", "1.000 €", "12 €"])]

    assert values == [1234.5, 3.5, 1000, 12]


def test_a_comma_alone_parts_thousands() -> None:
    assert [figure.value for figure in read_column(["1,234", "987,654"])] == [1234, 987654]
