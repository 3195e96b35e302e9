"""Themes: the allow-list of MJML, and errors with the place where they can be mended."""

from pathlib import Path

import pytest

from mailer.issues.builder.content import BuildError
from mailer.issues.builder.mjml_check import check_mjml, check_source
from mailer.issues.builder.theme import check_theme, compile_mjml, render_theme
from subscribers.colours import READABLE, contrast, readable_on, text_on

FRAME = "<mjml>\n<mj-head></mj-head>\n<mj-body>\n<mj-section><mj-column>\n{}\n</mj-column></mj-section></mj-body></mjml>"


@pytest.mark.parametrize("theme", ["digest", "letter"])
def test_the_built_in_themes_are_clean(theme: str) -> None:
    assert check_theme(theme) == ()


@pytest.mark.parametrize(
    ("block", "code"),
    [
        ("<mj-foo>x</mj-foo>", "mjml_tag"),
        ("<mj-include path='x'/>", "mjml_tag"),
        ("<mj-text><script>x</script></mj-text>", "mjml_tag"),
        ('<mj-text colour="red">x</mj-text>', "mjml_attribute"),
        ('<mj-text color="red" color="blue">x</mj-text>', "mjml_attribute"),
        ('<mj-text><a href="javascript:x">x</a></mj-text>', "mjml_attribute"),
        ('<mj-text><a onclick="x">x</a></mj-text>', "mjml_attribute"),
        ("<mj-text><a clicktracking>x</a></mj-text>", "mjml_attribute"),
        ('<mj-image src="https://a.example/b.png" />', "mjml_alt"),
        ("<mj-text>a < b</mj-text>", "mjml_structure"),
        ("<mj-text><b>x</mj-text>", "mjml_structure"),
        ("</mj-text>", "mjml_structure"),
        ("<mj-section></mj-section>", "mjml_structure"),
        ("<mj-text><![CDATA[ x ]]></mj-text>", "mjml_structure"),
    ],
)
def test_what_the_compiler_would_swallow_is_found_with_its_line(block: str, code: str) -> None:
    found = check_mjml(FRAME.format(block))
    assert (found[0].code, found[0].where) == (code, "line 5")


def test_text_straight_in_the_body_is_found() -> None:
    (problem,) = check_mjml("<mjml>\n<mj-body>\n<mj-text>x</mj-text></mj-body></mjml>")
    assert (problem.code, problem.where) == ("mjml_structure", "line 3")


def test_a_tag_that_is_never_closed_is_found_where_it_was_opened() -> None:
    found = check_mjml("<mjml>\n<mj-body>\n<mj-section>")
    assert [problem.where for problem in found] == ["line 1", "line 2", "line 3"]


def test_a_template_is_checked_where_its_author_reads_it() -> None:
    source = (
        '{# a\n comment #}\n{% if x %}\n<mj-foo />\n{% endif %}\n<mj-text size="{{ y }}">\n{{ z }}</mj-text>'
    )
    assert [(problem.code, problem.where) for problem in check_source(source, "own/issue.mjml")] == [
        ("mjml_tag", "own/issue.mjml, line 4"),
        ("mjml_attribute", "own/issue.mjml, line 6"),
    ]


@pytest.mark.parametrize(
    ("template", "code", "where"),
    [
        ("<mjml>\n{{ nothing.here }}", "theme_value", "own/issue.mjml, line 2"),
        ("<mjml>\n\n{% if %}", "theme_syntax", "own/issue.mjml, line 3"),
        ('{% include "own/no.mjml" %}', "theme_missing", "own/no.mjml"),
        ("\n{{ ''.__class__.__mro__ }}", "theme_value", "own/issue.mjml, line 2"),
        ("\n{{ 1 / 0 }}", "theme_value", "own/issue.mjml, line 2"),
        ("<mjml>\n<mj-bod></mj-bod></mjml>", "mjml_tag", "line 2"),
    ],
)
def test_an_error_in_a_theme_is_told_with_its_place(
    tmp_path: Path, template: str, code: str, where: str
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "issue.mjml").write_text(template)
    with pytest.raises(BuildError) as failed:
        render_theme("own", {}, tmp_path)
    assert [(problem.code, problem.where) for problem in failed.value.problems] == [(code, where)]


def test_the_byte_offset_of_the_compiler_becomes_a_line() -> None:
    with pytest.raises(BuildError) as failed:
        compile_mjml("<mjml>\n<mj-head>é</mj-head>\n\n<mj-bod/></mjml>")
    assert failed.value.problems[0].where == "line 2"


def test_spaces_between_tags_do_not_stop_the_compiler() -> None:
    assert "x" in compile_mjml(FRAME.format("<mj-text>x</mj-text>  ").replace(">\n<", ">  <"))


@pytest.mark.parametrize("accent", ["#ffffff", "#000000", "#ffee00", "#b3261e", "#0f5c6e", "#7f7f7f"])
def test_any_accent_stays_readable(accent: str) -> None:
    assert contrast(text_on(accent), accent) >= READABLE
    assert contrast(readable_on(accent, "#ffffff"), "#ffffff") >= READABLE
    assert contrast(readable_on(accent, "#1c1f23"), "#1c1f23") >= READABLE
