"""Stopping an import and letting it go on; who works on it; how long it is kept."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.db import DatabaseError, IntegrityError, connection, connections, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from subscribers.importing import CannotImport, forget, steer
from subscribers.importing.ahead import ahead
from subscribers.importing.carry_out import MOST_ATTEMPTS, carry_out
from subscribers.importing.lock import held, held_ones
from subscribers.importing.register import register
from subscribers.importing.summary import summary_of
from subscribers.models import Consent, Import, ImportedRow, ImportPart, MailingList, Subscriber, Subscription

ROWS = 10


@pytest.fixture
def registered(weekly, tmp_path):
    """An import of ten people, one refused row and one that looks odd, which nobody has begun."""
    path = tmp_path / "people.csv"
    path.write_text("email\nbad\ninfo@example.org\n" + "".join(f"p{n}@example.org\n" for n in range(ROWS)))
    return register(path, weekly, by="Kim")


def stop_after(chunks: int, stored: Import):
    """A function for progress that stops the import after so many chunks."""
    seen = []

    def progress(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == chunks:
            steer.stop(stored.pk)

    return progress


def test_stopped_it_keeps_what_was_merged_and_resumed_it_goes_on_from_there(registered):
    assert carry_out(registered.pk, rows=3, progress=stop_after(2, registered))
    registered.refresh_from_db()
    assert (registered.state, registered.rows_read, Subscriber.objects.count()) == ("stopped", 6, 5)
    assert not carry_out(registered.pk), "nobody works on one that is stopped"
    assert steer.due() == []

    steer.resume(registered.pk)
    assert steer.due() == [registered.pk]
    assert carry_out(registered.pk, rows=3)
    registered.refresh_from_db()
    summary = summary_of(registered)
    assert (registered.state, summary.rows, summary.imported, summary.refused_rows) == ("done", 12, 11, 1)
    assert summary.adds_up
    assert Consent.objects.count() == Subscription.objects.count() == 11
    assert sorted(Consent.objects.values_list("detail__line", flat=True)) == list(range(3, 14))


def test_a_chunk_that_is_under_way_when_it_is_stopped_is_rolled_back(registered):
    stored = Import.objects.get(pk=registered.pk)

    def stop_in_the_middle(execute, sql, params, many, context):
        if sql.strip().startswith("INSERT INTO subscribers_consent"):
            Import.objects.filter(pk=stored.pk).update(state="stopped")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(stop_in_the_middle):
        carry_out(stored.pk)
    stored.refresh_from_db()
    assert stored.rows_read == 0
    assert not Subscriber.objects.exists()
    assert not stored.parts.filter(kind="refused", number__gt=0).exists()


@pytest.mark.parametrize("act", [steer.stop, steer.resume])
def test_what_is_done_can_neither_be_stopped_nor_resumed(registered, act):
    carry_out(registered.pk)
    with pytest.raises(CannotImport, match=rf"Import {registered.pk} is done: there is nothing to"):
        act(registered.pk)
    with pytest.raises(CannotImport, match="There is no import 4711"):
        act(4711)


def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_the_next(registered):
    carry_out(registered.pk, rows=3, go_on=lambda: False)
    registered.refresh_from_db()
    assert (registered.state, registered.rows_read) == ("running", 3)
    assert steer.due() == [registered.pk]


def test_the_file_goes_when_it_is_done_and_refused_rows_stay(registered):
    assert registered.parts.filter(kind=ImportPart.Kind.FILE).exists()
    carry_out(registered.pk)
    kinds = set(registered.parts.filter(number__gt=0).values_list("kind", flat=True))
    assert kinds == {"refused", "flagged"}


def test_workers_that_are_lost_again_and_again_end_it_with_a_reason(registered):
    Import.objects.update(state="running", attempts=MOST_ATTEMPTS)
    with pytest.raises(CannotImport, match="workers were lost one after the other"):
        carry_out(registered.pk)
    registered.refresh_from_db()
    assert registered.state == "failed"
    assert "workers were lost" in registered.error
    steer.resume(registered.pk)
    assert carry_out(registered.pk)


def test_an_error_in_the_middle_leaves_the_chunk_undone_and_says_so(registered):
    def fail(execute, sql, params, many, context):
        if sql.strip().startswith("INSERT INTO subscribers_importedrow") and ImportedRow.objects.exists():
            raise DatabaseError("out of something")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(fail), pytest.raises(DatabaseError):
        carry_out(registered.pk, rows=3)
    registered.refresh_from_db()
    assert (registered.state, registered.rows_read, Subscriber.objects.count()) == ("failed", 3, 2)
    assert registered.error == "DatabaseError, see the log"


@pytest.mark.django_db(transaction=True)
def test_one_worker_at_a_time(registered):
    entered, leave = threading.Event(), threading.Event()

    def work() -> bool:
        def wait(done: int, total: int) -> None:
            entered.set()
            assert leave.wait(60)

        try:
            return carry_out(registered.pk, rows=5, progress=wait)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        assert entered.wait(60)
        assert held_ones() == {registered.pk}
        assert steer.due() == []
        assert not carry_out(registered.pk)
        leave.set()
        assert working.result(60)
    assert Subscriber.objects.count() == ROWS + 1


@pytest.mark.django_db(transaction=True)
def test_a_list_cannot_be_deleted_while_an_import_to_it_is_under_way(registered):
    def delete(done: int, total: int) -> None:
        with pytest.raises(ProtectedError):
            MailingList.objects.all().delete()
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM subscribers_mailinglist")

    carry_out(registered.pk, rows=5, progress=delete)
    registered.refresh_from_db()
    assert registered.state == "done"


def test_the_lock_goes_with_the_block(registered):
    with held(registered.pk) as is_held:
        assert is_held
    assert held_ones() == set()


def test_after_a_while_only_the_counts_are_kept(registered):
    carry_out(registered.pk)
    now = timezone.now()
    assert forget.forget_old(now) == 0
    assert forget.forget_old(now + forget.KEPT_FOR + timedelta(minutes=1)) == 1
    registered.refresh_from_db()
    assert not registered.parts.exists()
    assert not registered.journal.exists()
    assert summary_of(registered).imported == 11
    assert Subscriber.objects.count() == 11


def test_work_ahead_stops_when_nobody_wants_it_and_raises_what_went_wrong():
    made = []

    def items():
        for number in range(100):
            made.append(number)
            yield number
        raise AssertionError("nobody asked for so many")

    with ahead(items()) as each:
        assert next(each) == 0
    assert len(made) <= 4
    assert threading.active_count() < 50

    def broken():
        yield 1
        raise CannotImport("x", "broken")

    with pytest.raises(CannotImport, match="broken"), ahead(broken()) as each:
        list(each)


def test_a_number_of_no_import_is_answered(db):
    from django.core.management import call_command

    with pytest.raises(CommandError, match=r"There is no import 4711\. `mailer imports` lists them"):
        call_command("import", "--stop", "4711")
