"""Rules on engagement: what they count, and that their SQL agrees with a plain evaluation over random histories."""

import uuid
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mailer.delivery.models import Batch, Delivery, Edition, Link, Send, Submission
from mailer.issues.models import Issue, Newsletter, Story
from mailer.tracking.models import Click
from subscribers.models import MailingList, Topic
from subscribers.segments import SegmentError, compile_rule, parse, sentence
from subscribers.segments.counting import query
from tests.plain_rules import Got, Person, PlainIssue, PlainLink, World, holds, score
from tests.stored_people import store
from tests.subscribers.segment_strategies import a_few, groups_of, joined, maybe, number_tests, one

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 31, 9, 15, tzinfo=UTC)
TOPICS = ("payments", "travel")
LINKS = (
    ("https://example.org/{n}/payments/50%_off", ("payments",), "Fees fall"),
    ("https://example.org/{n}/travel", ("travel", "payments"), "Trains"),
    ("https://example.org/{n}/about", (), ""),
)
NEWSLETTERS = (
    ("weekly", "readers"),
    ("weekly", "readers"),
    ("extra", "readers"),
    ("daily", "others"),
    ("weekly", "others"),
)
"""The newsletter and list of each issue, the oldest first, one a week."""


@pytest.fixture
def world() -> World:
    """Five issues that went out, in the database and in plain words."""
    world = World(NOW)
    for slug in TOPICS:
        Topic.objects.create(slug=slug, name=slug)
    for n, (newsletter, on_list) in enumerate(NEWSLETTERS, 1):
        sent_at = NOW - timedelta(weeks=len(NEWSLETTERS) - n, hours=1)
        send = make_send(n, newsletter, on_list, sent_at)
        links = []
        for position, (url, topics, headline) in enumerate(LINKS, 1):
            story = None
            if headline:
                story = Story.objects.create(issue=send.issue, position=position, headline=headline, body="…")
                story.topics.set(Topic.objects.filter(slug__in=topics))
            Link.objects.create(send=send, url=url.format(n=n), story=story)
            links.append(PlainLink(url.format(n=n), frozenset(topics), headline, story.pk if story else 0))
        world.issues[n] = PlainIssue(newsletter, on_list, sent_at, tuple(links))
    return world


def make_send(number: int, newsletter: str, on_list: str, sent_at: datetime | None) -> Send:
    """The send of an issue, with one batch that was accepted; none without a time."""
    mailing_list, _ = MailingList.objects.get_or_create(slug=on_list, defaults={"name": on_list})
    publication, _ = Newsletter.objects.get_or_create(
        slug=newsletter,
        defaults={
            "name": newsletter,
            "mailing_list": mailing_list,
            "from_name": "We",
            "from_email": "we@example.org",
            "postal_address": "1 Quay",
        },
    )
    issue = Issue.objects.create(newsletter=publication, number=number, date=date(2026, 3, 1), subject="News")
    send = Send.objects.create(issue=issue, mailing_list=mailing_list, started_at=sent_at)
    Edition.objects.create(send=send, story_ids=[], language="en", subject="s", html="", text="", tags=[])
    if sent_at:
        add_batch(send, [], "accepted", sent_at)
    return send


def add_batch(send: Send, ids: list[int], state: str, sent_at: datetime) -> Batch:
    batch = Batch.objects.create(
        send=send, edition=send.editions.get(), subscriber_ids=ids, state=state, submission_id=uuid.uuid4()
    )
    Submission.objects.create(
        id=batch.submission_id,
        batch=batch,
        size=len(ids),
        started_at=sent_at,
        outcome="accepted" if state == "accepted" else None,
    )
    return batch


def write_down(persons: list[Person], world: World) -> dict[str, int]:
    """The people with what happened to them; of those who were not sent an issue, the outcome is unknown."""
    numbers = store(persons)
    for n, issue in world.issues.items():
        send = Send.objects.get(issue__number=n)
        for state in ("accepted", "unknown"):
            those = [
                person
                for person in persons
                if n in person.issues and person.issues[n].sent == (state == "accepted")
            ]
            batch = add_batch(send, [numbers[person.email] for person in those], state, issue.sent_at)
            for person in those:
                got = person.issues[n]
                Delivery.objects.create(
                    send=send,
                    subscriber_id=numbers[person.email],
                    batch=batch,
                    delivered_at=got.delivered_at,
                    opened_at=got.opened_at,
                    clicked_at=got.clicked_at,
                    machine_opened_at=NOW,
                )
                for url, at in got.links.items():
                    link = Link.objects.get(send=send, url=url)
                    Click.objects.create(link=link, subscriber_id=numbers[person.email], at=at)
    return numbers


