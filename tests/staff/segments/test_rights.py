"""Who may do what with segments, and whose people they count."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from mailer.delivery.models import Send
from subscribers.models import MailingList, Segment, Snapshot, Subscriber, Subscription
from subscribers.segments.saving import save
from subscribers.segments.snapshots import take_snapshot
from tests.newsroom import make_issue, subscribe
from tests.roles import somebody
from tests.tracking.ledger import SENT_AT, make_send
from tests.tracking.test_fold import fold_these

pytestmark = pytest.mark.django_db
ALL = {"version": 1, "field": "domain", "is": "example.org"}
ANYWHERE = [
    {"list": "*", "source": {"is": "vip"}},
    {"delivered": True},
    {"delivered": True, "in_last_issues": 3},
]
"""Of any list, and of any newsletter."""


@pytest.fixture
def ours():
    newsletter = make_issue(suffix="ours").newsletter
    subscribe(newsletter.mailing_list, "anna@example.org")
    theirs = make_issue(suffix="theirs").newsletter
    people = subscribe(theirs.mailing_list, "ben@example.org", "carl@example.org")
    Subscriber.objects.filter(pk=people[0].pk).update(attributes={"secret": "hidden"})
    return newsletter


@pytest.fixture
def segment():
    return save("everybody", ALL)[0]


def post(client: Client, address: str, body: object):
    return client.post(f"/staff/segments/{address}", json.dumps(body), content_type="application/json")


def test_a_marketer_of_one_newsletter_counts_and_sees_its_people_alone(client, ours, segment):
    client.force_login(somebody("marketer", at=ours))
    for answer in (
        post(client, "count/", {"rule": ALL}),
        client.get(f"/staff/segments/{segment.pk}/count/?as=json"),
    ):
        assert answer.json()["people"] == 1
        assert [each["address"] for each in answer.json()["examples"]] == ["anna@example.org"]
    page = client.get(f"/staff/segments/{segment.pk}/")
    assert "Of the people on your lists." in page.text
    assert "secret" not in page.text
    assert "weekly-theirs" not in page.text
    for asked in ("what=attributes", "what=attribute&name=secret"):
        assert client.get(f"/staff/segments/suggest/?{asked}").json() == {"values": []}
    assert client.get("/staff/segments/suggest/?what=domain").json() == {"values": ["example.org"]}


def test_a_snapshot_of_everybody_says_nothing_of_its_size_to_who_may_not_count_them(client, ours, segment):
    taken = take_snapshot(segment, slug="kept", now=timezone.now())
    client.force_login(somebody("marketer", at=ours))
    assert f"{taken.size} people" not in client.get(f"/staff/segments/{segment.pk}/").text
    assert f"{taken.size} people" not in client.get("/staff/segments/").text
    answer = client.post(f"/staff/segments/{segment.pk}/snapshot/", {"slug": "again"}, follow=True)
    assert "again was taken" in answer.text
    assert Snapshot.objects.count() == 2
    overlap = client.get("/staff/segments/overlap/?of=segment:everybody&of=snapshot:kept")
    assert overlap.context["compared"].in_all == 1


def test_who_may_only_look_counts_what_is_saved_and_nothing_else(client, ours, segment):
    client.force_login(somebody("reader", at=ours))
    assert client.get("/staff/segments/").status_code == 200
    page = client.get(f"/staff/segments/{segment.pk}/")
    assert page.context["data"]["may_change"] is False
    assert "count_saved" in page.context["data"]["urls"]
    assert client.get(f"/staff/segments/{segment.pk}/count/?as=json").json() == {
        "people": 1,
        "seconds": 0.0,
        "examples": [],
    }
    refused = [
        post(client, "count/", {"rule": ALL}),
        post(client, "new/save/", {}),
        post(client, f"{segment.pk}/save/", {}),
        client.post(f"/staff/segments/{segment.pk}/delete/"),
        client.post(f"/staff/segments/{segment.pk}/snapshot/"),
        client.get("/staff/segments/new/"),
        client.get("/staff/segments/suggest/?what=domain"),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)


def test_nobody_without_a_role_and_nobody_unknown_comes_in(client, segment):
    addresses = ["", "new/", "overlap/", f"{segment.pk}/", f"{segment.pk}/count/"]
    for address in addresses:
        assert client.get(f"/staff/segments/{address}").url.startswith("/staff/login/")
    client.force_login(somebody())
    assert {client.get(f"/staff/segments/{address}").status_code for address in addresses} == {403}


@pytest.mark.parametrize("act", ["save/", "delete/", "snapshot/"])
def test_nothing_changes_on_get_or_without_the_token(segment, act):
    client = Client(enforce_csrf_checks=True)
    client.force_login(somebody("administrator"))
    address = f"/staff/segments/{segment.pk}/{act}"
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 403
    assert Segment.objects.filter(pk=segment.pk).exists()
    assert not Snapshot.objects.exists()


@pytest.fixture
def both(ours):
    """Anna is on our list and, which we may not know, on theirs."""
    theirs = MailingList.objects.get(slug="weekly-theirs")
    anna = Subscriber.objects.get(email="anna@example.org")
    Subscription.objects.create(subscriber=anna, mailing_list=theirs, state="active", source="vip")
    return ours


@pytest.mark.parametrize(
    "condition",
    [
        {"list": "weekly-theirs"},
        {"none": [{"list": "weekly-theirs"}]},
        {"opened": True, "of_list": "weekly-theirs"},
        {"clicked": True, "of": "weekly-theirs"},
        {"score": {"at_least": 0}, "of": "weekly-theirs"},
        {"segment": "on-theirs"},
        {"snapshot": "kept"},
    ],
)
def test_a_count_does_not_tell_who_is_on_lists_of_others(client, both, condition):
    hidden, _ = save("on-theirs", {"version": 1, "list": "weekly-theirs"})
    taken = take_snapshot(hidden, slug="kept", now=timezone.now())
    save("on-theirs", {"version": 1, "list": "weekly-theirs"})
    segment, _ = save("asked", {"version": 1, **condition})
    client.force_login(somebody("marketer", at=both))
    refused = post(client, "count/", {"rule": segment.rule})
    assert (refused.status_code, refused.json()["code"]) == (422, "not_yours")
    assert client.get(f"/staff/segments/{segment.pk}/count/?as=json").status_code == 422
    assert "not yours to see" in client.get(f"/staff/segments/{segment.pk}/count/").text
    overlap = client.get("/staff/segments/overlap/?of=segment:asked&of=list:weekly-ours")
    assert "compared" not in overlap.context
    kept = post(
        client, "new/save/", {"name": "Mine", "slug": "mine", "rule": segment.rule, "in_reports": True}
    )
    assert (kept.status_code, kept.json()["faults"][0]["field"]) == (422, "rule")
    assert "not yours" in kept.json()["faults"][0]["message"]
    assert (
        post(client, f"{segment.pk}/save/", {"name": "A", "slug": "a", "rule": segment.rule}).status_code
        == 422
    )
    client.post(f"/staff/segments/{segment.pk}/snapshot/", {"slug": "mine"})
    assert list(Snapshot.objects.values_list("pk", flat=True)) == [taken.pk]
    export = client.post(
        "/staff/subscribers/mailinglist/export/", {"mailing_list": "weekly-ours", "segment": "asked"}
    )
    assert "not yours to see" in export.text


def test_any_list_and_any_issue_are_those_of_ones_own(client, both):
    anna = Subscriber.objects.get(email="anna@example.org")
    ledger = make_send([anna])
    Send.objects.update(started_at=SENT_AT)
    fold_these(ledger.event("delivered"))
    rules = ANYWHERE
    counts = {}
    for who, user in (
        ("all", somebody("marketer")),
        ("ours", somebody("marketer", at=both)),
    ):
        client.force_login(user)
        counts[who] = [
            post(client, "count/", {"rule": {"version": 1, **rule}}).json()["people"] for rule in rules
        ]
    assert counts == {"all": [1, 1, 1], "ours": [0, 0, 0]}


@pytest.mark.parametrize("condition", [*ANYWHERE, {"clicked": True, "of_list": "weekly-ours"}])
def test_nor_before_anything_was_sent(client, both, condition):
    """A kept rule is asked again when something was."""
    client.force_login(somebody("marketer", at=both))
    asked = {"name": "Soon", "slug": "soon", "rule": {"version": 1, **condition}}
    assert post(client, "new/save/", asked).status_code == 422
    assert not Segment.objects.filter(slug="soon").exists()


@pytest.mark.parametrize("condition", ANYWHERE)
def test_who_may_see_some_lists_alone_keeps_no_rule_that_looks_at_all(client, both, condition):
    """A send, a report or a snapshot asks a kept rule of everything, and would tell what a count does not."""
    ledger = make_send([Subscriber.objects.get(email="anna@example.org")])
    Send.objects.update(started_at=SENT_AT)
    fold_these(ledger.event("delivered"))
    asked = {"name": "Anna elsewhere", "slug": "elsewhere", "in_reports": True}
    rule = {"version": 1, "all": [{"field": "email", "is": "anna@example.org"}, condition]}
    own = {"of": "weekly-ours"} if "delivered" in condition else {"list": "weekly-ours"}
    client.force_login(somebody("marketer", at=both))
    refused = post(client, "new/save/", {**asked, "rule": rule})
    assert refused.status_code == 422
    assert [(fault["place"], fault["code"]) for fault in refused.json()["faults"]] == [
        ("all[1]", "not_yours")
    ]
    assert post(client, "new/save/", {**asked, "rule": {"version": 1, **condition, **own}}).status_code == 201
    # Whoever may see everybody keeps it, and its snapshot does not tell either.
    everywhere, _ = save("everywhere", rule)
    take_snapshot(everywhere, slug="kept", now=timezone.now())
    told = post(client, "count/", {"rule": {"version": 1, "snapshot": "kept"}})
    assert (told.status_code, told.json()["code"]) == (422, "not_yours")
