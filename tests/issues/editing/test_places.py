"""Every place that the lint and the builder name leads to a field of the page, or to none of them."""

from dataclasses import replace

import pytest

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError
from mailer.issues.builder.written import written_fields, written_links
from mailer.issues.editing.document import ISSUE_FIELDS, STORY_FIELDS, path_of
from mailer.issues.editing.places import Place, place_of
from mailer.issues.lint import lint
from tests.issues import sample

KEYS = (31, "new-2", 33)


@pytest.mark.parametrize(
    ("where", "field", "line"),
    [
        ("subject", "subject", None),
        ("preheader", "preheader", None),
        ("intro", "intro", None),
        ("intro, line 4", "intro", 4),
        ("outro, line 1", "outro", 1),
        ("call to action, label", "call_to_action_label", None),
        ("call to action, link", "call_to_action_link", None),
        ("stories", "stories", None),
        ("story 1", "stories.31", None),
        ("story 2, headline", "stories.new-2.headline", None),
        ("story 3, body", "stories.33.body", None),
        ("story 3, body, line 2", "stories.33.body", 2),
        ("story 1, link", "stories.31.link", None),
        ("story 1, link label", "stories.31.link_label", None),
        ("story 1, image", "stories.31.image", None),
        ("story 1, image alt", "stories.31.image_alt", None),
        ("story 1, topics", "stories.31.topics", None),
        ("story 4, body", "stories", None),
        ("newsletter", None, None),
        ("newsletter, logo", None, None),
        ("newsletter, postal address", None, None),
        ("newsletter, utm_source", None, None),
        ("HTML", None, None),
        ("text", None, None),
        ("text part", None, None),
        ("tags", None, None),
        ("theme", None, None),
        ("line 12", None, None),
        ("digest/issue.mjml, line 4", None, None),
    ],
)
def test_a_place_is_a_field(where, field, line):
    assert place_of(where, KEYS) == Place(field, line)


TEXTS = [(name, None) for name in ISSUE_FIELDS if name not in ("number", "date")] + [
    (name, 2) for name in STORY_FIELDS if name not in ("topics", "for_everyone", "hidden")
]


def with_text(name, number, text):
    """The sample issue with a text in one field."""
    issue = sample.issue()
    if number is None:
        return replace(issue, **{name: text})
    stories = list(issue.stories)
    stories[number - 1] = replace(stories[number - 1], **{name: text})
    return replace(issue, stories=tuple(stories))


@pytest.mark.parametrize(("name", "number"), TEXTS)
def test_a_problem_of_the_builder_leads_to_the_field_that_it_is_in(name, number):
    with pytest.raises(BuildError) as raised:
        build(with_text(name, number, "{% if x %}"))
    key = KEYS[number - 1] if number else None
    places = {place_of(problem.where, KEYS).field for problem in raised.value.problems}
    assert places == {path_of(name, key)}


@pytest.mark.parametrize(("name", "number"), [text for text in TEXTS if text[0] != "image"])
def test_a_finding_of_the_lint_leads_to_the_field_that_it_is_in(name, number):
    issue = with_text(name, number, "*|FNAME|*")
    found = [finding for finding in lint(issue, build(issue)) if finding.code == "tag_unresolved"]
    key = KEYS[number - 1] if number else None
    assert {place_of(finding.where, KEYS).field for finding in found} == {path_of(name, key)}


def test_all_that_is_looked_at_has_a_place_but_what_stands_in_the_newsletters_settings():
    issue = sample.issue()
    places = [one.where for looked_at in (written_fields(issue), written_links(issue)) for one in looked_at]
    for where in places:
        assert (place_of(where, KEYS).field is None) == where.startswith("newsletter, "), where
