"""The process that opens files: takes one order after another, with hard limits on memory and time.

It has no secrets in its environment, and what it meets in a file can bring down itself at most.
Start it with `python -m bot.reading.workbench`; orders come by standard input.
"""

import json
import os
import sys
from typing import BinaryIO

from bot.errors import UnreadableFile
from bot.reading.product import Order, parcels, progress, receive, refusal, send

MEMORY = 1_536 * 1024 * 1024
"""Of address space, the libraries included."""
TOO_BIG = "opening it takes more memory than I have"
DAMAGED = "the file is damaged"


def main() -> None:
    """Work until the orders end."""
    orders = os.fdopen(os.dup(0), "rb")
    products = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints must not garble the products
    _limit_memory()
    while True:
        try:
            order = Order(**json.loads(receive(orders)))
        except EOFError:
            return
        _limit_time(order.seconds)
        _work(order, products)


def _work(order: Order, products: BinaryIO) -> None:
    from bot.reading.opening import open_file  # the libraries are loaded under the limits

    try:
        product = open_file(order, lambda done, count: send(products, progress(done, count)))
    except UnreadableFile as error:
        send(products, refusal(error))
    except MemoryError:
        send(products, refusal(UnreadableFile(TOO_BIG)))
    except Exception as error:  # noqa: BLE001  parsers raise whatever they meet in a broken file
        sys.stderr.write(f"{order.media_type}: {type(error).__name__}: {error}\n")
        send(products, refusal(UnreadableFile(DAMAGED)))
    else:
        for parcel in parcels(product):
            send(products, parcel)


if sys.platform == "win32":

    def _limit_memory() -> None:
        """Windows has no such limits; the time is watched from outside."""

    def _limit_time(seconds: int) -> None:
        """See `_limit_memory`."""

else:
    import resource

    def _limit_memory() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    def _limit_time(seconds: int) -> None:
        """Each order has its own time: the limit counts from the process's beginning."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        until = int(used.ru_utime + used.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


if __name__ == "__main__":
    main()
