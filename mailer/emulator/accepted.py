"""The accepted requests: bodies on disk, an index in memory.

A request's body is written as it came and read back when somebody looks, so that a million messages cost
the memory of their addresses only. With a folder the file stays and is read again at the next start; a last
record that was cut off by a crash is dropped. Without one an unnamed temporary file is used.
"""

import os
import tempfile
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import orjson

from mailer.emulator.messages import Mailing, Message
from mailer.emulator.personalizations import ROLES

_PARSED_KEPT = 8


@dataclass(eq=False)
class AcceptedRequest:
    """What is kept in memory of one accepted request. `at` in unix seconds, `offset` and `size` in bytes."""

    number: int
    request_id: str
    at: float
    offset: int
    size: int
    first: int
    addresses: tuple[str, ...]
    subjects: list[str] | None = None
    arguments: dict[str, list[str]] = field(default_factory=dict)


class RequestStore:
    """All accepted requests, in the order they came. Safe to use from many threads."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._parsed: OrderedDict[str, Mailing] = OrderedDict()
        self._requests: list[AcceptedRequest] = []
        self._firsts: list[int] = []
        self._by_id: dict[str, AcceptedRequest] = {}
        self._messages = 0
        self._file: IO[bytes]
        if folder is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 it lives as long as the store
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = (folder / "requests.log").open("a+b", buffering=0)
            self._load()

    def close(self) -> None:
        """Give the file back; what stands in a folder stays."""
        self._file.close()

    def _load(self) -> None:
        size = os.fstat(self._file.fileno()).st_size
        with open(self._file.fileno(), "rb", closefd=False) as reader:
            reader.seek(0)
            good = 0
            while line := reader.readline():
                try:
                    head = orjson.loads(line)
                    body = reader.read(head["size"] + 1)
                    if len(body) != head["size"] + 1:
                        break
                    parsed = orjson.loads(body)
                except (orjson.JSONDecodeError, KeyError, TypeError):
                    break
                addresses = tuple(
                    person["email"].lower()
                    for item in parsed["personalizations"]
                    for role in ROLES
                    for person in item.get(role) or ()
                )
                self._index(head["id"], head["at"], good + len(line), head["size"], addresses)
                good += len(line) + len(body)
        if good != size:
            os.ftruncate(self._file.fileno(), good)

    def _index(
        self, request_id: str, at: float, offset: int, size: int, addresses: tuple[str, ...]
    ) -> AcceptedRequest:
        number = len(self._requests)
        request = AcceptedRequest(number, request_id, at, offset, size, self._messages, addresses)
        self._requests.append(request)
        self._firsts.append(self._messages)
        self._by_id[request_id] = request
        self._messages += len(addresses)
        return request

    def add(self, request_id: str, at: float, raw: bytes, addresses: tuple[str, ...]) -> AcceptedRequest:
        """Keep an accepted request and return its entry. Raises OSError when it cannot be written."""
        head = orjson.dumps({"id": request_id, "at": at, "size": len(raw)}) + b"\n"
        with self._lock:
            descriptor = self._file.fileno()
            start = os.lseek(descriptor, 0, os.SEEK_END)
            written = os.writev(descriptor, (head, raw, b"\n"))
            if written != len(head) + len(raw) + 1:
                os.ftruncate(descriptor, start)
                raise OSError("The accepted request could not be written whole: is the disk full?")
            return self._index(request_id, at, start + len(head), len(raw), addresses)

    def clear(self) -> None:
        """Forget everything, on disk too."""
        with self._lock:
            self._parsed.clear()
            self._requests.clear()
            self._firsts.clear()
            self._by_id.clear()
            self._messages = 0
            os.ftruncate(self._file.fileno(), 0)

    def raw(self, request: AcceptedRequest) -> bytes:
        """The body as it came. Raises IndexError when it was cleared meanwhile."""
        body = os.pread(self._file.fileno(), request.size, request.offset)
        if self._by_id.get(request.request_id) is not request:
            raise IndexError(request.request_id)
        return body

    def mailing(self, request: AcceptedRequest) -> Mailing:
        """The request, parsed. The last few are kept. Raises IndexError when it was cleared meanwhile."""
        with self._lock:
            kept = self._parsed.get(request.request_id)
            if kept is not None:
                return kept
        mailing = Mailing(request.request_id, request.at, orjson.loads(self.raw(request)))
        with self._lock:
            self._parsed[request.request_id] = mailing
            if len(self._parsed) > _PARSED_KEPT:
                self._parsed.popitem(last=False)
        return mailing

    def __len__(self) -> int:
        return len(self._requests)

    @property
    def messages(self) -> int:
        """How many messages all requests make together."""
        return self._messages

    def request(self, number: int) -> AcceptedRequest:
        """The request that came as number `number`, from 0. Raises IndexError."""
        return self._requests[number]

    def by_id(self, request_id: str) -> AcceptedRequest | None:
        """The request with this X-Message-Id."""
        return self._by_id.get(request_id)

    def all(self) -> list[AcceptedRequest]:
        """Every request, oldest first: a copy that stays as it is."""
        with self._lock:
            return list(self._requests)

    def message_at(self, position: int) -> Message:
        """The message at `position` of all, oldest first, from 0. Raises IndexError."""
        with self._lock:
            if not 0 <= position < self._messages:
                raise IndexError(position)
            request = self._requests[bisect_right(self._firsts, position) - 1]
        return self.mailing(request).message(position - request.first)

    def subjects(self, request: AcceptedRequest) -> list[str]:
        """The subject of each message of a request; kept after the first look."""
        if request.subjects is None:
            request.subjects = self.mailing(request).subjects()
        return request.subjects

    def arguments(self, request: AcceptedRequest, name: str) -> list[str]:
        """The custom argument `name` of each message of a request ("" where it has none); kept likewise."""
        if name not in request.arguments:
            request.arguments[name] = self.mailing(request).arguments(name)
        return request.arguments[name]

    def find(self, words: str) -> Iterator[int]:
        """Positions of the messages whose address or subject holds `words` without case, newest first."""
        words = words.strip().lower()
        for request in reversed(self.all()):
            subjects = self.subjects(request) if words else ()
            for index in range(len(request.addresses) - 1, -1, -1):
                if not words or words in request.addresses[index] or words in subjects[index].lower():
                    yield request.first + index
