"""What the checks panel shows as blocking stops the send, whichever way somebody takes."""

import pytest
from django.urls import reverse

from mailer.delivery.models import Send
from mailer.delivery.plan import LintBlocks, plan
from mailer.delivery.start import send_of
from tests.newsroom import subscribe
from tests.staff.builder.asking import at, document_of, post

pytestmark = pytest.mark.django_db


def test_a_finding_that_blocks_stops_the_send_until_it_is_mended(session, issue):
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    document = document_of(session, issue)
    document["stories"][1]["body"] = "See [the report]()."
    post(session, at("save", issue), {"base": 1, "document": document})
    seen = post(session, at("preview", issue), {"document": document}).json()
    key = document["stories"][1]["id"]
    assert [(one["level"], one["field"]) for one in seen["findings"]] == [("error", f"stories.{key}.body")]

    confirm, go = reverse("staff:send-confirm", args=[issue.pk]), reverse("staff:send-go", args=[issue.pk])
    told = session.get(confirm, follow=True).text
    assert "story 2, body, line 1" in told
    session.post(go, {"fingerprint": "", "recipients": "1"})
    assert not Send.objects.exclude(started_at=None).exists()
    with pytest.raises(LintBlocks, match="story 2, body, line 1"):
        plan(send_of(issue))

    document["stories"][1]["body"] = "See [the report](https://www.example.com/report)."
    post(session, at("save", issue), {"base": 2, "document": document})
    assert post(session, at("preview", issue), {"document": document}).json()["findings"] == []
    page = session.get(confirm)
    assert page.status_code == 200
    session.post(go, {"fingerprint": page.context["fingerprint"], "recipients": "1"})
    assert Send.objects.exclude(started_at=None).count() == 1
    assert post(session, at("save", issue), {"base": 3, "document": document}).status_code == 423
