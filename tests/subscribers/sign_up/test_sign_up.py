"""Signing up by the page: what is stored and mailed, and that nobody learns who is known."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.utils import timezone

from subscribers.leaving import leave
from subscribers.models import (
    Consent,
    Letter,
    LetterKind,
    PendingSignUp,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionReason,
    Topic,
    Wording,
)
from subscribers.privacy.erase import erase
from subscribers.sign_up.sign_up import MOST_A_DAY
from subscribers.sign_up.wording import reword
from tests.newsroom import subscribe
from tests.subscribers.readers import headers_of
from tests.subscribers.signing_up import ANNA, open_form, post, state_of

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def weekly():
    return open_form(
        sign_up_asks=["name", "topics", "cadence", "language"],
        sign_up_fields=[
            {"key": "company", "label": HOSTILE, "type": "text"},
            {"key": "staff", "label": "Staff", "type": "number"},
            {"key": "since", "label": "Since", "type": "date"},
            {"key": "member", "label": "Member", "type": "yes_no"},
            {"key": "size", "label": "Size", "type": "choice", "choices": ["small", HOSTILE]},
        ],
    )


def letters():
    return list(Letter.objects.order_by("id").values_list("kind", flat=True))


def let_time_pass(**how):
    """Make all letters older."""
    for letter in Letter.objects.all():
        Letter.objects.filter(pk=letter.pk).update(created_at=letter.created_at - timedelta(**how))


def test_the_page_shows_what_the_list_asks_for_and_escapes_it(client, weekly):
    Topic.objects.create(slug="ai", name=HOSTILE)
    Topic.objects.create(slug="fax", name="Fax machines", retired=True)
    reword(weekly, f"I agree {HOSTILE}")
    page = client.get("/s/weekly")
    assert page.status_code == 200
    assert not page.cookies
    for name in ("email", "first_name", "last_name", "topics", "cadence", "language", "field_company"):
        assert f'name="{name}"' in page.text
    assert "Fax machines" not in page.text
    assert HOSTILE not in page.text
    assert "I agree &lt;script&gt;" in page.text
    assert 'name="wording" value="2"' in page.text


@pytest.mark.parametrize("method", ["get", "head"])
def test_looking_at_the_form_signs_nobody_up(client, weekly, method):
    answer = getattr(client, method)("/s/weekly", {"email": ANNA, "wording": "1"})
    assert answer.status_code == 200
    assert not Subscriber.objects.exists()


def test_a_sign_up_is_pending_with_a_letter_and_a_record(client, weekly):
    topic = Topic.objects.create(slug="ai", name="AI")
    answer = post(
        client,
        first_name="Anna",
        topics="ai",
        cadence="second",
        field_company="Example Ltd",
        field_staff="12",
    )
    assert (answer.status_code, answer["Location"]) == (303, "/s/weekly/sent")
    assert "Look into your mailbox" in client.get(answer["Location"]).text
    assert state_of() == "pending"
    letter = Letter.objects.get()
    pending = PendingSignUp.objects.get()
    assert (letter.kind, letter.address) == ("confirm", "")
    assert letter.reference == pending.expires_at.timestamp()
    consent = Consent.objects.get()
    assert (consent.action, consent.source) == ("signed_up", "sign-up page")
    assert consent.wording == Wording.objects.get()
    assert consent.detail == {
        "network": "127.0.0.0/24",
        "topic_ids": [topic.pk],
        "cadence": "second",
        "given": ["first_name", "company", "staff"],
    }


def test_what_was_typed_waits_for_the_confirmation(client, weekly):
    Subscriber.objects.create(email="Anna@example.org", first_name="Anna", attributes={"company": "Mine"})
    post(client, first_name="Mallory", field_company="Not hers", cadence="monthly")
    subscriber = Subscriber.objects.get()
    assert (subscriber.first_name, subscriber.attributes) == ("Anna", {"company": "Mine"})
    assert PendingSignUp.objects.get().chosen == {
        "first_name": "Mallory",
        "cadence": "monthly",
        "attributes": {"company": "Not hers"},
    }


def test_values_are_kept_by_their_type(client, weekly):
    post(
        client,
        field_company="  two\u2028lines ",
        field_staff="2.5",
        field_since="2026-03-31",
        field_member="no",
        field_size=HOSTILE,
    )
    assert PendingSignUp.objects.get().chosen["attributes"] == {
        "company": "two lines",
        "staff": 2.5,
        "since": "2026-03-31",
        "member": False,
        "size": HOSTILE,
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"email": ""}, "Write your email address."),
        ({"email": "anna@"}, "This is not an email address."),
        ({"email": "josé@example.org"}, "We cannot send mail to addresses with such letters"),
        ({"email": "anna@localhost"}, "This is not an email address."),
        ({"email": f"{'a' * 330}@example.org"}, "at most 320 characters"),
        ({"field_staff": "many"}, "Enter a number."),
        ({"field_staff": "1e300"}, "less than or equal to"),
        ({"field_staff": "nan"}, "Enter a number."),
        ({"field_since": "31/3/2026"}, "Write the date as year-month-day"),
        ({"field_member": "perhaps"}, "Select a valid choice."),
        ({"field_size": "huge"}, "Select a valid choice."),
        ({"first_name": "A\0"}, "Null characters are not allowed."),
        ({"cadence": "daily"}, "Select a valid choice."),
        ({"language": "tlh"}, "Select a valid choice."),
        ({"wording": "7"}, "This form is out of date."),
        ({"wording": ""}, "does not say which text it showed"),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(client, weekly, fields, message):
    answer = client.post("/s/weekly", {"email": ANNA, "wording": "1"} | fields)
    assert answer.status_code == 422
    assert message in answer.text
    assert "<script>" not in answer.text
    assert not Subscriber.objects.exists()


def test_a_topic_that_is_retired_is_told(client, weekly):
    Topic.objects.create(slug="ai", name="AI")
    answer = post(client, topics="fax")
    assert answer.status_code == 422
    assert "One of these topics is not offered." in answer.text


def test_the_first_wrong_field_has_the_focus_and_its_error_is_tied_to_it(client, weekly):
    page = post(client, field_staff="many").text
    assert page.count("autofocus") == 1
    start = page.index('name="field_staff"')
    field = page[start : page.index(">", start)]
    assert "autofocus" in field
    assert 'aria-invalid="true"' in field
    assert 'aria-describedby="id_field_staff_error"' in field
    assert 'id="id_field_staff_error"' in page


def test_a_required_field_is_required(client):
    open_form(sign_up_fields=[{"key": "company", "label": "Company", "type": "text", "required": True}])
    assert post(client, field_company=" ").status_code == 422
    assert post(client, field_company="Example Ltd").status_code == 303


@pytest.mark.parametrize("slug", ["daily", "weekly"])
def test_a_closed_form_and_an_unknown_list_look_alike(client, weekly, slug):
    weekly.sign_up_open = False
    weekly.save()
    for answer in (client.get(f"/s/{slug}"), post(client, slug=slug), client.get(f"/s/{slug}/sent")):
        assert answer.status_code == 404
        assert "Nobody can sign up here" in answer.text
    assert not Subscriber.objects.exists()


def test_a_page_of_the_organisations_own_comes_after_it(client):
    open_form(sign_up_next="https://www.example.org/thanks")
    assert "form-action 'self' https://www.example.org;" in client.get("/s/weekly")["Content-Security-Policy"]
    assert post(client)["Location"] == "https://www.example.org/thanks"


def test_a_program_that_fills_in_everything_is_told_the_same_and_nothing_happens(client, weekly):
    honest, program = post(client), post(client, "bob@example.org", website="https://spam.example")
    assert (program.status_code, program["Location"]) == (honest.status_code, honest["Location"])
    assert not Subscriber.objects.filter(email="bob@example.org").exists()


def test_a_slip_in_a_great_domain_is_asked_about_once(client, weekly):
    page = post(client, "anna@gmial.com")
    assert page.status_code == 200
    assert "Did you mean <bdi>anna@gmail.com</bdi>?" in page.text
    assert not Subscriber.objects.exists()
    post(client, "anna@gmial.com", meant="anna@gmail.com")
    post(client, "anna@gmial.com", meant="anna@gmial.com")
    assert sorted(Subscriber.objects.values_list("email", flat=True)) == ["anna@gmail.com", "anna@gmial.com"]


# What is known of an address shows in its mailbox and nowhere else.

KNOWN = {
    "unknown": ["confirm"],
    "pending": ["confirm"],
    "active": ["already"],
    "unsubscribed": ["confirm"],
    "on another list": ["confirm"],
    "erased": ["confirm"],
    "erased after a complaint": [],
    **{f"suppressed: {reason}": [] for reason in SuppressionReason},
}
"""By what is known of somebody: the letters that come of their sign-up."""


def make_known(what, weekly):
    match what.partition(": ")[::2]:
        case "unknown", _:
            return
        case "suppressed", reason:
            subscribe(weekly, ANNA, state="unsubscribed")
            Suppression.objects.create(address=ANNA, reason=reason)
        case "on another list", _:
            subscribe(open_form("daily"), ANNA)
        case "erased", _:
            erase(subscribe(weekly, ANNA)[0].pk, by="the person", source="test")
        case "erased after a complaint", _:
            Suppression.objects.create(address=ANNA, reason="complaint")
            erase(subscribe(weekly, ANNA)[0].pk, by="the person", source="test")
        case state, _:
            subscribe(weekly, ANNA, state=state)


@pytest.mark.parametrize("what", KNOWN)
def test_whatever_is_known_of_an_address_the_answer_is_the_same(client, weekly, what):
    make_known(what, weekly)
    stranger = post(client, "stranger@example.org")
    answer = post(client)
    assert answer.status_code == stranger.status_code == 303
    assert headers_of(answer) == headers_of(stranger)
    assert answer.content == stranger.content
    assert letters() == ["confirm", *KNOWN[what]]


@pytest.mark.parametrize("what", KNOWN)
def test_whatever_is_known_of_an_address_the_work_is_nearly_the_same(
    client, weekly, what, django_assert_max_num_queries
):
    """Statements tell a clock. A letter is two rows, written in a savepoint; of somebody active nothing is kept aside."""
    make_known(what, weekly)
    with django_assert_max_num_queries(30) as unknown:
        post(client, "stranger@example.org")
    with django_assert_max_num_queries(30) as known:
        post(client)
    assert -4 <= len(known) - len(unknown) <= 1
    assert sum("subscribers_consent" in query["sql"] for query in known) == 1


def test_who_left_is_pending_again_by_their_new_consent_and_the_leaving_stays(client, weekly):
    person = subscribe(weekly, ANNA)[0]
    leave(weekly.pk, person.pk, source="unsubscribe page")
    post(client)
    assert state_of() == "pending"
    assert letters() == ["confirm"]
    assert list(Consent.objects.order_by("id").values_list("action", flat=True)) == ["left", "signed_up"]


def test_an_active_subscription_stays_as_it_is(client, weekly):
    person = subscribe(weekly, ANNA)[0]
    Subscription.objects.filter(subscriber=person).update(cadence="monthly", paused_until="2030-01-01")
    before = Subscription.objects.values().get()
    post(client, cadence="every", first_name="Mallory")
    assert Subscription.objects.values().get() == before
    assert not PendingSignUp.objects.exists()
    assert letters() == ["already"]


def test_no_second_confirmation_within_an_hour(client, weekly):
    post(client)
    let_time_pass(minutes=58)
    post(client)
    assert letters() == ["confirm"]
    let_time_pass(minutes=3)
    post(client)
    assert letters() == ["confirm", "confirm"]


def test_no_second_word_about_an_active_subscription_within_a_day(client, weekly):
    subscribe(weekly, ANNA)
    post(client)
    let_time_pass(hours=23)
    post(client)
    assert letters() == ["already"]
    let_time_pass(hours=2)
    post(client)
    assert letters() == ["already", "already"]


def test_each_list_has_its_own_hour(client, weekly):
    open_form("daily")
    post(client)
    post(client, slug="daily")
    assert letters() == ["confirm", "confirm"]


def test_what_was_typed_last_counts_and_the_link_on_its_way_stays_good(client, weekly):
    post(client, first_name="Ana")
    expires = PendingSignUp.objects.get().expires_at
    post(client, first_name="Anna")
    pending = PendingSignUp.objects.get()
    assert pending.chosen["first_name"] == "Anna"
    assert pending.expires_at == expires


def test_the_record_names_the_version_that_was_shown(client, weekly):
    reword(weekly, "Another text.")
    post(client, wording="1")
    assert Consent.objects.get().wording.version == 1


@pytest.mark.parametrize(
    ("origin", "source"),
    [
        ("https://www.example.org", "form on https://www.example.org"),
        ("null", "form on another site"),
        (f"https://{HOSTILE}", "form on another site"),
        ("https://" + "a" * 300 + ".example.org/", "form on another site"),
    ],
)
def test_a_form_on_another_site_signs_up_and_is_named(client, weekly, origin, source):
    assert post(client, via="embed", meta={"HTTP_ORIGIN": origin}).status_code == 303
    assert Consent.objects.get().source == source
    assert Subscription.objects.get().source == source


def test_a_body_that_cannot_be_read_shows_the_form(client, weekly):
    answer = client.post("/s/weekly", b"--x\r\nrubbish", content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 422
    assert "Write your email address." in answer.text


def test_the_link_lasts_seven_days_in_whole_seconds(client, weekly):
    post(client)
    expires = PendingSignUp.objects.get().expires_at
    assert expires.microsecond == 0
    assert timedelta(days=6, hours=23) < expires - timezone.now() <= timedelta(days=7)
    assert LetterKind.CONFIRM in letters()


def test_whoever_is_erased_in_the_same_moment_signs_up_as_somebody_new(client, weekly):
    (anna,) = subscribe(weekly, ANNA)
    erasures = []

    def erase_before_the_lock(execute, sql, params, many, context):
        if "FOR NO KEY UPDATE" in sql and not erasures:
            erasures.append(True)
            erasures.append(erase(anna.pk, by="the person", source="erasure page"))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(erase_before_the_lock):
        assert post(client).status_code == 303
    assert erasures[1].subscriber_id == anna.pk
    assert state_of() == "pending"
    assert Subscriber.objects.get(email=ANNA).pk != anna.pk


def test_nobody_fills_a_strangers_mailbox_hour_after_hour(client, weekly):
    open_form("daily")
    for hour in range(30):
        Letter.objects.update(created_at=F("created_at") - timedelta(hours=1))
        cache.clear()
        for slug in ("weekly", "daily"):
            assert post(client, slug=slug).status_code == 303, hour
    a_day = Letter.objects.filter(created_at__gt=timezone.now() - timedelta(days=1))
    assert a_day.count() == MOST_A_DAY
    Letter.objects.update(created_at=F("created_at") - timedelta(days=1))
    assert post(client).status_code == 303
    assert a_day.count() == 1, "the next day there is one again"
