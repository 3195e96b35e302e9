"""An import is undone while nothing was sent to its people, and not after."""

import pytest
from django.db import connection

from mailer.delivery.models import Exclusion, Send
from mailer.delivery.plan import plan
from mailer.delivery.start import send_of, start
from mailer.delivery.submit import submit
from mailer.delivery.was_sent import was_sent
from subscribers.importing import CannotImport, import_file
from subscribers.importing.undo import undo
from subscribers.models import Import, Subscriber, Suppression
from tests.newsroom import make_issue, subscribe


@pytest.fixture
def issue(db):
    return make_issue(("ai",))


@pytest.fixture
def stored(issue, tmp_path):
    """An import of Anna and Bo to the issue's list."""
    path = tmp_path / "people.csv"
    path.write_text("email\nanna@example.org\nbo@example.org\n")
    import_file(path, issue.newsletter.mailing_list, refused_path=tmp_path / "refused.csv")
    return Import.objects.get()


def test_it_is_undone_while_nothing_was_planned(issue, stored):
    assert undo(stored.pk)["deleted"] == 2


def test_who_is_in_a_plan_is_about_to_be_sent_something(issue, stored):
    plan(send_of(issue))
    with pytest.raises(CannotImport, match="2 of its people were sent something since, or are about to be"):
        undo(stored.pk)
    assert Subscriber.objects.count() == 2
    stored.refresh_from_db()
    assert stored.state == "done"


def test_what_was_sent_before_the_import_does_not_count(issue, tmp_path, inbox):
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    send = send_of(issue)
    plan(send)
    start(send)
    for batch in send.batches.all():
        submit(batch.pk)
    path = tmp_path / "people.csv"
    path.write_text("email,first name\nanna@example.org,Anna\nnew@example.org,New\n")
    import_file(path, issue.newsletter.mailing_list, refused_path=tmp_path / "refused.csv")
    done = undo(Import.objects.get().pk)
    assert (done["deleted"], done["restored"]) == (1, 1)
    assert Subscriber.objects.get().first_name == ""


def test_what_goes_out_after_the_import_counts_though_it_was_planned_before(issue, tmp_path, inbox):
    subscribe(issue.newsletter.mailing_list, "anna@example.org")
    send = send_of(issue)
    plan(send)
    start(send)
    path = tmp_path / "people.csv"
    path.write_text("email,first name\nanna@example.org,Anna\n")
    import_file(path, issue.newsletter.mailing_list, refused_path=tmp_path / "refused.csv")
    for batch in send.batches.all():
        submit(batch.pk)
    with pytest.raises(CannotImport, match="1 of its people"):
        undo(Import.objects.get().pk)


def test_who_was_excluded_from_a_plan_is_in_its_figures(issue, stored):
    Suppression.objects.create(address="anna@example.org", reason="bounce")
    Subscriber.objects.filter(email="bo@example.org").update(email="cy@example.org")
    plan(send_of(issue))
    Send.objects.get().batches.all().delete()
    assert Exclusion.objects.count() == 1
    anna = Subscriber.objects.get(email="anna@example.org")
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE asked ON COMMIT DROP AS SELECT id AS subscriber_id FROM subscribers_subscriber"
        )
        assert was_sent(cursor, "asked", stored.created_at) == {anna.pk}
