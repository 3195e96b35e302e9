"""Undoing an import: the store as it was before, as far as nobody has built on it since."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from subscribers import leaving
from subscribers.importing import CannotImport
from subscribers.importing import undo as undoing
from subscribers.importing.carry_out import carry_out
from subscribers.importing.undo import undo
from subscribers.models import (
    Consent,
    Import,
    ImportedRow,
    Letter,
    MailingList,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
)
from subscribers.suppressing.add import suppress
from tests.subscribers.importing.test_chunks import store

FILE = "email,first name,topics,x,state\n{}"
MAPPING = {"state": "state"}


@pytest.fixture
def people(weekly):
    """Anna, on the list; Bo, on none; Cy, who left."""
    Topic.objects.create(slug="ai", name="AI")
    anna, bo, cy = (
        Subscriber.objects.create(
            email=f"{name}@example.org", first_name=name, attributes={"x": "0", "n": None}
        )
        for name in ("anna", "bo", "cy")
    )
    Subscription.objects.create(subscriber=anna, mailing_list=weekly, state="active")
    Subscription.objects.create(subscriber=cy, mailing_list=weekly, state="unsubscribed")
    return anna, bo, cy


@pytest.fixture
def imported(people, importing):
    """A file with known and new people, with one who left by it and one who bounced."""

    def run(rows: int = 1000) -> Import:
        importing(
            FILE.format(
                "anna@example.org,Änna,ai,1,active\nbo@example.org,Bø,,2,active\ncy@example.org,,,,active\n"
                "new@example.org,New,ai,3,active\ngone@example.org,,,,cleaned\nanna@example.org,,,4,unsubscribed\n"
                "new@example.org,Newer,,,active\n"
            ),
            mapping=MAPPING,
            rows=rows,
        )
        return Import.objects.latest("id")

    return run


@pytest.mark.parametrize("rows", [1000, 1])
@pytest.mark.parametrize("at_once", [1, 5000])
def test_the_store_is_as_it_was(imported, people, monkeypatch, rows, at_once):
    before = store()
    stored = imported(rows)
    assert store() != before
    monkeypatch.setattr(undoing, "ROWS", at_once)
    done = undo(stored.pk, by="Kim")
    people_before, subscriptions, consents, suppressions = store()
    assert [people_before, subscriptions, suppressions] == [before[0], before[1], before[3]]
    # What was said to be agreed by those who were there before is not unsaid, it has a record more.
    assert [(email, action) for email, action, _ in consents] == [
        ("anna@example.org", "left"),
        ("anna@example.org", "changed"),
        ("bo@example.org", "imported"),
        ("bo@example.org", "changed"),
    ]
    assert done == {"deleted": 2, "restored": 2, "subscriptions": 2, "suppressions": 1, "left": 0}
    stored.refresh_from_db()
    assert (stored.state, stored.undone_by, stored.undone) == ("undone", "Kim", done)
    assert not ImportedRow.objects.exists()
    assert not stored.parts.exists()


def test_the_record_of_those_who_are_deleted_stays(imported):
    stored = imported()
    new = Subscriber.objects.get(email="new@example.org").pk
    undo(stored.pk)
    assert not Subscriber.objects.filter(pk=new).exists()
    records = Consent.objects.filter(subscriber_id=new).order_by("id").values_list("action", "detail")
    assert [action for action, _ in records] == ["imported", "changed"]
    assert records[1][1] == {"undone_import": stored.pk}


def test_undone_and_imported_again_is_the_same_as_imported_once(imported):
    stored = imported()
    once = store()
    undo(stored.pk)
    imported()
    again = store()
    assert [again[0], again[1], again[3]] == [once[0], once[1], once[3]]


def test_a_part_of_an_import_can_be_undone_too(weekly, tmp_path):
    from subscribers.importing import steer
    from subscribers.importing.register import register

    path = tmp_path / "people.csv"
    path.write_text("email\n" + "".join(f"p{n}@example.org\n" for n in range(5)))
    stored = register(path, weekly)
    carry_out(stored.pk, rows=2, progress=lambda done, total: steer.stop(stored.pk))
    assert Subscriber.objects.count() == 2
    assert undo(stored.pk)["deleted"] == 2
    assert not Subscriber.objects.exists()


def test_what_was_changed_since_is_left_and_counted(imported, people, weekly):
    stored = imported()
    anna, bo, _ = people
    Subscriber.objects.filter(pk=bo.pk).update(first_name="Bob", changed_at=timezone.now())
    new = Subscriber.objects.get(email="new@example.org")
    leaving.leave(weekly.pk, new.pk, source="page")
    done = undo(stored.pk)
    assert Subscriber.objects.get(pk=bo.pk).first_name == "Bob"
    assert Subscriber.objects.get(pk=anna.pk).first_name == "anna"
    assert Subscription.objects.get(subscriber=new).state == "unsubscribed"
    assert (done["deleted"], done["restored"], done["left"]) == (1, 1, 2)


@pytest.mark.parametrize("leave", ["one list", "all lists"])
def test_who_left_again_after_the_file_said_so_is_not_brought_back(imported, people, weekly, leave):
    stored = imported()
    anna = people[0]
    if leave == "one list":
        assert not leaving.leave(weekly.pk, anna.pk, source="one-click")
    else:
        assert leaving.leave_all(anna.pk, source="page", via=weekly.pk) == []
    undo(stored.pk)
    assert Subscription.objects.get(subscriber=anna).state == "unsubscribed"


def test_what_staff_suppressed_too_stays_suppressed(imported):
    stored = imported()
    assert not suppress("GONE@example.org", "bounce", "said so by phone")
    undo(stored.pk)
    assert Suppression.objects.get().detail == "said so by phone"


def test_new_people_of_whom_anything_else_is_known_stay(importing, weekly):
    importing("email\n" + "".join(f"{name}@example.org\n" for name in ("a", "b", "c", "d")))
    a, b, c, d = Subscriber.objects.order_by("email")
    monthly = MailingList.objects.create(slug="monthly", name="Monthly")
    Subscription.objects.create(subscriber=a, mailing_list=monthly, state="active")
    Consent.objects.create(subscriber=b, mailing_list=weekly, action="confirmed", source="page")
    Letter.objects.create(subscriber=c, mailing_list=weekly, kind="link")
    done = undo(Import.objects.get().pk)
    assert (done["deleted"], done["left"]) == (1, 3)
    assert not Subscriber.objects.filter(pk=d.pk).exists()


def test_a_later_import_of_the_same_people_keeps_them(importing):
    importing("email,first name\nanna@example.org,Anna\nbo@example.org,Bo\n")
    first = Import.objects.get()
    importing("email,first name\nanna@example.org,Änna\n")
    assert undo(first.pk)["left"] == 1
    assert Subscriber.objects.get().first_name == "Änna"


def test_whom_a_later_file_names_too_stays_though_it_changed_nothing(importing):
    importing("email\nanna@example.org\nbo@example.org\n")
    first, later = Import.objects.get(), "email\nanna@example.org\n"
    assert importing(later).unchanged == 1
    assert undo(first.pk) == {"deleted": 1, "restored": 0, "subscriptions": 0, "suppressions": 0, "left": 1}
    assert Subscriber.objects.get().email == "anna@example.org"


@pytest.mark.parametrize("state", ["waiting", "running", "undone"])
def test_what_is_under_way_or_undone_cannot_be_undone(imported, state):
    stored = imported()
    Import.objects.update(state=state)
    with pytest.raises(CannotImport, match="cannot be undone"):
        undo(stored.pk)


def test_when_the_journal_is_gone_it_is_too_late(imported):
    stored = imported()
    ImportedRow.objects.all()._raw_delete("default")
    with pytest.raises(CannotImport, match="is too old"):
        undo(stored.pk)


def test_a_complaint_is_not_taken_back(importing):
    importing("email,state\nanna@example.org,complained\n", mapping=MAPPING)
    undo(Import.objects.get().pk)
    assert Suppression.objects.get().reason == "complaint"
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("state", ["done", "undone"])
@pytest.mark.parametrize("table", ["subscribers_consent", "subscribers_subscriber"])
def test_the_database_deletes_nobody_else(imported, state, table):
    imported()
    Import.objects.update(state=state)
    with pytest.raises(IntegrityError, match=r"append-only|never deleted"), transaction.atomic():
        connection.cursor().execute(f"DELETE FROM {table}")


def test_the_database_deletes_nobody_of_whom_more_is_known(imported):
    imported()
    Import.objects.update(state="undoing")
    with pytest.raises(IntegrityError, match="with subscriptions is never"), transaction.atomic():
        connection.cursor().execute("DELETE FROM subscribers_subscriber WHERE email = 'new@example.org'")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        connection.cursor().execute(
            "DELETE FROM subscribers_consent USING subscribers_subscriber person"
            " WHERE person.id = subscriber_id AND email = 'bo@example.org'"
        )
