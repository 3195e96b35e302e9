"""Exports of other systems, as they write them."""

import json

import pytest

from subscribers.importing import Refusal
from subscribers.importing.formats import recognise
from subscribers.models import Consent, Subscriber, Subscription, Suppression, Topic

MAILCHIMP = (
    '"Email Address","First Name","Last Name",Firma,{history}MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,'
    "LATITUDE,LONGITUDE,GMTOFF,DSTOFF,TIMEZONE,CC,REGION,LAST_CHANGED,LEID,EUID,NOTES,TAGS\n"
)
MAILCHIMP_ROW = (
    'anna@example.org,Anna,Li,Acme,{history}4,"2019-03-01 08:00:00",192.0.2.7,"2019-03-01 08:05:00",192.0.2.8,'
    '52.5,13.4,1,2,Europe/Berlin,DE,BE,"2024-01-01 10:00:00",123,abc123,"met at fair","""VIP"",""AI"""\n'
)
SENDGRID = (
    "EMAIL,FIRST_NAME,LAST_NAME,ADDRESS_LINE_1,CITY,STATE_PROVINCE_REGION,COUNTRY,POSTAL_CODE,ALTERNATE_EMAILS,"
    "PHONE_NUMBER,CONTACT_ID,CREATED_AT,UPDATED_AT\n"
    "anna@example.org,Anna,Li,,Berlin,BE,Germany,10115,,+49 30 1,7f3c,2020-05-06T07:08:09Z,2024-01-01T00:00:00Z\n"
)
LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    '5b6d,anna@example.org,Anna Maria Li,"{""city"": ""Berlin"", ""age"": 41, ""vip"": true, ""tags"": [""a"", ""b""], '
    '""deep"": {""x"": 1}}",enabled,2021-02-03 04:05:06.123+00,2024-01-01 00:00:00+00\n'
    "5b6e,bo@example.org,Bo,{},blocklisted,2021-02-03 04:05:06+00,2024-01-01 00:00:00+00\n"
    "5b6f,cy@example.org,Cy,{},disabled,2021-02-03 04:05:06+00,2024-01-01 00:00:00+00\n"
    "5b70,di@example.org,Di,no json,enabled,,\n"
    "5b71,ed@example.org,Ed,{},whatever,,\n"
)
SUBSTACK = (
    "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
    "anna@example.org,true,2027-07-01T00:00:00.000Z,yearly,false,2024-01-15T10:00:00.000Z,2024-01-16T10:00:00.000Z\n"
    "bo@example.org,false,,other,true,2024-02-01T10:00:00.000Z,\n"
)
SUBSTACK_SUBSCRIBERS = (
    "Email,Name,Subscription type,Stripe plan,Cancel date,Start date,Activity,Revenue\n"
    "anna@example.org,Anna Li,paid,annual,,2024-05-01T10:00:00.000000000+00:00,4,50\n"
)


def anna() -> Subscriber:
    return Subscriber.objects.get(email="anna@example.org")


def proof() -> dict[str, object]:
    detail = Consent.objects.get(subscriber=anna()).detail
    return {key: value for key, value in detail.items() if key not in ("import", "line")}


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (MAILCHIMP.format(history=""), "Mailchimp audience export"),
        (SENDGRID, "SendGrid Marketing contacts"),
        (LISTMONK, "listmonk subscribers"),
        (SUBSTACK, "Substack e-mail list"),
        (SUBSTACK_SUBSCRIBERS, "Substack subscribers"),
    ],
)
def test_each_is_told_by_its_header(header, name):
    found = recognise(header.splitlines()[0].replace('"', "").split(","))
    assert found is not None
    assert found.name == name


def test_an_ordinary_file_is_none_of_them():
    assert recognise(["email", "name", "status", "created_at"]) is None


def test_mailchimp_keeps_opt_in_as_proof_tags_as_topics_and_drops_its_own_ids(importing):
    ai = Topic.objects.create(slug="ai", name="AI")
    summary = importing(MAILCHIMP.format(history="") + MAILCHIMP_ROW.format(history=""))
    person = anna()
    assert (person.first_name, person.last_name, person.country) == ("Anna", "Li", "DE")
    assert (person.time_zone, person.topic_ids) == ("Europe/Berlin", [ai.pk])
    assert person.attributes == {
        "firma": "Acme",
        "member_rating": 4,
        "region": "BE",
        "notes": "met at fair",
        "tags": ["VIP", "AI"],
    }
    assert proof() == {
        "signed_up_at": "2019-03-01T08:00:00+00:00",
        "opt_in_time": "2019-03-01 08:00:00",
        "opt_in_ip": "192.0.2.7",
        "confirm_time": "2019-03-01 08:05:00",
        "confirm_ip": "192.0.2.8",
    }
    subscription = Subscription.objects.get()
    assert (subscription.state, subscription.created_at.year) == ("active", 2019)
    assert summary.unknown_topics == {"VIP": 1}


UNSUBSCRIBED = (
    "UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_CAMPAIGN_ID,UNSUB_REASON,UNSUB_REASON_OTHER,",
    '"2023-05-06 07:08:09",Spring,99,NORMAL,,',
)
CLEANED = ("CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,CLEAN_CAMPAIGN_ID,", '"2023-05-06 07:08:09",Spring,99,')


