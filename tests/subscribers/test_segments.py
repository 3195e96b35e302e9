"""Segments: what rules say, what is wrong with them, saving, counting, snapshots, overlap."""

import json
from datetime import UTC, datetime

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from subscribers.models import MailingList, Segment, Snapshot, SnapshotMember, Subscriber, Topic
from subscribers.segments import SegmentError, compile_rule, parse, predicate_of, sentence
from subscribers.segments.counting import count, count_with_examples, overlap
from subscribers.segments.explaining import explain
from subscribers.segments.predicate import MOST_CONDITIONS
from subscribers.segments.rule import DEEPEST, kinds
from subscribers.segments.saving import delete, delete_snapshot, save
from subscribers.segments.snapshots import take_snapshot

NOW = datetime(2026, 3, 31, 9, 15, tzinfo=UTC)
SG = {"version": 1, "field": "country", "is": "SG"}
HOSTILE = (
    "'; DROP TABLE subscribers_subscriber; --",
    "%(rule_0)s",
    "%s%%",
    "\\'",
    "$1",
    "{people}",
    '"',
    "/*",
    "𝕏🙂",
)


def rule(part: dict) -> dict:
    return {"version": 1, **part}


@pytest.mark.parametrize(
    ("part", "says"),
    [
        ({"field": "country", "is_any_of": ["SG", "Malaysia"]}, "in Singapore or Malaysia"),
        ({"field": "country", "is_not": "SG"}, "not in Singapore"),
        ({"none": [{"field": "country", "is_empty": True}]}, "country is known"),
        ({"field": "email", "ends_with": ".org"}, "address ends with “.org”"),
        ({"none": [{"field": "first_name", "contains": "ei"}]}, "first name does not contain “ei”"),
        ({"field": "language", "is_empty": False}, "language is not empty"),
        ({"field": "created", "in_last_days": 30}, "was added in the last 30 days"),
        ({"none": [{"field": "created", "before": "2026-03-31"}]}, "was not added before 31 March 2026"),
        ({"attribute": "age", "type": "number", "at_least": 18}, "age is at least 18"),
        ({"attribute": "age", "type": "number", "between": [18, 20.5]}, "age is between 18 and 20.5"),
        ({"attribute": "joined", "type": "date", "not_in_last_days": 1}, "joined is not in the last 1 day"),
        ({"attribute": "vip", "type": "yes_no", "is": False}, "vip is no"),
        ({"attribute": "tags", "type": "list", "has_all_of": ["a", "b"]}, "tags has all of “a” and “b”"),
        ({"none": [{"attribute": "tags", "type": "list", "is_empty": True}]}, "tags is not empty"),
        ({"list": "weekly"}, "on the list weekly"),
        (
            {"list": "weekly", "state": ["pending", "active"], "cadence": "monthly", "paused": False},
            "on the list weekly (pending or active, one a month, not paused)",
        ),
        (
            {"none": [{"list": "*", "signed_up": {"after": "2026-01-01"}}]},
            "not on any list (signed up after 1 January 2026)",
        ),
        ({"topic": "payments"}, "gets the topic payments"),
        ({"none": [{"topic": "payments", "chosen": True}]}, "did not choose the topic payments"),
        ({"every_topic": False}, "chose topics"),
        ({"suppressed": ["bounce", "complaint"]}, "is suppressed (hard bounce or spam complaint)"),
        ({"segment": "readers"}, "in the segment readers"),
        ({"none": [{"snapshot": "march"}]}, "not in the snapshot march"),
        (
            {"all": [{"topic": "a"}, {"any": [{"topic": "b"}, {"all": [{"topic": "c"}, {"topic": "d"}]}]}]},
            "gets the topic a, and (gets the topic b, or (gets the topic c, and gets the topic d))",
        ),
        (
            {"none": [{"topic": "a"}, {"all": [{"topic": "b"}, {"none": [{"topic": "c"}]}]}]},
            "does not get the topic a, and (does not get the topic b, or gets the topic c)",
        ),
    ],
)
def test_sentences(part, says):
    assert sentence(parse(rule(part))) == says


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "this is a list: write an object"),
        ({}, "“version” is missing"),
        ({"verson": 1}, "“version” is missing (or is it “verson”?)"),
        ({"version": 2, "topic": "a"}, "version: this version is not known here: write 1"),
        ({"version": True, "topic": "a"}, "version: this version"),
        ({"version": 1}, "there is no condition here; write one of all, any, none, field"),
        ({"version": 1, "fild": "email"}, "there is no condition here; did you mean “field”?"),
        (rule({"all": []}), "all: the list is empty"),
        (rule({"all": {}}), "all: this is an object: write a list"),
        (rule({"all": [1]}), "all[0]: this is a number: write an object"),
        (
            rule({"all": [{"topic": "a"}], "any": [{"topic": "a"}]}),
            "“all” and “any” cannot stand side by side",
        ),
        (
            rule({"all": [{"topic": "a"}, {"none": [{"field": "country", "is": "Narnia"}]}]}),
            "all[1].none[0].is: no country",
        ),
        (
            rule({"field": "country", "is_any_of": ["SG", "Narnia"]}),
            "is_any_of[1]: no country is called 'Narnia'",
        ),
        (rule({"field": "country", "contains": "S"}), "there is no comparison: write one of is, is_any_of"),
        (rule({"field": "mail", "is": "a"}), "field: write one of: email, domain"),
        (rule({"field": ["email"], "is": "a"}), "field: write one of"),
        (rule({"field": "email", "is": "a", "is_not": "b"}), "“is” and “is_not” cannot stand together"),
        (rule({"field": "email", "is": ""}), "is: the text is empty"),
        (rule({"field": "email", "is": 5}), "is: this is a number: write a text"),
        (rule({"field": "email", "is": "a\x00"}), "is: the text holds a character"),
        (rule({"field": "email", "is": "\ud800"}), "is: the text holds a character"),
        (rule({"field": "email", "is": "a" * 501}), "is: a text may be 500 characters long"),
        (rule({"field": "email", "is_any_of": ["a"] * 1001}), "is_any_of: a list may hold 1,000 things"),
        (
            rule({"field": "email", "is": "a", "contain": "b"}),
            "contain: nothing of this name can stand here; did you mean “contains”?",
        ),
        (rule({"field": "created", "before": "31.3.2026"}), "before: write a day as 2026-03-31"),
        (rule({"field": "created", "before": "20260331"}), "before: write a day"),
        (rule({"field": "created", "before": "2026-02-30"}), "before: write a day"),
        (rule({"field": "created", "after": "9999-12-31"}), "after: write a day"),
        (
            rule({"field": "created", "in_last_days": 0}),
            "in_last_days: write a whole number from 1 to 36,500",
        ),
        (rule({"attribute": "age", "at_least": 18}), "“type” is missing"),
        (rule({"attribute": "age", "type": "int", "at_least": 18}), "type: write one of: text, number"),
        (
            rule({"attribute": "age", "type": "number", "at_least": "18"}),
            "at_least: this is a text: write a number",
        ),
        (rule({"attribute": "age", "type": "number", "at_least": True}), "at_least: this is true or false"),
        (
            rule({"attribute": "age", "type": "number", "at_least": float("nan")}),
            "at_least: write a number up to",
        ),
        (
            rule({"attribute": "age", "type": "number", "at_least": 10**5000}),
            "at_least: write a number up to",
        ),
        (rule({"attribute": "age", "type": "number", "between": [1]}), "between: write 2 numbers"),
        (
            rule({"attribute": "age", "type": "number", "between": [2, 1]}),
            "between: the first number is the greater",
        ),
        (
            rule({"attribute": "vip", "type": "yes_no", "is": "yes"}),
            "is: this is a text: write true or false",
        ),
        (rule({"list": "weekly", "state": "on"}), "state: write one of: pending, active"),
        (rule({"list": "weekly", "cadence": ["every", "daily"]}), "cadence[1]: write one of"),
        (rule({"list": "weekly", "signed_up": {"in_last": 3}}), "signed_up: there is no comparison"),
        (rule({"suppressed": "maybe"}), "suppressed: write one of: bounce"),
        (
            rule({"all": [{"version": 1, "topic": "a"}]}),
            "all[0].version: nothing of this name can stand here",
        ),
    ],
)
def test_errors_name_the_place(data, message):
    with pytest.raises(SegmentError) as raised:
        parse(data)
    assert message in str(raised.value)


