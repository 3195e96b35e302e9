"""`mailer up`: everything in one terminal, and nothing left when it ends."""

import json
import os
import signal
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from mailer.local.ports import claim, free_port, is_free, remembered
from mailer.local.waiting import wait_until
from tests.machine import LIMIT, Machine, Running

pytestmark = pytest.mark.xdist_group("up")

ADDRESSES = "from django.conf import settings; print(settings.PUBLIC_URL, settings.ENVIRONMENT.sendgrid_host)"


def ports(machine: Machine) -> dict[str, int]:
    return json.loads((machine.var / "ports.json").read_text())


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def another_program(port: int) -> Iterator[None]:
    """Something else that listens on a port."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        yield


@pytest.fixture
def machine(old_machine) -> Machine:
    """With ports of its own, so that no other program on this machine has them."""
    chosen = {"web": free_port(), "emulator": free_port()}
    (old_machine.var / "ports.json").write_text(json.dumps(chosen))
    return old_machine


def up(machine: Machine) -> Running:
    """Start everything and wait until it answers."""
    running = machine.begin("up", "--workers=1")
    running.wait_for(lambda: "Ctrl-C stops everything" in running.said, "it says where to look")
    chosen = ports(machine)
    running.wait_for(lambda: answers(f"http://127.0.0.1:{chosen['web']}/healthz"), "the site answers")
    running.wait_for(lambda: answers(f"http://127.0.0.1:{chosen['emulator']}/"), "the inbox answers")
    return running


def test_a_port_that_another_program_took_is_replaced_and_the_links_follow(machine):
    before = ports(machine)
    with another_program(before["web"]):
        web, emulator = machine.python(ADDRESSES).split()
    after = ports(machine)
    assert after["web"] != before["web"]
    assert after["emulator"] == before["emulator"]
    assert (web, emulator) == tuple(f"http://127.0.0.1:{after[name]}" for name in ("web", "emulator"))
    assert machine.python(ADDRESSES).split() == [web, emulator]


@pytest.mark.parametrize(
    "content", ["", "[]", '{"web": "x", "emulator": 1}', '{"web": 8000}', '{"web": 99999999, "emulator": 1}']
)
def test_ports_that_cannot_be_read_are_chosen_anew(tmp_path, content):
    (tmp_path / "ports.json").write_text(content)
    chosen = claim(tmp_path)
    assert chosen.keys() == {"web", "emulator"}
    assert all(is_free(port) for port in chosen.values())
    assert remembered(tmp_path) == chosen


@pytest.mark.parametrize("group", [False, True], ids=["alone", "as a terminal does"])
def test_everything_answers_and_ctrl_c_leaves_no_process_over(machine, group):
    running = up(machine)
    taken = ports(machine)
    addresses = [f"http://127.0.0.1:{taken[name]}" for name in ("web", "emulator")]
    assert machine.python(ADDRESSES).split() == addresses
    assert ports(machine) == taken
    # A sweep is asked for by beat and made by a worker.
    running.wait_for(lambda: machine.mailer("alive", "beat").returncode == 0, "worker and beat are at work")
    assert running.signal(signal.SIGINT, group) == 0
    assert machine.commands() == []
    assert (machine.postmaster(), machine.redis()) == (None, None)
    assert "Traceback" not in running.said


def test_its_processes_end_with_it_when_it_is_killed(machine):
    running = up(machine)
    os.kill(running.child.pid, signal.SIGKILL)
    running.child.wait(LIMIT)
    assert wait_until(lambda: not machine.commands(), LIMIT)
    assert machine.mailer("down").returncode == 0
    assert (machine.postmaster(), machine.redis()) == (None, None)


def test_a_second_one_is_refused_and_a_process_that_ends_ends_the_others(machine):
    running = up(machine)
    for command in ("up", "demo"):
        done = machine.mailer(command)
        assert done.returncode == 1
        assert "mailer runs here already" in done.stderr
        assert "Traceback" not in done.stderr
    assert running.child.poll() is None
    (beat,) = (process for process in machine.commands() if process.cmdline()[-1] == "beat")
    beat.kill()
    assert running.child.wait(LIMIT) != 0
    assert machine.commands() == []


@pytest.mark.xdist_group("up")
def test_web_refuses_a_port_that_is_taken(machine):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = machine.mailer("web", f"--port={port}")
    assert done.returncode == 1
    assert f"Port {port} is taken" in done.stderr
