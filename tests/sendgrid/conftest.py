from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailer.sendgrid.client import SendGrid
from tests.sendgrid.keys import KEY

Connect = Callable[..., SendGrid]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients with short timeouts, and closes them at the end."""
    clients: list[SendGrid] = []

    def make(host: str, **options: Any) -> SendGrid:
        client = SendGrid(KEY, host, **{"connect_timeout": 5.0, "read_timeout": 5.0, **options})
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
