"""What a soak came to: the emulator's record of every message against the ledger, in a table."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from mailer.delivery.models import Send, Submission
from mailer.delivery.progress import progress
from tests.audit import audit
from tests.inbox import Inbox
from tests.soak.soak import Soak
from tests.tracking.state import changed_by_a_replay

SHOWN = 20
"""Of what went wrong, at most so many of each kind."""
PAGE = 1_000
LOOKS = 20
"""Replays until none is disturbed by an event that comes late."""


@dataclass(frozen=True)
class Verdict:
    """The result. `wrong` says what, and of whom, as "send/subscriber" or in words; all of it must be empty."""

    sends: int
    people: int
    accepted: int
    rejected: int
    cancelled: int
    settled: dict[str, int]
    faults: Counter[str]
    fallen: Counter[str]
    unknown: int
    wrong: dict[str, list[str]]

    @property
    def good(self) -> bool:
        return not any(self.wrong.values()) and self.unknown == 0

    def show(self, console: Console, seed: int) -> None:
        """Print the table, and with it whatever went wrong."""
        table = Table(title=f"Soak with seed {seed}", title_justify="left", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for name in ("sends", "people", "accepted", "rejected", "cancelled"):
            table.add_row(name, f"{getattr(self, name):,}")
        for evidence, count in sorted(self.settled.items()):
            table.add_row(f"  submissions settled by {evidence}", f"{count:,}")
        table.add_section()
        table.add_row("[bold]faults", f"[bold]{self.faults.total():,}")
        for kind, count in sorted(self.faults.items()):
            table.add_row(f"  {kind}", f"{count:,}")
        for name, count in sorted(self.fallen.items()):
            table.add_row(f"{name} ended by itself", f"{count:,}")
        table.add_section()
        for name, found in self.wrong.items():
            table.add_row(f"[bold]{name}", f"[bold]{len(found):,}")
        table.add_row("[bold]unknown left", f"[bold]{self.unknown:,}")
        console.print(table)
        for name, found in self.wrong.items():
            for one in found[:SHOWN]:
                console.print(f"{name}: {one}", markup=False)
            if len(found) > SHOWN:
                console.print(f"{name}: and {len(found) - SHOWN:,} more")


def verdict(soak: Soak) -> Verdict:
    """Compare. Everything must be at rest."""
    sends = list(Send.objects.order_by("pk"))
    ends = {send.pk: progress(send) for send in sends}
    accounted = {pk: end.accepted + end.rejected + end.cancelled + end.unknown for pk, end in ends.items()}
    found = audit(sends, _messages(soak.grounds.inbox))
    return Verdict(
        sends=len(soak.sends.sizes),
        people=sum(soak.sends.sizes.values()),
        accepted=sum(end.accepted for end in ends.values()),
        rejected=sum(end.rejected for end in ends.values()),
        cancelled=sum(end.cancelled for end in ends.values()),
        settled=_settled(),
        faults=soak.faults.counts,
        fallen=Counter(soak.fallen),
        unknown=sum(end.unknown for end in ends.values()),
        wrong={
            "lost": [*found.lost, *_missing(soak.sends.sizes, accounted)],
            "doubled": found.doubled,
            "got it though the ledger says no": found.strays,
            "got it by another submission": found.elsewhere,
            "did not add up": soak.sends.wrong,
            "did not end in time": soak.faults.late,
            "another figure after a replay": _changed_by_a_replay(),
        },
    )


def _missing(sizes: dict[int, int], accounted: dict[int, int]) -> list[str]:
    """Sends that account for other numbers of people than they were made for: what still waits is among them."""
    return [
        f"send {pk}: {accounted.get(pk, 0)} of {size} people are accounted for"
        for pk, size in sizes.items()
        if accounted.get(pk, 0) != size
    ]


def _changed_by_a_replay() -> list[str]:
    for _ in range(LOOKS):
        changed = changed_by_a_replay()
        if changed is not None:
            return changed
    return [f"events came in during each of {LOOKS} replays"]


def _settled() -> dict[str, int]:
    settled = Submission.objects.exclude(evidence="").values_list("evidence", flat=True)
    return dict(Counter("the logs: not found" if "not found" in one else one for one in settled))


def _messages(inbox: Inbox) -> Iterator[dict[str, Any]]:
    """All that the emulator took; page by page, because they do not fit into memory at once."""
    offset = 0
    while page := inbox.call("GET", f"messages?offset={offset}&limit={PAGE}")["messages"]:
        yield from page
        offset += len(page)
