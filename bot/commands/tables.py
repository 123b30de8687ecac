"""Tables on a terminal, in a pipe or in a file: nothing in them is cut off."""

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_ANY_WIDTH = 10_000


def show(out: Console, table: Table) -> None:
    """Print a table with lines as long as they have to be; a narrow terminal wraps them."""
    roomy = out.options.update(max_width=_ANY_WIDTH)
    width = Measurement.get(out, roomy, table).maximum
    terminal = out.is_terminal
    Console(file=out.file, width=width, force_terminal=terminal, highlight=False).print(table)
