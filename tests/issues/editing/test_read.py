"""A document as it comes from a page: each field that cannot be kept is named."""

import pytest

from mailer.issues.editing.document import as_json, from_json
from mailer.issues.editing.read import LONGEST, Invalid, read_document
from tests.issues.editing.drafts import draft, story

GOOD = as_json(draft(story(1, topics=(2, 3), for_everyone=True), story("new-1", hidden=True), intro="Dear"))


def changed(where, name, value):
    issue, stories = dict(GOOD["issue"]), [dict(one) for one in GOOD["stories"]]
    (issue if where == "issue" else stories[where])[name] = value
    return {"issue": issue, "stories": stories}


def errors_of(written):
    with pytest.raises(Invalid) as raised:
        read_document(written)
    return [(error.where, error.field, error.story) for error in raised.value.errors]


def test_what_was_written_is_read():
    assert read_document(GOOD) == from_json(GOOD)


@pytest.mark.parametrize("name", LONGEST)
def test_each_text_has_a_limit(name):
    where = "issue" if name in GOOD["issue"] else 1
    assert read_document(changed(where, name, "x" * LONGEST[name]))
    [(_, field, key)] = errors_of(changed(where, name, "x" * (LONGEST[name] + 1)))
    assert (field, key) == ((name, None) if where == "issue" else (f"stories.new-1.{name}", "new-1"))


@pytest.mark.parametrize(
    ("where", "name", "value", "error"),
    [
        ("issue", "number", 0, ("number", "number", None)),
        ("issue", "number", True, ("number", "number", None)),
        ("issue", "number", 2**40, ("number", "number", None)),
        ("issue", "date", "30.11.2026", ("date", "date", None)),
        ("issue", "date", "0026-11-30", ("date", "date", None)),
        ("issue", "date", None, ("date", "date", None)),
        ("issue", "subject", 5, ("subject", "subject", None)),
        ("issue", "call_to_action_link", [], ("call to action, link", "call_to_action_link", None)),
        (0, "topics", ["2"], ("story 1, topics", "stories.1.topics", 1)),
        (0, "topics", [-1], ("story 1, topics", "stories.1.topics", 1)),
        (0, "hidden", "yes", ("story 1, hidden", "stories.1.hidden", 1)),
        (1, "for_everyone", None, ("story 2, for everyone", "stories.new-1.for_everyone", "new-1")),
        (1, "id", "12", ("story 2", "stories", None)),
        (1, "id", 1, ("story 2", "stories.1", 1)),
    ],
)
def test_a_value_of_another_kind_is_refused(where, name, value, error):
    assert errors_of(changed(where, name, value)) == [error]


@pytest.mark.parametrize(
    "written", [None, [], {}, {"issue": {}}, {"issue": [], "stories": []}, {"issue": {}, "stories": {}}]
)
def test_what_is_no_document_is_refused(written):
    assert errors_of(written) == [("issue", "issue", None)]


def test_a_field_that_is_missing_is_an_error_and_not_an_empty_field():
    written = changed("issue", "subject", "")
    del written["issue"]["intro"], written["stories"][0]["body"]
    assert errors_of(written) == [("intro", "intro", None), ("story 1, body", "stories.1.body", 1)]


def test_more_stories_than_an_issue_holds_are_refused():
    many = [{**GOOD["stories"][0], "id": number} for number in range(1, 202)]
    assert errors_of({**GOOD, "stories": many}) == [("stories", "stories", None)]


def test_what_is_too_long_together_is_refused():
    """Each preview parses all of it: what no mail can hold would keep the site from everybody else."""
    many = [{**GOOD["stories"][0], "id": number, "body": "[" * 49_000} for number in range(1, 6)]
    assert read_document({**GOOD, "stories": many[:4]})
    assert errors_of({**GOOD, "stories": many}) == [("stories", "stories", None)]


def test_what_the_database_cannot_hold_is_left_out_and_lines_end_in_one_way():
    read = read_document(changed(0, "body", "a\x00b\ud800c\r\nd\re"))
    assert read.stories[0].body == "abc\nd\ne"
