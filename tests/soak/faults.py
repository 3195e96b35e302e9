"""The faults that a soak draws from: each breaks one thing, mends it where a supervisor would, and has a name."""

import random
import signal
import subprocess
from collections import Counter
from collections.abc import Callable
from time import sleep

from mailer.local.processes import GRACE
from tests.soak.grounds import TIMEOUT, WORKERS, Grounds
from tests.soak.sends import Sends

LONGEST_LATENCY = 2.0
"""Seconds by which SendGrid takes a request later than it came."""
LONGEST_ABSENCE = 2.0
"""Seconds that a server is away."""

ANSWERS: dict[str, Callable[[random.Random], dict[str, object]]] = {
    "rate_limit": lambda draw: {
        "count": draw.randint(1, 12),
        "seconds": draw.choice((1, 2)),
        "reset_header": draw.random() < 0.5,
    },
    "server_error": lambda draw: {
        "count": draw.randint(1, 4),
        "status": draw.choice((500, 502, 503, 504)),
        "accepted": draw.random() < 0.5,
    },
    "hang": lambda draw: {
        "count": draw.randint(1, 2),
        "seconds": TIMEOUT + 2,
        "accepted": draw.random() < 0.5,
    },
    "latency": lambda draw: {"count": draw.randint(1, 6), "seconds": draw.uniform(0.1, LONGEST_LATENCY)},
    "reset_before": lambda draw: {"count": draw.randint(1, 3)},
    "reset_after": lambda draw: {"count": draw.randint(1, 3)},
    "no_message_id": lambda draw: {"count": draw.randint(1, 3)},
    "reject_recipient": lambda draw: {"count": 1, "index": draw.randrange(20)},
    "reject_unnamed": lambda draw: {"count": draw.randint(1, 2)},
    "too_large": lambda draw: {"count": 1},
    "unauthorized": lambda draw: {"count": 1},
    "forbidden": lambda draw: {"count": 1},
}
"""What SendGrid does to the next requests for mail."""


class Faults:
    """Draws faults, causes them, and counts them by kind."""

    def __init__(self, grounds: Grounds, sends: Sends, draw: random.Random) -> None:
        self.counts: Counter[str] = Counter()
        self.late: list[str] = []
        """Workers that did not end within their grace."""
        self._grounds = grounds
        self._installation = grounds.installation
        self._sends = sends
        self._draw = draw
        self._kinds = [(kind, 6, self._answer(kind)) for kind in ANSWERS]
        self._kinds += [
            ("logs_away", 4, self._logs_away),
            ("worker_killed", 14, lambda: self._restart(draw.choice(WORKERS), signal.SIGKILL)),
            ("worker_stopped", 8, self._stop_worker),
            ("beat_killed", 6, lambda: self._restart("beat", signal.SIGKILL)),
            ("web_killed", 6, lambda: self._restart("web", signal.SIGKILL)),
            ("redis_emptied", 6, grounds.redis.empty),
            ("redis_killed", 6, self._kill_redis),
            ("connections_cut", 6, lambda: bool(grounds.postgres.cut_connections())),
            ("postgres_restarted", 4, lambda: self._away(grounds.postgres.stop, grounds.postgres.start)),
            ("postgres_crashed", 3, lambda: self._away(grounds.postgres.crash, grounds.postgres.start)),
            ("paused", 6, sends.pause_one),
            ("cancelled", 1, sends.cancel_one),
            ("started_twice", 4, sends.start_again),
            ("task_twice", 8, sends.deliver_twice),
        ]

    def next(self) -> str:
        """Draw one and cause it. Returns its kind."""
        names, weights, acts = zip(*self._kinds, strict=True)
        place = self._draw.choices(range(len(names)), weights)[0]
        if acts[place]() is not False:  # there was something to break
            self.counts[names[place]] += 1
        return str(names[place])

    def _answer(self, kind: str) -> Callable[[], None]:
        return lambda: self._grounds.inbox.fail(kind, **ANSWERS[kind](self._draw))

    def _logs_away(self) -> None:
        self._grounds.inbox.fail("server_error", path="/v3/logs", count=3, status=503)

    def _restart(self, name: str, how: signal.Signals) -> None:
        self._installation.kill(name, how)
        self._installation.start(name, patient=False)

    def _stop_worker(self) -> None:
        """Its requests take up to the time limit; then it has to be gone."""
        name = self._draw.choice(WORKERS)
        try:
            self._installation.kill(name, signal.SIGTERM, limit=TIMEOUT + GRACE)
        except subprocess.TimeoutExpired:
            self.late.append(name)
        self._installation.start(name, patient=False)

    def _kill_redis(self) -> None:
        self._away(self._grounds.redis.kill, self._grounds.redis.start)

    def _away(self, end: Callable[[], None], start: Callable[[], None]) -> None:
        seconds = self._draw.uniform(0, LONGEST_ABSENCE)
        end()
        sleep(seconds)
        start()
