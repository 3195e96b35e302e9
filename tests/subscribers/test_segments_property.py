"""A rule and its SQL agree with a plain evaluation of the rule, over random people."""

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.models import MailingList, Segment, Topic
from subscribers.segments import compile_rule, parse, sentence
from subscribers.segments.counting import query
from tests.plain_rules import Person, World, holds
from tests.stored_people import keep, store
from tests.subscribers.segment_strategies import (
    LISTS,
    NOW,
    SEGMENTS,
    SNAPSHOTS,
    TOPICS,
    conditions,
    groups_of,
    people,
    typed,
    values,
)

pytestmark = pytest.mark.django_db
without_segments = conditions.filter(lambda condition: "segment" not in condition)


@pytest.fixture
def names():
    """What rules name is there."""
    for slug in LISTS:
        MailingList.objects.create(slug=slug, name=slug)
    for slug in TOPICS:
        Topic.objects.create(slug=slug, name=slug)
    for slug in SNAPSHOTS:
        keep(slug, [])


def found(rule, numbers: dict[str, int], *, few: bool) -> set[str]:
    predicate = compile_rule(parse(rule), prefix="p_", now=NOW, few=few)
    with connection.cursor() as cursor:
        cursor.execute(query(predicate), predicate.params)
        ids = {row[0] for row in cursor.fetchall()}
    return {address for address, number in numbers.items() if number in ids}


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    rule=groups_of(conditions),
    saved=st.fixed_dictionaries({slug: groups_of(without_segments) for slug in SEGMENTS}),
    persons=people,
    few=st.booleans(),
)
def test_sql_agrees_with_the_plain_evaluation(names, rule, saved, persons, few):
    world = World(NOW, segments=saved)
    with transaction.atomic():
        for slug, its_rule in saved.items():
            Segment.objects.create(slug=slug, name=slug, rule=its_rule)
        numbers = store(persons)
        expected = {person.email for person in persons if holds(rule, person, world)}
        assert found(rule, numbers, few=few) == expected
        assert sentence(parse(rule))
        transaction.set_rollback(True)


@settings(
    max_examples=300,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rule=typed, kept=st.lists(values, min_size=10, max_size=20))
def test_attributes_of_every_type_agree(names, rule, kept):
    persons = [Person(f"reader{n}@example.org", attributes={"age": value}) for n, value in enumerate(kept)]
    with transaction.atomic():
        numbers = store(persons)
        expected = {person.email for person in persons if holds(rule, person, World(NOW))}
        assert found(rule, numbers, few=False) == expected
        transaction.set_rollback(True)


@settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(condition=conditions, persons=people)
def test_every_condition_alone_agrees_too(names, condition, persons):
    saved = {slug: {"version": 1, "field": "country", "is": "SG"} for slug in SEGMENTS}
    with transaction.atomic():
        for slug, its_rule in saved.items():
            Segment.objects.create(slug=slug, name=slug, rule=its_rule)
        numbers = store(persons)
        rule = {"version": 1, **condition}
        expected = {person.email for person in persons if holds(rule, person, World(NOW, segments=saved))}
        assert found(rule, numbers, few=False) == expected
        transaction.set_rollback(True)
