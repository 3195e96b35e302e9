"""A data folder and a database in which every migration has run: made once, and copied by whoever needs a new one.

To make one takes five seconds of a core, to copy it a tenth of one. What is copied is what the migrations made, so no
test but those of the first start itself can tell.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import psycopg
from django.core.management import call_command

from mailer.config.environment import VARIABLES
from mailer.local import embedded, postgres_server
from mailer.local.locks import lock
from tests.breakable import on_database

CHECKOUT = Path(__file__).parents[1]
PLACE = "MAILER_TESTS_PREPARED"
"""Names the folder in which prepared ones are kept, to programs that tests start with a MAILER_VAR of their own."""


def data_folder(target: Path) -> None:
    """Put a data folder of PostgreSQL there as the first command leaves it: migrated, and empty.

    Args:
        target: must not exist; the folder above it must.
    """
    place = Path(os.environ.get(PLACE) or embedded.var_folder())
    made = place / f"prepared-{fingerprint()}"
    with _one_makes(place):
        if not made.exists():
            for old in place.glob("prepared-*"):
                shutil.rmtree(old, ignore_errors=True)
            _make(made)
    # Its own user keeps it: where the tests run as root that is another one.
    subprocess.run(["cp", "-a", str(made), str(target)], check=True)


def template_database(server: str) -> str:
    """The name of a database that is migrated and empty, for CREATE DATABASE … TEMPLATE.

    Args:
        server: address of any other database of that server.
    """
    name = f"mailer_template_{fingerprint()}"
    with _one_makes(embedded.var_folder()), psycopg.connect(server, autocommit=True) as own:
        found = own.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'mailer\_template\_%'")
        there_are = {row[0] for row in found}
        if name not in there_are:
            for old in there_are:
                own.execute(f"DROP DATABASE {old} WITH (FORCE)")
            half = f"{name}_half"
            own.execute(f"CREATE DATABASE {half}")
            with on_database(server, NAME=half):
                call_command("migrate", verbosity=0)
            own.execute(f"ALTER DATABASE {half} RENAME TO {name}")
    return name


def fingerprint() -> str:
    """Of all that decides what the migrations make: when it changes, what was prepared is made anew."""
    files = [
        CHECKOUT / "uv.lock",
        *CHECKOUT.glob("subscribers/**/migrations/*.py"),
        *CHECKOUT.glob("mailer/**/migrations/*.py"),
    ]
    content = sha256()
    for file in sorted(files):
        content.update(f"{file.relative_to(CHECKOUT)} {file.stat().st_size}\n".encode() + file.read_bytes())
    return content.hexdigest()[:16]


@contextmanager
def _one_makes(place: Path) -> Iterator[None]:
    place.mkdir(parents=True, exist_ok=True)
    with lock(place / "prepared.lock") as turn:
        turn.wait()
        yield


def _make(made: Path) -> None:
    """By the first command of a new machine, in a folder beside its place."""
    ours = {variable.name for variable in VARIABLES}
    with tempfile.TemporaryDirectory(prefix="preparing-", dir=made.parent) as var:
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        subprocess.run(
            [sys.executable, "-m", "mailer", "migrate", "--verbosity=0"],
            env={**environment, "MAILER_VAR": var},
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            check=True,
        )
        folder = Path(var) / "postgres"
        (folder / postgres_server.LOG).unlink(missing_ok=True)
        folder.rename(made)
