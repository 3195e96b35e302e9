"""A machine on which nothing is set up: `mailer` runs there in processes of its own, on servers of its own."""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from mailer.config.environment import VARIABLES
from mailer.local import postgres_server
from mailer.local.shared_servers import shut_down
from mailer.local.waiting import wait_until
from tests import prepared

LIMIT = 180
"""Seconds to wait for anything. Far above what it takes, also on a busy machine."""
HOLD = "print('ready', flush=True); import sys; sys.stdin.read()"


class Running:
    """A command that was begun, with its output in a file."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._log = log
        with log.open("ab") as output:
            self.child = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
                # Whoever started the tests in the background had this signal ignored, also for what they start.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    @property
    def said(self) -> str:
        return self._log.read_text(errors="replace")

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition, or fail with what the command said."""
        if not wait_until(lambda: condition() or self.child.poll() is not None, LIMIT) or not condition():
            pytest.fail(
                f"In vain waited until {what}. Exit status: {self.child.poll()}. It said:\n{self.said}"
            )

    def release(self) -> int:
        """Let a command that waits for its input go on to its end."""
        assert self.child.stdin
        self.child.stdin.close()
        return self.child.wait(LIMIT)

    def signal(self, how: signal.Signals, group: bool = False) -> int:
        """Send a signal, to it alone or as a terminal does to its group, and wait for its end."""
        (os.killpg if group else os.kill)(self.child.pid, how)
        return self.child.wait(LIMIT)


class Machine:
    """Commands that keep everything under `var`."""

    def __init__(self, var: Path, logs: Path) -> None:
        self.var = var
        self._logs = logs
        self._begun: list[Running] = []
        ours = {variable.name for variable in VARIABLES}
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ours},
            "MAILER_VAR": str(var),
        }

    def mailer(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with nobody at its terminal."""
        return subprocess.run(
            [sys.executable, "-m", "mailer", *arguments],
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )

    def python(self, program: str, **variables: str) -> str:
        """What a program says that runs with the settings and models."""
        done = self.mailer("shell", "--verbosity=0", "--command", program, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def begin(self, *arguments: str, **variables: str) -> Running:
        """Begin a command and go on."""
        log = self._logs / f"{len(self._begun)}-{arguments[0]}.log"
        command = [sys.executable, "-m", "mailer", *arguments]
        self._begun.append(Running(command, {**self.environment, **variables}, log))
        return self._begun[-1]

    def hold(self, program: str = HOLD) -> Running:
        """Begin a command that uses the servers until it is released, or ends."""
        held = self.begin("shell", "--verbosity=0", "--command", program)
        held.wait_for(lambda: "ready" in held.said, "a command uses the servers")
        return held

    def postmaster(self) -> int | None:
        """The process of the embedded PostgreSQL, if it runs."""
        server = postgres_server.running(self.var / "postgres")
        return server.pid if server else None

    def redis(self) -> int | None:
        """The process of the embedded Redis, if it runs."""
        try:
            process = psutil.Process(int((self.var / "redis" / "redis.pid").read_text()))
            alive = process.status() != psutil.STATUS_ZOMBIE and "redis-server" in process.cmdline()[0]
            return process.pid if alive else None
        except (OSError, ValueError, IndexError, psutil.Error):
            return None

    def commands(self) -> list[psutil.Process]:
        """The `mailer` processes that run here."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def end(self) -> None:
        """End whatever is left."""
        for running in self._begun:
            if running.child.stdin:
                running.child.stdin.close()
            if running.child.poll() is None:
                running.signal(signal.SIGKILL)
        for process in self.commands():
            process.kill()
        if self.var.is_dir():
            assert wait_until(lambda: not self.commands(), LIMIT)
            shut_down(self.var)

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            return "mailer" in process.cmdline() and process.environ().get("MAILER_VAR") == str(self.var)
        except psutil.Error:
            return False


@contextmanager
def new_machine(name: str = "var", *, migrated: bool = False) -> Iterator[Machine]:
    """A machine on which mailer never ran; whatever runs there at the end is ended.

    Its folder is none of pytest's: whoever starts another pytest closes those to the user that PostgreSQL runs
    as where the tests run as root.

    Args:
        name: of its folder.
        migrated: give it an empty database that is migrated, where the first start is not what is tested.
    """
    with tempfile.TemporaryDirectory(prefix="mailer-machine-") as place:
        machine = Machine(Path(place) / name, Path(place))
        if migrated:
            machine.var.mkdir(parents=True)
            prepared.data_folder(machine.var / "postgres")
        try:
            yield machine
        finally:
            machine.end()
