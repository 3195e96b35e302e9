"""What the tests in a browser share."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from tests.browser import chromium


@pytest.fixture(scope="session", autouse=True)
def _browser() -> Iterator[None]:
    """Where there is no Chromium nothing is tested; where one was started it ends with the last test."""
    if chromium.CHROMIUM is None:
        pytest.skip("needs Debian's Chromium: install it with `apt install chromium`")
    yield
    chromium.close()


@pytest.fixture
def session() -> str:
    """The session of somebody who may do everything."""
    return chromium.signed_in(User.objects.create_superuser("anna"))
