"""Nobody has signed up too often yet, and the client is as strict as a real server is with everybody else's forms."""

import pytest
from django.core.cache import cache
from django.test import Client


@pytest.fixture(autouse=True)
def uncounted():
    cache.clear()


@pytest.fixture
def client():
    return Client(enforce_csrf_checks=True)
