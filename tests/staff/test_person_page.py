"""The staff site's pages of one person: what they show, to whom, and what they let somebody start."""

from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone

from subscribers.importing import import_file
from subscribers.models import (
    Consent,
    Erasure,
    Letter,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
    Wording,
)
from subscribers.privacy.erase import erase
from tests.roles import somebody
from tests.tracking.ledger import Ledger, make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert('x')</script>"
WHY = "asked for by phone"


@pytest.fixture
def anna() -> Subscriber:
    topic = Topic.objects.create(slug="tea", name=f"Tea {HOSTILE}")
    return Subscriber.objects.create(
        email="anna@example.org", first_name=HOSTILE, attributes={HOSTILE: HOSTILE}, topic_ids=[topic.pk]
    )


@pytest.fixture
def ledger(anna) -> Ledger:
    ledger = make_send([anna], headlines=(f"Tea {HOSTILE}", "A new bridge"))
    weekly = ledger.send.mailing_list
    weekly.name = f"Weekly {HOSTILE}"
    weekly.save()
    ledger.send.issue.subject = f'{{{{ subscriber.first_name or "Hello" }}}}, {HOSTILE}'
    ledger.send.issue.save()
    Consent.objects.create(
        subscriber=anna,
        mailing_list=weekly,
        action="signed_up",
        source=HOSTILE,
        wording=Wording.objects.create(mailing_list=weekly, version=3, text=f"Yes {HOSTILE}"),
        detail={"network": HOSTILE},
    )
    fold_these(
        ledger.event("delivered"),
        ledger.event("click", url="https://example.org/tea"),
        ledger.event("bounce", type="blocked", bounce_classification=HOSTILE),
    )
    return ledger


def signed_in(*roles: str, boss: bool = False) -> Client:
    """A browser of somebody of the staff in these roles."""
    client = Client()
    client.force_login(User.objects.create_superuser("mia") if boss else somebody(*roles, username="mia"))
    return client


def page(person: Subscriber, name: str = "facts") -> str:
    return f"/staff/subscribers/subscriber/{person.pk}/{name}/"


def test_the_page_shows_what_is_known_and_escapes_it(anna, ledger):
    text = signed_in(boss=True).get(page(anna)).text
    for words in ("anna@example.org", "delivered", "clicked", "version 3", "Hello, ", "blocked", "Since"):
        assert words in text, words
    assert HOSTILE not in text
    assert "Anna@example.org" not in text


def test_every_issue_is_on_it_with_what_happened(anna, ledger):
    text = signed_in("editor").get(page(anna)).text
    shown = text[text.index("<h2>Issues</h2>") :]
    assert [word for word in ("delivered", "clicked", "blocked") if word in shown] == [
        "delivered",
        "clicked",
        "blocked",
    ]


def test_whoever_may_only_look_has_no_buttons(anna, ledger):
    text = signed_in("editor").get(page(anna)).text
    assert "Export what is held" not in text
    assert "Erase …" not in text
    assert 'class="button" href="/staff/subscribers/subscriber' not in text


@pytest.mark.parametrize(
    ("name", "roles"),
    [("facts", ("reader",)), ("export", ("editor", "approver")), ("erase", ("editor", "marketer"))],
)
def test_each_page_wants_a_right_of_its_own(anna, ledger, name, roles):
    client = signed_in(*roles)
    asked = {"reason": WHY, "wanted": "json", "sure": "on"}
    assert client.get(page(anna, name)).status_code == 403
    assert client.post(page(anna, name), asked).status_code == 403
    anna.refresh_from_db()
    assert anna.erased_at is None


@pytest.mark.parametrize("name", ["facts", "export", "erase"])
def test_nobody_sees_it_without_signing_in(anna, client, name):
    assert client.get(page(anna, name)).url.startswith("/staff/login/")
    assert client.post(page(anna, name), {"reason": WHY, "sure": "on"}).url.startswith("/staff/login/")
    assert not Erasure.objects.exists()


