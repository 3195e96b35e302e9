from collections.abc import Iterator

import pytest

from tests.faults.conftest import installation as installation
from tests.machine import Machine, new_machine


@pytest.fixture
def machine() -> Iterator[Machine]:
    """A machine on which mailer never ran."""
    with new_machine() as machine:
        yield machine


@pytest.fixture(scope="module")
def _set_up() -> Iterator[Machine]:
    with new_machine(migrated=True) as machine:
        machine.python(
            "from subscribers.models import MailingList; MailingList.objects.create(slug='kept', name='K')"
        )
        yield machine


@pytest.fixture
def old_machine(_set_up) -> Iterator[Machine]:
    """A machine where mailer ran before, and made a list called `kept`; nothing runs at the moment."""
    yield _set_up
    _set_up.end()
