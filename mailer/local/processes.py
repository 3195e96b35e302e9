"""The processes of an installation on one machine, and running them in the background."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from mailer.local.embedded import Addresses
from mailer.local.errors import ServerError
from mailer.local.parent import for_children

GRACE = 15
"""Seconds that a process has to finish what is in flight before it is killed."""


@dataclass(frozen=True)
class Process:
    """One process: its name in the log, and the arguments of `mailer`."""

    name: str
    arguments: Sequence[str]

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", "mailer", *self.arguments]


def processes(addresses: Addresses, workers: int) -> list[Process]:
    """Web, workers and beat, and the emulator unless SendGrid itself is named."""
    ports = addresses.ports
    emulator = Process("emulator", ["emulator", f"--port={ports['emulator']}"])
    return [
        *([emulator] if addresses.emulator else []),
        Process("web", ["web", f"--port={ports['web']}"]),
        *(Process(f"worker{n}", ["worker", f"--name=worker{n}"]) for n in range(1, workers + 1)),
        Process("beat", ["beat"]),
    ]


class Background:
    """A process that runs with its output in a file, in a session of its own (so that Ctrl-C does not reach it)."""

    def __init__(self, process: Process, log: Path) -> None:
        self.name = process.name
        self.log = log
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                process.command,
                env=for_children(os.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def check(self) -> None:
        """Raise ServerError when it has ended."""
        status = self._child.poll()
        if status is not None:
            tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-8:])
            raise ServerError(f"{self.name} ended with {status}. Its log ({self.log}) ends with:\n{tail}")

    def listens(self, port: int) -> bool:
        """Whether it, or a child of it, is who listens on this port; not some other program."""
        try:
            own = psutil.Process(self._child.pid)
            sockets = [each for process in (own, *own.children()) for each in process.net_connections("tcp")]
        except psutil.Error:  # it ended this moment
            return False
        return any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in sockets)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and its children; wait until they are gone."""
        if self._child.poll() is None:
            os.killpg(self._child.pid, how)
            try:
                self._child.wait(GRACE)
            except subprocess.TimeoutExpired:
                os.killpg(self._child.pid, signal.SIGKILL)
                self._child.wait()


@contextmanager
def running(wanted: Sequence[Process], logs: Path) -> Iterator[dict[str, Background]]:
    """Run processes in the background for the length of a `with`."""
    logs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as ends:
        started = {}
        for process in wanted:
            started[process.name] = background = Background(process, logs / f"{process.name}.log")
            ends.callback(background.stop)
        yield started
