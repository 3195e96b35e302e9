"""A site that may be fetched, and a folder for pictures."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.website import Website, website


@pytest.fixture
def site(settings, tmp_path) -> Iterator[Website]:
    settings.MEDIA_ROOT = tmp_path
    with website() as site:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, fetch_private_hosts=(site.host,))
        yield site
