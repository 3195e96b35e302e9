from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import connection

from mailer.doctor.installation import Installation, look_around
from mailer.doctor.result import Result
from mailer.doctor.run import all_checks, look
from mailer.issues.models import Newsletter
from mailer.local.ports import free_port
from tests.doctor.name_server import NameServer, name_server
from tests.inbox import Inbox

Ask = Callable[..., Result]
DOMAIN = "harbour-times.sg"


@pytest.fixture(scope="module")
def _name_server() -> Iterator[NameServer]:
    with name_server() as server:
        yield server


@pytest.fixture
def dns(_name_server, settings) -> Iterator[NameServer]:
    """The only DNS there is; it knows nothing yet."""
    settings.ENVIRONMENT = replace(settings.ENVIRONMENT, dns_server=_name_server.address)
    yield _name_server
    _name_server.records.clear()
    _name_server.failing.clear()


def newsletter(from_email: str = f"weekly@{DOMAIN}", reply_to: str = "") -> Newsletter:
    return Newsletter(slug="weekly", from_name="Weekly", from_email=from_email, reply_to=reply_to)


def one_result(installation: Installation, subject: str, name: str) -> Result:
    """What the check of this subject and name says."""
    (check,) = [each for each in all_checks(installation) if (each.subject, each.name) == (subject, name)]
    return look(check, installation.printable)


@pytest.fixture
def ask() -> Iterator[Ask]:
    """Asks one check about the installation as it is set up now: `ask("SPF", "harbour-times.sg")`."""
    installations = []

    def say(subject: str, name: str, **sender: str) -> Result:
        installations.append(look_around([newsletter(**sender)]))
        return one_result(installations[-1], subject, name)

    yield say
    for installation in installations:
        installation.account.client.close()


@pytest.fixture
def account(inbox) -> Callable[..., None]:
    """Has the emulator's account show something else: `account(scopes=["mail.send"])`."""

    def tell(**sections: object) -> None:
        inbox.call("POST", "account", sections)

    return tell


@pytest.fixture
def emulator(inbox) -> Inbox:
    """SendGrid, emulated."""
    return inbox


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody listens where the database should be."""
    place = connection.settings_dict
    before = {name: place[name] for name in ("HOST", "PORT")}
    connection.close()
    place.update(HOST="127.0.0.1", PORT=str(free_port()))
    try:
        yield
    finally:
        connection.close()
        place.update(before)
