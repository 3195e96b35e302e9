"""What several packages' tests share."""

import os
from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as hypothesis
from whitenoise.middleware import WhiteNoiseMiddleware

from mailer.delivery import submit
from mailer.delivery.pacing.pace import pace
from mailer.emulator.config import LOCAL_API_KEY, EmulatorConfig, EmulatorWorld
from mailer.emulator.server import EmulatorServer
from tests.emptying import allow_emptying, empty_fast
from tests.inbox import Inbox
from tests.prepared import template_database

# The same examples in every run: what fails, fails again.
hypothesis.register_profile("suite", derandomize=True)
hypothesis.load_profile("suite")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker) -> None:
    """Each process of the suite has a database of its own, copied from one that is migrated once for all."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = template_database(os.environ["DATABASE_URL"])


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker) -> None:
    """The suite's database, which may be emptied between tests, and fast."""
    with django_db_blocker.unblock():
        allow_emptying()
        empty_fast()


@pytest.fixture(scope="session", autouse=True)
def _what_is_slow_on_purpose_is_fast() -> Iterator[None]:
    """Passwords are hashed fast; and a test's client, whose middleware is all its own, does not look for every static
    file again: that takes longer than most pages."""
    look, found = WhiteNoiseMiddleware.add_files_from_finders, {}

    def look_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            look(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(settings, "PASSWORD_HASHERS", ["django.contrib.auth.hashers.MD5PasswordHasher"])
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", look_once)
        yield


@pytest.fixture
def redis_away(settings) -> None:
    """Nobody listens where the cache should be."""
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = {"default": away}


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
