"""The comparison that fault tests and the soak end with finds what is wrong."""

from copy import deepcopy

import pytest
from django.db import connection, transaction
from django.utils import timezone

from mailer.delivery.claim import reject_deliveries
from mailer.delivery.models import Batch, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of
from mailer.delivery.submit import submit
from tests.audit import audit
from tests.newsroom import make_issue, subscribe


@pytest.fixture
def sent(db, inbox) -> Send:
    """A send that three people got."""
    issue = make_issue()
    subscribe(issue.newsletter.mailing_list, *(f"reader{n}@example.org" for n in range(3)))
    send = send_of(issue)
    plan(send)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now())
    assert submit(Batch.objects.get().pk)
    return send


def test_a_record_that_agrees_is_clean(sent, inbox):
    found = audit([sent], inbox.messages())
    assert found.clean
    assert found.mailed == 3


def test_whoever_got_nothing_is_lost(sent, inbox):
    first, *others = inbox.messages()
    found = audit([sent], others)
    assert found.lost == [f"{sent.pk}/{first['custom_args']['mailer_subscriber']}"]
    assert not found.clean


def test_whoever_got_two_is_doubled(sent, inbox):
    first, *others = inbox.messages()
    found = audit([sent], [first, first, *others])
    assert found.doubled == [f"{sent.pk}/{first['custom_args']['mailer_subscriber']}"]
    assert not found.clean


def test_whoever_got_it_though_it_was_rejected_is_a_stray(sent, inbox):
    first = inbox.messages()[0]
    subscriber = first["custom_args"]["mailer_subscriber"]
    reject(sent, int(subscriber))
    found = audit([sent], inbox.messages())
    assert found.strays == [f"{sent.pk}/{subscriber}"]
    assert not found.clean


def test_a_message_to_an_address_of_somebody_else_is_a_stray(sent, inbox):
    first, *others = inbox.messages()
    found = audit([sent], [{**first, "to": "other@example.org"}, *others])
    assert found.strays == [f"{sent.pk}/{first['custom_args']['mailer_subscriber']}"]


def test_a_message_of_a_submission_that_the_ledger_does_not_name_is_elsewhere(sent, inbox):
    messages = deepcopy(inbox.messages())
    messages[1]["custom_args"]["mailer_submission"] = "00000000-0000-0000-0000-000000000000"
    found = audit([sent], messages)
    assert found.elsewhere == [f"{sent.pk}/{messages[1]['custom_args']['mailer_subscriber']}"]
    assert not found.clean


def reject(send: Send, subscriber_id: int) -> None:
    """Write down that one was rejected, as an answer that names it would have done."""
    with transaction.atomic(), connection.cursor() as cursor:
        reject_deliveries(cursor, send.pk, {subscriber_id: "named"})
