"""Lets the world happen: accepted requests become fates, suppressions and events, one request at a time."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from mailer.emulator.accepted import AcceptedRequest, RequestStore
from mailer.emulator.config import EmulatorWorld
from mailer.emulator.events import EventPoster
from mailer.emulator.messages import Message
from mailer.emulator.outgoing import is_local, one_click_address
from mailer.emulator.suppressions import Suppression, Suppressions
from mailer.emulator.timeline import events_of, flattened
from mailer.emulator.world import fate

BACKLOG = 20_000


class Happenings:
    """A thread that follows the accepted requests in their order.

    With a folder it remembers which requests were posted to the end. After a restart the others are followed
    again: their events come with the same ids, as SendGrid's duplicates do.
    """

    def __init__(
        self,
        world: EmulatorWorld,
        requests: RequestStore,
        suppressions: Suppressions,
        folder: Path | None,
    ) -> None:
        self._condition = threading.Condition()
        self._world = world
        self._requests = requests
        self._suppressions = suppressions
        self._followed: dict[int, EmulatorWorld] = {}
        self._next = 0
        self._stopping = False
        self._epoch = 0
        self._poster: EventPoster | None = None
        self._path = None if folder is None else folder / "posted.log"
        self._posted = set[str]()
        if self._path is not None and self._path.exists():
            self._posted = set(self._path.read_text(encoding="ascii").split())
        self._thread = threading.Thread(target=self._run, name="emulator-world", daemon=True)

    def start(self, poster: EventPoster) -> None:
        """Start following requests; their events go to `poster`."""
        self._poster = poster
        self._thread.start()

    def stop(self) -> None:
        """End the thread, between two requests."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        self._thread.join(timeout=15)

    @property
    def world(self) -> EmulatorWorld:
        """The world of what is followed from now on."""
        return self._world

    def change(self, world: EmulatorWorld) -> None:
        """Another world for what is not followed yet."""
        with self._condition:
            self._world = world
            self._condition.notify_all()

    def wake(self) -> None:
        """Say that a request was accepted. Free while the world is off."""
        if self._world.enabled:
            with self._condition:
                self._condition.notify_all()

    def clear(self) -> None:
        """Forget the requests, what was followed and what is to be posted, on disk too."""
        with self._condition:
            self._epoch += 1
            self._requests.clear()
            self._suppressions.clear()
            if self._poster is not None:
                self._poster.clear()
            self._next = 0
            self._followed.clear()
            self._posted.clear()
            if self._path is not None:
                self._path.unlink(missing_ok=True)

    @property
    def waiting(self) -> int:
        """How many accepted requests are not followed yet."""
        return len(self._requests) - self._next

    def posted(self, number: int) -> None:
        """Remember that every event of request `number` was posted."""
        with self._condition:
            if self._path is not None and number < len(self._requests):
                with self._path.open("a", encoding="ascii") as file:
                    file.write(self._requests.request(number).request_id + "\n")

    def events(self, message: Message, request: AcceptedRequest) -> list[dict[str, Any]]:
        """All events of a message: only `processed` while the world has not followed its request."""
        world = self._followed.get(request.number)
        if world is None:
            off = EmulatorWorld(drop=0, invalid=0, hard_bounce=0, block=0)
            return list(events_of(message, fate(off, message.email, "", 0), None))[:1]
        return list(self._events(message, request, world))

    def _events(
        self, message: Message, request: AcceptedRequest, world: EmulatorWorld
    ) -> Iterator[dict[str, Any]]:
        suppression = self._suppressions.against(message.email, request.number)
        links = len(message.mailing.links)
        return events_of(message, fate(world, message.email, message.subject, links), suppression)

    def _run(self) -> None:
        while True:
            with self._condition:
                while not self._stopping and not (self._world.enabled and self.waiting > 0):
                    self._condition.wait()
                if self._stopping:
                    return
                epoch, world = self._epoch, self._world
                request = self._requests.request(self._next)
                known = request.request_id in self._posted
            try:
                # What was posted before a restart has left its suppressions too.
                work, suppressed = ([], []) if known else self._follow(request, world)
            except IndexError:
                continue  # cleared meanwhile
            with self._condition:
                if epoch != self._epoch:
                    continue
                self._suppressions.add(suppressed)
                poster = self._poster
                if poster is not None and not known:
                    poster.put(request.number, work)
                self._followed[request.number] = world
                self._next += 1
            while (
                poster is not None and poster.backlog > BACKLOG and not self._stopping and not poster.paused
            ):
                time.sleep(0.02)  # memory stays bounded while the webhook is slower than the world

    def _follow(
        self, request: AcceptedRequest, world: EmulatorWorld
    ) -> tuple[list[tuple[float, bytes, bool]], list[Suppression]]:
        mailing = self._requests.mailing(request)
        work: list[tuple[float, bytes, bool]] = []
        suppressed: list[Suppression] = []
        now = time.time()
        for index in range(len(mailing.recipients)):
            message = mailing.message(index)
            custom_args = message.custom_args
            for event in self._events(message, request, world):
                # A message for later happens later; what lies in between is compressed.
                at = now
                if world.time_compression is not None:
                    at = now + max(0.0, event["timestamp"] - request.at) / world.time_compression
                address = None
                if event["event"] in {"unsubscribe", "group_unsubscribe"} and world.one_click:
                    address = one_click_address(
                        message.header("List-Unsubscribe"), message.header("List-Unsubscribe-Post")
                    )
                if address is not None and is_local(address):
                    work.append((at, address.encode(), True))
                    continue
                work.append((at, orjson.dumps(flattened(event, custom_args)), False))
                entry = _suppression(event, request.number + 1)
                if entry is not None:
                    suppressed.append(entry)
        return work, suppressed


def _suppression(event: dict[str, Any], from_request: int) -> Suppression | None:
    """The entry an event leaves in SendGrid's lists, for requests from number `from_request` on."""
    kind = None
    if event["event"] == "bounce":
        kind = "bounces" if event["type"] == "bounce" else "blocks"
    elif event["event"] == "dropped" and event["reason"] == "Invalid":
        kind = "invalid_emails"
    elif event["event"] == "spamreport":
        kind = "spam_reports"
    elif event["event"] == "unsubscribe":
        kind = "unsubscribes"
    if kind is None:
        return None
    reason = "Known bad domain" if kind == "invalid_emails" else event.get("reason", "")
    created = int(event["timestamp"])
    return Suppression(
        kind, event["email"], created, from_request, reason, event.get("status", ""), event.get("ip", "")
    )
