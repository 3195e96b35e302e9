"""What the tests of signing in share."""

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def _no_tries_yet():
    """Tries are counted in Redis, from one test to the next."""
    cache.clear()


@pytest.fixture
def mail_goes_out(settings, inbox):
    """The emulator's inbox, where Django's mail arrives as in an installation."""
    settings.EMAIL_BACKEND = "mailer.staff.accounts.mail.SendGridBackend"
    return inbox
