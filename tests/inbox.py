"""What an emulator took, and telling it to fail: over its HTTP control API, as any other process would."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen


class Inbox:
    """The control API of the emulator at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url

    def messages(self, full: bool = False) -> list[dict[str, Any]]:
        """Every message it accepted, oldest first."""
        return list(self._pages(full))

    def addresses(self) -> list[str]:
        """To whom they went, in alphabetical order; one that got two is in it twice."""
        return sorted(message["to"] for message in self.messages())

    def fail(self, kind: str, **how: Any) -> None:
        """Let the next requests fail: see the emulator's faults."""
        self.call("POST", "faults", {"kind": kind, **how})

    def recover(self) -> None:
        """No faults any more."""
        self.call("DELETE", "faults")

    def summary(self) -> dict[str, Any]:
        """Requests by status, messages, addresses."""
        return self.call("GET", "summary?arg=mailer_submission")

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One call of the control API."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Emulator-Control": "1", "Content-Type": "application/json"}
        request = Request(f"{self.url}/control/{path}", data=data, headers=headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def _pages(self, full: bool) -> Iterator[dict[str, Any]]:
        offset = 0
        while True:
            page = self.call("GET", f"messages?offset={offset}&limit=1000&full={int(full)}")["messages"]
            yield from page
            offset += len(page)
            if len(page) < 1000:
                return