@pytest.mark.parametrize(
    ("history", "name", "reasons"),
    [
        (UNSUBSCRIBED, "people.csv", []),
        (CLEANED, "people.csv", ["bounce"]),
        (("", ""), "unsubscribed_members_export_ab12.csv", []),
        (("", ""), "cleaned_members_export_ab12.csv", ["bounce"]),
    ],
)
def test_who_left_or_bounced_at_mailchimp_does_not_become_active(importing, history, name, reasons):
    header, row = (
        text.format(history=part) for text, part in zip((MAILCHIMP, MAILCHIMP_ROW), history, strict=True)
    )
    summary = importing(header + row, name=name)
    assert Subscription.objects.get().state == "unsubscribed"
    assert list(Suppression.objects.values_list("reason", flat=True)) == reasons
    assert proof()["status"] == (reasons or ["unsubscribed"])[0]
    assert (summary.imported, summary.came_unsubscribed, summary.suppressed) == (1, 1, len(reasons))


def test_sendgrid_marketing_keeps_the_day_of_the_contact(importing):
    importing(SENDGRID)
    person = anna()
    assert (person.first_name, person.country) == ("Anna", "DE")
    assert {"city": "Berlin", "phone_number": "+49 30 1"}.items() <= person.attributes.items()
    assert not {"contact_id", "updated_at", "created_at"} & person.attributes.keys()
    assert proof() == {"signed_up_at": "2020-05-06T07:08:09+00:00"}


def test_listmonk_obeys_the_status_and_keeps_the_types_of_attributes(importing):
    summary = importing(LISTMONK)
    person = anna()
    assert (person.first_name, person.last_name) == ("Anna", "Maria Li")
    deep = person.attributes.pop("deep")
    assert json.loads(deep) == {"x": 1}
    assert person.attributes == {"city": "Berlin", "age": 41, "vip": True, "tags": ["a", "b"]}
    states = dict(Subscription.objects.values_list("subscriber__email", "state"))
    assert states == {
        "anna@example.org": "active",
        "bo@example.org": "unsubscribed",
        "cy@example.org": "unsubscribed",
        "di@example.org": "active",
    }
    assert list(Suppression.objects.values_list("address", "reason")) == [("bo@example.org", "manual")]
    assert summary.refused == {Refusal.STATUS: 1}
    assert {note.name for note in summary.notes} == {"NO_OBJECT"}


@pytest.mark.parametrize(
    "value", ["1" + "0" * 400, "-1" + "0" * 400, "1e999", '"\\ud800"', '{"deep": "\\ud800"}']
)
def test_listmonk_attributes_that_no_store_holds_as_they_are_do_not_stop_the_others(importing, value):
    attributes = f'{{"odd": {value}, "city": "Bonn"}}'.replace('"', '""')
    importing(f'uuid,email,name,attributes,status\n1,anna@example.org,Anna,"{attributes}",enabled\n')
    assert anna().attributes["city"] == "Bonn"


def test_listmonk_attributes_of_any_depth_are_read_or_noted(importing):
    rows = [
        f'1,p{depth}@example.org,P,"{{""deep"": {"[" * depth}{"]" * depth}}}",enabled\n'
        for depth in range(800, 1001)
    ]
    summary = importing("uuid,email,name,attributes,status\n" + "".join(rows))
    assert summary.imported == len(rows)
    assert "NO_OBJECT" in {note.name for note in summary.notes}


def test_substack_obeys_email_disabled(importing):
    importing(SUBSTACK)
    assert anna().attributes == {
        "active_subscription": True,
        "expiry": "2027-07-01",
        "plan": "yearly",
        "first_payment_at": "2024-01-16",
    }
    assert dict(Subscription.objects.values_list("subscriber__email", "state")) == {
        "anna@example.org": "active",
        "bo@example.org": "unsubscribed",
    }


def test_substacks_other_export_has_names_and_the_day_of_the_start(importing):
    importing(SUBSTACK_SUBSCRIBERS)
    person = anna()
    assert (person.first_name, person.last_name) == ("Anna", "Li")
    assert person.attributes == {
        "subscription_type": "paid",
        "stripe_plan": "annual",
        "activity": 4,
        "revenue": "50",
    }
    assert Subscription.objects.get().created_at.isoformat() == "2024-05-01T10:00:00+00:00"


@pytest.mark.parametrize("state", ["active", "pending"])
def test_who_is_on_the_list_leaves_it_when_the_file_says_that_they_left(importing, weekly, state):
    person = Subscriber.objects.create(email="bo@example.org")
    Subscription.objects.create(subscriber=person, mailing_list=weekly, state=state)
    summary = importing(SUBSTACK)
    assert Subscription.objects.get(subscriber=person).state == "unsubscribed"
    assert Consent.objects.get(subscriber=person).action == "left"
    assert (summary.left, summary.merged_with_store) == (1, 1)
    assert importing(SUBSTACK).unchanged == 2


@pytest.mark.parametrize("word", ["Unsub", "CANCELLED", "not subscribed", "Do-not-contact"])
def test_words_for_having_left_are_known(importing, word):
    importing(f"email,status\nanna@example.org,{word}\n")
    assert Subscription.objects.get().state == "unsubscribed"


def test_an_ordinary_status_column_is_obeyed_where_it_says_that_somebody_left(importing):
    importing("email,Status\nanna@example.org,gold\nbo@example.org,Unsubscribed\ncy@example.org,\n")
    states = dict(Subscription.objects.values_list("subscriber__email", "state"))
    assert states == {
        "anna@example.org": "active",
        "bo@example.org": "unsubscribed",
        "cy@example.org": "active",
    }
    assert anna().attributes == {"status": "gold"}
