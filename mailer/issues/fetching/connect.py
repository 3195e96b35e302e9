"""Connections to public addresses and to no others, all before one moment.

The host's name is resolved here and the connection made to the address that was looked at, so that nobody can answer
with another one in between. TLS still checks the certificate against the name.
"""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable
from queue import Empty, SimpleQueue
from typing import Any

import httpcore

from mailer.issues.fetching.addresses import is_public
from mailer.issues.fetching.errors import FetchError

Resolve = Callable[[str, int], list[str]]
"""From a host's name and a port to its IP addresses, in the order in which they are to be tried; raises OSError."""
PORTS = frozenset({80, 443, 8080, 8443})
"""Where web sites listen; on others there may be a service that takes a request for something else."""


def resolve(host: str, port: int) -> list[str]:
    """Ask the operating system."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class Deadline:
    """A moment after which nothing is waited for any more."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds until then. Raises httpcore.ReadTimeout when it is past."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("out of time")
        return left


class PublicNetwork(httpcore.NetworkBackend):
    """The network as far as it is public.

    Args:
        deadline: of all that is done in it.
        private_hosts: hosts, or hosts with a port ("127.0.0.1:8025"), that may be anywhere and listen on any port.
        resolve: how names are resolved.
    """

    def __init__(
        self, deadline: Deadline, private_hosts: Iterable[str] = (), resolve: Resolve = resolve
    ) -> None:
        self._deadline = deadline
        self._private_hosts = frozenset(host.lower() for host in private_hosts)
        self._resolve = resolve
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first public address of a host that takes a connection.

        Raises:
            FetchError: `refused`, where the port is none of the web or no address is public.
            httpcore.ConnectError, httpcore.ConnectTimeout: no address takes a connection; the name has none.
        """
        trusted = host in self._private_hosts or f"{host}:{port}" in self._private_hosts
        if port not in PORTS and not trusted:
            raise FetchError(
                "refused",
                f"Port {port} is none that web sites use. Use an address without a port, or one of "
                f"{', '.join(map(str, sorted(PORTS)))}.",
            )
        addresses = self._addresses(host, port)
        public = addresses if trusted else [address for address in addresses if is_public(address)]
        if not public:
            raise FetchError(
                "refused", f"{host} is not on the public internet. Only public addresses are fetched."
            )
        for tried, address in enumerate(public):
            try:
                # One that says nothing leaves time for the others.
                patience = self._deadline.left() / (len(public) - tried)
                stream = self._network.connect_tcp(address, port, patience, local_address, socket_options)
                return _Timed(stream, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                if address == public[-1]:
                    raise
        raise httpcore.ConnectError(f"{host} has no address")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        """There are none of the public network."""
        raise FetchError("refused", "A socket of this machine is not on the public internet.")

    def _addresses(self, host: str, port: int) -> list[str]:
        """In a thread, because the operating system's resolver knows no limit of time."""
        answers: SimpleQueue[list[str] | OSError | UnicodeError] = SimpleQueue()

        def ask() -> None:
            try:
                answers.put(self._resolve(host, port))
            except (OSError, UnicodeError) as error:
                answers.put(error)

        threading.Thread(target=ask, daemon=True).start()
        try:
            answer = answers.get(timeout=self._deadline.left())
        except Empty:
            raise httpcore.ConnectTimeout(f"nobody says where {host} is") from None
        if isinstance(answer, list):
            return answer
        raise httpcore.ConnectError(f"there is no host {host}") from answer


class _Timed(httpcore.NetworkStream):
    """A connection each of whose acts ends by the deadline, so that bytes which drip do not lengthen it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        encrypted = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Timed(encrypted, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
