"""How the machine draws what happens next, and how an act ends that a crash cuts off."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from hypothesis import strategies as st

WHICH = st.integers(0, 9)
"""One of several things, counted round."""
SELDOM = st.sampled_from([False, False, False, False, True])

Thing = TypeVar("Thing")
Row = TypeVar("Row", bound=Model)
Method = TypeVar("Method", bound=Callable[..., None])
_names: list[str] = []
_arguments: dict[str, st.SearchStrategy[dict[str, Any]]] = {}


def act(often: int = 1, **arguments: st.SearchStrategy[Any]) -> Callable[[Method], Method]:
    """Something that may happen, drawn so often as against the others.

    These are no rules each: Hypothesis leaves out about half of a machine's rules in each example, and a send needs
    nearly all of them to get anywhere. What is written first is what an example is reduced to.
    """

    def register(method: Method) -> Method:
        _names.extend([method.__name__] * often)
        _arguments[method.__name__] = st.fixed_dictionaries(arguments)
        return method

    return register


def any_act() -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """The name of an act and what it is done with."""
    return st.sampled_from(_names).flatmap(lambda name: st.tuples(st.just(name), _arguments[name]))


def one_of(things: "Sequence[Thing] | QuerySet[Any, Thing]", which: int) -> Thing | None:
    """The thing that a number stands for, None where there are none."""
    there_are = list(things)
    return there_are[which % len(there_are)] if there_are else None


class Crash(Exception):
    """A process dies before it commits."""


@contextmanager
def dying(dies: bool) -> Iterator[None]:
    """Undo what happens inside if the process dies, as the database does."""
    with suppress(Crash), transaction.atomic():
        yield
        if dies:
            raise Crash


@contextmanager
def own_transaction() -> Iterator[None]:
    """The whole example is one transaction: what vanishes with an act's own, vanishes here."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS import_staged, import_repeated, import_incoming")
