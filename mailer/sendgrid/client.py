"""The SendGrid API: the `sendgrid` package's client on our own transport.

What the package does by itself and what is replaced: a connection for every call (here pooled), no timeout, json
(here orjson), headers shared between calls, redirects followed, the key in its debug log (here no log, and the
package never sees the key).
"""

import ssl
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import quote

import orjson
import python_http_client
from sendgrid import SendGridAPIClient

from mailer.sendgrid.answer import Answer
from mailer.sendgrid.errors import CallFailed
from mailer.sendgrid.outcome import error_text, reset_time
from mailer.sendgrid.secret import Secret
from mailer.sendgrid.transport import Transport, parse_host

# A page of 1,000 log entries is some 500 KB.
PAGE_LIMIT_BYTES = 8 * 1024 * 1024

Observer = Callable[[tuple[str, ...], Answer, float], None]
"""Is told of every request: its path as segments (which may hold an address or an id), the answer, the seconds it took."""


class SendGrid:
    """One account's API. Safe to share between threads.

    `host` is scheme and name (`https://api.sendgrid.com`, `https://api.eu.sendgrid.com`, or http on loopback).
    `connect_timeout` and `read_timeout` are seconds, `pool_size` is how many idle connections are kept;
    `tls` and `clock` are those of `Transport`; `observer` is called after each request, in its thread. Raises
    ConfigurationError for a key or host that cannot be used.
    """

    def __init__(
        self,
        api_key: str | Secret,
        host: str = "https://api.sendgrid.com",
        *,
        connect_timeout: float = 10.0,
        read_timeout: float = 60.0,
        pool_size: int = 32,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
        observer: Observer | None = None,
    ) -> None:
        key = api_key if isinstance(api_key, Secret) else Secret(api_key)
        del api_key  # or every traceback through here would hold it
        key.check()
        self._transport = Transport(
            parse_host(host),
            key,
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            pool_size=pool_size,
            tls=tls,
            clock=clock,
        )
        # The package formats the key into a header. A Secret formats as "<hidden>"; the transport sets the real one.
        self.api = SendGridAPIClient(api_key=key, host=host)
        self.api.client = _PooledClient(
            self._transport, host, dict(self.api.client.request_headers), version=3, observer=observer
        )
        self._mail_send = self.api.client.mail.send

    def send_mail(self, body: bytes | Mapping[str, object]) -> Answer:
        """POST /v3/mail/send, once. `body` is the request's JSON, ready (bytes, the fast way) or as a dict.

        Never raises for network trouble: read the `Answer` with `mailer.sendgrid.outcome.classify`.
        """
        answer: Answer = self._mail_send.post(request_body=body)
        return answer

    def call(
        self, method: str, *path: str, query: Mapping[str, str | int] | None = None, body: object = None
    ) -> object:
        """Any other call, `call("get", "suppression", "bounces", query={"limit": 500})`; the decoded JSON or None.

        Path segments are quoted. Raises CallFailed for anything but a whole 2xx answer, with code `no_answer`,
        `not_json`, or `http_<status>`.
        """
        client = self.api.client
        for segment in path:
            client = client._(quote(segment, safe=""))
        answer: Answer = getattr(client, method)(
            request_body=body, query_params=query, answer_limit=PAGE_LIMIT_BYTES
        )
        where = f"{method.upper()} /v3/{path[0]}"
        if answer.status is None or (answer.error and answer.status < 300):
            raise CallFailed(
                "no_answer",
                f"{where} brought no whole answer from SendGrid ({answer.error}): try again",
                answer.status,
            )
        if not 200 <= answer.status < 300:
            raise CallFailed(
                f"http_{answer.status}",
                f"SendGrid refused {where} with {answer.status}: {error_text(answer.body) or 'no reason given'}",
                answer.status,
                reset_time(answer),
            )
        if not answer.body.strip():
            return None
        try:
            decoded: object = orjson.loads(answer.body)
        except orjson.JSONDecodeError:
            decoded = _NOT_JSON
        # Raised apart from its cause, which carries the body and the addresses in it.
        if decoded is _NOT_JSON:
            raise CallFailed(
                "not_json", f"{where} was answered with something that is not JSON", answer.status
            )
        return decoded

    def close(self) -> None:
        """Close the idle connections."""
        self._transport.close()


_NOT_JSON = object()


class _PooledClient(python_http_client.Client):  # type: ignore[misc]
    """The package's path-building client, whose calls go through a Transport and return an Answer.

    Unlike the original, an HTTP error is a value too, and a call's own headers do not stay for the next call.
    """

    def __init__(
        self,
        transport: Transport,
        host: str,
        request_headers: dict[str, str],
        version: int | None,
        url_path: list[str] | None = None,
        observer: Observer | None = None,
    ) -> None:
        super().__init__(host, request_headers=request_headers, version=version, url_path=url_path)
        self._transport = transport
        self._observer = observer

    def _build_client(self, name: str | None = None) -> "_PooledClient":
        path = [*self._url_path, name] if name else list(self._url_path)
        return _PooledClient(
            self._transport, self.host, dict(self.request_headers), self._version, path, self._observer
        )

    def _build_versioned_url(self, url: str) -> str:
        return f"/v{self._version}{url}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy and pickle ask for these; they are no part of a path
            raise AttributeError(name)
        if name in self.methods:
            return partial(self._send, name.upper())
        return super().__getattr__(name)

    def _send(
        self,
        method: str,
        request_body: object = None,
        query_params: Mapping[str, str | int] | None = None,
        request_headers: Mapping[str, str] | None = None,
        answer_limit: int = 65_536,
    ) -> Answer:
        headers = {**self.request_headers, **(request_headers or {})}
        body: bytes | None = None
        if request_body is not None:
            headers["Content-Type"] = "application/json"
            body = request_body if isinstance(request_body, bytes) else orjson.dumps(request_body)
        began = time.perf_counter()
        answer = self._transport.request(method, self._build_url(query_params), headers, body, answer_limit)
        if self._observer:
            self._observer(tuple(self._url_path), answer, time.perf_counter() - began)
        return answer
