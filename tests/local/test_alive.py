"""`mailer alive`, by which containers learn whether a process works; `mailer doctor` sees the same workers."""

import subprocess
import sys
import time

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command

from mailer.delivery.tasks import SWEPT_AT
from mailer.doctor.installation import look_around
from mailer.doctor.processes import checks
from mailer.doctor.result import State
from mailer.local.ports import free_port

pytestmark = pytest.mark.xdist_group("alive")


def alive(*arguments: str) -> bool:
    try:
        call_command("alive", *arguments)
    except CommandError:
        return False
    return True


def test_a_living_worker_is_told_from_a_dead_one(installation):
    installation.start("worker1")
    installation.wait(lambda: alive("worker", "--name=worker1"), "the worker is alive")
    assert not alive("worker", "--name=worker2")
    (workers, _) = (check.look() for check in checks(look_around([])))
    assert workers.state == State.FINE
    assert "worker1@" in workers.seen
    installation.kill("worker1")
    assert not alive("worker", "--name=worker1")


def test_a_living_site_is_told_from_a_dead_one_by_the_exit_status(installation):
    def ask(port: int) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mailer", "alive", "web", f"--port={port}"],
            env=installation.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    installation.start("web")
    living, dead = ask(installation.web_port), ask(free_port())
    assert (living.returncode, living.stdout) == (0, "web is alive\n")
    assert dead.returncode == 1
    assert "web does not answer on port" in dead.stderr
    assert "Traceback" not in dead.stderr


def test_beat_is_known_by_the_last_sweep(installation):
    assert not alive("beat")
    installation.start("worker1", "beat")
    installation.wait(lambda: alive("beat"), "beat is alive")
    installation.kill("beat")
    installation.kill("worker1")
    cache.set(SWEPT_AT, time.time() - 61, timeout=None)
    assert not alive("beat")
