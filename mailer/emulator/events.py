"""Posts events to the webhook: signed, in batches, again until they are taken."""

import heapq
import http.client
import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from mailer.emulator.config import EventDelivery
from mailer.emulator.outgoing import KeptConnection, post_one_click
from mailer.emulator.signing import sign

SIGNATURE = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP = "X-Twilio-Email-Event-Webhook-Timestamp"
GIVE_UP_AFTER = 24 * 3600


class Due(NamedTuple):
    """One event (or one-click address) that is to go out at `at` (unix seconds).

    `number` orders what is due at the same time, `request` is the number of the request it belongs to,
    `repeat` is False for what is already a duplicate.
    """

    at: float
    number: int
    request: int
    body: bytes
    one_click: bool = False
    repeat: bool = True


@dataclass(order=True)
class Batch:
    """A post that is due at `at`; `since` is when it was first tried."""

    at: float
    number: int
    body: bytes
    events: int
    requests: Counter[int]
    since: float
    tries: int = 0


class EventPoster:
    """The queue of events and the threads that empty it.

    `on_posted` is called with a request's number once nothing of it is left to post.
    """

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        url: str | None,
        delivery: EventDelivery,
        on_posted: Callable[[int], None],
    ) -> None:
        self.url = url
        self.delivery = delivery
        self._key = key
        self._on_posted = on_posted
        self._condition = threading.Condition()
        self._numbers = itertools.count()
        self._later: list[Due] = []
        self._ready: list[Due] = []
        self._ready_since = 0.0
        self._batches: list[Batch] = []
        self._clicks: list[Due] = []
        self._under_way = 0
        self._open: Counter[int] = Counter()
        self._epoch = 0
        self._stopping = False
        self.paused = False
        self.counts: Counter[str] = Counter()
        self._random = random.Random(delivery.seed)
        self._threads = [
            threading.Thread(target=self._run, name=f"emulator-events-{place}", daemon=True)
            for place in range(delivery.connections)
        ]

    def start(self) -> None:
        """Start the threads that post."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End the threads. What is still to be posted is posted after the next start, where a store is kept."""
        with self._condition:
            self._stopping = True
            self._condition.notify_all()
        for thread in self._threads:
            thread.join(timeout=15)

    def put(self, request: int, events: Iterable[tuple[float, bytes, bool]]) -> None:
        """Queue all that a request leads to: (when in unix seconds, event as JSON or address, one-click?)."""
        with self._condition:
            for at, body, one_click in events:
                heapq.heappush(self._later, Due(at, next(self._numbers), request, body, one_click))
                self._open[request] += 1
            nothing = not self._open[request]
            self._condition.notify_all()
        if nothing:
            self._on_posted(request)

    def emit(self, events: list[bytes]) -> None:
        """Queue events as they are, in this order, in posts of the usual size."""
        size = self.delivery.batch_size
        with self._condition:
            for start in range(0, len(events), size):
                self._push_batch(events[start : start + size], Counter())
            self._condition.notify_all()

    def pause(self, paused: bool) -> None:
        """Hold everything back, or let it go on."""
        with self._condition:
            self.paused = paused
            self._condition.notify_all()

    def change(self, url: str | None, delivery: EventDelivery) -> None:
        """Another webhook or another manner of posting from now on (the number of connections stays)."""
        with self._condition:
            self.url, self.delivery = url, delivery
            self._random = random.Random(delivery.seed)
            self._condition.notify_all()

    def clear(self) -> None:
        """Forget what is queued and the counts."""
        with self._condition:
            self._epoch += 1
            self._later.clear()
            self._ready.clear()
            self._batches.clear()
            self._clicks.clear()
            self._open.clear()
            self.counts.clear()
            self._condition.notify_all()

    @property
    def backlog(self) -> int:
        """How many events could be posted now."""
        return len(self._ready) + sum(batch.events for batch in list(self._batches))

    def pending(self) -> dict[str, int]:
        """What is still to be posted, and what was."""
        with self._condition:
            retrying = sum(batch.events for batch in self._batches)
            return {
                "pending": len(self._later)
                + len(self._ready)
                + len(self._clicks)
                + retrying
                + self._under_way,
                "retrying": sum(batch.events for batch in self._batches if batch.tries),
                **{
                    name: self.counts[name]
                    for name in ("posted", "posts", "refused_posts", "lost", "one_clicks")
                },
            }

    def _push_batch(self, bodies: list[bytes], requests: Counter[int]) -> None:
        now = time.time()
        body = b"[" + b",\r\n".join(bodies) + b"]\r\n"
        heapq.heappush(self._batches, Batch(now, next(self._numbers), body, len(bodies), requests, now))

    def _run(self) -> None:
        connection = KeptConnection()
        while True:
            with self._condition:
                work = self._next_work()
                if work is None:
                    connection.close()
                    return
                epoch = self._epoch
                weight = work.events if isinstance(work, Batch) else 1
                self._under_way += weight
            finished = Counter[int]()
            try:
                if isinstance(work, Batch):
                    if self._post(work, connection, epoch):
                        finished = work.requests
                else:
                    # Whatever the page answers, the recipient has pressed the button once and leaves it at that.
                    post_one_click(work.body.decode())
                    self.counts["one_clicks"] += 1
                    finished[work.request] = 1
            finally:
                done = []
                with self._condition:
                    self._under_way -= weight
                    if epoch == self._epoch:
                        for request, count in finished.items():
                            self._open[request] -= count
                            if self._open[request] <= 0:
                                del self._open[request]
                                done.append(request)
                    self._condition.notify_all()
            for request in done:
                self._on_posted(request)

    def _next_work(self) -> Batch | Due | None:
        """Wait, holding the condition, until something is to be posted; None when stopping."""
        while not self._stopping:
            now = time.time()
            wait = None
            if not self.paused:
                self._collect(now)
                if self._batches and self._batches[0].at <= now:
                    return heapq.heappop(self._batches)
                if self._clicks:
                    return self._clicks.pop(0)
                full = len(self._ready) >= self.delivery.batch_size
                if self._ready and (full or now >= self._ready_since + self.delivery.batch_seconds):
                    self._cut_batch(now)
                    continue
                moments = [self._ready_since + self.delivery.batch_seconds] if self._ready else []
                moments += [self._later[0].at] if self._later else []
                moments += [self._batches[0].at] if self._batches else []
                wait = max(min(moments) - now, 0.001) if moments else None
            self._condition.wait(wait)
        return None

    def _collect(self, now: float) -> None:
        """Move what has become due to what is ready, and mark some of it for a second post."""
        while self._later and self._later[0].at <= now:
            due = heapq.heappop(self._later)
            if due.one_click:
                self._clicks.append(due)
                continue
            if not self._ready:
                self._ready_since = now
            self._ready.append(due)
            rate = self.delivery.duplicate_rate
            if due.repeat and rate and self._random.random() < rate:
                again = now + self.delivery.batch_seconds + 0.001
                copy = due._replace(at=again, number=next(self._numbers), repeat=False)
                heapq.heappush(self._later, copy)
                self._open[due.request] += 1

    def _cut_batch(self, now: float) -> None:
        size = min(self.delivery.batch_size, len(self._ready))
        if self.delivery.out_of_order:
            chosen = []
            for _ in range(size):
                place = self._random.randrange(len(self._ready))
                self._ready[place], self._ready[-1] = self._ready[-1], self._ready[place]
                chosen.append(self._ready.pop())
        else:
            chosen = self._ready[:size]
            del self._ready[:size]
        self._ready_since = now
        self._push_batch([due.body for due in chosen], Counter(due.request for due in chosen))

    def _post(self, batch: Batch, connection: KeptConnection, epoch: int) -> bool:
        """Post once; a refused batch goes back into the queue. True when nothing is left of it to do."""
        if self.url is None:
            return True
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "SendGrid Event API",
            SIGNATURE: sign(self._key, timestamp, batch.body),
            TIMESTAMP: timestamp,
        }
        try:
            taken = 200 <= connection.post(self.url, batch.body, headers) < 300
        except (OSError, http.client.HTTPException):
            taken = False
        with self._condition:
            if epoch != self._epoch:
                return True
            self.counts["posts"] += 1
            if taken:
                self.counts["posted"] += batch.events
                return True
            self.counts["refused_posts"] += 1
            now = time.time()
            if now - batch.since > GIVE_UP_AFTER:
                self.counts["lost"] += batch.events
                return True
            pause = self.delivery.retry_seconds * 2 ** min(batch.tries, 20)
            batch.tries += 1
            batch.at = now + min(pause, self.delivery.retry_seconds_max)
            heapq.heappush(self._batches, batch)
            return False
