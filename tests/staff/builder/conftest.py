import pytest

from tests.newsroom import make_issue
from tests.roles import somebody


@pytest.fixture
def issue():
    return make_issue()


@pytest.fixture
def editor(issue):
    return somebody("editor", at=issue.newsletter)


@pytest.fixture
def session(client, editor):
    """A client of the editor."""
    client.force_login(editor)
    return client
