from collections.abc import Iterator

import pytest

from tests.emulator.playground import Playground, Webhook, running, running_webhook


@pytest.fixture
def emulator() -> Iterator[Playground]:
    """An emulator in which nothing happens by itself."""
    with running() as playground:
        yield playground


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    """A receiver of events."""
    with running_webhook() as receiver:
        yield receiver