def found(rule, numbers: dict[str, int], *, few: bool = False) -> set[str]:
    predicate = compile_rule(parse(rule), prefix="p_", now=NOW, few=few)
    with connection.cursor() as cursor:
        cursor.execute(query(predicate), predicate.params)
        ids = {row[0] for row in cursor.fetchall()}
    return {address for address, number in numbers.items() if number in ids}


hours = st.one_of(st.none(), st.integers(0, 24 * 40).map(lambda ago: NOW - timedelta(hours=ago)))


@st.composite
def histories(draw) -> list[Person]:
    persons = []
    for number in range(draw(st.integers(1, 5))):
        issues = {}
        for n in draw(st.sets(st.sampled_from(range(1, len(NEWSLETTERS) + 1)))):
            urls = draw(st.sets(st.sampled_from([url.format(n=n) for url, _, _ in LINKS])))
            issues[n] = Got(
                draw(st.sampled_from([True, True, True, False])),
                draw(hours),
                draw(hours),
                draw(hours),
                {url: draw(hours.filter(bool)) for url in sorted(urls)},
            )
        persons.append(Person(f"reader{number}@example.org", issues=issues))
    return persons


issues_or_days = st.one_of(
    st.just({}),
    *(one(f"{verb}in_last_issues", st.integers(1, 6)) for verb in ("", "not_")),
    *(one(f"{verb}in_last_days", st.integers(1, 40)) for verb in ("", "not_")),
    st.just({"never": True}),
)
whose = st.one_of(
    st.just({}),
    one("of", st.sampled_from(["weekly", "extra", "daily"])),
    one("of_list", st.sampled_from(["readers", "others"])),
)
targets = st.one_of(
    st.just(True),
    one("topic", st.sampled_from(TOPICS)),
    one("link", st.sampled_from(["50%_", "/1/", "ABOUT", "x_y", "example.org"])),
    one("story", st.sampled_from(["fees FALL", "Trains", "none of them"])),
)
acts = st.one_of(
    joined(st.sampled_from([{"sent": True}, {"delivered": True}, {"opened": True}]), issues_or_days, whose),
    joined(one("clicked", targets), issues_or_days, whose),
    joined(one("score", number_tests), maybe("in_last_issues", st.integers(1, 4)), whose),
    joined(
        one("score", one("at_least", st.integers(0, 100))), maybe("in_last_issues", st.integers(1, 4)), whose
    ),
)


@settings(
    max_examples=120,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rules=a_few(groups_of(acts), 6), persons=histories(), few=st.booleans())
def test_sql_agrees_with_the_plain_evaluation(world, rules, persons, few):
    with transaction.atomic():
        numbers = write_down(persons, world)
        for rule in rules:
            expected = {person.email for person in persons if holds(rule, person, world)}
            assert found(rule, numbers, few=few) == expected, rule
            assert sentence(parse(rule))
        transaction.set_rollback(True)


def test_the_score_weighs_clicks_more_than_opens_and_new_issues_more_than_old(world):
    times = {"delivered_at": NOW, "opened_at": NOW}
    clicked = Got(**times, clicked_at=NOW)
    opened, ignored = Got(**times), Got()
    persons = {
        "clicks everything": Person("a@example.org", issues={3: clicked, 4: clicked, 5: clicked}),
        "clicked the newest": Person("b@example.org", issues={3: ignored, 4: ignored, 5: clicked}),
        "opened the newest": Person("c@example.org", issues={3: ignored, 4: ignored, 5: opened}),
        "opened the oldest": Person("d@example.org", issues={3: opened, 4: ignored, 5: ignored}),
        "came late and opened": Person("e@example.org", issues={5: opened}),
        "was sent nothing": Person("f@example.org"),
    }
    part = {"score": {}, "in_last_issues": 3}
    scores = {name: score(part, person, world) for name, person in persons.items()}
    assert list(scores.values()) == [100, 50, 25, 8, 50, 0]
    numbers = write_down(list(persons.values()), world)
    for name, person in persons.items():
        rule = {"version": 1, "score": {"is": int(scores[name])}, "in_last_issues": 3}
        assert person.email in found(rule, numbers)


