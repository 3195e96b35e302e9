"""Work done one step ahead: a thread makes the next of something while this one deals with the last."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Full, Queue
from typing import Generic, TypeVar

T = TypeVar("T")
PATIENCE = 0.2
"""Seconds between two looks whether anybody still wants what is made."""


class _Failure:
    def __init__(self, error: BaseException) -> None:
        self.error = error


class _End(Generic[T]):
    pass


@contextmanager
def ahead(items: Iterator[T]) -> Iterator[Iterator[T]]:
    """The same items, each made by a thread while the one before is dealt with; at most one waits.

    What the thread raises is raised here, in its turn. It ends with the block, however that ends.
    """
    made: Queue[T | _Failure | _End[T]] = Queue(maxsize=1)
    unwanted = threading.Event()

    def offer(item: T | _Failure | _End[T]) -> None:
        while not unwanted.is_set():
            try:
                made.put(item, timeout=PATIENCE)
                return
            except Full:
                continue

    def make() -> None:
        try:
            for item in items:
                offer(item)
                if unwanted.is_set():
                    return
            offer(_End())
        except BaseException as error:
            offer(_Failure(error))

    def taken() -> Iterator[T]:
        while not isinstance(item := made.get(), _End):
            if isinstance(item, _Failure):
                raise item.error
            yield item

    maker = threading.Thread(target=make, name="ahead", daemon=True)
    maker.start()
    try:
        yield taken()
    finally:
        unwanted.set()
        maker.join()
