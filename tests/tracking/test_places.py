"""Every click belongs to its link and its place, and so to its story, topic and edition."""

import random
from dataclasses import replace
from importlib import import_module

import orjson
import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.delivery.links import write_links_out
from mailer.delivery.models import Edition, EditionLink, Link, Send
from mailer.delivery.places import write_places
from mailer.delivery.plan import plan
from mailer.delivery.start import discard, send_of
from mailer.delivery.welcome import welcome
from mailer.emulator.links import tracked_links
from mailer.issues.builder.build import build
from mailer.issues.builder.links import tracked_anchors
from mailer.issues.builder.personalise import personalise
from mailer.tracking import models
from mailer.tracking.fold import fold_events
from mailer.tracking.intake import store
from mailer.tracking.link_figures import link_clicks, story_clicks, topic_clicks
from mailer.tracking.replay import rebuild
from subscribers.models import Subscriber
from subscribers.privacy.erase import erase
from tests.issues import sample
from tests.newsroom import crowd, make_issue, planned_for, subscribe
from tests.tracking.sent import Click, event, fold_clicks, sent

OFFER = "https://www.example.com/offer?n={{ subscriber.first_name }}"
OUTRO = f"[Ours]({OFFER}) and [again]({OFFER})"


@pytest.fixture
def send() -> Send:
    """Two readers with all stories, two with the one on travel; the outro has a merge tag in its links."""
    issue = make_issue(outro=OUTRO)
    subscribe(issue.newsletter.mailing_list, "a@example.org", "b@example.org")
    subscribe(issue.newsletter.mailing_list, "c@example.org", "d@example.org", topics=["travel"])
    return sent(issue)


def reader(address: str) -> int:
    return Subscriber.objects.get(email=address).pk


def kept() -> list[tuple[object, ...]]:
    """The clicks that are kept: whose, on which link, where."""
    return sorted(models.Click.objects.values_list("subscriber__email", "link__url", "place"), key=str)


@pytest.mark.parametrize("theme", ["digest", "letter"])
def test_every_place_of_an_edition_is_the_one_that_click_tracking_counts(theme: str) -> None:
    issue = sample.issue(
        newsletter=sample.newsletter(theme=theme),
        intro='[One](https://a.example/1 "a > title, clicktracking=off") [mail](mailto:a@example.org) [own]({{ links.view }})',
        outro='<https://a.example/2> [Twice](https://a.example/1) and [no](HTTP://b.example/?x="1"&y=2)',
    )
    edition = build(issue)
    mail = personalise(edition, sample.RECIPIENT).html
    places = [link.url for link in edition.links]
    assert len(places) >= 9
    assert [link.position for link in edition.links] == list(range(1, len(places) + 1))
    as_requested, _ = write_links_out(edition)
    for counted in (
        tracked_links(edition.html),
        tracked_links(as_requested.html),
        [anchor.url for anchor in tracked_anchors(mail)],
    ):
        assert len(counted) == len(places)
        # Where a merge tag stands both differ: up to it they are the same.
        assert all(
            theirs.replace("&amp;", "&").startswith(ours.partition("{{")[0].replace("&amp;", "&"))
            for ours, theirs in zip(places, counted, strict=True)
        )


@pytest.mark.django_db
def test_the_plan_writes_where_each_link_stands_in_each_edition(send) -> None:
    for edition in Edition.objects.filter(send=send):
        places = list(EditionLink.objects.filter(edition=edition).order_by("place"))
        assert [place.place for place in places] == list(range(len(tracked_links(edition.html))))
        assert [place.label for place in places[-2:]] == ["Ours", "again"]
    # Merge tags have other keys in each edition: the link is one and the same.
    assert Link.objects.get(send=send, url=OFFER).places.count() == 4


@pytest.mark.django_db
def test_a_plan_that_is_discarded_takes_its_places_with_it() -> None:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 1)
    planned = send_of(issue)
    plan(planned)
    assert discard(planned)
    assert not EditionLink.objects.exists()


@pytest.mark.django_db
def test_the_welcome_issue_has_places_too() -> None:
    issue = make_issue()
    issue.newsletter.welcome_issue = issue
    issue.newsletter.save()
    (person,) = subscribe(issue.newsletter.mailing_list, "new@example.org")
    assert welcome(issue.newsletter, person.pk)
    assert EditionLink.objects.filter(edition__send__rolling=True).count() == 6


@pytest.mark.django_db
def test_places_of_many_editions_are_written_with_three_statements(django_assert_max_num_queries) -> None:
    issue = make_issue()
    crowd(issue.newsletter.mailing_list, 1)
    send = sent(issue)
    built = build(sample.issue())
    edition = replace(built, links=tuple(replace(link, story_id=None) for link in built.links))
    rows = [
        Edition(send=send, story_ids=[n], language="en", subject="", html="", text="", tags=[])
        for n in range(1_000, 1_300)
    ]
    made = Edition.objects.bulk_create(rows)
    with django_assert_max_num_queries(3):
        write_places(send, [(row.pk, edition) for row in made])
    assert EditionLink.objects.filter(edition__in=made).count() == 300 * len(edition.links)


