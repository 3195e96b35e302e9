"""Merge tags: what editors may write, and what a recipient gets for it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError, Context, MergeTag
from mailer.issues.builder.expressions import ExpressionError, read_expression
from mailer.issues.builder.getters import compile_columns, compile_tags
from tests.issues import sample

FIELDS = ("email", "first_name")
EXPRESSIONS = (
    "subscriber.first_name",
    'subscriber.first_name or "there"',
    'subscriber.email|default("nobody")',
    "subscriber.first_name|title",
    'subscriber.first_name ~ " of " ~ subscriber.plan',
    "subscriber.plan",
    'subscriber.attributes.plan or "free"',
    "links.view",
    '"plain"',
)
CONTEXTS: tuple[Context, ...] = ("html", "text", "subject", "url")

slow = settings(deadline=None)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary() | st.dates(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)


def value(expression: str, context: Context = "text", **fields: Any) -> str:
    recipient = sample.RECIPIENT | {"subscriber": fields}
    ((key, text),) = compile_tags([MergeTag("k", expression, context)])(recipient)
    assert key == "k"
    return text


def test_a_field_gives_its_value() -> None:
    assert value("subscriber.first_name", first_name="Mei") == "Mei"


@pytest.mark.parametrize("missing", [{}, {"first_name": ""}, {"first_name": None}, {"first_name": "  "}])
@pytest.mark.parametrize(
    "expression", ['subscriber.first_name or "there"', 'subscriber.first_name|default("there")']
)
def test_a_default_serves_people_without_a_name(expression: str, missing: dict[str, Any]) -> None:
    assert value(expression, **missing) == "there"


def test_what_is_no_field_is_looked_up_in_the_attributes() -> None:
    attributes = {"plan": "gold", "email": "not this one", "Favourite colour": "red"}
    assert value("subscriber.plan", attributes=attributes) == "gold"
    assert value("subscriber.attributes.plan", attributes=attributes) == "gold"
    assert value('subscriber.attributes["Favourite colour"]', attributes=attributes) == "red"
    assert value("subscriber.email", email="mei@example.org", attributes=attributes) == "mei@example.org"


@pytest.mark.parametrize(
    ("kept", "written"),
    [
        (18, "18"),
        (18.0, "18"),
        (17.5, "17.5"),
        (1e400, "–"),
        ("2026-03-31", "2026-03-31"),
        (True, "–"),
        (["a", "b"], "–"),
        ({"a": 1}, "–"),
        (None, "–"),
    ],
)
def test_attributes_of_every_type_are_written_or_give_the_default(kept: Any, written: str) -> None:
    assert value('subscriber.attributes.kept or "–"', attributes={"kept": kept}) == written
    assert value('subscriber.kept|default("–")', attributes={"kept": kept}) == written


def test_conditions_know_the_type_of_an_attribute() -> None:
    for vip, written in ((True, "yes"), (False, "no")):
        assert value('"yes" if subscriber.vip else "no"', attributes={"vip": vip}) == written
    for age, written in ((18, "adult"), (17.5, "child"), ("18", "")):
        assert value('"adult" if subscriber.age >= 18 else "child"', attributes={"age": age}) == written


def test_a_field_that_is_a_method_of_mappings_is_only_a_field() -> None:
    assert value("subscriber.items") == ""
    assert value("subscriber.items|upper") == ""


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("subscriber.first_name|upper", "MEI"),
        ('subscriber.first_name|title or "there"', "Mei"),
        ('"gold" if subscriber.plan == "gold" else "plain"', "gold"),
        ('"Dear " ~ subscriber.first_name', "Dear mei"),
        ("subscriber.points + 1", "6"),
        ("subscriber.nothing.at.all", ""),
        ("subscriber.first_name + 1", ""),
        ('subscriber.first_name + 1 or "there"', "there"),
    ],
)
def test_other_expressions_run_in_the_sandbox(expression: str, expected: str) -> None:
    assert value(expression, first_name="mei", attributes={"plan": "gold", "points": 5}) == expected


def test_each_context_escapes_in_its_own_way() -> None:
    name = 'O\'Hara & "Söhne" <b>\r\nBcc: x'
    assert value("subscriber.n", "html", n=name) == "O&#x27;Hara &amp; &quot;Söhne&quot; &lt;b&gt; Bcc: x"
    assert value("subscriber.n", "subject", n=name) == 'O\'Hara & "Söhne" <b> Bcc: x'
    assert value("subscriber.n", "url", n="a b/ü?&") == "a%20b%2F%C3%BC%3F%26"


def test_a_default_is_escaped_too() -> None:
    assert value('subscriber.first_name or "<you>"', "html") == "&lt;you&gt;"


def test_bidirectional_overrides_do_not_reach_the_subject() -> None:
    assert value("subscriber.n", "subject", n="\u202eevil\u2066") == "evil"


def test_a_link_of_another_scheme_is_not_let_through() -> None:
    get = compile_tags([MergeTag("k", "links.view", "html")])
    assert get({"subscriber": {}, "links": {"view": "javascript:alert(1)"}}) == [("k", "")]
    assert get({"subscriber": {}, "links": {"view": "https://a.example/?x=1&y=2"}}) == [
        ("k", "https://a.example/?x=1&amp;y=2")
    ]


@slow
@given(recipient=st.fixed_dictionaries({}, optional={"subscriber": anything, "links": anything}))
def test_no_recipient_can_make_a_getter_fail(recipient: dict[str, Any]) -> None:
    expressions = [
        "subscriber.first_name",
        "subscriber.attributes.plan",
        "links.view",
        "subscriber.a|title|upper",
        'subscriber.a > 1 and "x"',
    ]
    tags = [MergeTag(f"{e}{c}", e, c) for e in expressions for c in CONTEXTS]
    for _, text in compile_tags(tags)(recipient):
        assert "\n" not in text
        text.encode()


@slow
@given(field=anything)
def test_the_quick_forms_give_what_jinja_gives(field: Any) -> None:
    conditional = '(subscriber.x if true else "")'  # not one of the quick forms, and the same value
    for default in ("", ' or "d"', '|default("d")'):
        assert value(f"subscriber.x{default}", x=field) == value(f"{conditional}{default}", x=field)


@slow
@given(
    st.lists(st.tuples(st.text(), st.text(), st.dictionaries(st.just("plan"), anything))),
    st.lists(st.tuples(st.sampled_from(EXPRESSIONS), st.sampled_from(CONTEXTS)), unique=True),
)
def test_many_recipients_at_once_get_what_each_gets_alone(
    people: list[tuple[str, str, dict[str, Any]]], written: list[tuple[str, Context]]
) -> None:
    tags = [MergeTag(f"k{n}", expression, context) for n, (expression, context) in enumerate(written)]
    compiled, alone = compile_columns(tags, FIELDS), compile_tags(tags)
    names = (*FIELDS, "attributes")
    columns = {name: [person[at] for person in people] for at, name in enumerate(names)}
    links = [{"view": f"https://a.example/{n}"} for n in range(len(people))]
    found = compiled.values({name: columns[name] for name in compiled.fields | {"email"}}, links)
    for at, person in enumerate(people):
        recipient = {"subscriber": dict(zip(names, person, strict=True)), "links": links[at]}
        assert {key: values[at] for key, values in found.items()} == dict(alone(recipient))


@pytest.mark.parametrize(
    ("expression", "fields", "links"),
    [
        ("subscriber.first_name", {"first_name"}, False),
        ('subscriber.first_name or "there"', {"first_name"}, False),
        ("subscriber.first_name ~ subscriber.email", {"first_name", "email"}, False),
        ("subscriber.plan", {"attributes"}, False),
        ("subscriber.attributes.first_name", {"attributes"}, False),
        ('"x" if subscriber.attributes["the plan"] else subscriber.email', {"attributes", "email"}, False),
        ("subscriber.first_name.x", {"first_name"}, False),
        ("links.view", set(), True),
        ('links.view if subscriber.email else ""', {"email"}, True),
        ('"plain"', set(), False),
    ],
)
def test_a_tag_tells_what_it_needs_of_a_recipient(expression: str, fields: set[str], links: bool) -> None:
    compiled = compile_columns([MergeTag("k", expression, "text")], FIELDS)
    assert (set(compiled.fields), compiled.links) == (fields, links)


def test_an_expression_that_may_not_stand_in_an_issue_is_refused_for_many_too() -> None:
    with pytest.raises(ExpressionError):
        compile_columns([MergeTag("k", "subscriber.__class__", "text")], FIELDS)


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("foo", "tag_unknown"),
        ("subscriber", "tag_unknown"),
        ("links.home", "tag_unknown"),
        ("issue.secret", "tag_unknown"),
        ("subscriber.__class__", "tag_unsafe"),
        ('subscriber["__class__"]', "tag_unsafe"),
        ("subscriber[0]", "tag_unsafe"),
        ("subscriber.first_name.upper()", "tag_call"),
        ("range(10)", "tag_call"),
        ("subscriber.x|safe", "tag_filter"),
        ("subscriber.x|attr('y')", "tag_filter"),
        ("subscriber.x is callable", "tag_test"),
        ('"a" * 1000000000', "tag_unsafe"),
        ("9 ** 9 ** 9", "tag_unsafe"),
        ("[subscriber.x]", "tag_unsafe"),
        ("subscriber.first_name ~ issue.number", "tag_mixed"),
        ("", "tag_syntax"),
        ("subscriber.", "tag_syntax"),
        ("a }} {{ b", "tag_syntax"),
        ("subscriber.x " + "~ 'x' " * 100, "tag_too_long"),
    ],
)
def test_what_a_tag_may_not_hold_is_refused_by_code(expression: str, code: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        read_expression(expression)
    assert refused.value.code == code


def test_tags_beyond_what_an_issue_holds_are_not_read() -> None:
    tags = " ".join(f"{{{{ issue.number + {number} }}}}" for number in range(200))
    with pytest.raises(BuildError) as refused:
        build(sample.issue(intro=f"{tags} {{{{ nobody.knows }}}}"))
    assert [problem.code for problem in refused.value.problems] == ["too_many_tags"]
