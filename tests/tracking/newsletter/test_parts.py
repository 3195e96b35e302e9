"""Topics, hours, list health and domains: each figure on people of whom the answer is known."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection

from mailer.delivery.models import Delivery, Edition, Link, Send
from mailer.issues.models import Story
from mailer.tracking.models import Click
from mailer.tracking.newsletter.addresses import odd_addresses
from mailer.tracking.newsletter.charts import NARROWEST, growth_chart
from mailer.tracking.newsletter.domains import domains
from mailer.tracking.newsletter.figures import Arrivals, Hours, Period
from mailer.tracking.newsletter.health import health
from mailer.tracking.newsletter.hours import hours, known_zones
from mailer.tracking.newsletter.issues import last_issues
from mailer.tracking.newsletter.topics import topics
from mailer.tracking.newsletter.wording import best
from subscribers.models import Subscriber, Subscription, Topic
from subscribers.privacy.erase import erase
from tests.tracking.newsletter.plain import Reader
from tests.tracking.newsletter.world import NOW, add_batch, make_newsletter, sends, write_down

pytestmark = pytest.mark.django_db


def counted(newsletter, part, *arguments):
    with connection.cursor() as cursor:
        return part(cursor, *arguments, last_issues(cursor, newsletter.pk, 52))


def test_topics_are_counted_as_they_are_chosen_and_as_stories_with_them_are_clicked():
    newsletter = make_newsletter(2)
    tea, travel, unused = (Topic.objects.create(slug=slug, name=slug) for slug in ("tea", "travel", "unused"))
    everybody = frozenset({1, 2})
    numbers = write_down(
        [
            Reader(sent=everybody),
            Reader(sent=everybody),
            Reader(sent=everybody),
            Reader(state="unsubscribed"),
        ],
        newsletter,
    )
    for number, chosen in zip(numbers, ([tea], [tea, travel], [], [travel]), strict=True):
        Subscriber.objects.filter(pk=number).update(topic_ids=[topic.pk for topic in chosen])
    for send in sends(newsletter):
        story = Story.objects.create(issue=send.issue, position=1, headline="Trains", body="…")
        story.topics.set([travel])
        links = [Link.objects.create(send=send, url=f"https://x.example/{n}", story=story) for n in range(2)]
        for link in links:  # two links of one story are one
            Click.objects.create(link=link, subscriber_id=numbers[0], at=NOW)
        Click.objects.create(link=links[0], subscriber_id=numbers[1], at=NOW, rule="burst")
        Click.objects.create(
            link=Link.objects.create(send=send, url="https://x.example/about"),
            subscriber_id=numbers[1],
            at=NOW,
        )
    found = counted(newsletter, lambda cursor, issues: topics(cursor, newsletter, issues))
    assert (found.people, found.chose) == (3, 2)
    assert [(each.name, each.chosen, each.clicked, each.stories) for each in found.topics] == [
        ("tea", 2, 0, 0),
        ("travel", 1, 2, 2),
    ]
    assert found.shares(found.topics[1]) == pytest.approx((1 / 3, 1, 2 / 3))
    assert unused.name not in [each.name for each in found.topics]


@pytest.mark.parametrize(
    ("at", "time_zone", "country", "weekday", "hour", "own"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Europe/Berlin", "", 6, 1, True),
        (datetime(2026, 3, 29, 1, 1, tzinfo=UTC), "Europe/Berlin", "", 6, 3, True),
        (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Berlin", "", 6, 2, True),
        (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Berlin", "", 6, 2, True),
        (datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "Asia/Kolkata", "DE", 0, 1, True),
        (datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "", "SG", 0, 4, True),
        (datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "Not/AZone'; --", "US", 6, 15, True),
        (datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "", "", 0, 5, False),
        (datetime(2026, 3, 1, 20, 0, tzinfo=UTC), "", "ZZ", 0, 5, False),
    ],
)
def test_an_open_counts_at_the_hour_that_the_reader_lives_by(at, time_zone, country, weekday, hour, own):
    newsletter = make_newsletter(1)
    (number,) = write_down([Reader(opened=frozenset({1}), sent=frozenset({1}))], newsletter)
    Subscriber.objects.filter(pk=number).update(time_zone=time_zone, country=country)
    Delivery.objects.update(opened_at=at)
    found = counted(
        newsletter,
        lambda cursor, issues: hours(cursor, issues, known_zones(cursor), "Asia/Seoul"),
    )
    assert [place for place, acts in enumerate(found.acts) if acts] == [weekday * 24 + hour]
    assert (found.total, found.own) == (1, int(own))
    assert found.best == (weekday, hour)


def test_few_acts_are_called_a_hint_and_none_are_no_hour():
    acts = [0] * 168
    assert best(Hours(tuple(acts), 0)) == "Nobody opened or clicked anything yet."
    acts[24 + 7], acts[8], acts[32], acts[56] = 200, 120, 120, 60
    few, enough = Hours((*acts[:-1], -1), 0), Hours(tuple(acts), 400)
    assert few.few
    assert "fewer than 500" in best(few)
    assert best(enough) == (
        "Most opens and clicks fall on Tuesday, 07:00–08:00; over all days, on 08:00–09:00. "
        "Based on 500, of which 400 in the reader's own time zone or their country's."
    )


def test_list_health_counts_who_is_out_of_reach_and_who_never_reads():
    newsletter = make_newsletter(3)
    sent = frozenset({1, 2, 3})
    numbers = write_down(
        [
            Reader(sent=sent, opened=frozenset({3})),
            Reader(sent=sent),
            Reader(sent=sent, state="unsubscribed"),
            Reader(state="pending"),
            Reader(suppressed={"bounce": NOW, "manual": NOW}),
            Reader(),
            Reader(),
        ],
        newsletter,
    )
    Subscriber.objects.filter(pk=numbers[1]).update(email="Info@gmial.com")
    on = Subscription.objects.filter(mailing_list=newsletter.mailing_list)
    on.update(created_at=NOW - timedelta(days=300))
    on.filter(subscriber=numbers[0]).update(created_at=NOW - timedelta(days=10))
    on.filter(subscriber=numbers[1]).update(created_at=NOW - timedelta(days=900))
    on.filter(subscriber=numbers[5]).update(paused_until=NOW.date() + timedelta(days=1))
    on.filter(subscriber=numbers[6]).update(
        paused_until=NOW.date() + timedelta(days=1), paused_because="soft_bounces"
    )
    found = counted(
        newsletter,
        lambda cursor, issues: health(cursor, newsletter, issues, odd_addresses(cursor, newsletter), NOW),
    )
    assert (found.people, found.suppressed, found.unconfirmed) == (4, 1, 1)
    assert (found.asked_pause, found.soft_bounces) == (1, 1)
    assert (found.roles, found.slips) == (1, 1)
    assert (found.never, found.sent) == (1, 2)
    assert (found.days, found.young, found.old) == (300, 1, 1)


def test_domains_tell_what_became_of_each_issue_and_add_up_the_small_ones():
    newsletter = make_newsletter(2)
    sent = frozenset({1, 2})
    numbers = []
    for n in range(9):
        numbers += write_down([Reader(sent=sent)] * (3 if n == 0 else 1), newsletter, domain=f"d{n}.Example")
    newest, older = sends(newsletter)
    first = Delivery.objects.filter(send=newest, subscriber=numbers[0])
    first.update(delivered_at=None, bounced_at=NOW, blocked_at=NOW)
    Delivery.objects.filter(send=newest, subscriber=numbers[1]).update(delivered_at=None, blocked_at=NOW)
    Delivery.objects.filter(send=older, subscriber=numbers[2]).update(
        blocked_at=NOW, complained_at=NOW, opened_at=NOW
    )
    Delivery.objects.filter(send=older, subscriber=numbers[3]).update(rejected_because="no")
    erase(numbers[-1], by="staff: mia", source="staff: mia")
    found = counted(newsletter, lambda cursor, issues: domains(cursor, issues))
    assert found[0].name == "d0.example"
    assert found[0].issues == (
        # Blocked after its server had taken it: in both, as in the report of the issue.
        Arrivals(sent=3, delivered=3, blocked=1, complained=1, opened=1),
        Arrivals(sent=3, delivered=1, bounced=1, blocked=1),
    )
    assert [domain.name for domain in found[1:]] == [
        *(f"d{n}.example" for n in range(2, 8)),
        "d1.example",
        "people erased since",
    ]
    assert found[-2].issues == (Arrivals(), Arrivals(sent=1, delivered=1))
    assert sum(domain.all.sent for domain in found) == 21


def test_who_got_an_issue_at_the_second_send_of_it_is_one_person():
    newsletter = make_newsletter(1)
    refused, _ = write_down([Reader(sent=frozenset({1}))] * 2, newsletter)
    (first,) = sends(newsletter)
    Delivery.objects.filter(send=first, subscriber=refused).update(delivered_at=None, blocked_at=NOW)
    again = Send.objects.create(
        issue=first.issue,
        mailing_list=first.mailing_list,
        previous=first,
        planned_at=NOW,
        candidates=1,
        started_at=NOW,
    )
    Edition.objects.create(send=again, story_ids=[], language="en", subject="s", html="", text="", tags=[])
    batch = add_batch(again, [refused])
    Delivery.objects.create(send=again, subscriber_id=refused, batch=batch, delivered_at=NOW)
    (domain,) = counted(newsletter, lambda cursor, issues: domains(cursor, issues))
    assert domain.issues == (Arrivals(sent=2, delivered=2, blocked=1),)


def test_the_only_week_is_a_narrow_column_with_a_dot():
    chart = growth_chart([Period(date(2026, 11, 23), confirmed=5, size=5)], str)
    assert chart.width == NARROWEST
    assert chart.columns[0].width == "0.76"
    first, second = chart.line.removeprefix("M").split("L")
    assert first == second
    assert chart.ticks == ("2026-11-23",)
