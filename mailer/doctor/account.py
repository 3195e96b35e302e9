"""The account at SendGrid, read: each page once, however many checks look at it."""

import threading
from concurrent.futures import Future
from typing import Any

from mailer.doctor.result import CannotSee
from mailer.sendgrid.client import SendGrid
from mailer.sendgrid.errors import CallFailed

CONNECT_LIMIT = 5.0
READ_LIMIT = 15.0
"""Seconds for an answer of SendGrid's."""
PAGE = 500
"""Entries of a list; nobody has more domains in one account."""

Row = dict[str, Any]


class Account:
    """Raises ConfigurationError for a key or host that cannot be used."""

    def __init__(self, api_key: str, host: str) -> None:
        self.key_end = api_key[-4:] if len(api_key) > 20 else ""
        self.client = SendGrid(
            api_key, host, connect_timeout=CONNECT_LIMIT, read_timeout=READ_LIMIT, pool_size=8
        )
        self._lock = threading.Lock()
        self._answers: dict[str, Future[object]] = {}

    def scopes(self) -> frozenset[str]:
        """What the key may do. Raises CallFailed."""
        answer = self._read("scopes")
        found = answer.get("scopes") if isinstance(answer, dict) else None
        if not isinstance(found, list):
            raise CallFailed("unexpected", "GET /v3/scopes was answered without a list of scopes")
        return frozenset(map(str, found))

    def may(self, scope: str) -> bool | None:
        """Whether the key has a scope; None where that cannot be seen."""
        try:
            return scope in self.scopes()
        except CallFailed:
            return None

    def rows(self, path: str, scope: str, within: str | None = None) -> list[Row]:
        """The objects of a list under /v3.

        Args:
            scope: what the key needs for it, named where it is refused.
            within: the field that holds the list, where the answer is an object.
        Raises:
            CannotSee: SendGrid did not show it.
        """
        answer = self._shown(path, scope)
        found = answer.get(within) if within and isinstance(answer, dict) else answer
        if not isinstance(found, list):
            raise CannotSee(f"SendGrid answered GET /v3/{path} with something that is no list.")
        return [row for row in found if isinstance(row, dict)]

    def row(self, path: str, scope: str) -> Row:
        """An object under /v3; see `rows`."""
        answer = self._shown(path, scope)
        if not isinstance(answer, dict):
            raise CannotSee(f"SendGrid answered GET /v3/{path} with something that is no object.")
        return answer

    def _shown(self, path: str, scope: str) -> object:
        try:
            return self._read(path)
        except CallFailed as failure:
            match failure.status:
                case 401:
                    raise CannotSee("SendGrid refuses the key (401).") from failure
                case 403:
                    raise CannotSee(
                        f"The key may not see it (403: it lacks the scope {scope}).",
                        "Give it this scope, or look at SendGrid's pages yourself.",
                    ) from failure
                case None:
                    raise CannotSee("SendGrid gave no answer.", "See: key.") from failure
                case _:
                    raise CannotSee(f"{failure.message}.", "Try again.") from failure

    def _read(self, path: str) -> object:
        """The answer to a GET, asked for once: who comes while it is under way waits for it."""
        with self._lock:
            first = path not in self._answers
            answer = self._answers.setdefault(path, Future())
        if first:
            query = {"limit": PAGE} if path.startswith(("whitelabel/", "verified_senders")) else None
            try:
                answer.set_result(self.client.call("get", *path.split("/"), query=query))
            except Exception as error:
                answer.set_exception(error)
        return answer.result()
