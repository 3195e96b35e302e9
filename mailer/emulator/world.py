"""What becomes of a message: a pure function of the seed, the address and the subject.

The same seed gives the same person the same fate for the same issue, whenever and in whichever request it is
sent, so that a run can be repeated and a report compared with what must come out.
"""

import hashlib
import math
import random
from dataclasses import dataclass

from mailer.emulator.config import EmulatorWorld

MINUTE = 60.0
HOUR = 3600.0
LONGEST_OPEN = 72 * HOUR


@dataclass(frozen=True)
class Open:
    """An open `after` seconds; by a program that fetches pictures in advance, or by the reader.

    SendGrid marks such programs, unless they are `unmarked`.
    """

    after: float
    machine: bool
    unmarked: bool = False


@dataclass(frozen=True)
class Click:
    """A click `after` seconds on tracked link number `link`, from 0."""

    after: float
    link: int


@dataclass(frozen=True)
class Fate:
    """All that happens to one message. Times are seconds since it was sent.

    `outcome` is delivered, hard_bounce, block, invalid or drop; `deferrals` are the times of failed tries
    before it; `scans` are clicks of a scanner, `named` whether its user agent says what it is; `variety` is a number
    from 0 to 1 that picks wordings and mail programs.
    """

    outcome: str
    settled_after: float
    deferrals: tuple[float, ...] = ()
    opens: tuple[Open, ...] = ()
    clicks: tuple[Click, ...] = ()
    scans: tuple[Click, ...] = ()
    named: bool = False
    complaint_after: float | None = None
    unsubscribe_after: float | None = None
    variety: float = 0.0


def fate(world: EmulatorWorld, address: str, subject: str, links: int) -> Fate:
    """The fate of a message with this subject and `links` tracked links to this address (without case)."""
    key = f"{world.seed}\n{address.lower()}\n{subject}".encode("utf-8", "surrogatepass")
    # Only random() is drawn: its sequence for a seed is the same in every Python.
    draw = random.Random(hashlib.blake2b(key, digest_size=16).digest()).random
    # Every draw is made in any case and in one order: changing one rate leaves the others' outcomes alone.
    settle, defer, human, machine, click, complain, leave, variety = (draw() for _ in range(8))
    hurry, retry, first_open, prefetch, again, pick, more, mood = (draw() for _ in range(8))
    unmarked, sooner, scan, haste, naming = (draw() for _ in range(5))

    outcome = _outcome(world, settle)
    settled_after = 1 + 29 * hurry
    if outcome != "delivered":
        return Fate(outcome, settled_after, variety=variety)
    deferrals: tuple[float, ...] = ()
    if defer < world.deferral:
        tries = 1 + int(3 * retry)
        deferrals = tuple(settled_after + 15 * MINUTE * step**2 for step in range(tries))
        settled_after += 15 * MINUTE * tries**2
    clicked = links > 0 and click < world.click
    # Who clicks has the message open; the rest of the human opens come from those who only look.
    looked = human < _share_of_rest(world.human_open, world.click if links else 0.0)
    opens = []
    opened_after = settled_after + min(_exponential(first_open, 4 * HOUR), LONGEST_OPEN)
    if clicked or looked:
        opens.append(Open(opened_after, machine=False))
        if again < 0.3:
            opens.append(Open(opened_after + 10 * MINUTE + 20 * HOUR * again / 0.3, machine=False))
    if machine < world.machine_open:
        opens.append(Open(settled_after + 10 + 50 * MINUTE * prefetch, machine=True))
    if unmarked < world.prefetch:
        opens.append(Open(settled_after + 5 + 10 * MINUTE * sooner, machine=True, unmarked=True))
    clicks: tuple[Click, ...] = ()
    if clicked:
        # Upper links are clicked more often: the square leans towards 0.
        first = min(int(links * pick**2), links - 1)
        clicks = (Click(opened_after + 5 + 300 * mood, first),)
        if more < 0.3 and links > 1:
            clicks = (
                *clicks,
                Click(clicks[0].after + 60, (first + 1 + int((links - 1) * more / 0.3)) % links),
            )
    return Fate(
        outcome,
        settled_after,
        deferrals,
        tuple(sorted(opens, key=lambda item: item.after)),
        clicks,
        _scans(settled_after + 0.5 + haste, links) if scan < world.scanner else (),
        naming < 0.5,
        opened_after + 30 + 600 * mood if complain < world.complaint else None,
        opened_after + 20 + 600 * mood if leave < world.unsubscribe else None,
        variety,
    )


def _scans(after: float, links: int) -> tuple[Click, ...]:
    """Every link, the first `after` seconds, all within seconds of each other."""
    return tuple(Click(after + 0.25 * link, link) for link in range(links))


def _outcome(world: EmulatorWorld, drawn: float) -> str:
    edge = 0.0
    for name in ("drop", "invalid", "hard_bounce", "block"):
        edge += getattr(world, name)
        if drawn < edge:
            return name
    return "delivered"


def _share_of_rest(wanted: float, already: float) -> float:
    """The share that must hold among the rest so that `wanted` holds among all, `already` of them having it."""
    return 0.0 if already >= 1 else max(0.0, (wanted - already) / (1 - already))


def _exponential(drawn: float, mean: float) -> float:
    return -mean * math.log(1 - drawn)
