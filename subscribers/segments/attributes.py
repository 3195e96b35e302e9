"""Conditions on attributes: what a newsletter or a file knows of a person beyond the fields.

The type is stated in the rule, and a value of another type does not match. What files bring is text: a text that is
written as a number, a day or yes and no counts as one.
"""

from dataclasses import dataclass

from subscribers.segments.faces import ATTRIBUTES, Face, Operator, Value, operators_of
from subscribers.segments.operators import TYPES, EmptyTest, Test, Type, read_test
from subscribers.segments.predicate import Query
from subscribers.segments.reading import Part
from subscribers.segments.rule import Kind

NUMBER = r"^[+-]?[0-9]{1,30}(\.[0-9]{1,30})?$"
"""A text that counts as a number."""
DAY = "0000-00-00"
"""The shape of a text that counts as a day, with or without a time after it: any digits do."""
YES, NO = ("true", "yes", "y", "1", "on"), ("false", "no", "n", "0", "off")
"""Texts that count as yes and no, whatever their case."""

# Each gives NULL for a value of another type. Only CASE makes sure that what would fail is not even tried.
_VALUES: dict[Type, str] = {
    "text": "CASE coalesce(jsonb_typeof({json}), 'null') WHEN 'string' THEN {text} WHEN 'null' THEN '' END",
    "number": """CASE jsonb_typeof({json}) WHEN 'number' THEN ({json})::numeric
        WHEN 'string' THEN CASE WHEN {text} ~ {number} THEN ({text})::numeric END END""",
    "date": "{text}",
    "yes_no": """CASE jsonb_typeof({json}) WHEN 'boolean' THEN ({json})::boolean
        WHEN 'string' THEN CASE WHEN lower({text}) = ANY ({yes}) THEN true
            WHEN lower({text}) = ANY ({no}) THEN false END END""",
    "list": "CASE WHEN jsonb_typeof({json}) = 'array' THEN {json} END",
}
# Nothing else in JSON looks like a day, and nothing fails on what is none: so that is asked last.
_SHAPES: dict[Type, str] = {
    "date": """ AND translate(left({text}, 10), '123456789', '000000000') = {day}
        AND substr({text}, 11, 1) IN ('', 'T', ' ')"""
}
_EMPTY = "coalesce({json} IN ('null', '\"\"', '[]'), true)"


@dataclass(frozen=True)
class AttributeCondition:
    """An attribute of a stated type passes a test."""

    name: str
    type: Type
    test: Test
    place: str

    def sql(self, query: Query) -> str:
        name = query.add(self.name)
        json, text = (f"(subscriber.attributes {arrow} {name}::text)" for arrow in ("->", "->>"))
        if isinstance(self.test, EmptyTest):
            return self.test.sql(_EMPTY.format(json=json), query)
        constants = {"number": NUMBER, "day": DAY, "yes": list(YES), "no": list(NO)}
        value, shape = _VALUES[self.type], _SHAPES.get(self.type, "")
        written = {key: query.add(each) for key, each in constants.items() if f"{{{key}}}" in value + shape}
        found = self.test.sql(f"({value.format(json=json, text=text, **written)})", query)
        return f"coalesce({found}{shape.format(text=text, **written)}, false)"

    def says(self, negated: bool) -> str:
        return self.test.says(" ".join(self.name.split()), negated)


def _read(part: Part) -> AttributeCondition:
    name = part.text("attribute")
    type_ = next(known for known in TYPES if known == part.choice("type", TYPES))
    plus = () if type_ == "text" else ("is_empty",)
    return AttributeCondition(name, type_, read_test(part, type_, plus=plus), part.place)


_ENTERED = Value("text", suggest="attribute")
_FACE = Face(
    "attribute",
    ATTRIBUTES,
    "Attribute",
    tuple(
        operator
        for type_ in TYPES
        for operator in operators_of(type_, value=_ENTERED, empty=True, sets=((("type",), type_),))
    ),
    name=Operator("attribute", ("attribute",), Value("text", suggest="attributes")),
)
ATTRIBUTE = Kind("attribute", _read, '{"attribute": "age", "type": "number", "at_least": 18}', faces=(_FACE,))
