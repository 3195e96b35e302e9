"""The record of consent: complete, in words, and nobody's to change."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from subscribers.leaving import leave
from subscribers.models import Consent, MailingList, Subscriber, Subscription, Topic, Wording
from subscribers.person.consent import consent_of
from subscribers.privacy.erase import erase
from tests.emptying import GUARDS
from tests.roles import somebody

pytestmark = pytest.mark.django_db

FORBIDDEN = [
    "UPDATE {table} SET id = id + 1",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
    "INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = excluded.id + 1",
    "MERGE INTO {table} USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE",
]


@pytest.fixture
def anna() -> Subscriber:
    return Subscriber.objects.create(email="Anna@example.org", first_name="Anna")


@pytest.fixture
def weekly() -> MailingList:
    return MailingList.objects.create(slug="weekly", name="The Weekly")


@pytest.fixture
def record(anna, weekly) -> Consent:
    Subscription.objects.create(subscriber=anna, mailing_list=weekly, state="active")
    wording = Wording.objects.create(mailing_list=weekly, version=3, text="I want the Weekly by mail.")
    return Consent.objects.create(
        subscriber=anna,
        mailing_list=weekly,
        action="signed_up",
        source="sign-up page",
        wording=wording,
        detail={"network": "192.0.2.0/24"},
    )


def told(*arguments: str) -> str:
    out = StringIO()
    call_command("consent", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("table", GUARDS)
@pytest.mark.parametrize("statement", FORBIDDEN, ids=lambda statement: statement.split()[0])
def test_no_statement_changes_or_deletes_a_record(record, table, statement):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with checks to come cannot be altered
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {GUARDS[table]}")
        cursor.execute(f"SELECT * FROM {table}")
        before = cursor.fetchall()
        with pytest.raises(IntegrityError, match=r"append-only|never changed"), transaction.atomic():
            cursor.execute(statement.format(table=table))
        cursor.execute(f"SELECT * FROM {table}")
        assert cursor.fetchall() == before != []


def test_the_orm_neither_changes_nor_deletes_a_record(record):
    record.source = "elsewhere"
    for forbidden in (
        record.save,
        record.delete,
        lambda: Consent.objects.update(at=timezone.now()),
        lambda: Consent.objects.bulk_update([record], ["source"]),
        Consent.objects.all().delete,
        record.wording.delete,
        lambda: Wording.objects.update(text="Something else"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            forbidden()
    assert Consent.objects.get().source == "sign-up page"
    assert Wording.objects.get().text == "I want the Weekly by mail."


def test_the_staff_site_neither_adds_nor_changes_nor_deletes_a_record(record):
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    for page in ("add/", f"{record.pk}/delete/"):
        for method in (client.get, client.post):
            assert method(f"/staff/subscribers/consent/{page}").status_code == 403
    assert client.get(f"/staff/subscribers/consent/{record.pk}/change/").status_code == 200
    assert client.post(f"/staff/subscribers/consent/{record.pk}/change/", {"source": "x"}).status_code == 403
    client.post(
        "/staff/subscribers/consent/",
        {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"},
    )
    assert Consent.objects.get().source == "sign-up page"


def test_the_record_of_consent_is_seen_by_whoever_may_see_people_and_nobody_else(record):
    for role, answer in (("reader", 403), ("marketer", 200)):
        client = Client()
        client.force_login(somebody(role))
        assert client.get("/staff/subscribers/consent/").status_code == answer


def test_an_edit_by_staff_is_recorded_with_the_name_of_who_did_it(anna, weekly, record):
    old, new = (Topic.objects.create(slug=slug, name=slug.title()) for slug in ("tea", "trade"))
    Subscriber.objects.update(topic_ids=[old.pk], attributes={"company": "Example", "size": 3})
    client = Client()
    client.force_login(User.objects.create_superuser("boss"))
    form = {
        "email": "anna@example.com",
        "first_name": "Anne",
        "last_name": "",
        "language": "de",
        "time_zone": "",
        "country": "",
        "topic_ids": [new.pk],
        "attributes": json.dumps({"company": "Another", "size": 3}),
        **{f"subscriptions-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")},
    }
    change = f"/staff/subscribers/subscriber/{anna.pk}/change/"
    assert client.post(change, form).status_code == 302
    anna.refresh_from_db()
    assert anna.email == "anna@example.com"
    edit = Consent.objects.get(action="changed")
    assert (edit.mailing_list, edit.source) == (weekly, "staff: boss")
    assert edit.detail == {
        "changed": {
            "address": True,
            "name": True,
            "language": ["", "de"],
            "topics": [[old.pk], [new.pk]],
            "attributes": ["company"],
        }
    }, "what must be erasable is not in it"
    assert consent_of(anna)[-1]["said"] == (
        "name; topics: Tea → Trade; address; language: none → de; attributes: company"
    )
    assert client.post(change, form).status_code == 302
    assert Consent.objects.filter(action="changed").count() == 1, "nothing changed the second time"


def test_the_command_prints_the_history_whatever_the_case_of_the_address(anna, weekly, record):
    leave(weekly.pk, anna.pk, source="one-click", origin=7)
    for address in ("anna@example.org", "ANNA@EXAMPLE.ORG", " Anna@Example.org "):
        text = told(address)
        assert "sign-up page" in text
        assert "192.0.2.0/24" in text
        assert "one-click" in text
        assert "the mail of send 7" in text
    assert "I want the Weekly by mail." not in told("anna@example.org")
    assert "Wording of The Weekly, version 3\nI want the Weekly by mail." in told(
        "anna@example.org", "--wording"
    )


def test_the_command_prints_json_with_the_wordings(anna, record):
    ((person,)) = json.loads(told("anna@example.org", "--json"))
    assert person["subscriber"] == anna.pk
    (told_record,) = person["consent"]
    assert told_record["wording"] == "I want the Weekly by mail."
    assert told_record["wording_version"] == 3
    assert told_record["at"].startswith(f"{record.at or timezone.now():%Y-%m-%d}"[:4])


def test_the_history_of_an_erased_person_is_found_by_their_address(anna, record):
    erase(anna.pk, by="the person", source="erasure page")
    text = told("anna@EXAMPLE.org")
    assert f"Subscriber {anna.pk}, erased on" in text
    assert [each for each in ("signed_up", "left", "erased") if each in text] == [
        "signed_up",
        "left",
        "erased",
    ]


def test_whoever_came_back_after_an_erasure_has_both_histories(anna, weekly, record):
    erase(anna.pk, by="the person", source="erasure page")
    again = Subscriber.objects.create(email="anna@example.org")
    Consent.objects.create(subscriber=again, mailing_list=weekly, action="signed_up", source="sign-up page")
    people = json.loads(told("anna@example.org", "--json"))
    assert [person["subscriber"] for person in people] == [again.pk, anna.pk]
    assert [len(person["consent"]) for person in people] == [1, 3]


def test_the_command_says_when_nobody_is_known():
    with pytest.raises(CommandError, match=r"Nobody is known by the address 'nobody@example\.org'"):
        told("nobody@example.org")


def test_the_command_says_when_somebody_has_no_record(anna):
    assert "no record of consent on any list" in told("anna@example.org")


def test_what_comes_from_outside_does_not_steer_a_terminal(anna, weekly):
    Consent.objects.create(
        subscriber=anna,
        mailing_list=weekly,
        action="imported",
        source="[red]evil\x1b[31m.csv",
        detail={"line": 2},
    )
    text = told("anna@example.org")
    assert "\x1b" not in text
    assert "[red]evil" in text


def test_records_stand_in_the_order_in_which_they_were_made(anna, weekly):
    late, early = timezone.now(), timezone.now() - timedelta(days=3)
    for action, moment in (("confirmed", late), ("signed_up", early)):
        Consent.objects.create(subscriber=anna, mailing_list=weekly, action=action, source="page", at=moment)
    assert [record["action"] for record in consent_of(anna)] == ["signed_up", "confirmed"]
