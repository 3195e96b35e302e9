"""What several packages' tests share."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailer.delivery import submit
from mailer.delivery.pacing.pace import pace
from mailer.emulator.config import LOCAL_API_KEY, EmulatorConfig, EmulatorWorld
from mailer.emulator.server import EmulatorServer
from tests.emptying import allow_emptying
from tests.inbox import Inbox


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """The suite's database, which may be emptied between tests."""
    with django_db_blocker.unblock():
        allow_emptying()


@pytest.fixture
def inbox(settings) -> Iterator[Inbox]:
    """A SendGrid emulator that takes this process's mail and tells what it took. Its readers do nothing."""
    with EmulatorServer(EmulatorConfig(port=0, world=EmulatorWorld(enabled=False))) as server:
        settings.ENVIRONMENT = replace(
            settings.ENVIRONMENT,
            sendgrid_host=server.url,
            sendgrid_api_key=LOCAL_API_KEY,
            sendgrid_webhook_keys=(server.public_key,),
            sendgrid_timeout=2.0,
        )
        submit.sendgrid.cache_clear()
        pace().reset()
        yield Inbox(server.url)
        submit.sendgrid().close()
        submit.sendgrid.cache_clear()
