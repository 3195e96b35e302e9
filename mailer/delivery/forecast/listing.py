"""Who is behind a number of a forecast, person by person."""

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from mailer.delivery.errors import DeliveryError
from mailer.delivery.forecast.difference import BECAUSE_NEW, BECAUSE_OUT, FELL_OUT, IS_NEW, beside_last
from mailer.delivery.forecast.figures import Forecast, ReasonCount
from mailer.delivery.forecast.foreseen import Foreseen
from mailer.delivery.forecast.people import stream
from mailer.delivery.forecast.wording import JOINED, REJECTED, WORDS, moment
from mailer.delivery.models import Exclusion

NEW, OUT = "new", "out"
REASONS = (*Exclusion.Reason.values, REJECTED)
_NEVER = "NULL::timestamptz AS due_at"


class NoSuchGroup(DeliveryError):
    """A forecast has no people of that name; the message says which it has."""

    code = "no_such_group"


@dataclass(frozen=True)
class Listed:
    """One person behind a number, and why, or when they get it."""

    address: str
    first_name: str
    last_name: str
    because: str


HEADER = tuple(field.name for field in fields(Listed))


@dataclass(frozen=True)
class Group:
    """The people behind a number: how many, and each of them by their addresses, which can be read once."""

    count: int
    people: Generator[Listed]


def group_of(who: Foreseen, told: Forecast, name: str) -> Group:
    """The people of one group of a forecast.

    Args:
        told: the forecast of the same people.
        name: a reason, NEW, OUT, or the number of an edition in the forecast.
    Raises:
        NoSuchGroup: there is none of that name.
    """
    if name in (NEW, OUT):
        return _different(who, told, name)
    if name in REASONS:
        people = f"SELECT subscriber_id, reason AS because, {_NEVER} FROM ({who.sql}) foreseen WHERE reason = %(name)s"
        count = sum(reason.people for reason in told.excluded if reason.reason == name)
        return Group(count, _people(people, {**who.values, "name": name}, lambda because, _: WORDS[because]))
    edition = next((edition for edition in told.editions if str(edition.number) == name), None)
    if edition is None:
        numbers = f", or an edition from 1 to {len(told.editions)}" if told.editions else ""
        raise NoSuchGroup(
            f"There is no list {name!r}. Name one of {', '.join((NEW, OUT, *REASONS))}{numbers}."
        )
    people = (
        f"SELECT subscriber_id, '' AS because, due_at FROM ({who.sql}) foreseen"
        " WHERE reason IS NULL AND edition = ANY(%(editions)s)"
    )
    numbers_of_edition = [number for number, (ids, _) in who.editions.items() if ids == edition.story_ids]
    return Group(
        edition.people,
        _people(
            people,
            {**who.values, "editions": numbers_of_edition},
            lambda _, due_at: moment(due_at) if due_at else "at once",
        ),
    )


def _different(who: Foreseen, told: Forecast, name: str) -> Group:
    beside = beside_last(who)
    if beside is None or told.difference is None:
        raise NoSuchGroup(
            f"Nothing of {who.send.issue.newsletter} went out before, so nobody is new and nobody fell out."
        )
    reasons: tuple[ReasonCount, ...]
    if name == NEW:
        because, holds, reasons = BECAUSE_NEW, IS_NEW, told.difference.new
    else:
        because, holds, reasons = BECAUSE_OUT, FELL_OUT, told.difference.out

    def words(reason: str, _: datetime | None) -> str:
        return f"then: {WORDS[reason]}" if name == NEW and reason != JOINED else WORDS[reason]

    people = f"SELECT subscriber_id, {because} AS because, {_NEVER} FROM {beside.sql} WHERE {holds}"
    return Group(sum(reason.people for reason in reasons), _people(people, beside.values, words))


def _people(
    people: str, values: Mapping[str, Any], words: Callable[[str, datetime | None], str]
) -> Generator[Listed]:
    rows = stream(
        f"""
        SELECT subscriber.email, subscriber.first_name, subscriber.last_name, who.because, who.due_at
        FROM ({people}) who JOIN subscribers_subscriber subscriber ON subscriber.id = who.subscriber_id
        ORDER BY lower(subscriber.email)
        """,
        values,
    )
    for address, first_name, last_name, because, due_at in rows:
        yield Listed(address, first_name, last_name, words(because, due_at))