def test_an_issue_counts_when_it_went_out_and_all_its_sends_are_one(world):
    planned = make_send(6, "weekly", "readers", None)
    assert planned.started_at is None
    first = Send.objects.get(issue__number=5)
    again = Send.objects.create(
        issue=first.issue,
        mailing_list=first.mailing_list,
        previous=first,
        started_at=NOW - timedelta(minutes=5),
    )
    Edition.objects.create(send=again, story_ids=[], language="en", subject="s", html="", text="", tags=[])
    numbers = store([Person("first@example.org"), Person("again@example.org"), Person("before@example.org")])
    for send, address in ((first, "first"), (again, "again"), (Send.objects.get(issue__number=4), "before")):
        add_batch(send, [numbers[f"{address}@example.org"]], "accepted", NOW - timedelta(minutes=5))
    rule = {"version": 1, "sent": True, "in_last_issues": 1}
    assert found(rule, numbers) == {"first@example.org", "again@example.org"}


def test_an_open_by_a_machine_is_no_open(world):
    numbers = write_down([Person("machine@example.org", issues={5: Got(delivered_at=NOW)})], world)
    assert found({"version": 1, "opened": True}, numbers) == set()
    assert found({"version": 1, "opened": True, "never": True}, numbers) == set(numbers)


def test_clicks_on_a_story_by_its_number(world):
    link = world.issues[5].links[0]
    persons = [
        Person("this@example.org", issues={5: Got(links={link.url: NOW})}),
        Person("other@example.org", issues={5: Got(links={world.issues[5].links[1].url: NOW})}),
    ]
    numbers = write_down(persons, world)
    assert found({"version": 1, "clicked": {"story": link.story}}, numbers) == {"this@example.org"}


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            {
                "all": [
                    {"field": "country", "is_any_of": ["SG", "MY"]},
                    {"clicked": {"topic": "payments"}, "in_last_issues": 4},
                ]
            },
            "in Singapore or Malaysia, and clicked something on payments in the last 4 issues",
        ),
        ({"clicked": True, "never": True}, "did not click anything"),
        (
            {"none": [{"clicked": {"link": "/a"}, "in_last_days": 1}]},
            "did not click a link with “/a” in the last day",
        ),
        ({"clicked": {"story": "Trains"}, "of": "weekly"}, "clicked the story “Trains” from weekly"),
        (
            {"opened": True, "in_last_issues": 1, "of": "weekly"},
            "opened something in the last issue of weekly",
        ),
        ({"none": [{"opened": True, "not_in_last_days": 30}]}, "opened something in the last 30 days"),
        (
            {"delivered": True, "never": True, "of_list": "readers"},
            "got nothing delivered to the list readers",
        ),
        ({"sent": True, "not_in_last_issues": 2}, "was not sent anything in the last 2 issues"),
        (
            {"score": {"at_least": 40}, "of": "weekly"},
            "engagement score is at least 40 in the last 4 issues of weekly",
        ),
    ],
)
def test_sentences(rule, says):
    assert sentence(parse({"version": 1, **rule})) == says


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"opened": False}, "opened: only true can stand here"),
        ({"opened": True, "in_last_issues": 0}, "in_last_issues: write a whole number from 1 to 1,000"),
        (
            {"opened": True, "in_last_issues": 2, "in_last_days": 3},
            "in_last_issues and in_last_days cannot stand",
        ),
        ({"opened": True, "of": "weekly", "of_list": "x"}, "of and of_list cannot stand together"),
        (
            {"opened": True, "in_last_isues": 4},
            "in_last_isues: nothing of this name can stand here; did you mean “in_",
        ),
        ({"clicked": {}}, "clicked: write true for anything, or one of"),
        ({"clicked": {"topic": "payments", "link": "/"}}, "clicked: write true for anything, or one of"),
        ({"clicked": {"topic": "paymens"}}, "clicked.topic: there is no topic 'paymens'; there are payments"),
        ({"clicked": {"story": 2**40}}, "clicked.story: there is no story number"),
        (
            {"all": [{"any": [{"opened": True, "of": "weakly"}]}]},
            "all[0].any[0].of: there is no newsletter 'weakly'",
        ),
        ({"opened": True, "of_list": "x"}, "of_list: there is no mailing list 'x'"),
        ({"score": {"at_least": 4}, "in_last_days": 3}, "a score is over issues"),
        ({"score": {"at_least": 4}, "in_last_issues": 5}, "in_last_issues: a score is over up to 4 issues"),
        ({"score": 4}, "score: this is a number: write an object"),
    ],
)
def test_errors_name_the_place(world, rule, message):
    with pytest.raises(SegmentError) as raised:
        compile_rule(parse({"version": 1, **rule}), now=NOW)
    assert message in str(raised.value)
