"""The embedded servers, used by real processes that come, go, and are killed."""

import os
import signal
import stat

import pytest

from mailer.local.waiting import wait_until
from tests.machine import LIMIT, Machine, new_machine

pytestmark = pytest.mark.xdist_group("embedded")

CREATE = (
    "from subscribers.models import MailingList; MailingList.objects.create(slug={slug!r}, name='A list')"
)
SLUGS = "from subscribers.models import MailingList; print(*sorted(MailingList.objects.values_list('slug', flat=True)))"
SECRET = "from django.conf import settings; print(settings.SECRET_KEY, settings.PUBLIC_URL)"
ADDRESS = "from django.conf import settings; print(settings.ENVIRONMENT.redis_url)"
PING = "from django.core.cache import cache; cache.set('a', 'pong'); print(cache.get('a'))"


def kept(machine: Machine) -> bool:
    """Whether the list is there that the machine began with."""
    return "kept" in machine.python(SLUGS).split()


def test_in_a_folder_of_any_name_the_first_command_makes_everything_and_leaves_no_server_behind():
    name = f'{"-".join(["very", "long"] * 20)} Läufe: it\'s, "so to say", odd $HOME'
    with new_machine(f"{name}/var") as machine:
        half = machine.var / "postgres-new-x"  # of one that was killed while it made it
        half.mkdir(parents=True)
        (half / "PG_VERSION").touch()
        machine.python(CREATE.format(slug="first"))
        assert (machine.postmaster(), machine.redis()) == (None, None)
        assert not half.exists()
        assert machine.python(f"{PING}; {SLUGS}").split() == ["pong", "first"]
        assert (machine.postmaster(), machine.redis()) == (None, None)


def test_secrets_are_kept_and_can_be_read_by_their_owner_only(old_machine):
    # The address may change in between: another program on this machine may take the port.
    first, second = (old_machine.python(SECRET).split() for _ in range(2))
    assert first[0] == second[0]
    for name in ("secret-key", "redis/redis.conf"):
        assert stat.S_IMODE((old_machine.var / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((old_machine.var / "postgres").stat().st_mode) == 0o700


def test_two_commands_that_start_at_once_from_nothing_agree(machine):
    both = [
        machine.begin("shell", "--verbosity=0", "--command", f"{CREATE.format(slug=slug)}; {SECRET}")
        for slug in ("one", "two")
    ]
    assert [running.release() for running in both] == [0, 0], [running.said for running in both]
    assert both[0].said == both[1].said
    assert machine.python(SLUGS) == "one two"


def test_commands_share_the_servers_and_the_last_one_out_stops_them(old_machine):
    first = old_machine.hold()
    servers = (old_machine.postmaster(), old_machine.redis())
    assert None not in servers
    second = old_machine.hold()
    assert kept(old_machine)
    assert (old_machine.postmaster(), old_machine.redis()) == servers
    assert first.release() == 0
    assert (old_machine.postmaster(), old_machine.redis()) == servers
    assert second.release() == 0
    assert (old_machine.postmaster(), old_machine.redis()) == (None, None)


def test_the_next_command_starts_a_killed_postgresql_again_with_its_data(old_machine):
    held = old_machine.hold()
    killed = old_machine.postmaster()
    os.kill(killed, signal.SIGKILL)
    assert kept(old_machine)
    assert old_machine.postmaster() not in (None, killed)
    assert held.release() == 0
    assert old_machine.postmaster() is None


def test_what_a_killed_postgresql_left_behind_does_not_stop_it_where_another_process_has_its_number(
    old_machine,
):
    held = old_machine.hold()
    os.kill(old_machine.postmaster(), signal.SIGKILL)
    left = old_machine.var / "postgres" / "postmaster.pid"
    lines = left.read_text().splitlines()
    left.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    assert held.release() == 0
    assert kept(old_machine)


def test_the_next_command_starts_a_killed_redis_again_at_the_same_address(old_machine):
    held = old_machine.hold(f"{ADDRESS}; print('ready', flush=True); import sys; sys.stdin.read(); {PING}")
    killed = old_machine.redis()
    os.kill(killed, signal.SIGKILL)
    second = old_machine.hold(f"{ADDRESS}; print('ready', flush=True); import sys; sys.stdin.read()")
    assert old_machine.redis() not in (None, killed)
    assert second.said.split()[0] == held.said.split()[0]
    assert held.release() == 0
    assert held.said.split()[-1] == "pong"
    assert second.release() == 0
    assert old_machine.redis() is None


def test_both_servers_come_back_after_a_machine_that_lost_everything_at_once(old_machine):
    held = old_machine.hold()
    for pid in (old_machine.postmaster(), old_machine.redis()):
        os.kill(pid, signal.SIGKILL)
    held.signal(signal.SIGKILL)
    assert kept(old_machine)
    assert (old_machine.postmaster(), old_machine.redis()) == (None, None)


def test_a_killed_command_leaves_servers_that_the_next_one_finds_and_stops(old_machine):
    old_machine.hold().signal(signal.SIGKILL)
    servers = (old_machine.postmaster(), old_machine.redis())
    assert None not in servers
    held = old_machine.hold()
    assert (old_machine.postmaster(), old_machine.redis()) == servers
    assert held.release() == 0
    assert (old_machine.postmaster(), old_machine.redis()) == (None, None)


def test_down_stops_the_servers_that_a_killed_command_left(old_machine):
    old_machine.hold().signal(signal.SIGKILL)
    assert old_machine.mailer("down").returncode == 0
    assert (old_machine.postmaster(), old_machine.redis()) == (None, None)
    assert old_machine.mailer("down").returncode == 0
    assert kept(old_machine)


def test_down_refuses_while_a_command_uses_the_servers(old_machine):
    held = old_machine.hold()
    done = old_machine.mailer("down")
    assert done.returncode == 1
    assert "Another mailer process uses the postgres" in done.stderr
    assert None not in (old_machine.postmaster(), old_machine.redis())
    assert held.release() == 0


def test_ctrl_c_ends_a_command_and_its_servers(old_machine):
    held = old_machine.hold()
    assert held.signal(signal.SIGINT, group=True) != 0
    assert held.said.split() == ["ready", "Stopped."]
    assert wait_until(lambda: (old_machine.postmaster(), old_machine.redis()) == (None, None), LIMIT)


def test_servers_that_are_named_are_used_instead_of_embedded_ones(machine):
    named = {name: os.environ[name] for name in ("DATABASE_URL", "REDIS_URL")}
    program = "from django.conf import settings; print(settings.ENVIRONMENT.database_url)"
    assert machine.python(program, DATABASE_URL=named["DATABASE_URL"]) == named["DATABASE_URL"]
    assert not (machine.var / "postgres").exists()
    assert (machine.var / "redis").exists()
    assert machine.python(f"{program}; {ADDRESS}", **named).split() == list(named.values())
    assert not (machine.var / "postgres").exists()


def test_without_embedded_servers_the_settings_that_are_missing_are_named(machine):
    done = machine.mailer("migrate", MAILER_EMBEDDED="no", PUBLIC_URL="https://news.example.org")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "SENDGRID_API_KEY"):
        assert f"- {name} (" in done.stderr
    assert "- PUBLIC_URL" not in done.stderr
    assert not machine.var.exists()


def test_a_folder_that_cannot_be_used_is_named_with_what_to_do(machine):
    machine.var.write_text("a file, and no folder")
    done = machine.mailer("migrate")
    assert done.returncode == 1
    assert f"{machine.var}" in done.stderr
    assert "Set MAILER_VAR to a folder" in done.stderr
    assert "Traceback" not in done.stderr
