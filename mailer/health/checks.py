"""Whether the installation is ready to work: each of its parts is looked at, quickly."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

import redis
from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from kombu.exceptions import OperationalError

from mailer.health.queues import queue_lengths
from mailer.health.remembered import Remembered
from mailer.tracking.lag import last_post_at
from mailer.tracking.models import Alert, AlertKind
from mailer.vitals.pulse import DEAD_AFTER, Pulse, pulses

FRESH = 2.0
"""Seconds for which an answer is given again: however often somebody asks, the parts are asked no more often."""


@dataclass(frozen=True)
class Check:
    """What became of looking at one part. `detail` may name hosts and errors, and is not for everybody.

    `needed` False: the installation works without it, and it is a warning.
    """

    name: str
    ok: bool
    detail: str
    needed: bool = True


@dataclass(frozen=True)
class Readiness:
    """All checks, and whether all is well that is needed."""

    checks: tuple[Check, ...]

    @property
    def ready(self) -> bool:
        return all(check.ok for check in self.checks if check.needed)


def readiness() -> Readiness:
    """Look at every part."""
    return Readiness((*_of_database(), _guarded("broker", _broker), *_of_processes()))


look: Remembered[Readiness] = Remembered(readiness, FRESH)
"""How it is now, or was FRESH seconds ago at most."""


def _guarded(name: str, part: Callable[[], tuple[bool, str]], needed: bool = True) -> Check:
    """A look that fails is a part that does not work."""
    try:
        return Check(name, *part(), needed)
    except (Error, redis.RedisError, OperationalError) as error:
        return Check(name, False, f"{type(error).__name__}: {error}".strip(), needed)


def _of_database() -> tuple[Check, Check, Check]:
    database = _guarded("database", _database)
    if not database.ok:  # it would be waited for once more each time
        unseen = "cannot be seen: the database does not answer"
        return database, Check("migrations", False, unseen), Check("webhook", False, unseen, needed=False)
    return database, _guarded("migrations", _migrations), _guarded("webhook", _webhook, needed=False)


def _database() -> tuple[bool, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        return True, f"PostgreSQL {cursor.fetchone()[0]}"


def _migrations() -> tuple[bool, str]:
    missing = _on_disk() - MigrationRecorder(connection).applied_migrations().keys()
    if missing:
        names = ", ".join(sorted(f"{app}.{name}" for app, name in missing))
        return False, f"not applied: {names}. Run mailer migrate"
    return True, "all applied"


@cache
def _on_disk() -> frozenset[tuple[str, str]]:
    """The migrations of this version; they do not change while it runs."""
    return frozenset(MigrationLoader(None).disk_migrations)


def _broker() -> tuple[bool, str]:
    return True, ", ".join(f"{length:,} in {name}" for name, length in queue_lengths().items())


def _of_processes() -> tuple[Check, Check]:
    try:
        found = pulses()
    except redis.RedisError as error:
        why = f"cannot be seen: Redis does not answer ({type(error).__name__})"
        return Check("worker", False, why), Check("beat", False, why)
    return _alive("worker", found), _alive("beat", found)


def _alive(what: str, found: list[Pulse]) -> Check:
    own = sorted((pulse for pulse in found if pulse.what == what), key=lambda pulse: pulse.ago)
    told = ", ".join(f"{pulse.name} {pulse.ago:.0f} s ago" for pulse in own)
    alive = any(pulse.alive for pulse in own)
    return Check(
        what, alive, told if alive else f"none in the last {DEAD_AFTER:.0f} s; {told or 'none ever'}"
    )


def _webhook() -> tuple[bool, str]:
    last = last_post_at()
    told = f"last post {(timezone.now() - last).total_seconds():.0f} s ago" if last else "no post yet"
    silent = Alert.objects.filter(kind=AlertKind.WEBHOOK_SILENT, ended_at=None).first()
    return (False, silent.text) if silent else (True, told)
