"""What a form is told of rules is what their reader reads: every field with every operator makes a condition."""

import json

import pytest
from hypothesis import given

from subscribers.segments import parse
from subscribers.segments.describing import describe
from subscribers.segments.operators import OPERATORS
from subscribers.segments.rule import kinds
from tests.newsroom import make_issue
from tests.subscribers.segment_strategies import conditions

pytestmark = pytest.mark.django_db


def put(condition: dict, path: list[str], value: object) -> None:
    for key in path[:-1]:
        condition = condition.setdefault(key, {})
    condition[path[-1]] = value


def entered(value: dict, choices: dict) -> object:
    """Something that may be entered."""
    one = {"text": "Mei", "number": 18.5, "whole": value["most"], "day": "2026-03-31"}.get(value["kind"])
    if value["kind"] == "choice":
        one = choices[value["choices"]][0][0] if choices[value["choices"]] else "none-yet"
    if value["pair"]:
        return [17, 18]
    return [one] if value["many"] else one


def fill(condition: dict, operator: dict, choices: dict) -> None:
    for each in operator["sets"]:
        put(condition, each["path"], each["value"])
    if operator["value"]:
        put(condition, operator["path"], entered(operator["value"], choices))


def conditions_of(face: dict, choices: dict) -> list[dict]:
    """One with each of its operators, and one with each operator of each detail beside the first operator."""
    found = []
    besides = [None, *(operator for detail in face["details"] for operator in detail["operators"])]
    for operator in face["operators"]:
        for beside in besides if operator is face["operators"][0] else [None]:
            condition: dict = {}
            fill(condition, {"sets": face["sets"], "value": None}, choices)
            for part in filter(None, (face["name"], operator, beside)):
                fill(condition, part, choices)
            found.append(condition)
    return found


def test_every_kind_of_condition_has_a_field_in_the_form():
    assert [kind.key for kind in kinds() if not kind.faces] == []
    assert len({face["id"] for face in describe()["faces"]}) == len(describe()["faces"])


def test_every_operator_of_every_field_makes_a_condition_that_can_be_read():
    described = describe()
    json.dumps(described)
    made = [each for face in described["faces"] for each in conditions_of(face, described["choices"])]
    for condition in made:
        parse({"version": 1, **condition})
    assert len(made) > 150
    assert len({json.dumps(each, sort_keys=True) for each in made}) == len(made)


def test_every_operator_of_the_language_stands_in_the_form():
    paths = {
        tuple(each["path"])[-1]
        for face in describe()["faces"]
        for operator in face["operators"]
        for each in [operator, *operator["sets"]]
        if each["path"]
    }
    assert {op for operators in OPERATORS.values() for op in operators} <= paths


@given(condition=conditions)
def test_any_condition_is_one_of_a_field(condition):
    """Its keys are those that the field, one of its operators and its details write, so nothing of it is hidden."""
    assert [face["id"] for face in describe()["faces"] if holds(face, condition)], condition


def holds(face: dict, condition: dict) -> bool:
    known = {each["path"][0] for each in face["sets"]}
    operators = [*face["operators"], *(each for detail in face["details"] for each in detail["operators"])]
    for operator in filter(None, [*operators, face["name"]]):
        known |= {each["path"][0] for each in operator["sets"]}
        known |= set(operator["path"][:1])
    return set(condition) <= known and all(
        condition.get(each["path"][0]) == each["value"] for each in face["sets"] if len(each["path"]) == 1
    )


def test_names_are_those_of_the_lists_that_somebody_may_see():
    ours, theirs = make_issue(suffix="ours").newsletter, make_issue(suffix="theirs").newsletter
    every = describe()["choices"]
    assert {slug for slug, _ in every["list"]} == {"*", ours.slug, theirs.slug}
    limited = describe(frozenset({ours.mailing_list_id}))["choices"]
    assert [slug for slug, _ in limited["list"]] == ["*", ours.slug]
    assert [slug for slug, _ in limited["newsletter"]] == [ours.slug]
    assert ("SG", "Singapore") in [tuple(each) for each in limited["country"]]
