"""PostgreSQL: the truth lies in it."""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psutil
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from rich.filesize import decimal

from mailer.doctor.installation import Installation
from mailer.doctor.result import CannotSee, Check, Verdict, fine, wrong
from mailer.local.embedded import var_folder

SUBJECT = "Database"
OLDEST = 150000
"""PostgreSQL 15, as `server_version_num` has it."""
CLOCK_LIMIT = 5.0
"""Seconds by which this machine's clock and the database's may differ: due times are kept in the database's."""
LEAST_FREE = 0.10
"""The share of the disk that is free, below which it is time to act."""
OLDEST_TRANSACTION = 1_500_000_000
"""Transactions. At two thousand million PostgreSQL stops taking any (documentation, 24.1.5)."""


def checks(installation: Installation) -> Iterator[Check]:
    """Whether it answers, and what it says of itself."""
    yield Check(SUBJECT, "PostgreSQL", partial(_told, _version))
    yield Check(SUBJECT, "migrations", partial(_told, _migrations))
    yield Check(SUBJECT, "size and space", partial(_told, _space))
    yield Check(SUBJECT, "transaction age", partial(_told, _age))
    yield Check(SUBJECT, "clock", partial(_told, _clock))


def _told(look: Any) -> Verdict:
    """What the look says; where the database does not answer, it is wrong once and unseen in everything else."""
    try:
        verdict: Verdict = look()
    except Error as error:
        if look is _version:
            reason = str(error).strip().splitlines()
            return wrong(
                f"It does not answer: {reason[0] if reason else type(error).__name__}.",
                "Check DATABASE_URL, that PostgreSQL runs, and that it lets this machine in.",
            )
        raise CannotSee("PostgreSQL does not answer.") from error
    return verdict


def _ask(question: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(question)
        return tuple(cursor.fetchone() or ())


def _version() -> Verdict:
    number, version = _ask(
        "SELECT current_setting('server_version_num')::int, current_setting('server_version')"
    )
    host = connection.settings_dict["HOST"] or "this machine"
    return judge_version(number, version, f"embedded, under {var_folder()}" if _is_embedded() else host)


def judge_version(number: int, version: str, where: str) -> Verdict:
    """`number` and `version` are server_version_num and server_version."""
    if number < OLDEST:
        return wrong(f"Version {version} ({where}).", "Update it: mailer needs PostgreSQL 15 or newer.")
    return fine(f"Version {version} ({where}).")


def _is_embedded() -> bool:
    """Whether it is the one that `mailer` itself starts: its socket is the only way in."""
    host = str(connection.settings_dict["HOST"])
    folder = _data_folder()
    return host.startswith("/") and folder is not None and folder.is_relative_to(var_folder())


def _data_folder() -> Path | None:
    """Where the data lie, if the database tells us and it is this machine; None otherwise."""
    (may,) = _ask("SELECT pg_has_role('pg_read_all_settings', 'USAGE')")
    if not may or not str(connection.settings_dict["HOST"]).startswith("/"):
        return None
    folder = Path(_ask("SELECT current_setting('data_directory')")[0])
    return folder.resolve() if folder.exists() else None


def _migrations() -> Verdict:
    loader = MigrationLoader(connection)
    missing = [
        f"{app}.{name}" for app, name in sorted(loader.graph.nodes.keys() - loader.applied_migrations.keys())
    ]
    if missing:
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        return wrong(f"Not applied: {', '.join(missing[:3])}{more}.", "Run: mailer migrate")
    return fine(f"All {len(loader.graph.nodes)} applied.")


def _space() -> Verdict:
    (size,) = _ask("SELECT pg_database_size(current_database())")
    folder = _data_folder()
    if folder is None:
        return fine(f"{decimal(size)}. How much space is left can only be seen on its own machine.")
    disk = psutil.disk_usage(str(folder))
    return judge_space(size, disk.free, disk.total)


def judge_space(size: int, free: int, total: int) -> Verdict:
    """Bytes: of the database, and of the disk that it lies on."""
    seen = f"{decimal(size)}; {decimal(free)} of {decimal(total)} are free."
    if free < total * LEAST_FREE:
        return wrong(
            seen, "Make room: PostgreSQL stops when the disk is full. See also: mailer retention --dry-run"
        )
    return fine(seen)


def _age() -> Verdict:
    return judge_age(*_ask("SELECT age(datfrozenxid) FROM pg_database WHERE datname = current_database()"))


def judge_age(age: int) -> Verdict:
    """`age` is that of the oldest transaction that is not frozen, in transactions."""
    seen = f"{age:,} transactions since the oldest that is not frozen."
    if age > OLDEST_TRANSACTION:
        return wrong(
            seen,
            "Autovacuum does not keep up. Look for transactions that never end (pg_stat_activity), then run: VACUUM FREEZE",
        )
    return fine(seen)


def _clock() -> Verdict:
    _ask("SELECT 1")  # the time that connecting takes is none of the clock's
    before = time.time()
    (theirs,) = _ask("SELECT extract(epoch FROM clock_timestamp())::float8")
    return judge_clock(theirs, before, time.time())


def judge_clock(theirs: float, before: float, after: float) -> Verdict:
    """The database's time (unix seconds), and this machine's before and after it was asked."""
    difference = theirs - (before + after) / 2
    seen = f"{abs(difference):.1f} s {'ahead of' if difference > 0 else 'behind'} this machine's."
    if abs(difference) - (after - before) / 2 > CLOCK_LIMIT:
        return wrong(
            seen, "Keep the clocks of all machines by NTP: signatures, tokens and schedules go by them."
        )
    return fine(seen if abs(difference) >= 0.1 else "The same as this machine's.")
