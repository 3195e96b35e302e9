"""Segments: saved rules over subscribers, as JSON that becomes one SQL expression and reads back as a sentence."""

from subscribers.segments.attributes import ATTRIBUTE
from subscribers.segments.compiling import compile_rule, predicate_of
from subscribers.segments.errors import SegmentError
from subscribers.segments.fields import FIELD
from subscribers.segments.lists import EVERY_TOPIC, LIST, SUPPRESSED, TOPIC
from subscribers.segments.predicate import Predicate, Query
from subscribers.segments.references import SEGMENT, SNAPSHOT
from subscribers.segments.rule import Condition, Kind, Rule, parse, register
from subscribers.segments.sentence import sentence

register(FIELD, ATTRIBUTE, LIST, TOPIC, EVERY_TOPIC, SUPPRESSED, SEGMENT, SNAPSHOT)

__all__ = [
    "Condition",
    "Kind",
    "Predicate",
    "Query",
    "Rule",
    "SegmentError",
    "compile_rule",
    "parse",
    "predicate_of",
    "register",
    "sentence",
]
