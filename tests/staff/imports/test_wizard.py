"""A file from its upload to its undoing, step by step."""

import json
import re
import threading
from contextlib import closing
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from mailer.staff.models import Role
from subscribers.importing import dry_run
from subscribers.importing.carry_out import carry_out
from subscribers.models import DryRun, Import, ImportPart, ImportState, MailingList, Subscriber, Subscription
from subscribers.segments.saving import check as check_rule
from subscribers.tasks import try_out_import, undo_import
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody
from tests.staff.imports.files import left, row_of, subscribed, upload, zipped

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def newsletter():
    return make_issue(suffix="ours").newsletter


@pytest.fixture
def weekly(newsletter) -> MailingList:
    return newsletter.mailing_list


@pytest.fixture
def marketer(client, newsletter):
    client.force_login(somebody("marketer", at=newsletter, username="mara"))
    return client


def uploaded(client, weekly, content=None, name="subscribed_people.csv") -> Import:
    response = upload(client, weekly.pk, subscribed() if content is None else content, name)
    assert response.status_code == 302, response.text
    return Import.objects.get(pk=int(response.url.split("/")[-3]))


def tried(client, stored, **said) -> Import:
    """A draft whose columns were looked at, and that was tried out."""
    page = f"/staff/imports/{stored.pk}/columns/"
    response = client.post(page, {"mailing_list": stored.mailing_list_id} | said)
    assert response.status_code == 302, response.text
    try_out_import(stored.pk)
    return stored


def confirm(client, stored) -> dict[str, str]:
    """Confirm what the page of the dry run shows. Returns: what was posted."""
    shown = client.get(f"/staff/imports/{stored.pk}/check/").text
    [number] = re.findall(r'name="tried" value="(\d+)"', shown)
    posted = {"agreed": "yes", "tried": number}
    assert client.post(f"/staff/imports/{stored.pk}/go/", posted).status_code == 302
    return posted


def test_a_file_is_recognised_and_shown_with_its_first_values(marketer, weekly):
    stored = uploaded(marketer, weekly)
    page = marketer.get(f"/staff/imports/{stored.pk}/columns/").text
    for words in (
        "Mailchimp audience export, UTF-8, comma",
        "As recognised: Email address",
        "anna@example.org",
        "Firma",
    ):
        assert words in page
    assert not Subscriber.objects.exists()
    assert stored.state == ImportState.DRAFT
    assert stored.started_by == "mara"


def test_the_dry_run_tells_what_would_happen_and_does_nothing(marketer, weekly):
    (anna,) = subscribe(weekly, "anna@example.org")
    Subscription.objects.filter(subscriber=anna).update(state="unsubscribed")
    stored = tried(marketer, uploaded(marketer, weekly))
    page = marketer.get(f"/staff/imports/{stored.pk}/check/").text
    for words in (
        "5 rows",
        "new people",
        "left the list before, and stay off it",
        "not an email address",
        "look like a slip",
    ):
        assert words in page
    counts = DryRun.objects.get(of=stored).counts
    assert [counts[name] for name in ("imported", "merged_with_store", "kept_unsubscribed")] == [2, 1, 1]
    assert Subscriber.objects.count() == 1
    stored.refresh_from_db()
    assert (stored.state, stored.counts, stored.rows_read) == (ImportState.DRAFT, {}, 0)
    refused = (
        b"".join(marketer.get(f"/staff/imports/{stored.pk}/refused.csv")).decode("utf-8-sig").splitlines()
    )
    assert refused[0].startswith("line,reason,Email Address")
    assert refused[1].startswith("6,not an email address")
    assert "'=1+1" in refused[1]
    assert "cy@gmial.com" in b"".join(marketer.get(f"/staff/imports/{stored.pk}/flagged.csv")).decode()


