"""What stands behind the form of a segment: limits on whom it counts, suggestions, faults, writing."""

import pytest
from django.utils import timezone

from subscribers.models import MailingList, Segment, Subscriber, Subscription
from subscribers.segments import SegmentError, compile_rule, parse
from subscribers.segments.counting import count, count_with_examples, large_query, parts
from subscribers.segments.faults import faults_of
from subscribers.segments.saving import save
from subscribers.segments.suggesting import attributes, suggest
from subscribers.segments.writing import Refused, Wanted, write
from tests.newsroom import subscribe

pytestmark = pytest.mark.django_db
SG = {"version": 1, "field": "country", "is": "SG"}


def list_named(slug: str) -> MailingList:
    return MailingList.objects.create(slug=slug, name=slug)


def predicate(rule: dict, prefix: str = "rule_"):
    return compile_rule(parse({"version": 1, **rule}), prefix=prefix, now=timezone.now())


def test_people_of_other_lists_are_neither_counted_nor_shown():
    ours, theirs = list_named("ours"), list_named("theirs")
    [anna, ben] = subscribe(ours, "anna@example.org", "ben@example.org")
    subscribe(theirs, "carl@example.org")
    Subscription.objects.create(subscriber=anna, mailing_list=theirs, state="unsubscribed")
    Subscriber.objects.create(email="dora@example.org")
    everyone = predicate({"field": "domain", "is": "example.org"})
    assert count(everyone) == 4
    for lists, people in (({ours.pk}, 2), ({theirs.pk}, 2), ({ours.pk, theirs.pk}, 3), (set(), 0)):
        counted = count_with_examples(everyone, lists=lists)
        assert (counted.people, len(counted.examples)) == (people, people)
        assert count(everyone, lists=lists) == people
    shown = count_with_examples(everyone, lists={ours.pk}).examples
    assert [example.id for example in shown] == [anna.pk, ben.pk]


def test_parts_say_who_is_in_exactly_which():
    ours = list_named("ours")
    subscribe(ours, "anna@a.example", "ben@b.example")
    Subscriber.objects.create(email="carl@a.example", country="SG")
    asked = [
        predicate({"list": "ours"}, "a_"),
        predicate({"field": "domain", "is": "a.example"}, "b_"),
        predicate({"field": "country", "is": "SG"}, "c_"),
    ]
    assert parts(asked) == {0b001: 1, 0b011: 1, 0b110: 1}
    assert parts(asked, lists={ours.pk}) == {0b001: 1, 0b011: 1}


def test_what_takes_too_long_is_stopped_and_says_so():
    with (
        pytest.raises(SegmentError, match=r"after 0\.05 seconds it was not done") as caught,
        large_query(0.05) as cursor,
    ):
        cursor.execute("SELECT pg_sleep(5)")
    assert caught.value.code == "too_slow"
    assert Subscriber.objects.count() == 0  # the connection still works, without the limit
    with large_query() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)


def test_every_wrong_condition_is_named_at_its_place():
    rule = {
        "version": 1,
        "all": [
            {"field": "country", "is": "Narnia"},
            {"any": [SG | {}, {"topic": "none"}, {}]},
            {"none": []},
            {"field": "country", "is": "SG"},
        ],
    }
    del rule["all"][1]["any"][0]["version"]
    places = [fault.place for fault in faults_of(rule, now=timezone.now())]
    assert places == ["all[0].is", "all[1].any[1].topic", "all[1].any[2]", "all[2].none"]
    assert faults_of(SG, now=timezone.now()) == []
    assert [fault.place for fault in faults_of({"field": "x"}, now=timezone.now())] == [""]
    assert [fault.code for fault in faults_of([1], now=timezone.now())] == ["not_an_object"]


def test_a_segment_that_would_be_in_itself_is_told_at_the_condition():
    save("asia", SG)
    [fault] = faults_of({"version": 1, "any": [{"segment": "asia"}]}, slug="asia", now=timezone.now())
    assert (fault.code, fault.place) == ("cycle", "any[0].segment")


def test_suggestions_are_what_people_have_the_most_frequent_first():
    Subscriber.objects.bulk_create(
        Subscriber(
            email=f"r{n}@{'b' if n % 3 else 'a'}.example",
            language="de" if n % 2 else "en",
            attributes={
                "plan": "gold" if n % 3 else "free",
                "age": n,
                "tags": ["x", f"t{n % 2}"],
                "paid": True,
            },
        )
        for n in range(9)
    )
    assert suggest("domain", "") == ["b.example", "a.example"]
    assert suggest("domain", "A.") == ["a.example"]
    assert suggest("attribute", "", name="plan") == ["gold", "free"]
    assert suggest("attribute", "", name="tags") == ["x", "t0", "t1"]
    assert suggest("attribute", "\x00", name="plan") == []
    assert suggest("attribute", "%", name="plan") == []
    assert suggest("email", "r") == []
    assert {each.name: each.type for each in attributes()} == {
        "plan": "text",
        "age": "number",
        "tags": "list",
        "paid": "yes_no",
    }


def test_suggestions_are_of_people_on_the_lists_alone():
    ours, theirs = list_named("ours"), list_named("theirs")
    subscribe(ours, "anna@ours.example")
    [ben] = subscribe(theirs, "ben@theirs.example")
    Subscriber.objects.filter(pk=ben.pk).update(attributes={"secret": "x"})
    assert suggest("domain", "", lists={ours.pk}) == ["ours.example"]
    assert attributes({ours.pk}) == []
    assert [each.name for each in attributes({ours.pk, theirs.pk})] == ["secret"]


def test_all_that_is_wrong_with_a_segment_is_said_at_once():
    save("taken", SG)
    with pytest.raises(Refused) as caught:
        write(Wanted(" ", "taken", {"version": 1, "field": "country", "is": "Narnia"}, False))
    assert [(fault.field, fault.place) for fault in caught.value.faults] == [
        ("name", ""),
        ("slug", ""),
        ("rule", "is"),
    ]
    assert Segment.objects.count() == 1


def test_a_segment_that_somebody_else_saved_meanwhile_is_not_written_over():
    segment = write(Wanted("Asia", "asia", SG, False))
    base = segment.changed_at
    write(Wanted("Mine", "asia", SG, False), segment=segment.pk, base=base)
    with pytest.raises(Refused) as caught:
        write(Wanted("Theirs", "asia", SG, False), segment=segment.pk, base=base)
    assert caught.value.changed
    assert Segment.objects.get().name == "Mine"


def test_a_segment_that_another_names_keeps_its_short_name():
    segment = write(Wanted("Asia", "asia", SG, False))
    save("other", {"version": 1, "segment": "asia"})
    with pytest.raises(Refused, match="The rule of other names asia"):
        write(Wanted("Asia", "renamed", SG, False), segment=segment.pk)
    assert write(Wanted("East", "asia", SG, True), segment=segment.pk).in_reports
