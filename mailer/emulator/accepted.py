"""The accepted requests: bodies on disk, an index in memory.

A request's body is written as it came and read back when somebody looks; so are its recipients' addresses, in a
temporary file of their own. A million messages cost the memory of a thousand index entries. With a folder the
file of bodies stays and is read again at the next start; a last record that was cut off by a crash is dropped.
Without one that file is an unnamed temporary one too.
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
_NOT_WHOLE = "The accepted request could not be written whole: is the disk full?"


@dataclass(eq=False)
class AcceptedRequest:
    """What is kept in memory of one accepted request.

    `at` in unix seconds; `offset` and `size` of its body and of its addresses in bytes; `first` is the position
    of its first message among all, `count` how many it makes.
    """

    store: "RequestStore" = field(repr=False)
    number: int
    request_id: str
    at: float
    offset: int
    size: int
    first: int
    count: int
    addresses_offset: int
    addresses_size: int
    subjects: list[str] | None = None
    arguments: dict[str, list[str]] = field(default_factory=dict)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The recipients in lower case, in order: read anew each time. Raises IndexError as RequestStore.raw."""
        return self.store.addresses(self)


class RequestStore:
    """All accepted requests, in the order they came. Safe to use from many threads."""

    def __init__(self, folder: Path | None) -> None:
        self._lock = threading.Lock()
        self._parsed: OrderedDict[str, Mailing] = OrderedDict()
        self._requests: list[AcceptedRequest] = []
        self._firsts: list[int] = []
        self._by_id: dict[str, AcceptedRequest] = {}
        self._messages = 0
        # Lines of addresses, in the order of the requests.
        self._addresses: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 it lives as long as the store
        self._addresses_end = 0
        self._file: IO[bytes]
        if folder is None:
            self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 it lives as long as the store
        else:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = (folder / "requests.log").open("a+b", buffering=0)
            self._load()

    def close(self) -> None:
        """Give the files back; what stands in a folder stays."""
        self._file.close()
        self._addresses.close()

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
                written = self._write_addresses(addresses)
                self._index(head["id"], head["at"], good + len(line), head["size"], len(addresses), written)
                good += len(line) + len(body)
        if good != size:
            os.ftruncate(self._file.fileno(), good)

    def _write_addresses(self, addresses: tuple[str, ...]) -> int:
        """Write the next request's addresses and return their size. The request after it overwrites what is not
        indexed."""
        lines = "\n".join(addresses).encode()
        if os.pwrite(self._addresses.fileno(), lines, self._addresses_end) != len(lines):
            raise OSError(_NOT_WHOLE)
        return len(lines)

    def _index(
        self, request_id: str, at: float, offset: int, size: int, count: int, addresses_size: int
    ) -> AcceptedRequest:
        request = AcceptedRequest(
            self,
            len(self._requests),
            request_id,
            at,
            offset,
            size,
            self._messages,
            count,
            self._addresses_end,
            addresses_size,
        )
        self._addresses_end += addresses_size
        self._requests.append(request)
        self._firsts.append(self._messages)
        self._by_id[request_id] = request
        self._messages += count
        return request

    def add(self, request_id: str, at: float, raw: bytes, addresses: tuple[str, ...]) -> AcceptedRequest:
        """Keep an accepted request and return its entry. Raises OSError when it cannot be written."""
        head = orjson.dumps({"id": request_id, "at": at, "size": len(raw)}) + b"\n"
        with self._lock:
            addresses_size = self._write_addresses(addresses)
            descriptor = self._file.fileno()
            start = os.lseek(descriptor, 0, os.SEEK_END)
            written = os.writev(descriptor, (head, raw, b"\n"))
            if written != len(head) + len(raw) + 1:
                os.ftruncate(descriptor, start)
                raise OSError(_NOT_WHOLE)
            return self._index(request_id, at, start + len(head), len(raw), len(addresses), addresses_size)

    def clear(self) -> None:
        """Forget everything, on disk too."""
        with self._lock:
            self._parsed.clear()
            self._requests.clear()
            self._firsts.clear()
            self._by_id.clear()
            self._messages = 0
            self._addresses_end = 0
            os.ftruncate(self._file.fileno(), 0)
            os.ftruncate(self._addresses.fileno(), 0)

    def raw(self, request: AcceptedRequest) -> bytes:
        """The body as it came. Raises IndexError when it was cleared meanwhile."""
        return self._read(self._file, request, request.offset, request.size)

    def addresses(self, request: AcceptedRequest) -> tuple[str, ...]:
        """The recipients in lower case, in order. Raises IndexError when it was cleared meanwhile."""
        lines = self._read(self._addresses, request, request.addresses_offset, request.addresses_size)
        return tuple(lines.decode().split("\n")) if lines else ()

    def _read(self, file: IO[bytes], request: AcceptedRequest, offset: int, size: int) -> bytes:
        found = os.pread(file.fileno(), size, offset)
        if self._by_id.get(request.request_id) is not request:
            raise IndexError(request.request_id)
        return found

    def mailing(self, request: AcceptedRequest) -> Mailing:
        """The request, parsed. The last few are kept. Raises IndexError when it was cleared meanwhile."""
        with self._lock:
            kept = self._parsed.get(request.request_id)
            if kept is not None:
                return kept
        mailing = self._parse(request)
        with self._lock:
            self._parsed[request.request_id] = mailing
            if len(self._parsed) > _PARSED_KEPT:
                self._parsed.popitem(last=False)
        return mailing

    def _parse(self, request: AcceptedRequest) -> Mailing:
        return Mailing(request.request_id, request.at, orjson.loads(self.raw(request)))

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
            request.subjects = self._parse(request).subjects()
        return request.subjects

    def arguments(self, request: AcceptedRequest, name: str) -> list[str]:
        """The custom argument `name` of each message of a request ("" where it has none); kept likewise."""
        if name not in request.arguments:
            request.arguments[name] = self._parse(request).arguments(name)
        return request.arguments[name]

    def find(self, words: str) -> Iterator[int]:
        """Positions of the messages whose address or subject holds `words` without case, newest first."""
        words = words.strip().lower()
        for request in reversed(self.all()):
            subjects = self.subjects(request) if words else ()
            addresses = request.addresses if words else ()
            for index in range(request.count - 1, -1, -1):
                if not words or words in addresses[index] or words in subjects[index].lower():
                    yield request.first + index
