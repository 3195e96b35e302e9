"""Conditions on what every person has: address, name, language, time zone, country, and since when."""

from dataclasses import dataclass
from typing import cast
from zoneinfo import available_timezones

from subscribers.cleaning import values
from subscribers.segments.english import country, either
from subscribers.segments.errors import SegmentError
from subscribers.segments.faces import PERSON, Choices, Face, Value, operators_of
from subscribers.segments.operators import DateTest, Test, TextTest, is_or_not, read_test
from subscribers.segments.predicate import Query
from subscribers.segments.reading import Part
from subscribers.segments.rule import Kind

TEXTS = {
    "email": ("subscriber.email", "address"),
    "domain": ("split_part(subscriber.email, '@', -1)", "domain"),
    "first_name": ("subscriber.first_name", "first name"),
    "last_name": ("subscriber.last_name", "last name"),
    "language": ("subscriber.language", "language"),
    "time_zone": ("subscriber.time_zone", "time zone"),
}
"""Fields of text, as SQL and in English."""
FIELDS = (*TEXTS, "country", "created")
COUNTRY_OPERATORS = ("is", "is_any_of", "is_not", "is_none_of", "is_empty")


@dataclass(frozen=True)
class FieldCondition:
    """A field of text passes a test."""

    field: str
    test: Test
    place: str

    def sql(self, query: Query) -> str:
        return self.test.sql(TEXTS[self.field][0], query)

    def says(self, negated: bool) -> str:
        return self.test.says(TEXTS[self.field][1], negated)


@dataclass(frozen=True)
class CountryCondition:
    """The country is, or is not, one of these; they are known by the two letters of ISO 3166-1."""

    op: str
    codes: tuple[str, ...]
    place: str

    def sql(self, query: Query) -> str:
        if self.op in ("is_empty", "is_not_empty"):
            return f"subscriber.country {'=' if self.op == 'is_empty' else '<>'} ''"
        listed = ", ".join(query.add(code) for code in self.codes)
        negation = "NOT " if self.op in ("is_not", "is_none_of") else ""
        return f"subscriber.country {negation}IN ({listed})"

    def says(self, negated: bool) -> str:
        if self.op in ("is_empty", "is_not_empty"):
            return f"country {is_or_not(negated != (self.op == 'is_empty'))} known"
        negation = "not " if negated != (self.op in ("is_not", "is_none_of")) else ""
        return f"{negation}in {either([country(code) for code in self.codes])}"


@dataclass(frozen=True)
class CreatedCondition:
    """The day on which the store first knew of them."""

    test: DateTest
    place: str

    def sql(self, query: Query) -> str:
        return self.test.sql_of_moment("subscriber.created_at", query)

    def says(self, negated: bool) -> str:
        return f"was {'not ' if self.test.is_negated(negated) else ''}added {self.test.when()}"


def _read(part: Part) -> FieldCondition | CountryCondition | CreatedCondition:
    field = part.choice("field", FIELDS)
    if field == "created":
        return CreatedCondition(cast(DateTest, read_test(part, "date")), part.place)
    if field == "country":
        test = cast(TextTest, read_test(part, "text", only=COUNTRY_OPERATORS))
        return CountryCondition(test.op, _codes(part, test), part.place)
    return FieldCondition(field, read_test(part, "text"), part.place)


def _codes(part: Part, test: TextTest) -> tuple[str, ...]:
    codes = []
    for n, named in enumerate(test.values):
        code = values.country(named.strip())
        if not code:
            place = part.at(test.op) + (f"[{n}]" if test.op in ("is_any_of", "is_none_of") else "")
            raise SegmentError(
                "unknown_country", place, f"no country is called {named!r}: write its two letters, such as SG"
            )
        codes.append(code)
    return tuple(dict.fromkeys(codes))


COUNTRIES = Choices("country", lambda lists: sorted(values.country_names().items(), key=lambda each: each[1]))
TIME_ZONES = Choices(
    "time_zone", lambda lists: [(zone, zone) for zone in sorted(available_timezones() - values.NO_PLACES)]
)
_ENTERED = {
    "domain": Value("text", suggest="domain"),
    "language": Value("text", suggest="language"),
    "time_zone": Value("text", choices=TIME_ZONES),
}


def _faces() -> tuple[Face, ...]:
    texts = (
        Face(
            name,
            PERSON,
            label.capitalize(),
            operators_of("text", value=_ENTERED.get(name, Value("text"))),
            ((("field",), name),),
        )
        for name, (_, label) in TEXTS.items()
    )
    country = operators_of("text", value=Value("choice", choices=COUNTRIES), only=COUNTRY_OPERATORS)
    return (
        *texts,
        Face("country", PERSON, "Country", country, ((("field",), "country"),)),
        Face("created", PERSON, "Added", operators_of("date"), ((("field",), "created"),)),
    )


FIELD = Kind("field", _read, '{"field": "country", "is_any_of": ["SG", "MY"]}', _faces())
