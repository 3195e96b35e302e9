"""The processes of an installation: each can be started, told to stop, or killed at any time."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from mailer.local.waiting import wait_until
from tests.inbox import Inbox

LIMIT = 60
"""Seconds to wait for anything. Far above what it takes, also on a busy machine."""

QUIET_READERS = dict.fromkeys(
    ("drop", "invalid", "hard_bounce", "block", "deferral", "human_open", "machine_open", "click",
     "complaint", "unsubscribe", "prefetch", "scanner"), 0.0,
)  # fmt: skip
"""The emulator's world where everybody gets their mail, and nobody does anything with it."""


class Installation:
    """Web, workers and beat as processes, with their output in `logs`.

    `environment` is what they get, and may be changed before one is started; `inbox` is that of the emulator which
    they reach as SendGrid.
    """

    def __init__(self, environment: Mapping[str, str], inbox: Inbox, web_port: int, logs: Path) -> None:
        self.environment = dict(environment)
        self.inbox = inbox
        self.web_port = web_port
        self._logs = logs
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, *names: str, threads: int = 4, place: Path | None = None, patient: bool = True) -> None:
        """Start processes: web, beat, or workers by any name that begins with worker.

        Args:
            threads: requests that a worker has in flight.
            place: the working directory, where it is not this one's.
            patient: wait until the site answers.
        """
        for name in names:
            arguments = {"web": ["web", f"--port={self.web_port}"], "beat": ["beat"]}.get(
                name, ["worker", f"--name={name}", f"--threads={threads}"]
            )
            self.start_command(name, *arguments, place=place)
        if "web" in names and patient:
            self.wait(self._web_answers, "the site answers")

    def start_command(self, name: str, *arguments: str, place: Path | None = None) -> subprocess.Popen[bytes]:
        """Start any `mailer` command with its output in the log of that name."""
        with (self._logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                [sys.executable, "-m", "mailer", *arguments],
                env=self.environment,
                cwd=place,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Whoever started the tests in the background had this signal ignored, also for what they start.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self._children[name] = child
        return child

    @property
    def running(self) -> list[str]:
        """The names of what was started and not ended, in alphabetical order."""
        return sorted(self._children)

    @property
    def ended(self) -> list[str]:
        """The names of those that ended by themselves."""
        return [name for name in self.running if self._children[name].poll() is not None]

    def pid(self, name: str) -> int:
        return self._children[name].pid

    def tell(self, name: str, how: signal.Signals) -> None:
        """Send a process, and its children, a signal."""
        os.killpg(self.pid(name), how)

    def end(self, name: str, limit: float = LIMIT) -> int:
        """Wait until a process that was told to end is gone. Returns its exit status.

        Raises:
            subprocess.TimeoutExpired: it is still there after `limit` seconds; then it is killed.
        """
        child = self._children.pop(name)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL, limit: float = LIMIT) -> int:
        """Send a signal and wait for the end; see `end`."""
        self.tell(name, how)
        return self.end(name, limit)

    def stop(self) -> None:
        """Kill whatever runs."""
        for name in self.running:
            with suppress(ProcessLookupError):  # it ended by itself
                self.tell(name, signal.SIGKILL)
            self.end(name)

    def wait(self, condition: Callable[[], bool], what: str, limit: float = LIMIT) -> None:
        """Wait for a condition.

        Raises:
            AssertionError: it did not come true in time, or a process ended by itself; with the ends of the logs.
        """
        if not wait_until(lambda: condition() or bool(self.ended), limit) or self.ended:
            why = (
                f"{', '.join(self.ended)} ended by itself"
                if self.ended
                else f"waited {limit} seconds in vain"
            )
            raise AssertionError("\n".join([f"{why}. It was to be: {what}", *self.said()]))

    def log(self, name: str) -> str:
        """All that a process said."""
        return (self._logs / f"{name}.log").read_text(errors="replace")

    def said(self, length: int = 3000) -> list[str]:
        """The last characters of each log, with its name."""
        return [
            f"--- {log.name}\n{log.read_text(errors='replace')[-length:]}"
            for log in sorted(self._logs.glob("*.log"))
        ]

    def _web_answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.web_port)) == 0
