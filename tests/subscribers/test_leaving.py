"""Leaving a list or all of them, and saying why."""

import pytest

from subscribers.models import Consent, Remark, Subscription
from subscribers.signals import left
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
LEFT = ("left", "unsubscribe page", {"origin": ORIGIN})


@pytest.fixture
def client():
    return strict_client()


@pytest.fixture
def subscription():
    return make_reader(make_list("weekly", "Weekly"))


@pytest.fixture
def more(subscription):
    """The same person on two more lists, and once not any more."""
    return [
        Subscription.objects.create(
            subscriber=subscription.subscriber, mailing_list=make_list(slug, slug.title()), state=state
        )
        for slug, state in (("brief", "active"), ("daily", "pending"), ("old", "unsubscribed"))
    ]


def post(client, subscription, act, **fields):
    return client.post(link("preferences", subscription), {"act": act} | fields)


def states():
    return set(Subscription.objects.values_list("mailing_list__slug", "state"))


def test_one_click_leaves_first_and_then_asks_why(client, subscription):
    answer = client.post(link("unsubscribe", subscription))
    assert states() == {("weekly", "unsubscribed")}
    assert records() == [LEFT]
    assert "Would you tell us why?" in answer.text
    thanks = post(client, subscription, "say-why", reason="too_many", remark="Once a month\r\nwould do.")
    assert "Thank you for telling us." in thanks.text
    assert "Would you tell us why?" not in thanks.text
    assert records() == [LEFT, ("changed", "page after leaving", {"reason": "too_many"})]
    assert Remark.objects.get().text == "Once a month\nwould do."


def test_why_is_said_once_for_each_time_that_one_leaves(client, subscription):
    for _ in range(2):
        client.post(link("unsubscribe", subscription))
        for _ in range(2):
            post(client, subscription, "say-why", reason="other", remark="So.")
        post(client, subscription, "come-back")
    assert [action for action, _, _ in records()] == ["left", "changed", "signed_up"] * 2
    assert Remark.objects.count() == 2


def test_what_somebody_writes_does_not_go_into_the_record_that_cannot_be_erased(client, subscription):
    post(client, subscription, "leave", reason="never_asked", remark="I am Anna Berg of Bergen")
    assert records() == [("left", "preferences page", {"reason": "never_asked", "origin": ORIGIN})]
    assert Remark.objects.get().text == "I am Anna Berg of Bergen"


def test_a_remark_alone_counts_as_another_reason(client, subscription):
    client.post(link("unsubscribe", subscription))
    post(client, subscription, "say-why", remark="Ask Bob.")
    assert Consent.objects.order_by("-id")[0].detail == {"reason": "other"}


def test_nothing_said_is_nothing_written(client, subscription):
    client.post(link("unsubscribe", subscription))
    post(client, subscription, "say-why", remark=" \r\n ")
    assert records() == [LEFT]


def test_whoever_is_on_the_list_has_no_reason_for_leaving(client, subscription):
    answer = post(client, subscription, "say-why", reason="too_many", remark="Hm")
    assert "You have left" not in answer.text
    assert records() == []
    assert not Remark.objects.exists()


@pytest.mark.parametrize("reason", ["because", "\x00", "x" * 100_000, "<script>", ""])
def test_a_reason_that_cannot_be_understood_keeps_nobody(client, subscription, reason):
    assert "You have left" in post(client, subscription, "leave", reason=reason).text
    assert records() == [("left", "preferences page", {"origin": ORIGIN})]


def test_a_remark_is_kept_without_what_hides_text_and_not_beyond_its_length(client, subscription):
    post(client, subscription, "leave", remark="a\x00‮b\n\n\n\nc" + "x" * 5000)
    text = Remark.objects.get().text
    assert text.startswith("ab\n\ncx")
    assert len(text) == 1000


def test_leaving_all_takes_the_person_off_every_list_with_a_record_each(client, subscription, more):
    told = []

    def listen(**what):
        told.append((what["mailing_list_id"], what["origin"]))

    left.connect(listen)
    answer = post(client, subscription, "leave-all", reason="too_many", remark="Enough.")
    left.disconnect(listen)
    assert "You have left all our lists" in answer.text
    assert {state for _, state in states()} == {"unsubscribed"}
    assert list(
        Consent.objects.order_by("mailing_list_id").values_list("mailing_list__slug", "action", "detail")
    ) == [
        ("weekly", "left", {"reason": "too_many", "origin": ORIGIN}),
        ("brief", "left", {"reason": "too_many"}),
        ("daily", "left", {"reason": "too_many"}),
    ]
    # The origin is in the numbering of the list whose link it came with.
    assert sorted(told) == sorted(
        [
            (subscription.mailing_list_id, ORIGIN),
            (more[0].mailing_list_id, 0),
            (more[1].mailing_list_id, 0),
        ]
    )
    assert Remark.objects.get().mailing_list_id == subscription.mailing_list_id


def test_leaving_all_twice_is_the_same_as_once(client, subscription, more):
    for _ in range(2):
        post(client, subscription, "leave-all", remark="Enough.")
    assert Consent.objects.count() == 3
    assert Remark.objects.count() == 1


def test_leaving_all_touches_nobody_else(client, subscription):
    other = make_reader(subscription.mailing_list, "bob@example.org")
    post(client, subscription, "leave-all")
    assert Subscription.objects.get(pk=other.pk).state == "active"


def test_all_lists_can_be_left_from_the_link_of_one_that_was_left_before(client, subscription, more):
    post(client, subscription, "leave")
    page = client.get(link("preferences", subscription)).text
    assert 'value="leave-all"' in page
    assert 'value="leave"' not in page
    post(client, subscription, "leave-all")
    assert {state for _, state in states()} == {"unsubscribed"}


def test_leaving_all_is_offered_to_whoever_is_on_another_list(client, subscription):
    assert 'value="leave-all"' not in client.get(link("preferences", subscription)).text
    Subscription.objects.create(
        subscriber=subscription.subscriber, mailing_list=make_list("brief", "Brief"), state="active"
    )
    assert 'value="leave-all"' in client.get(link("preferences", subscription)).text


def test_coming_back_after_leaving_all_is_to_the_one_list(client, subscription, more):
    post(client, subscription, "leave-all")
    assert "Welcome back" in post(client, subscription, "come-back").text
    assert ("weekly", "active") in states()
    assert ("brief", "unsubscribed") in states()


def test_the_pages_name_what_the_reader_knows(client, subscription):
    publish(subscription.mailing_list, name="The Asia Weekly")
    assert "Leave The Asia Weekly" in client.get(link("unsubscribe", subscription)).text
    answer = client.post(link("unsubscribe", subscription))
    assert "You have left The Asia Weekly" in answer.text
    assert "1 Raffles Place<br>Singapore 048616" in answer.text
