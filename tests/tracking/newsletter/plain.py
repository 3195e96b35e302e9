"""The bands and the growth of a newsletter in plain Python: what they mean, said a second time and without SQL."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Record:
    """A record of consent, in the order in which they are written."""

    at: datetime
    action: str
    source: str = "page"
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass
class Reader:
    """Somebody with their records, how they stand now, and the issues (1 is the newest) that they got.

    Attributes:
        suppressed: when their address was, by reason.
        sent, opened, clicked: ages of issues.
    """

    records: list[Record] = field(default_factory=list)
    state: str | None = "active"
    suppressed: dict[str, datetime] = field(default_factory=dict)
    sent: frozenset[int] = frozenset()
    opened: frozenset[int] = frozenset()
    clicked: frozenset[int] = frozenset()

    @property
    def gets_it(self) -> bool:
        return self.state == "active" and not self.suppressed


def band(reader: Reader) -> str:
    """The band that somebody is in."""
    acts = reader.opened | reader.clicked
    if any(age in acts for age in range(1, 5)):
        return "active"
    if any(age in acts for age in range(5, 13)):
        return "cooling"
    return "silent" if len([age for age in reader.sent if age <= 12]) >= 4 else "new"


def turns(reader: Reader) -> list[tuple[str, datetime]]:
    """What changed whether somebody gets the newsletter, and when; and the sign-ups by form."""
    undone = {each.detail.get("undone_import") for each in reader.records if each.action == "changed"} - {
        None
    }
    records = [
        each
        for _, each in sorted(enumerate(reader.records), key=lambda pair: (pair[1].at, pair[0]))
        if each.action != "changed" and each.detail.get("import") not in undone
    ]
    end = min(reader.suppressed.values(), default=None)
    told, on = [], False
    for number, record in enumerate(records):
        if record.action == "signed_up" and "network" in record.detail:
            told.append(("signed_up", record.at))
            continue
        if end is not None and record.at > end:
            continue
        following = next(
            (
                each
                for each in records[number + 1 :]
                if not (each.action == "signed_up" and "network" in each.detail)
                and not (each.action == "imported" and each.detail.get("status"))
                and (end is None or each.at <= end)
            ),
            None,
        )
        match record.action:
            case "confirmed" if not on:
                told.append(("confirmed", record.at))
                on = True
            case "imported" if not on and not record.detail.get("status"):
                told.append(("imported", record.at))
                on = True
            case "signed_up" if not on:
                told.append(("by_link", record.at))
                on = True
            case "left" if on:
                erases = following and following.action == "erased" and following.source == record.source
                told.append(("erased" if erases else "left", record.at))
                on = False
            case "erased" if on:
                told.append(("erased", record.at))
                on = False
    if on and end is not None:
        gravest = ["complaint", "bounce", "invalid", "unsubscribe", "manual"]
        reason = min((r for r, at in reader.suppressed.items() if at == end), key=gravest.index)
        told.append((reason, end))
    return told


def periods(readers: list[Reader], zone: str, *, weekly: bool) -> dict[date, Counter[str]]:
    """What happened in each week or month that something did."""
    found: dict[date, Counter[str]] = {}
    for reader in readers:
        for what, at in turns(reader):
            day = at.astimezone(ZoneInfo(zone)).date()
            start = day - timedelta(days=day.weekday()) if weekly else day.replace(day=1)
            found.setdefault(start, Counter())[what] += 1
    return found
