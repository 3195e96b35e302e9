"""A newsletter, a site that may be fetched, and somebody who edits."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from mailer.issues.models import Newsletter
from tests.newsroom import make_issue
from tests.roles import somebody
from tests.website import Website, website


@pytest.fixture
def site(settings, tmp_path) -> Iterator[Website]:
    settings.MEDIA_ROOT = tmp_path
    with website() as site:
        settings.ENVIRONMENT = replace(settings.ENVIRONMENT, fetch_private_hosts=(site.host,))
        yield site


@pytest.fixture
def newsletter(db) -> Newsletter:
    return make_issue().newsletter


@pytest.fixture
def editor(client, newsletter):
    client.force_login(somebody("editor", at=newsletter))
    return client