def test_an_export_is_a_file_and_recorded_with_the_reason(anna, ledger):
    client = signed_in("marketer")
    assert "Why?" in client.get(page(anna, "export")).text
    for wanted in ("json", "html"):
        answer = client.post(page(anna, "export"), {"reason": WHY, "wanted": wanted})
        assert answer["Content-Disposition"] == f'attachment; filename="personal-data-{anna.pk}.{wanted}"'
        assert "no-store" in answer["Cache-Control"]
    entries = [entry.get_change_message() for entry in LogEntry.objects.order_by("id")]
    assert entries == [f"Exported all that is held ({wanted}). Because: {WHY}" for wanted in ("json", "html")]


@pytest.mark.parametrize(
    "given", [{}, {"reason": " ", "wanted": "json"}, {"reason": WHY}, {"reason": WHY, "wanted": "x"}]
)
def test_an_export_wants_a_reason_and_a_form(anna, ledger, given):
    answer = signed_in("marketer").post(page(anna, "export"), given)
    assert "Content-Disposition" not in answer
    assert not LogEntry.objects.exists()


def test_the_link_can_be_mailed_to_the_person_once_an_hour(anna, ledger):
    client = signed_in("marketer")
    for _ in range(2):
        assert client.post(page(anna, "export"), {"reason": WHY, "wanted": "mail"}).url == page(anna)
    assert [letter.kind for letter in Letter.objects.all()] == ["export"]
    assert LogEntry.objects.count() == 1
    Letter.objects.update(created_at=timezone.now() - timedelta(hours=2))
    client.post(page(anna, "export"), {"reason": WHY, "wanted": "mail"})
    assert Letter.objects.count() == 2


@pytest.mark.parametrize("given", [{}, {"reason": WHY}, {"sure": "on"}, {"reason": " ", "sure": "on"}])
def test_an_erasure_has_to_be_meant_and_explained(anna, ledger, given):
    answer = signed_in("administrator").post(page(anna, "erase"), given)
    assert answer.status_code == 200
    assert 'role="alert"' in answer.text
    assert not Erasure.objects.exists()


def test_a_get_erases_nobody(anna, ledger):
    assert signed_in("administrator").get(page(anna, "erase") + "?reason=x&sure=on").status_code == 200
    assert not Erasure.objects.exists()


def test_an_erasure_is_kept_with_name_and_reason_and_leads_to_what_is_left(anna, ledger):
    client = signed_in("administrator")
    answer = client.post(page(anna, "erase"), {"reason": WHY, "sure": "on"}, follow=True)
    assert "Erased person" in answer.text
    assert "anna@example.org" not in answer.text
    erasure = Erasure.objects.get()
    assert (erasure.by, erasure.reason) == ("staff: mia", WHY)
    assert list(Consent.objects.order_by("id").values_list("action", "source"))[1:] == [
        ("left", "staff: mia"),
        ("erased", "staff: mia"),
    ]
    assert client.post(page(anna, "erase"), {"reason": WHY, "sure": "on"}).status_code == 404