def test_it_is_imported_once_somebody_says_that_its_people_agreed_and_undone_by_a_worker(marketer, weekly):
    stored = tried(marketer, uploaded(marketer, weekly))
    marketer.post(f"/staff/imports/{stored.pk}/go/")
    stored.refresh_from_db()
    assert stored.state == ImportState.DRAFT
    confirmed = confirm(marketer, stored)
    again = marketer.post(f"/staff/imports/{stored.pk}/go/", confirmed, follow=True).text
    assert "Waits for a worker" in again
    assert "Nothing was imported" not in again
    assert carry_out(stored.pk)
    page = marketer.get(f"/staff/imports/{stored.pk}/").text
    assert "What it did" in page
    assert "Download refused rows" in page
    query = urlsplit(marketer.get(f"/staff/imports/{stored.pk}/").context["segment_url"]).query
    assert check_rule(json.loads(parse_qs(query)["rule"][0]), now=timezone.now())
    assert Subscription.objects.filter(mailing_list=weekly, state="active").count() == 3
    kinds = set(ImportPart.objects.filter(part_of=stored).values_list("kind", flat=True))
    assert kinds == {"refused", "flagged"}
    assert (
        ">3</b> <span>people that the import made are deleted"
        in marketer.get(f"/staff/imports/{stored.pk}/undo/").text
    )
    marketer.post(f"/staff/imports/{stored.pk}/undo/")
    stored.refresh_from_db()
    assert stored.state == ImportState.UNDOING
    undo_import(stored.pk)
    assert not Subscriber.objects.exists()
    assert "What the undoing did" in marketer.get(f"/staff/imports/{stored.pk}/").text
    said = " ".join(LogEntry.objects.values_list("change_message", flat=True))
    for act in (
        "Uploaded subscribed_people.csv",
        "Said what",
        "Confirmed the import to",
        "Asked for the import to be undone",
    ):
        assert act in said


def test_what_was_seen_before_the_list_was_changed_in_another_tab_is_not_confirmed(marketer, weekly):
    other = make_issue(suffix="other").newsletter
    Role.objects.create(user=User.objects.get(username="mara"), name="marketer", newsletter=other)
    stored = tried(marketer, uploaded(marketer, weekly))
    seen = {"agreed": "yes", "tried": str(DryRun.objects.get(of=stored).number)}
    tried(marketer, stored, mailing_list=other.mailing_list_id)
    for posted in (seen, {"agreed": "yes"}, {"agreed": "yes", "tried": "x"}):
        answer = marketer.post(f"/staff/imports/{stored.pk}/go/", posted, follow=True)
        assert "is not how it stands now" in answer.text
    stored.refresh_from_db()
    assert stored.state == ImportState.DRAFT
    assert not LogEntry.objects.filter(change_message__startswith="Confirmed").exists()
    confirm(marketer, stored)
    stored.refresh_from_db()
    assert (stored.state, stored.mailing_list) == (ImportState.WAITING, other.mailing_list)


def test_an_import_under_way_is_stopped_and_goes_on_by_the_page(marketer, weekly):
    rows = [row_of(f"n{number}@example.org") for number in range(40)]
    stored = tried(marketer, uploaded(marketer, weekly, subscribed(*rows)))
    confirm(marketer, stored)
    page = f"/staff/imports/{stored.pk}/"
    chunk_done, stop_clicked = threading.Event(), threading.Event()

    def told(done: int, total: int) -> None:
        chunk_done.set()
        assert stop_clicked.wait(20)

    def work() -> None:
        with closing(connection):
            carry_out(stored.pk, rows=10, progress=told)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        assert chunk_done.wait(20)
        assert "Stop" in marketer.get(page).text
        assert marketer.post(f"{page}stop/").status_code == 302
    finally:
        stop_clicked.set()
        worker.join(20)
    stored.refresh_from_db()
    assert stored.state == ImportState.STOPPED
    assert 0 < Subscriber.objects.count() < 43
    assert "Go on" in marketer.get(page).text
    assert "HX-Refresh" in marketer.get(f"{page}live/").headers
    marketer.post(f"{page}resume/")
    assert "there is nothing to resume" in marketer.post(f"{page}resume/", follow=True).text
    assert carry_out(stored.pk)
    stored.refresh_from_db()
    assert (stored.state, Subscriber.objects.count()) == (ImportState.DONE, 43)


def test_a_changed_mapping_needs_a_new_dry_run(marketer, weekly):
    stored = tried(marketer, uploaded(marketer, weekly))
    marketer.post(
        f"/staff/imports/{stored.pk}/columns/",
        {"mailing_list": weekly.pk, "means-3": "attributes", "key-3": "company", "rule-first_name": "fill"},
    )
    assert DryRun.objects.get(of=stored).state == "waiting"
    assert not ImportPart.objects.filter(part_of=stored, kind="would_refuse").exists()
    marketer.post(f"/staff/imports/{stored.pk}/go/", {"agreed": "yes"})
    stored.refresh_from_db()
    assert (stored.state, stored.mapping, stored.rules) == (
        "draft",
        {"Firma": "attributes.company"},
        {"first_name": "fill"},
    )
    assert 'value="company"' in marketer.get(f"/staff/imports/{stored.pk}/columns/").text


