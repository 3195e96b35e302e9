"""Themes of somebody's own: what is refused, with its place; and what becomes of a newsletter that has one."""

from dataclasses import replace

import pytest

from mailer.issues.builder.build import build
from mailer.issues.builder.content import BuildError
from mailer.issues.builder.theme import THEMES, render_theme
from mailer.issues.content import content_of
from mailer.issues.models import OwnTheme
from mailer.issues.themes.check import BadTheme, check_own
from mailer.issues.themes.keep import keep, restore
from mailer.issues.themes.sample import LANGUAGES, sample_issue
from tests.issues.sample import newsletter
from tests.newsroom import make_issue

DIGEST = (THEMES / "digest" / "issue.mjml").read_text()
OWN = DIGEST.replace('{% include "digest/story.mjml" %}', '{% include "story.mjml" %}')
STORY = '<mj-text css-class="ink"><h2>Ours: {{ story.headline }}</h2>{{ story.body }}</mj-text>'
FILES = {"issue.mjml": OWN, "story.mjml": STORY}


def test_a_theme_may_include_its_own_files_and_the_built_in_ones():
    assert check_own(FILES) == ()


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"issue.mjml": None}, "theme_missing", "theme"),
        ({"../evil.mjml": "x"}, "theme_file", "../evil.mjml"),
        ({"story.mjml": "<mj-text>\n<script>x</script></mj-text>"}, "mjml_tag", "story.mjml, line 2"),
        ({"story.mjml": '<mj-text\nonclick="x">y</mj-text>'}, "mjml_attribute", "story.mjml, line 1"),
        ({"story.mjml": "a\n{{ nothing.there }}"}, "theme_value", "story.mjml, line 2"),
        ({"story.mjml": "{% include 'no.mjml' %}"}, "theme_missing", "no.mjml"),
        ({"story.mjml": "x" * 100_001}, "theme_file", "story.mjml"),
        ({"issue.mjml": OWN.replace('{% include "base/footer.mjml" %}', "")}, "address_missing", "theme"),
        ({"story.mjml": "a\n{{ 'x'.ljust(1000000000) }}"}, "theme_value", "story.mjml, line 2"),
        ({"story.mjml": "{{ ''.__class__.__mro__ }}"}, "theme_value", "story.mjml, line 1"),
    ],
)
def test_what_is_wrong_with_a_theme_is_told_with_its_place(changes, code, where):
    files = {name: source for name, source in (FILES | changes).items() if source is not None}
    assert (code, where) in [(problem.code, problem.where) for problem in check_own(files)]


@pytest.mark.parametrize(
    "source",
    [
        "{% for a in 'abc' %}{% for b in 'abc' %}{% for c in 'abc' %}x{% endfor %}{% endfor %}{% endfor %}",
        "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
        "{% include 'issue.mjml' %}{% include 'issue.mjml' %}",
        "{{ 'x' * 1000000000 }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ 10 ** 9999999 }}",
        "{% set x = 'x' * 1 %}",
        "".join(f"{{% set x{n + 1} = x{n} ~ x{n} %}}" for n in range(40)).replace("x0 ~ x0", "'abc'"),
        "{{ ['x'] | join('y') | join('zzzzzzzzzz' * 1) }}",
        f"{{% for a in '{'x' * 900}' %}}{{% for b in '{'x' * 900}' %}}{{% endfor %}}{{% endfor %}}",
        f"{{% for a in '{'x' * 900}' %}}{'y' * 40_000}{{% endfor %}}",
        f"{{% macro f() %}}{'y' * 40_000}{{% endmacro %}}{{% for a in '{'x' * 900}' %}}{{{{ f() }}}}{{% endfor %}}",
        "{% macro f(x) %}{{ f(x ~ x) }}{% endmacro %}{{ f('abc') }}",
        "{% macro f(x) %}{{ f(x + x) }}{% endmacro %}{{ f(['abc']) }}",
        "{% macro f(x) %}{{ f(f(f(x ~ 'y'))) }}{{ x }}{{ x }}{% endmacro %}{{ f('abc') }}",
        "{% macro f(x, n) %}{% if n %}{{ f([x, x], n - 1) }}{% else %}{{ x }}{% endif %}{% endmacro %}{{ f('a', 40) }}",
        "{% macro f(x, n) %}{% if n %}{{ f([x, x], n - 1) }}{% else %}{{ x | upper }}{% endif %}{% endmacro %}{{ f('a', 40) }}",
        "{% macro f(x, n) %}{% if n %}{{ f([x, x], n - 1) }}{% else %}{{ 'a' ~ x }}{% endif %}{% endmacro %}{{ f('a', 40) }}",
        "{% macro f(x, n) %}{% if n %}{{ f([x, x], n - 1) }}{% else %}{{ x | join }}{% endif %}{% endmacro %}{{ f('a', 40) }}",
    ],
)
def test_a_theme_cannot_keep_the_system_busy(source):
    with pytest.raises(BuildError):
        render_theme("digest", {}, files=(("issue.mjml", source),))


@pytest.mark.parametrize("theme", ["digest", "letter"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_built_in_themes_take_colours_and_fonts_in_every_script(theme, language):
    look = newsletter(theme=theme, page_colour="#20242c", font="mono")
    edition = build(sample_issue(look, language))
    assert "Consolas" in edition.html
    assert ("#20242c" in edition.html) == (theme == "digest")


def test_a_page_colour_that_is_none_is_refused():
    with pytest.raises(BuildError) as failed:
        build(sample_issue(newsletter(page_colour="red;}")))
    assert [problem.code for problem in failed.value.problems] == ["colour"]


@pytest.mark.django_db
def test_an_issue_is_built_with_the_newest_version_of_its_newsletters_theme():
    issue = make_issue()
    theme = OwnTheme(slug="ours", name="Ours")
    first = keep(theme, FILES)
    issue.newsletter.own_theme = theme
    issue.newsletter.save()
    assert "Ours: News about ai" in build(content_of(issue)).html
    keep(theme, FILES | {"story.mjml": STORY.replace("Ours", "Newer")})
    assert "Newer: News about ai" in build(content_of(issue)).html
    restored = restore(first)
    assert (restored.number, restored.note) == (3, "as version 1")
    assert "Ours: News about ai" in build(content_of(issue)).html


@pytest.mark.django_db
def test_the_same_files_are_no_new_version_and_bad_ones_are_not_kept():
    theme = OwnTheme(slug="ours", name="Ours")
    assert keep(theme, FILES) == keep(theme, FILES)
    with pytest.raises(BadTheme, match=r"issue.mjml, line 1"):
        keep(theme, {"issue.mjml": "<mj-foo></mj-foo>"})
    assert theme.versions.count() == 1


@pytest.mark.django_db
def test_a_theme_that_could_not_be_kept_leaves_nothing_behind():
    with pytest.raises(BadTheme):
        keep(OwnTheme(slug="ours", name="Ours"), {})
    assert not OwnTheme.objects.exists()


def test_every_story_stands_in_an_issue_of_an_own_theme():
    look = replace(newsletter(), theme_files=tuple(FILES.items()))
    assert build(sample_issue(look)).html.count("Ours: ") == 2
