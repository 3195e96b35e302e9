"""The preference centre: choices, a pause because mail was refused, other lists, one's data, and hostile forms."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from subscribers.joining import join
from subscribers.models import (
    Consent,
    Letter,
    MailingList,
    Subscriber,
    Subscription,
    Suppression,
    Topic,
    Wording,
)
from subscribers.preferences import chosen
from subscribers.privacy.erase import erase
from subscribers.signals import confirmed
from tests.subscribers.readers import (
    ORIGIN,
    link,
    make_list,
    make_reader,
    publish,
    records,
    strict_client,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def client():
    return strict_client()


@pytest.fixture
def weekly():
    return make_list("weekly", "Weekly")


@pytest.fixture
def subscription(weekly):
    return make_reader(weekly, first_name="Anna")


def post(client, subscription, act, **fields):
    return client.post(link("preferences", subscription), {"act": act} | fields)


def save(client, subscription, **fields):
    return post(client, subscription, "save", **({"first_name": "Anna"} | fields))


def now(subscription):
    return Subscription.objects.select_related("subscriber").get(pk=subscription.pk)


@pytest.mark.parametrize("cadence", ["every", "second", "monthly"])
def test_a_cadence_is_chosen_and_recorded(client, subscription, cadence):
    before = "monthly" if cadence == "every" else "every"
    Subscription.objects.update(cadence=before)
    assert "Saved." in save(client, subscription, cadence=cadence).text
    assert now(subscription).cadence == cadence
    changed = {"changed": {"cadence": [before, cadence]}, "origin": ORIGIN}
    assert records() == [("changed", "preferences page", changed)]


def test_the_page_shows_what_is_chosen(client, subscription):
    Subscription.objects.update(cadence="second")
    Subscriber.objects.update(language="de", time_zone="America/Argentina/Buenos_Aires")
    page = client.get(link("preferences", subscription)).text
    assert 'value="second" id="id_cadence_1" checked' in page
    assert '<option value="de" selected>Deutsch</option>' in page
    assert '<option value="America/Argentina/Buenos_Aires" selected>Argentina, Buenos Aires</option>' in page


def test_language_and_time_zone_are_saved_and_the_record_does_not_say_where_one_lives(client, subscription):
    answer = save(client, subscription, language="de", time_zone="Asia/Singapore")
    assert '<html lang="de">' in answer.text
    person = now(subscription).subscriber
    assert (person.language, person.time_zone) == ("de", "Asia/Singapore")
    assert Consent.objects.get().detail["changed"] == {"language": ["", "de"], "time_zone": True}


def test_choices_that_a_form_does_not_have_stay_as_they_are(client, subscription):
    Subscription.objects.update(cadence="monthly")
    Subscriber.objects.update(language="fr", time_zone="Europe/Paris")
    save(client, subscription)
    assert now(subscription).cadence == "monthly"
    assert now(subscription).subscriber.language == "fr"
    assert not Consent.objects.exists()


def test_a_language_and_a_zone_that_are_not_on_offer_can_be_kept(client, subscription):
    Subscriber.objects.update(language="sr-Latn", time_zone="Asia/Calcutta")
    page = client.get(link("preferences", subscription)).text
    assert '<option value="sr-Latn" selected>' in page
    assert '<option value="Asia/Calcutta" selected>' in page
    assert "Saved." in save(client, subscription, language="sr-Latn", time_zone="Asia/Calcutta").text
    assert not Consent.objects.exists()


def test_the_language_of_the_newsletter_is_on_offer(client, subscription, weekly):
    publish(weekly, language="id")
    assert '<option value="id">id</option>' in client.get(link("preferences", subscription)).text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cadence", "hourly"),
        ("cadence", "every\x00"),
        ("language", "xx"),
        ("language", "<script>"),
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "../../etc/passwd"),
        ("time_zone", "x" * 100_000),
    ],
)
def test_what_is_not_on_offer_is_refused_beside_its_field(client, subscription, field, value):
    answer = save(client, subscription, **{field: value}, last_name="Berg")
    assert "This is not one of the choices" in answer.text
    assert f'href="#id_{field}"' in answer.text
    assert f'id="id_{field}_error"' in answer.text
    assert f'id="id_{field}"' in answer.text
    assert "<title>Error:" in answer.text
    assert not Consent.objects.exists()
    assert "<script>" not in answer.text


def refused(subscription, days=30):
    until = timezone.localdate() + timedelta(days=days)
    Subscription.objects.update(paused_until=until, paused_because="soft_bounces")
    return until


def test_a_pause_because_mail_was_refused_says_so_and_ends_by_a_button(client, subscription):
    until = refused(subscription)
    assert "refused again and again" in client.get(link("preferences", subscription)).text
    answer = post(client, subscription, "resume")
    assert "you get the next issue again" in answer.text
    assert "refused again and again" not in answer.text
    assert (now(subscription).paused_until, now(subscription).paused_because) == (None, "asked")
    changed = {"changed": {"paused_until": [until.isoformat(), None]}, "origin": ORIGIN}
    assert records() == [("changed", "preferences page", changed)]


def test_other_choices_leave_a_pause_because_mail_was_refused_what_it_is(client, subscription):
    until = refused(subscription, days=3000)
    assert "Saved." in save(client, subscription, last_name="Berg", paused_until=until.isoformat()).text
    assert (now(subscription).paused_until, now(subscription).paused_because) == (until, "soft_bounces")


def test_a_pause_of_ones_own_takes_the_place_of_the_one_because_mail_was_refused(client, subscription):
    refused(subscription)
    until = timezone.localdate() + timedelta(days=5)
    save(client, subscription, paused_until=until.isoformat())
    assert (now(subscription).paused_until, now(subscription).paused_because) == (until, "asked")


def test_nothing_ends_a_pause_that_was_asked_for_but_its_field(client, subscription):
    until = timezone.localdate() + timedelta(days=5)
    Subscription.objects.update(paused_until=until)
    page = client.get(link("preferences", subscription)).text
    assert "refused" not in page
    post(client, subscription, "resume")
    assert now(subscription).paused_until == until


@pytest.fixture
def brief():
    """Another list, that people may join."""
    brief = make_list("brief", "Brief", description="Five minutes a day", public=True)
    publish(brief, name="The Morning Brief")
    return brief


def test_another_public_list_is_joined_with_the_words_that_were_shown(client, subscription, brief):
    wording = Wording.objects.create(mailing_list=brief, version=1, text="I agree to the Brief.")
    told = []

    def listen(**what):
        told.append((what["mailing_list_id"], what["subscriber_id"]))

    page = client.get(link("preferences", subscription)).text
    assert "The Morning Brief" in page
    assert "Five minutes a day" in page
    assert "I agree to the Brief." in page
    confirmed.connect(listen)
    answer = post(client, subscription, "join", list=brief.pk, wording=wording.pk)
    post(client, subscription, "join", list=brief.pk, wording=wording.pk)
    confirmed.disconnect(listen)
    assert "You are on the list of The Morning Brief now." in answer.text
    joined = Subscription.objects.get(mailing_list=brief)
    assert (joined.subscriber_id, joined.state, joined.source) == (
        subscription.subscriber_id,
        "active",
        "preferences page",
    )
    consent = Consent.objects.get()
    assert (consent.action, consent.source, consent.wording) == ("signed_up", "preferences page", wording)
    assert told == [(brief.pk, subscription.subscriber_id)]
    assert link("preferences", joined, number=0) in answer.text


def test_words_that_changed_since_the_page_was_opened_are_shown_first(client, subscription, brief):
    old = Wording.objects.create(mailing_list=brief, version=1, text="Once a week.")
    Wording.objects.create(mailing_list=brief, version=2, text="Once a day.")
    answer = post(client, subscription, "join", list=brief.pk, wording=old.pk)
    assert "has changed. Please read it" in answer.text
    assert "Once a day." in answer.text
    assert not Subscription.objects.filter(mailing_list=brief).exists()


@pytest.mark.parametrize("state", ["pending", "unsubscribed"])
def test_joining_makes_an_earlier_subscription_active_without_its_old_pause(
    client, subscription, brief, state
):
    Subscription.objects.create(
        subscriber=subscription.subscriber,
        mailing_list=brief,
        state=state,
        paused_until=timezone.localdate() + timedelta(days=300),
        paused_because="soft_bounces",
    )
    post(client, subscription, "join", list=brief.pk)
    joined = Subscription.objects.get(mailing_list=brief)
    assert (joined.state, joined.paused_until, joined.paused_because) == ("active", None, "asked")


@pytest.mark.parametrize(
    "number", ["{private}", "0", "-1", "9" * 400, "1e3", "\x00", "", "{own} OR 1=1", "٣"]
)
def test_no_list_is_joined_that_is_not_on_offer(client, subscription, brief, number):
    private = make_list("staff", "Staff only")
    answer = post(
        client, subscription, "join", list=number.format(private=private.pk, own=subscription.mailing_list_id)
    )
    assert "not offered any more" in answer.text
    assert Subscription.objects.count() == 1
    assert "Staff only" not in answer.text


def test_a_list_that_is_not_public_shows_to_those_who_are_on_it_only(client, subscription):
    private = make_list("staff", "Staff only")
    assert "Staff only" not in client.get(link("preferences", subscription)).text
    Subscription.objects.create(subscriber=subscription.subscriber, mailing_list=private, state="active")
    assert "Staff only" in client.get(link("preferences", subscription)).text


def test_the_ids_of_others_in_a_form_change_nothing_of_theirs(client, subscription, weekly):
    other = make_reader(weekly, "bob@example.org", first_name="Bob")
    save(
        client,
        subscription,
        first_name="Mallory",
        subscriber=other.subscriber_id,
        subscriber_id=other.subscriber_id,
        id=other.pk,
        pk=other.pk,
        token="x",
    )
    post(client, subscription, "leave", subscriber_id=other.subscriber_id)
    assert now(other).subscriber.first_name == "Bob"
    assert now(other).state == "active"


@pytest.mark.parametrize("kind", ["export", "erase"])
def test_ones_data_is_asked_for_by_a_mail_at_most_once_an_hour(client, subscription, kind):
    assert "sent you a mail" in post(client, subscription, kind).text
    assert "less than an hour ago" in post(client, subscription, kind).text
    letter = Letter.objects.get()
    assert (letter.kind, letter.subscriber_id, letter.mailing_list_id, letter.address) == (
        kind,
        subscription.subscriber_id,
        subscription.mailing_list_id,
        "",
    )
    Letter.objects.update(created_at=timezone.now() - timedelta(minutes=61))
    post(client, subscription, kind)
    assert Letter.objects.count() == 2


@pytest.mark.parametrize(("reason", "offered"), [("bounce", False), ("invalid", False), ("complaint", True)])
def test_no_mail_is_promised_to_an_address_that_it_cannot_reach(client, subscription, reason, offered):
    Suppression.objects.create(address="anna@example.org", reason=reason)
    page = client.get(link("preferences", subscription)).text
    assert ('value="export"' in page) is offered
    assert ("a person will see to it" in page) is not offered


@pytest.mark.parametrize("page", ["preferences", "unsubscribe"])
def test_the_link_of_somebody_who_was_erased_leads_to_nothing(client, subscription, page):
    erase(subscription.subscriber_id, by="the person", source="a test")
    assert "There is nothing for you to do" in client.get(link(page, subscription)).text
    assert "There is nothing for you to do" in post(client, subscription, "export").text
    assert not Letter.objects.exists()


@pytest.mark.parametrize("field", ["first_name", "last_name"])
def test_names_lose_what_turns_or_hides_text(client, subscription, field):
    save(client, subscription, **{field: "‮Ev\x07e\u200b\r\n B\u2066erg​"})
    assert getattr(now(subscription).subscriber, field) == "Eve Berg"


HOSTILE = ["\x00", "‮" * 50, "x" * 300_000, "😀" * 1000, "{{ 7*7 }}", "%(name)s %s {0}", "<b>&amp;", "\ud800"]


@pytest.mark.parametrize("act", ["save", "join", "address", "leave", "say-why", "resume", "no-such-act"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_in_any_field_breaks_a_page(client, subscription, act, text):
    fields = dict.fromkeys(
        [
            "first_name",
            "last_name",
            "topics",
            "cadence",
            "paused_until",
            "language",
            "time_zone",
            "email",
            "list",
            "wording",
            "reason",
            "remark",
        ],
        text,
    )
    body = "&".join(
        f"{name}={''.join(f'%{byte:02x}' for byte in value.encode('utf-8', 'surrogatepass'))}"
        for name, value in ({"act": act} | fields).items()
    )
    answer = client.post(
        link("preferences", subscription), body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 200
    assert "<b>&amp;" not in answer.text
    assert Subscriber.objects.get().email == "anna@example.org"


def test_a_hostile_name_of_another_list_is_shown_as_text(client, subscription):
    attack = '"><script>alert(1)</script>%(x)s{0}'
    hostile = make_list("attack", attack, description=attack, public=True)
    Wording.objects.create(mailing_list=hostile, version=1, text=attack)
    for answer in (
        client.get(link("preferences", subscription)),
        post(client, subscription, "join", list=hostile.pk, wording=""),
        post(client, subscription, "join", list=hostile.pk, wording=hostile.wordings.get().pk),
    ):
        assert "<script" not in answer.text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;%(x)s{0}" in answer.text


def test_topics_belong_to_the_person_and_the_cadence_to_the_list(client, subscription, brief):
    policy = Topic.objects.create(slug="policy", name="Policy")
    post(client, subscription, "join", list=brief.pk)
    save(client, subscription, topics=[policy.pk], cadence="monthly")
    joined = Subscription.objects.get(mailing_list=brief)
    assert joined.cadence == "every"
    assert joined.subscriber.topic_ids == [policy.pk]


def test_the_number_of_queries_does_not_grow_with_the_people(
    client, subscription, weekly, django_assert_max_num_queries
):
    for number in range(20):
        make_reader(weekly, f"reader{number}@example.org")
    MailingList.objects.update(public=True)
    with django_assert_max_num_queries(12):
        client.get(link("preferences", subscription))


def test_whoever_is_erased_in_the_same_moment_is_on_no_list_and_says_nothing(client, subscription, brief):
    """The page was opened before: what it holds of the person is old by the time that the act is done."""
    wanted = replace(chosen.of(subscription, timezone.localdate()), first_name="Annalise")
    erase(subscription.subscriber_id, by="the person", source="erasure page")
    before = Consent.objects.count()
    number = subscription.subscriber_id
    assert not join(brief, number, source="preferences page", wording=None, via=subscription.mailing_list_id)
    assert not chosen.save(subscription, wanted, source="preferences page")
    assert Consent.objects.count() == before
    assert not Subscription.objects.exists()


def test_a_page_of_somebody_erased_meanwhile_shows_nothing_of_them(client, subscription):
    def erase_before_the_lock(execute, sql, params, many, context):
        if "FOR NO KEY UPDATE" in sql and not erasures:
            erasures.append(True)
            erase(subscription.subscriber_id, by="the person", source="erasure page")
        return execute(sql, params, many, context)

    erasures = []
    with connection.execute_wrapper(erase_before_the_lock):
        answer = save(client, subscription, first_name="Annalise")
    assert erasures
    assert answer.status_code == 200
    assert "Annalise" not in answer.text
    assert "Saved." not in answer.text