def test_a_file_without_a_known_column_asks_which_holds_the_addresses(marketer, weekly):
    stored = uploaded(marketer, weekly, "who,what\nanna@example.org,x\n", "odd.csv")
    page = f"/staff/imports/{stored.pk}/columns/"
    assert "No column was recognised" in marketer.get(page).text
    assert marketer.post(page, {"mailing_list": weekly.pk}).status_code == 422
    assert marketer.get(f"/staff/imports/{stored.pk}/check/").url == page
    tried(marketer, stored, **{"means-0": "email"})
    assert DryRun.objects.get(of=stored).counts["imported"] == 1


@pytest.mark.parametrize(
    "said", [{"means-1": "attributes", "key-1": "1 {{x"}, {"means-0": "email", "means-1": "email"}]
)
def test_a_mapping_that_means_nothing_is_refused_and_stays_on_the_page(marketer, weekly, said):
    stored = uploaded(marketer, weekly)
    response = marketer.post(f"/staff/imports/{stored.pk}/columns/", {"mailing_list": weekly.pk, **said})
    assert response.status_code == 422
    assert 'role="alert"' in response.text
    assert Import.objects.get().mapping == {}


def test_a_zip_of_several_files_becomes_a_draft_of_each(marketer, weekly):
    content = zipped(
        {
            "a/subscribed_1.csv": subscribed(),
            "a/unsubscribed_1.csv": left(),
            "__MACOSX/a.csv": "x",
            "a/readme.md": "x",
        }
    )
    uploaded(marketer, weekly, content, "audience.zip")
    names = {stored.name: stored.meanings["standing"] for stored in Import.objects.all()}
    assert names == {"subscribed_1.csv": "", "unsubscribed_1.csv": "unsubscribed"}


def test_a_dry_run_that_nobody_wants_any_more_gives_up(marketer, weekly):
    stored = uploaded(marketer, weekly)
    marketer.post(f"/staff/imports/{stored.pk}/columns/", {"mailing_list": weekly.pk})
    run = DryRun.objects.get(of=stored)
    with closing(dry_run.Beside(run)) as beside:
        DryRun.objects.filter(of=stored).update(number=run.number + 1)
        beside.tell(1)
        assert not beside.is_wanted
    assert dry_run.due() == [stored.pk]


def test_a_worker_that_is_told_to_stop_leaves_the_dry_run_to_another(marketer, weekly):
    stored = uploaded(marketer, weekly)
    marketer.post(f"/staff/imports/{stored.pk}/columns/", {"mailing_list": weekly.pk})
    dry_run.try_out(stored.pk, go_on=lambda: False)
    assert DryRun.objects.get(of=stored).state == "waiting"
    assert not Subscriber.objects.exists()
    try_out_import(stored.pk)
    assert DryRun.objects.get(of=stored).state == "done"


def test_a_dry_run_whose_database_goes_away_is_left_to_another_worker(marketer, weekly):
    stored = uploaded(marketer, weekly)
    marketer.post(f"/staff/imports/{stored.pk}/columns/", {"mailing_list": weekly.pk})

    def lose() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return True

    with pytest.raises(OperationalError):
        dry_run.try_out(stored.pk, go_on=lose)
    connection.close()
    assert dry_run.due() == [stored.pk]
    try_out_import(stored.pk)
    assert DryRun.objects.get(of=stored).counts["imported"] == 3
    assert not Subscriber.objects.exists()


def test_a_draft_is_discarded_and_nothing_else_is(marketer, weekly):
    stored = uploaded(marketer, weekly)
    marketer.post(f"/staff/imports/{stored.pk}/discard/")
    assert not Import.objects.exists()
    other = uploaded(marketer, weekly)
    Import.objects.filter(pk=other.pk).update(state="done")
    marketer.post(f"/staff/imports/{other.pk}/discard/")
    assert Import.objects.filter(pk=other.pk).exists()
