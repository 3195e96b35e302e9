"""Posting events as SendGrid's servers do: many connections at once, and again what was not answered with 2xx.

    python -m tests.bench.event_poster FILE URL --connections 50 [--rate 20000] [--seconds 60]

A process of its own, so that its CPU is told apart. It prints what it did as JSON.
"""

import argparse
import json
import mmap
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tests.bench.event_posts import SIGNATURE, STAMP, Post, read_posts

PAUSE = 0.2
"""Seconds until a post that was not taken is posted again."""


@dataclass
class Told:
    """Events and posts that were taken, posts that were not at first, seconds from the first to the last answer,
    the longest an answer took, and the CPU seconds of this process."""

    events: int = 0
    posts: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    cpu: float = 0.0


class Poster:
    """Posts all posts, each once it is its turn."""

    def __init__(self, file: Path, url: str, rate: float, seconds: float) -> None:
        self._posts = read_posts(file).posts
        with file.open("rb") as opened:
            self._bodies = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
        self._url = urlsplit(url)
        self._rate, self._seconds = rate, seconds
        self._turns = self._in_turn()
        self._lock = threading.Lock()
        self.told = Told()

    def run(self, connections: int) -> Told:
        """Post over so many connections at once."""
        self._began = time.perf_counter()
        threads = [threading.Thread(target=self._post_all) for _ in range(connections)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.told.seconds = time.perf_counter() - self._began
        self.told.cpu = time.process_time()
        return self.told

    def _in_turn(self) -> Iterator[tuple[float, Post]]:
        """Each post with the moment (seconds after the start) at which it is due."""
        before = 0
        for post in self._posts:
            due = before / self._rate if self._rate else 0.0
            if self._seconds and max(due, time.perf_counter() - self._began) >= self._seconds:
                return
            yield due, post
            before += post.events

    def _post_all(self) -> None:
        connection = HTTPConnection(self._url.hostname or "", self._url.port, timeout=60)
        while True:
            with self._lock:
                due, post = next(self._turns, (0.0, None))
            if post is None:
                connection.close()
                return
            time.sleep(max(0.0, due - (time.perf_counter() - self._began)))
            self._post(connection, post)

    def _post(self, connection: HTTPConnection, post: Post) -> None:
        body = self._bodies[post.offset : post.offset + post.size]
        headers = {
            "Content-Type": "application/json",
            SIGNATURE: post.signature,
            "X-Twilio-Email-Event-Webhook-Timestamp": STAMP,
        }
        began = time.perf_counter()
        while not _taken(connection, self._url.path, body, headers):
            with self._lock:
                self.told.refused += 1
            time.sleep(PAUSE)
        with self._lock:
            self.told.events += post.events
            self.told.posts += 1
            self.told.slowest = max(self.told.slowest, time.perf_counter() - began)


def _taken(connection: HTTPConnection, path: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, HTTPException):
        connection.close()
        return False
    return 200 <= answer.status < 300


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("url")
    parser.add_argument("--connections", type=int, default=50)
    parser.add_argument(
        "--rate", type=float, default=0.0, help="events a second; 0: as fast as they are taken"
    )
    parser.add_argument("--seconds", type=float, default=0.0, help="begin no post after that; 0: post all")
    options = parser.parse_args()
    poster = Poster(options.file, options.url, options.rate, options.seconds)
    print(json.dumps(asdict(poster.run(options.connections))))


if __name__ == "__main__":
    main()
