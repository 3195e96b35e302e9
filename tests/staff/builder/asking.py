"""What the builder's page asks its endpoints, for tests."""

import json
from typing import Any

from django.test import Client
from django.urls import reverse

from mailer.issues.models import Issue


def at(name: str, issue: Issue, *more: int) -> str:
    """The address of one of an issue's endpoints."""
    return reverse(f"staff:issue-{name}", args=[issue.pk, *more])


def post(client: Client, address: str, body: object = None) -> Any:
    """Post JSON as the page does."""
    headers = {"accept": "application/json"}
    return client.post(address, json.dumps(body or {}), content_type="application/json", headers=headers)


def document_of(client: Client, issue: Issue) -> dict[str, Any]:
    """The document as the page gets it."""
    document: dict[str, Any] = client.get(at("document", issue)).json()
    return document