def test_the_history_of_the_staff_site_does_not_name_whom_it_erased(anna, ledger):
    client = signed_in(boss=True)
    form = {"email": "anna@example.org", "first_name": "Anna", "attributes": "{}"}
    forms = {f"subscriptions-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
    assert client.post(page(anna, "change"), form | forms).status_code == 302
    suppression = Suppression.objects.create(address="anna@example.org", reason="manual")
    lift = f"/staff/subscribers/suppression/{suppression.pk}/lift/"
    assert client.post(lift, {"because": "wrote that it works"}).status_code == 302
    assert LogEntry.objects.filter(object_repr__contains="anna@").count() == 2
    client.post(page(anna, "erase"), {"reason": WHY, "sure": "on"})
    assert LogEntry.objects.count() == 3
    assert not LogEntry.objects.filter(object_repr__contains="anna@").exists()


def test_an_erased_person_is_in_no_list_and_no_search(anna, ledger):
    erase(anna.pk, by="the person", source="erasure page")
    client = signed_in(boss=True)
    for query in ("", "?q=anna", f"?q=erased-{anna.pk}", "?q=erased.invalid"):
        assert (
            f"/subscriber/{anna.pk}/change/" not in client.get(f"/staff/subscribers/subscriber/{query}").text
        )
    assert client.get(page(anna, "change")).status_code == 302, "nothing of theirs can be edited"


@pytest.mark.parametrize("address", ["anna@example.org", "ANNA@Example.org"])
def test_staff_cannot_give_the_address_of_an_erased_person_to_anybody(anna, ledger, address):
    erase(anna.pk, by="the person", source="erasure page")
    client = signed_in(boss=True)
    answer = client.post("/staff/subscribers/subscriber/add/", {"email": address, "attributes": "{}"})
    assert "Whoever has this address was erased." in answer.text
    assert not Subscriber.objects.exclude(pk=anna.pk).exists()


def test_the_page_of_somebody_who_is_on_no_list_and_got_nothing_opens():
    ben = Subscriber.objects.create(email="ben@example.org")
    text = signed_in("marketer").get(page(ben)).text
    for words in ("On no list.", "No record on any list.", "No issue was meant for them yet."):
        assert words in text
    assert not Subscription.objects.exists()


def test_nobody_of_that_number_is_not_found():
    client = signed_in(boss=True)
    for name in ("facts", "export", "erase"):
        assert client.get(f"/staff/subscribers/subscriber/999999/{name}/").status_code == 404


def test_erasures_and_consent_are_found_by_the_address_that_somebody_had(anna, ledger):
    erase(anna.pk, by="staff: mia", source="staff: mia", reason=f"{WHY} {HOSTILE}")
    client = signed_in(boss=True)
    for model, shown in (("erasure", WHY), ("consent", "staff: mia")):
        found = client.get(f"/staff/subscribers/{model}/?q=ANNA@example.org").text
        assert shown in found
        assert HOSTILE not in found
        assert (
            shown not in client.get(f"/staff/subscribers/{model}/?q=ben@example.org").text.split("<tbody")[-1]
        )


@pytest.mark.parametrize("method", ["get", "post"])
def test_nobody_changes_or_deletes_the_record_of_an_erasure(anna, ledger, method):
    erasure = erase(anna.pk, by="staff: mia", source="staff: mia")
    client = signed_in(boss=True)
    for what in ("add/", f"{erasure.pk}/delete/"):
        assert getattr(client, method)(f"/staff/subscribers/erasure/{what}").status_code == 403
    assert client.post(f"/staff/subscribers/erasure/{erasure.pk}/change/", {"by": "x"}).status_code == 403
    assert Erasure.objects.get().by == "staff: mia"


def change(client, person, address):
    """Have somebody of the staff write another address."""
    fields = {"email": address, "first_name": "Anna", "attributes": "{}"}
    inline = {f"subscriptions-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    return client.post(page(person, "change"), fields | inline)


def test_a_former_address_that_staff_replaced_is_not_imported_and_can_be_given_back(anna, ledger, tmp_path):
    client = signed_in(boss=True)
    assert change(client, anna, "chen@example.org").status_code == 302
    path = tmp_path / "old.csv"
    path.write_text("email\nAnna@example.org\n")
    summary = import_file(path, ledger.send.mailing_list, refused_path=tmp_path / "refused.csv")
    assert (summary.imported, sum(summary.refused.values())) == (0, 1)
    assert Erasure.objects.get().by == "staff: mia"
    assert change(client, anna, "anna@example.org").status_code == 302
    anna.refresh_from_db()
    assert anna.email == "anna@example.org"


def test_what_staff_save_does_not_bring_back_whoever_is_erased_in_the_same_moment(anna, ledger):
    erasures = []

    def erase_before_the_lock(execute, sql, params, many, context):
        if "FOR NO KEY UPDATE" in sql and not erasures:
            erasures.append(True)
            erase(anna.pk, by="the person", source="erasure page")
        return execute(sql, params, many, context)

    client = signed_in(boss=True)
    with connection.execute_wrapper(erase_before_the_lock):
        answer = change(client, anna, "chen@example.org")
    assert erasures
    assert answer.status_code == 404
    assert not Subscriber.objects.filter(email="chen@example.org").exists()


def as_shown(client, address):
    """What the form of a page sends where nothing in it is changed."""
    form = BeautifulSoup(client.get(address).content, "html.parser").select_one("form[id$=_form]")
    sent: dict[str, list[str]] = {}
    for field in form.select("input, textarea, option[selected]"):
        if field.get("type") in ("checkbox", "radio") and not field.has_attr("checked"):
            continue
        if name := field.get("name") or field.parent.get("name"):
            value = field.text.removeprefix("\n") if field.name == "textarea" else field.get("value", "")
            sent.setdefault(name, []).append(value)
    return sent


def test_what_a_person_chose_while_staff_looked_at_the_form_is_not_written_back(anna, ledger):
    client = signed_in(boss=True)
    form = as_shown(client, page(anna, "change"))
    Subscriber.objects.filter(pk=anna.pk).update(topic_ids=[], language="de", attributes={"city": "Bern"})
    assert client.post(page(anna, "change"), form | {"last_name": "Lee"}).status_code == 302
    anna.refresh_from_db()
    assert (anna.topic_ids, anna.language, anna.attributes) == ([], "de", {"city": "Bern"})
    assert (anna.first_name, anna.last_name) == (HOSTILE, "Lee")
    assert Consent.objects.latest("pk").detail == {"changed": {"name": True}}


@pytest.fixture
def elsewhere(anna, ledger) -> Ledger:
    """Another newsletter's send to Anna: who works for the first one may not know of it."""
    other = make_send([anna], headlines=("Secret club", "Secret bridge"))
    other.send.mailing_list.name = "Secret list"
    other.send.mailing_list.save()
    other.send.issue.subject = "Secret subject"
    other.send.issue.save()
    Subscription.objects.filter(mailing_list=other.send.mailing_list).update(source="secret form")
    Consent.objects.create(
        subscriber=anna, mailing_list=other.send.mailing_list, action="left", source="secret page"
    )
    Letter.objects.create(subscriber=anna, mailing_list=other.send.mailing_list, kind="export")
    fold_these(other.event("click", url="https://example.org/tea"))
    return other


def test_a_role_at_one_newsletter_shows_nothing_of_what_a_person_gets_from_others(anna, ledger, elsewhere):
    client = Client()
    client.force_login(somebody("marketer", at=ledger.send.issue.newsletter))
    slug = elsewhere.send.mailing_list.slug
    for address in (
        page(anna),
        page(anna, "timeline"),
        f"/staff/subscribers/subscriber/{anna.pk}/change/",
        "/staff/subscribers/subscriber/",
    ):
        text = client.get(address).text
        assert "anna@example.org" in text, address
        assert "Weekly" in text, address
        assert not [word for word in ("Secret", "secret", slug) if word in text], address
    assert "anna@example.org" not in client.get(f"/staff/subscribers/subscriber/?list={slug}").text
    everything = signed_in("marketer").get(page(anna)).text
    assert "Secret list" in everything
    assert "Secret subject" in everything


def test_a_file_of_all_that_is_held_is_for_who_may_export_everybody(anna, ledger, elsewhere):
    client = Client()
    client.force_login(somebody("marketer", at=ledger.send.issue.newsletter))
    assert "Download" not in client.get(page(anna, "export")).text
    for wanted in ("json", "html"):
        answer = client.post(page(anna, "export"), {"reason": WHY, "wanted": wanted})
        assert answer.status_code == 403
    Letter.objects.all().delete()
    client.post(page(anna, "export"), {"reason": WHY, "wanted": "mail"})
    assert Letter.objects.get().mailing_list == ledger.send.mailing_list