@pytest.mark.django_db
def test_a_filled_in_merge_tag_is_known_by_its_place_in_the_readers_own_edition(send) -> None:
    filled = "https://www.example.com/offer?n=Ada"
    fold_clicks(
        send,
        Click(reader("a@example.org"), filled, place=7),
        Click(reader("c@example.org"), filled, place=3),
        Click(reader("d@example.org"), filled, place=7),  # no such place in the short edition
        Click(reader("b@example.org"), filled),  # no place told
        Click(reader("b@example.org"), filled, place=7, kind="text"),  # of the text part
    )
    assert kept() == [
        ("a@example.org", OFFER, 7),
        ("b@example.org", "", None),
        ("c@example.org", OFFER, 3),
        ("d@example.org", "", 7),
    ]


@pytest.mark.django_db
def test_an_address_that_is_known_goes_before_the_place(send) -> None:
    fold_clicks(send, Click(reader("a@example.org"), "https://www.example.com/ai", place=7))
    assert kept() == [("a@example.org", "https://www.example.com/ai", 7)]


@pytest.mark.django_db
def test_a_click_by_place_stays_what_it_is_when_its_reader_is_erased(send) -> None:
    fold_clicks(send, Click(reader("a@example.org"), "https://www.example.com/offer?n=Ada", place=7))
    before = models.Click.objects.get().link_id
    erase(reader("a@example.org"), by="anna", source="test")
    rebuild()
    assert models.Click.objects.get().link_id == before


URLS = ("https://www.example.com/ai", "https://www.example.com/offer?n=Ada", "https://elsewhere.example/")
DRAWN = st.tuples(
    st.sampled_from("ac"), st.sampled_from(URLS), st.none() | st.integers(0, 8), st.integers(0, 2)
)


@pytest.mark.django_db
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_links_and_places_do_not_depend_on_the_order_of_clicks(send, data: st.DataObject) -> None:
    def folded(events: list[dict[str, object]], size: int) -> list[tuple[object, ...]]:
        point = transaction.savepoint()
        for start in range(0, len(events), size):
            store(orjson.dumps(events[start : start + size]))
            while fold_events():
                pass
        found = kept()
        transaction.savepoint_rollback(point)
        return found

    clicks = [
        event(send, Click(reader(f"{who}@example.org"), url, place, 3_600 + after))
        for who, url, place, after in data.draw(st.lists(DRAWN, min_size=1, max_size=12))
    ]
    at_once = folded(clicks, len(clicks))
    again = data.draw(st.lists(st.sampled_from(clicks), max_size=4))
    assert folded(data.draw(st.permutations([*clicks, *again])), data.draw(st.integers(1, 4))) == at_once


@pytest.mark.django_db
def test_figures_by_link_story_and_topic_are_those_of_a_plain_count(send) -> None:
    chance = random.Random(5)
    people = [reader(f"{name}@example.org") for name in "abcd"]
    stories = dict(send.issue.stories.values_list("link", "headline"))
    urls = [*stories, "https://elsewhere.example/"]
    clicks = [Click(chance.choice(people), chance.choice(urls), after=3_600 + 60 * n) for n in range(14)]
    fold_clicks(send, *clicks)
    by_program = (people[0], urls[0])
    models.Click.objects.filter(subscriber=people[0], link__url=urls[0]).update(rule="scanner")
    human = {(click.subscriber_id, click.url) for click in clicks} - {by_program}

    links = {link.url: link for link in link_clicks(send.pk)}
    assert {url: links[url].people for url in urls[:-1]} == {
        url: len([who for who, clicked in human if clicked == url]) for url in urls[:-1]
    }
    assert links[""].clicks == len([click for click in clicks if click.url == urls[-1]])
    assert links[urls[0]].machines == 1
    assert {story.headline: story.people for story in story_clicks(send.pk)} == {
        headline: links[url].people for url, headline in stories.items()
    }
    assert {topic.name: topic.received for topic in topic_clicks(send.pk)} == {
        "Ai": 2,
        "Policy": 2,
        "Travel": 4,
    }
    assert {topic.name: topic.people for topic in topic_clicks(send.pk)} == {
        name: links[f"https://www.example.com/{name.lower()}"].people for name in ("Ai", "Policy", "Travel")
    }


@pytest.mark.django_db
@pytest.mark.parametrize("figures", [link_clicks, story_clicks, topic_clicks])
def test_each_figure_is_one_query(send, figures, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        assert figures(send.pk)


@pytest.mark.django_db
def test_clicks_from_before_know_their_edition_after_the_migration(send) -> None:
    fold_clicks(send, Click(reader("c@example.org"), "https://www.example.com/travel", place=0))
    models.Click.objects.update(edition=None)
    with connection.cursor() as cursor:
        cursor.execute(import_module("mailer.tracking.migrations.0007_places").FILL)
    assert models.Click.objects.get().edition_id == planned_for(send)["c@example.org"].edition_id