def test_a_rule_is_neither_endlessly_deep_nor_endlessly_long():
    deep = {"topic": "a"}
    for _ in range(DEEPEST):
        deep = {"all": [deep]}
    assert parse(rule(deep))
    with pytest.raises(SegmentError, match=r"groups may be 8 deep"):
        parse(rule({"all": [deep]}))
    with pytest.raises(SegmentError, match=r"a rule may have 300 conditions"):
        parse(rule({"all": [{"topic": "a"}] * 301}))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                ["version", "all", "any", "none", "field", "is", "type", *(kind.key for kind in kinds())]
            ),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(data=json_values)
def test_any_json_is_a_rule_or_an_error_that_says_where(data):
    if isinstance(data, dict):
        data = {**data, "version": 1}
    try:
        said = sentence(parse(data))
    except SegmentError as error:
        said = error.code and error.problem
    assert said


@pytest.mark.parametrize("kind", kinds(), ids=lambda kind: kind.key)
def test_every_kind_has_an_example_that_can_be_read(kind):
    assert sentence(parse(rule(json.loads(kind.example))))


@pytest.mark.django_db
class TestWithPeople:
    @pytest.fixture(autouse=True)
    def _people(self):
        MailingList.objects.create(slug="weekly", name="Weekly")
        Topic.objects.create(slug="payments", name="Payments")
        countries = ["SG"] * 12 + ["MY"] * 3
        self.people = Subscriber.objects.bulk_create(
            Subscriber(email=f"reader{n}@example.org", first_name="Mei", country=country)
            for n, country in enumerate(countries)
        )

    @pytest.mark.parametrize("text", HOSTILE)
    @pytest.mark.parametrize(
        "make",
        [
            lambda text: {"field": "first_name", "is": text},
            lambda text: {"field": "last_name", "is_any_of": [text] * 10},
            lambda text: {"field": "email", "contains": text},
            lambda text: {"attribute": text, "type": "text", "is": text},
            lambda text: {"attribute": text, "type": "list", "has_any_of": [text]},
            lambda text: {"attribute": text, "type": "number", "is": 1},
            lambda text: {"list": "weekly", "source": {"ends_with": text}},
            lambda text: {"clicked": {"link": text}},
            lambda text: {"clicked": {"story": text}},
        ],
    )
    def test_no_text_of_a_rule_gets_into_the_sql(self, text, make):
        assert sentence(parse(rule(make(text))))
        predicate = compile_rule(parse(rule(make(text))), prefix="a_", now=NOW)
        plain = compile_rule(parse(rule(make("mei"))), prefix="a_", now=NOW)
        assert predicate.sql == plain.sql
        assert set(predicate.params) == set(plain.params)
        assert count(predicate) == 0
        assert Subscriber.objects.count() == len(self.people)

    @pytest.mark.parametrize("text", HOSTILE)
    def test_such_texts_are_found_where_they_are(self, text):
        Subscriber.objects.filter(pk=self.people[0].pk).update(
            first_name=f"A{text}B", attributes={text: text.upper()}
        )
        for part in (
            {"field": "first_name", "contains": text},
            {"attribute": text, "type": "text", "is": text},
            {
                "all": [
                    {"field": "first_name", "starts_with": f"a{text}"},
                    {"field": "first_name", "ends_with": f"{text}b"},
                ]
            },
        ):
            assert count(compile_rule(parse(rule(part)), now=NOW)) == 1

    def test_prefixes_let_several_predicates_stand_in_one_query(self):
        first, second = (compile_rule(parse(SG), prefix=prefix, now=NOW) for prefix in ("in_", "out_"))
        assert first.params.keys().isdisjoint(second.params)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM subscribers_subscriber subscriber"
                f" WHERE {first.sql} AND NOT {second.sql} OR subscriber.country = %(own)s",
                {**first.params, **second.params, "own": "MY"},
            )
            assert cursor.fetchone() == (3,)
        with pytest.raises(ValueError, match="cannot begin"):
            compile_rule(parse(SG), prefix="a); --", now=NOW)

    def test_people_are_counted_with_ten_examples(self):
        counted = count_with_examples(compile_rule(parse(SG), now=NOW))
        assert counted.people == 12
        assert len({example.id for example in counted.examples}) == 10
        assert {example.country for example in counted.examples} == {"SG"}
        assert counted.examples[0].name == "Mei"
        everybody = compile_rule(parse(rule({"every_topic": True})), now=NOW)
        assert count_with_examples(everybody) == count_with_examples(everybody)
        nobody = count_with_examples(compile_rule(parse(rule({"field": "country", "is": "DE"})), now=NOW))
        assert (nobody.people, nobody.examples) == (0, [])

    def test_examples_of_many_come_from_all_over_the_store(self):
        Subscriber.objects.bulk_create(
            Subscriber(email=f"x{n}@example.org", country="DE") for n in range(6000)
        )
        counted = count_with_examples(compile_rule(parse(rule({"field": "country", "is": "DE"})), now=NOW))
        numbers = sorted(example.id for example in counted.examples)
        assert (counted.people, len(numbers)) == (6000, 10)
        assert numbers[-1] - numbers[0] > 4000

    def test_erased_people_are_in_no_segment(self):
        Subscriber.objects.filter(pk=self.people[0].pk).update(
            email="x@erased.invalid", first_name="", country="", erased_at=NOW
        )
        everybody = rule({"every_topic": True})
        assert count(compile_rule(parse(everybody), now=NOW)) == 14
        segment, _ = save("everybody", everybody)
        assert take_snapshot(segment, now=NOW).size == 14

    def test_saving_makes_and_changes(self):
        segment, new = save("asia", SG, name="In Asia")
        assert (segment.name, new) == ("In Asia", True)
        segment, new = save("asia", rule({"field": "country", "is": "MY"}))
        assert (segment.name, new) == ("In Asia", False)
        assert count(predicate_of(segment, now=NOW)) == 3
        with pytest.raises(SegmentError, match=r"is: no country"):
            save("asia", rule({"field": "country", "is": "Narnia"}))
        with pytest.raises(SegmentError, match=r"topic: there is no topic 'paymens'; there are payments"):
            save("asia", rule({"topic": "paymens"}))
        with pytest.raises(SegmentError, match="cannot be a short name"):
            save("as ia", SG)
        assert Segment.objects.get().rule == rule({"field": "country", "is": "MY"})

    def test_no_segment_is_a_part_of_itself(self):
        with pytest.raises(SegmentError, match=r"segment: the segment would be a part of itself: one → one"):
            save("one", rule({"segment": "one"}))
        save("one", SG)
        save("two", rule({"none": [{"segment": "one"}]}))
        save("three", rule({"any": [{"segment": "one"}, {"segment": "two"}]}))
        with pytest.raises(SegmentError) as raised:
            save("one", rule({"all": [{"topic": "payments"}, {"segment": "three"}]}))
        assert str(raised.value) == (
            "all[1].segment: the segment would be a part of itself: one → three → two → one"
            if "two" in str(raised.value)
            else "all[1].segment: the segment would be a part of itself: one → three → one"
        )
        Segment.objects.filter(slug="one").update(rule=rule({"segment": "three"}))  # by whatever way
        with pytest.raises(SegmentError, match="would be a part of itself"):
            predicate_of(Segment.objects.get(slug="two"), now=NOW)

    def test_segments_within_segments_do_not_grow_without_end(self):
        save("s0", SG)
        for n in range(1, 3):
            save(f"s{n}", rule({"any": [{"segment": f"s{n - 1}"}] * 9}))
        with pytest.raises(SegmentError, match=f"more than {MOST_CONDITIONS:,} conditions"):
            save("s3", rule({"any": [{"segment": "s2"}] * 9}))

    def test_an_error_within_another_segment_is_told_with_its_place(self):
        Segment.objects.create(slug="old", name="Old", rule={"version": 1, "all": [{"nothing": 1}]})
        with pytest.raises(
            SegmentError, match=r"none\[0\]\.segment: the segment old has an error of its own at all\[0\]"
        ):
            save("new", rule({"none": [{"segment": "old"}]}))

    def test_a_segment_in_use_is_not_deleted(self):
        segment, _ = save("asia", SG)
        other, _ = save("other", rule({"segment": "asia"}))
        with pytest.raises(SegmentError, match="asia is a part of other"):
            delete(segment)
        delete(other)
        snapshot = take_snapshot(segment, slug="march", now=NOW)
        with pytest.raises(SegmentError, match="asia is used by snapshot march"):
            delete(segment)
        user, _ = save("user", rule({"snapshot": "march"}))
        with pytest.raises(SegmentError, match="march is a part of user"):
            delete_snapshot(snapshot)
        delete(user)
        delete_snapshot(snapshot)
        delete(segment)
        assert not Segment.objects.exists()
        assert not SnapshotMember.objects.exists()

    def test_a_snapshot_does_not_change(self):
        segment, _ = save("asia", SG)
        snapshot = take_snapshot(segment, now=NOW)
        assert (snapshot.slug, snapshot.size) == ("asia-20260331-0915", 12)
        save("asia", rule({"field": "country", "is": "MY"}))
        Subscriber.objects.update(country="DE")
        snapshot = Snapshot.objects.get()
        assert snapshot.rule == SG
        assert count(predicate_of(snapshot, now=NOW)) == 12
        assert count(predicate_of(snapshot, now=NOW, few=True)) == 12
        with pytest.raises(SegmentError, match="there is a snapshot asia-20260331-0915 already"):
            take_snapshot(segment, now=NOW)
        with pytest.raises(SegmentError, match="cannot be a short name"):
            take_snapshot(segment, slug="a b", now=NOW)

    def test_overlap(self):
        first = compile_rule(parse(SG), prefix="a_", now=NOW)
        second = compile_rule(parse(rule({"field": "email", "contains": "1"})), prefix="b_", now=NOW)
        found = overlap(first, second)
        # reader1, 10 and 11 are in Singapore, 12 to 14 in Malaysia
        assert (found.first, found.both, found.second) == (9, 3, 3)

    def test_explaining_says_which_parts_are_true(self):
        segment, _ = save(
            "asia",
            rule(
                {
                    "all": [
                        {"field": "country", "is": "SG"},
                        {"none": [{"topic": "payments"}, {"list": "weekly"}]},
                    ]
                }
            ),
        )
        lines = explain(segment, self.people[0].pk, now=NOW)
        assert [(line.depth, line.says, line.holds) for line in lines] == [
            (0, "all of these", False),
            (1, "in Singapore", True),
            (1, "none of these", False),
            (2, "gets the topic payments", True),
            (2, "on the list weekly", False),
        ]
