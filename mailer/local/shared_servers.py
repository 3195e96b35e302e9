"""Embedded servers that several processes use.

Whoever starts a server stops it, unless somebody else uses it too. Each user shares a lock for as long as it
lives; who ends and can take that lock for itself is the last one. Nothing has to be cleaned up after a killed
process: the next one finds the server running or starts it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from mailer.local import postgres_server, redis_server
from mailer.local.errors import ServerError
from mailer.local.locks import lock


class Server(Protocol):
    """A module that keeps one server in one folder."""

    def start(self, folder: Path) -> str: ...
    def stop(self, folder: Path) -> None: ...


SERVERS: dict[str, Server] = {"postgres": postgres_server, "redis": redis_server}


@contextmanager
def shared(var: Path, name: str) -> Iterator[str]:
    """Use a server for the length of a `with`: start it or find it running. Gives its address.

    Raises:
        ServerError: it did not start.
    """
    folder = var / name
    with lock(folder.with_suffix(".users")) as users:
        users.share()
        try:
            with lock(folder.with_suffix(".start")) as start:
                start.wait()
                address = SERVERS[name].start(folder)
            yield address
        finally:
            if users.take():
                SERVERS[name].stop(folder)


def shut_down(var: Path) -> None:
    """Stop the servers that a killed process left running.

    Raises:
        ServerError: somebody uses them still.
    """
    for name, server in SERVERS.items():
        folder = var / name
        if not folder.exists():
            continue
        with lock(folder.with_suffix(".users")) as users:
            if not users.take():
                raise ServerError(f"Another mailer process uses the {name} in {folder}: stop that first.")
            server.stop(folder)
