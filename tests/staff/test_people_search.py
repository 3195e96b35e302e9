"""The search for people: one box and a few filters, over the people whom somebody may see."""

import json
from urllib.parse import parse_qs, urlparse

import pytest
from django.utils import timezone

from mailer.staff.people.finding import ON_A_PAGE
from subscribers.models import Subscriber, Subscription, Suppression, Topic
from subscribers.search.index import index_some
from subscribers.segments import compile_rule, parse
from subscribers.segments.counting import count
from tests.newsroom import crowd, make_issue, subscribe
from tests.roles import somebody

pytestmark = pytest.mark.django_db
PAGE = "/staff/people/"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def ours():
    newsletter = make_issue(suffix="ours").newsletter
    mailing_list = newsletter.mailing_list
    [anna] = subscribe(mailing_list, "anna@example.org", topics=["ai"], first_name=HOSTILE)
    subscribe(mailing_list, "ben@example.org", state="pending")
    [carl] = subscribe(make_issue(suffix="theirs").newsletter.mailing_list, "carl@example.org")
    Subscription.objects.create(subscriber=carl, mailing_list=mailing_list, state="unsubscribed")
    subscribe(make_issue(suffix="other").newsletter.mailing_list, "dora@example.org", topics=["travel"])
    Subscriber.objects.filter(pk=anna.pk).update(attributes={"plan": "Gold", "age": 40})
    Subscriber.objects.filter(pk=carl.pk).update(attributes={"tags": ["vip"]})
    Suppression.objects.create(address="ben@example.org", reason="bounce")
    return newsletter


def found(client, query: str) -> list[str]:
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    return [person.email.partition("@")[0] for person in answer.context["found"].people]


@pytest.mark.parametrize(
    ("query", "people"),
    [
        ("", ["dora", "carl", "ben", "anna"]),
        ("q=ANN", ["anna"]),
        ("q=example+carl", ["carl"]),
        ("q=plan%3Dgold", ["anna"]),
        ("q=age+%3D+40", ["anna"]),
        ("q=tags%3Dvip", ["carl"]),
        ("q=plan__x%3Dgold", []),
        ("q=%00", ["dora", "carl", "ben", "anna"]),
        ("list=weekly-ours", ["carl", "ben", "anna"]),
        ("list=weekly-ours&state=unsubscribed", ["carl"]),
        ("list=none", []),
        ("state=pending", ["ben"]),
        ("state=nonsense", ["dora", "carl", "ben", "anna"]),
        ("topic=ai", ["carl", "ben", "anna"]),
        ("topic=none", []),
        ("suppressed=yes", ["ben"]),
        ("suppressed=no&list=weekly-ours", ["carl", "anna"]),
        ("q=example&suppressed=yes", ["ben"]),
        ("before=99999999999999999999999", ["dora", "carl", "ben", "anna"]),
        ("before=-1", ["dora", "carl", "ben", "anna"]),
    ],
)
def test_people_are_found(client, ours, query, people):
    client.force_login(somebody("marketer"))
    assert found(client, query) == people
    index_some()
    assert found(client, query) == people


def test_only_the_people_of_ones_own_lists_are_found_and_only_those_lists_are_told(client, ours):
    client.force_login(somebody("marketer", at=ours))
    assert found(client, "") == ["carl", "ben", "anna"]
    for query in ("q=dora", "q=example+dora", "list=weekly-theirs", "list=weekly-other"):
        assert found(client, query) == [], query
    text = client.get(PAGE).text
    assert "weekly-theirs" not in text
    assert "weekly-ours" in text
    shown = client.get(f"{PAGE}?q=carl").context["found"].people[0].shown_subscriptions
    assert [each.mailing_list_id for each in shown] == [ours.mailing_list_id]


def test_what_people_wrote_is_escaped_and_a_piece_is_given_to_who_types(client, ours):
    client.force_login(somebody("marketer"))
    whole, piece = client.get(PAGE), client.get(PAGE, headers={"HX-Request": "true"})
    for answer in (whole, piece):
        assert HOSTILE not in answer.text
        assert "&lt;script&gt;" in answer.text
        assert "no-store" in answer["Cache-Control"]
    assert "<html" in whole.text
    assert "<html" not in piece.text


def test_pages_lead_to_the_next_and_nothing_is_counted(client, ours, django_assert_max_num_queries):
    crowd(ours.mailing_list, ON_A_PAGE)
    client.force_login(somebody("marketer"))
    with django_assert_max_num_queries(16) as queries:
        first = client.get(f"{PAGE}?list=weekly-ours")
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"]]
    assert len(first.context["found"].people) == ON_A_PAGE
    assert found(client, first.context["next"]) == ["carl", "ben", "anna"]


def test_where_many_fit_the_best_are_shown_and_that_is_said(client, ours):
    crowd(ours.mailing_list, ON_A_PAGE + 1)
    client.force_login(somebody("marketer"))
    for query in ("q=reader", "q=reader&list=weekly-ours"):
        answer = client.get(f"{PAGE}?{query}")
        assert len(answer.context["found"].people) == ON_A_PAGE
        assert f"More than {ON_A_PAGE} people fit" in answer.text


def test_a_search_becomes_a_segment_of_the_same_people(client, ours):
    Topic.objects.get_or_create(slug="ai", defaults={"name": "AI"})
    client.force_login(somebody("marketer"))
    for query in ("list=weekly-ours", "state=pending", "suppressed=no&topic=ai", "q=plan%3Dgold", "q=carl@"):
        answer = client.get(f"{PAGE}?{query}")
        rule = json.loads(parse_qs(urlparse(answer.context["segment_url"]).query)["rule"][0])
        people = count(compile_rule(parse(rule), now=timezone.now()))
        assert people == len(answer.context["found"].people), query
    assert client.get(PAGE).context["segment_url"] == ""


def test_it_is_for_those_who_may_see_people(client, ours):
    assert client.get(PAGE).url.startswith("/staff/login/")
    client.force_login(somebody("reader"))
    assert client.get(PAGE).status_code == 403
    client.force_login(somebody("editor"))
    answer = client.get(f"{PAGE}?q=anna")
    assert (answer.status_code, answer.context["segment_url"]) == (200, "")
