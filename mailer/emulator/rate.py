"""The X-RateLimit headers of SendGrid's answers."""

import threading
import time
from collections import Counter

# mail/send is counted by the second, everything else by the minute.
LIMITS = {True: (10_000, 1), False: (600, 60)}


class Rate:
    """Counts requests for the X-RateLimit headers. It only shows: a 429 comes from a fault."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._window: dict[bool, int] = {}
        self._used: Counter[tuple[str, bool]] = Counter()

    def headers(self, key: str, mail: bool) -> dict[str, str]:
        """Count a request with this authorization, for mail or anything else, and return its headers."""
        limit, seconds = LIMITS[mail]
        window = int(time.time()) // seconds
        with self._lock:
            if self._window.get(mail) != window:
                self._window[mail] = window
                for name in [name for name in self._used if name[1] is mail]:
                    del self._used[name]
            self._used[key, mail] += 1
            left = max(0, limit - self._used[key, mail])
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset": str((window + 1) * seconds),
        }
