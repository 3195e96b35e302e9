"""All that may stand in a rule, as data for a form: every field of every kind of condition that is registered."""

from dataclasses import asdict
from typing import Any

from subscribers.segments.faces import Choices, Detail, Face, Lists, Operator, Value
from subscribers.segments.rule import DEEPEST, MOST_NODES, VERSION, kinds

Data = dict[str, Any]


def describe(lists: Lists = None) -> Data:
    """What a form needs to show, change and write any rule, as JSON can hold it.

    Args:
        lists: names are those that concern these mailing lists only.
    Returns:
        version, deepest, most: of a rule; faces: the fields, see faces.py, in the order of their groups; choices: by their
        name, each a list of [value, label].
    """
    faces = [face for kind in kinds() for face in kind.faces]
    choices = {each.name: each for face in faces for each in _choices(face)}
    return {
        "version": VERSION,
        "deepest": DEEPEST,
        "most": MOST_NODES,
        "faces": [_face(face) for face in faces],
        "choices": {name: [list(each) for each in found.read(lists)] for name, found in choices.items()},
    }


def _choices(face: Face) -> list[Choices]:
    operators = [*face.operators, *(each for detail in face.details for each in detail.operators)]
    if face.name:
        operators.append(face.name)
    return [each.value.choices for each in operators if each.value and each.value.choices]


def _face(face: Face) -> Data:
    return {
        "id": face.id,
        "group": face.group,
        "label": face.label,
        "sets": _sets(face.sets),
        "name": _operator(face.name) if face.name else None,
        "operators": [_operator(each) for each in face.operators],
        "details": [_detail(each) for each in face.details],
    }


def _detail(detail: Detail) -> Data:
    return {"label": detail.label, "operators": [_operator(each) for each in detail.operators]}


def _operator(operator: Operator) -> Data:
    return {
        "label": operator.label,
        "path": list(operator.path),
        "value": _value(operator.value) if operator.value else None,
        "sets": _sets(operator.sets),
    }


def _value(value: Value) -> Data:
    return {**asdict(value), "choices": value.choices.name if value.choices else ""}


def _sets(sets: tuple[tuple[tuple[str, ...], Any], ...]) -> list[Data]:
    return [{"path": list(path), "value": value} for path, value in sets]
