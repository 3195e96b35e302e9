"""What the start page offers for each standing."""

import pytest
from django.urls import reverse

from tests.newsroom import make_issue
from tests.roles import somebody

pytestmark = pytest.mark.django_db


def test_an_editor_goes_on_with_a_draft_and_begins_the_first_issue(client):
    issue = make_issue()
    client.force_login(somebody("editor"))
    assert reverse("staff:send-page", args=[issue.pk]) in client.get("/staff/").text
    newsletter = issue.newsletter
    issue.delete()
    assert "Write it" in client.get("/staff/").text
    begun = client.post(reverse("staff:issue-new"), {"newsletter": newsletter.slug, "like": "empty"})
    assert begun.url == reverse("staff:issue", args=[newsletter.issues.get().pk])


def test_who_only_reads_is_offered_no_writing(client):
    issue = make_issue()
    issue.delete()
    client.force_login(somebody("reader"))
    assert "Write it" not in client.get("/staff/").text
