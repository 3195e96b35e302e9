"""Faults on order: what goes wrong with which of the next requests."""

import random
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from mailer.emulator.config import EmulatorError

MAIL_SEND = "/v3/mail/send"
ON_RECIPIENTS = frozenset({"reject_recipient"})
KINDS = frozenset(
    {
        "rate_limit",
        "server_error",
        "hang",
        "reset_before",
        "reset_after",
        "no_message_id",
        "reject_recipient",
        "reject_unnamed",
        "unauthorized",
        "forbidden",
        "too_large",
        "latency",
    }
)
STATUSES = (500, 502, 503, 504)


@dataclass(frozen=True)
class Fault:
    """One order.

    `kind` says what happens, to requests whose path is `path` or lies under it. It happens to the next
    `count` requests after `skip` have passed, or until it is cleared when `count` is None; with a
    `probability` a draw seeded by `seed` decides for each request. `seconds` is how long a hang or latency
    lasts, or how far ahead the reset header of a rate_limit lies, which `reset_header` False leaves out.
    `status` is that of a server_error. `accepted` makes a hang or server_error happen to a request that was
    taken: the mail goes out all the same. A reject_recipient refuses requests that hold `address`, or names
    recipient `index` of any request.
    """

    kind: str
    path: str = MAIL_SEND
    count: int | None = 1
    skip: int = 0
    probability: float | None = None
    seed: int = 1
    seconds: float = 1.0
    status: int = 503
    reset_header: bool = True
    accepted: bool = False
    address: str | None = None
    index: int | None = None


def read_fault(order: Mapping[str, Any]) -> Fault:
    """The fault a JSON object asks for. Raises EmulatorError that says what is wrong with it."""
    known = {item.name: getattr(item.type, "__name__", str(item.type)) for item in fields(Fault)}
    for name, value in order.items():
        if name not in known:
            raise EmulatorError("unknown_setting", f"A fault has no {name!r}: {', '.join(known)}.")
        if not _fits(value, known[name]):
            raise EmulatorError("wrong_type", f"The fault's {name!r} cannot be {value!r}.")
    kind = order.get("kind")
    if kind not in KINDS:
        raise EmulatorError("unknown_kind", f"The fault's kind must be one of {', '.join(sorted(KINDS))}.")
    # A probability without a count holds until it is cleared.
    settings: dict[str, Any] = {"count": None, **order} if "probability" in order else dict(order)
    fault = Fault(**settings)
    if fault.status not in STATUSES:
        raise EmulatorError("bad_status", f"A server_error's status must be one of {STATUSES}.")
    if fault.probability is not None and not 0 <= fault.probability <= 1:
        raise EmulatorError("bad_probability", "A probability lies between 0 and 1, for example 0.05.")
    if (fault.count is not None and fault.count < 1) or fault.skip < 0 or not 0 <= fault.seconds <= 3600:
        raise EmulatorError("bad_number", "count is 1 or more, skip 0 or more, seconds between 0 and 3600.")
    if kind == "reject_recipient" and (fault.address is None) == (fault.index is None):
        raise EmulatorError("which_recipient", "A reject_recipient needs either an address or an index.")
    return fault


def _fits(value: object, wanted: str) -> bool:
    if value is None:
        return wanted.endswith("None")
    kinds: dict[str, set[type]] = {"str": {str}, "int": {int}, "float": {int, float}, "bool": {bool}}
    return type(value) in kinds[wanted.partition(" ")[0]]


class _Order:
    """A fault with what has become of it so far."""

    def __init__(self, number: int, fault: Fault) -> None:
        self.number = number
        self.fault = fault
        self.seen = 0
        self.hits = 0
        self._draw = random.Random(fault.seed).random

    @property
    def spent(self) -> bool:
        """Whether it can strike no more."""
        return self.fault.count is not None and self.hits >= self.fault.count

    def strikes(self) -> bool:
        """Whether the request at hand is hit."""
        self.seen += 1
        if self.seen <= self.fault.skip or self.spent:
            return False
        if self.fault.probability is not None and self._draw() >= self.fault.probability:
            return False
        self.hits += 1
        return True


class Faults:
    """The orders that are in force. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: list[_Order] = []
        self._last = 0

    def add(self, fault: Fault) -> int:
        """Put a fault in force and return its number."""
        with self._lock:
            self._last += 1
            self._orders.append(_Order(self._last, fault))
            return self._last

    def clear(self, number: int | None = None) -> bool:
        """End one fault, or all. False when there is none of that number."""
        with self._lock:
            kept = [] if number is None else [order for order in self._orders if order.number != number]
            found = number is None or len(kept) < len(self._orders)
            self._orders = kept
            return found

    def list(self) -> list[dict[str, Any]]:
        """Every fault with its number and how many requests it has hit."""
        with self._lock:
            return [
                {"id": order.number, **asdict(order.fault), "hits": order.hits, "spent": order.spent}
                for order in self._orders
            ]

    @property
    def active(self) -> int:
        """How many faults can still strike."""
        return sum(not order.spent for order in self._orders)

    def strike(self, path: str) -> tuple[float, Fault | None]:
        """The latency in seconds and the other fault, at most one, that hit the request that comes in now."""
        if not self._orders:
            return 0.0, None
        latency = 0.0
        with self._lock:
            for order in self._orders:
                fault = order.fault
                if fault.kind in ON_RECIPIENTS or not (
                    path == fault.path or path.startswith(fault.path + "/")
                ):
                    continue
                if order.strikes():
                    if fault.kind != "latency":
                        return latency, fault
                    latency += fault.seconds
        return latency, None

    def strike_recipient(self, addresses: tuple[str, ...]) -> int | None:
        """Which of a request's recipients (lower case) is to be refused, or None."""
        if not self._orders:
            return None
        with self._lock:
            for order in self._orders:
                fault = order.fault
                if fault.kind not in ON_RECIPIENTS:
                    continue
                if fault.address is not None:
                    wanted = fault.address.lower()
                    place = addresses.index(wanted) if wanted in addresses else None
                else:
                    place = fault.index if fault.index is not None and fault.index < len(addresses) else None
                if place is not None and order.strikes():
                    return place
        return None
