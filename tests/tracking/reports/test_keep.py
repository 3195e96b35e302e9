"""A report is counted in the background: when something changed, within what it costs, by one process at a time."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import timedelta
from hashlib import sha256
from threading import Event as Flag
from typing import Any, get_args, get_type_hints

import pytest
from django.db import connection, transaction
from django.utils import timezone
from structlog.testing import capture_logs

from mailer.delivery.models import Batch, Delivery, Send, Submission
from mailer.delivery.start import discard
from mailer.tracking.models import SendFigures
from mailer.tracking.replay import rebuild
from mailer.tracking.reports.changed import figures_change
from mailer.tracking.reports.figures import VERSION, Report
from mailer.tracking.reports.keep import count_and_keep, kept_report
from mailer.tracking.reports.recount import LOCK, recount
from subscribers.advisory_lock import held
from subscribers.leaving import leave
from tests.tracking.ledger import Ledger, make_send
from tests.tracking.reports.sends import fold_these, followed_send

LONG_AGO = timedelta(days=2)


def counted_before(send: Send, ago: timedelta = LONG_AGO) -> None:
    """As if it was counted so long ago, and nothing has changed since."""
    count_and_keep(send)
    Batch.objects.filter(send=send).update(changed_at=timezone.now() - 2 * LONG_AGO)
    Send.objects.filter(pk=send.pk).update(started_at=timezone.now() - 2 * LONG_AGO)
    SendFigures.objects.filter(send=send).update(counted_at=timezone.now() - ago)


@pytest.mark.django_db
def test_what_is_kept_is_read_with_one_query(django_assert_num_queries) -> None:
    send = followed_send().send
    counted = count_and_keep(send)
    with django_assert_num_queries(1):
        kept = kept_report(send.pk)
    assert kept == counted


@pytest.mark.django_db
def test_a_send_that_was_never_counted_is_and_one_in_which_nothing_happens_is_not_again() -> None:
    send = make_send(1).send
    assert recount() == 0, "it is not started"
    Send.objects.update(started_at=timezone.now() - 2 * LONG_AGO)
    assert recount() == 1
    counted_before(send)
    assert recount() == 0


@pytest.mark.django_db
def test_folding_an_event_makes_its_send_be_counted_again(django_capture_on_commit_callbacks) -> None:
    ledger, other = make_send(1), make_send(1)
    counted_before(ledger.send)
    counted_before(other.send)
    with django_capture_on_commit_callbacks(execute=True):
        fold_these([ledger.event("delivered")])
    assert recount() == 1
    kept = kept_report(ledger.send.pk)
    assert kept is not None
    assert kept.totals.delivered == 1


@pytest.mark.django_db
def test_leaving_on_our_own_page_and_a_rebuild_make_it_be_counted_again(
    django_capture_on_commit_callbacks,
) -> None:
    ledger = make_send(1)
    counted_before(ledger.send)
    with django_capture_on_commit_callbacks(execute=True):
        leave(ledger.send.mailing_list_id, ledger.subscribers[0].pk, source="page", origin=ledger.send.pk)
    assert recount() == 1
    counted_before(ledger.send)
    with django_capture_on_commit_callbacks(execute=True):
        rebuild()
    assert recount() == 1


@pytest.mark.django_db
def test_requests_and_decisions_make_it_be_counted_again() -> None:
    ledger = make_send(1)
    counted_before(ledger.send, timedelta(hours=6))
    Batch.objects.filter(pk=ledger.batch.pk).update(changed_at=timezone.now())
    assert recount() == 1
    counted_before(ledger.send, timedelta(hours=6))
    Send.objects.filter(pk=ledger.send.pk).update(cancelled_at=timezone.now(), cancelled_because="wrong")
    assert recount() == 1


@pytest.mark.django_db
def test_it_is_counted_no_more_often_than_its_cost_and_age_allow() -> None:
    """Four days old: not before two hours; when it took ten minutes: not before more than three."""
    send = make_send(1).send
    changed = SendFigures.objects.filter(send=send)
    for ago, seconds, due in ((1, 1, 0), (3, 1, 1), (3, 600, 0), (4, 600, 1)):
        counted_before(send, timedelta(hours=ago))
        changed.update(seconds=seconds, changed_at=timezone.now())
        assert recount() == due


@pytest.mark.django_db
def test_a_send_under_way_is_counted_every_ten_minutes_whatever_was_marked() -> None:
    ledger = make_send(1, state="waiting")
    for ago, due in ((9, 0), (11, 1)):
        counted_before(ledger.send, timedelta(minutes=ago))
        started = timezone.now() - timedelta(minutes=30)
        Send.objects.filter(pk=ledger.send.pk).update(started_at=started)
        Batch.objects.filter(send=ledger.send).update(changed_at=started)
        assert recount() == due


@pytest.mark.django_db
def test_what_was_kept_in_another_form_is_not_shown_and_counted_again() -> None:
    send = make_send(1).send
    counted_before(send)
    SendFigures.objects.update(version=VERSION + 1, data={"other": "form"})
    assert kept_report(send.pk) is None
    assert recount() == 1
    assert kept_report(send.pk) is not None


@pytest.mark.django_db
def test_a_later_count_is_not_replaced_by_an_earlier_one() -> None:
    ledger = make_send(1)
    later = timezone.now() + timedelta(hours=1)
    count_and_keep(ledger.send)
    SendFigures.objects.update(counted_at=later)
    count_and_keep(ledger.send)
    assert SendFigures.objects.get().counted_at == later


@pytest.mark.django_db
def test_a_send_that_cannot_be_counted_does_not_keep_the_others_from_it() -> None:
    ledger, other = make_send(1), make_send(1)
    Send.objects.update(started_at=timezone.now())
    newsletter = other.send.issue.newsletter
    newsletter.time_zone = "Nowhere/Never"
    newsletter.save()
    assert recount() == 1
    assert kept_report(ledger.send.pk) is not None


@pytest.mark.django_db(transaction=True)
def test_only_one_process_counts_and_noting_a_change_waits_for_nobody() -> None:
    ledger = make_send(1)
    counted_before(ledger.send)
    with _meanwhile(ledger):
        with capture_logs() as logs:
            assert recount() == 0
        assert logs == [], "it did not even begin"
        figures_change([ledger.send.pk])  # outside of a transaction it is done at once
    figures_change([ledger.send.pk, None])
    assert recount() == 1


@contextmanager
def _meanwhile(ledger: Ledger) -> Iterator[None]:
    """Another connection counts, and marks the same send."""
    ready, over = Flag(), Flag()

    def hold() -> None:
        try:
            with held(LOCK) as mine, transaction.atomic():
                assert mine
                SendFigures.objects.select_for_update().get(send=ledger.send)
                ready.set()
                over.wait(60)
        finally:
            ready.set()
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(hold)
        ready.wait(60)
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET lock_timeout = '5s'")
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("RESET lock_timeout")
            over.set()
        holding.result()


@pytest.mark.django_db
def test_what_was_counted_of_a_send_goes_with_it_when_it_is_discarded() -> None:
    send = make_send(1, state="waiting").send
    Delivery.objects.all().delete()
    Submission.objects.all().delete()
    count_and_keep(send)
    with transaction.atomic():
        assert discard(send)
    assert not SendFigures.objects.exists()


def test_the_form_of_what_is_kept_has_a_version() -> None:
    """Whoever changes the classes raises VERSION, and writes down here what they are now."""
    digest = sha256(_shape(Report).encode()).hexdigest()[:12]
    assert (VERSION, digest) == (2, "d866df479fcf")


def _shape(kind: Any) -> str:
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return f"{{{', '.join(f'{field.name}: {_shape(hints[field.name])}' for field in fields(kind))}}}"
    inner = ", ".join(map(_shape, get_args(kind)))
    return f"{getattr(kind, '__name__', kind)}[{inner}]" if inner else str(getattr(kind, "__name__", kind))
