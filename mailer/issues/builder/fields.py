"""The text fields of an issue: tags between `{{` and `}}` found and turned into placeholders."""

import re
from collections.abc import Mapping
from typing import Any

from jinja2 import TemplateSyntaxError

from mailer.issues.builder.content import LINK_SCHEMES, Problem
from mailer.issues.builder.escape import many_lines, one_line
from mailer.issues.builder.expressions import EXAMPLE, SANDBOX, ExpressionError, read_expression
from mailer.issues.builder.placeholders import MOST_EXPRESSIONS, Placeholders

_SAFE_START = re.compile(r"(?:https?://[^/?#]+[/?#]|mailto:[^?]+\?)", re.IGNORECASE)
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)


class FieldReader:
    """Reads fields one by one and collects every problem on the way.

    `facts` are the values of expressions about the issue:
    `{"issue": {"number": "12", …}, "newsletter": {"name": "…", …}}`.
    """

    def __init__(self, placeholders: Placeholders, facts: Mapping[str, Mapping[str, Any]]) -> None:
        self.placeholders = placeholders
        self.problems: list[Problem] = []
        self._facts = facts
        self._marks: dict[str, str] = {}

    def line(self, text: str, where: str) -> str:
        """Return a field of one line with placeholders for its tags."""
        return self._read(one_line(text), where, numbered=False)

    def lines(self, text: str, where: str) -> str:
        """Return a field of several lines with placeholders for its tags."""
        return self._read(many_lines(text), where, numbered=True)

    def url(self, text: str, where: str) -> str:
        """Return the address of a link with placeholders for its tags, checked by `check_url`."""
        url = self.line(text, where)
        self.check_url(url, where)
        return url

    def image_url(self, text: str, where: str) -> str:
        """Return the address of an image: no tags, and http or https when it has a scheme."""
        url = one_line(text)
        if "{{" in url or "{%" in url:
            self.report("tag_in_image", "an image has the same address for everybody: remove the tag", where)
        scheme = _SCHEME.match(url)
        if scheme and scheme[1].lower() not in {"http", "https"}:
            self.report(
                "image_scheme",
                f"an image cannot be loaded from {scheme[1]}: write an https:// address",
                where,
            )
        return url

    def check_url(self, url: str, where: str) -> None:
        """Report a scheme that mail programs must not follow, and a host that a tag would decide.

        Whether the address is absolute, https and not empty is the lint's business.
        """
        scheme = _SCHEME.match(url)
        of_a_tag = scheme is not None and self.placeholders.pattern("g").search(scheme[1])
        if scheme and not of_a_tag and scheme[1].lower() not in LINK_SCHEMES:
            self.report(
                "link_scheme",
                f"a link cannot start with {scheme[1]}: — write an https:// address instead",
                where,
            )
        if not self.placeholders.pattern("g").search(url) or self.placeholders.whole_link(url):
            return
        start = _SAFE_START.match(url)
        if start is None or self.placeholders.pattern("g").search(start[0]):
            self.report(
                "tag_in_host",
                "a tag cannot decide where a link goes: write https:// and the host itself, "
                "for instance https://example.org/offer?name={{ subscriber.first_name }}",
                where,
            )

    def report(self, code: str, message: str, where: str) -> None:
        """Add a problem."""
        self.problems.append(Problem(code, message, where))

    def _read(self, text: str, where: str, *, numbered: bool) -> str:
        parts: list[str] = []
        expression: list[str] | None = None
        statement_reported = False
        skipped: str | None = None
        started = 1

        def place(line: int) -> str:
            return f"{where}, line {line}" if numbered else where

        try:
            for line, kind, value in SANDBOX.lex(text):
                if kind == "variable_begin":
                    expression, started = [], line
                elif kind == "variable_end":
                    parts.append(self._tag("".join(expression or []), place(started)))
                    expression = None
                elif kind in {"block_begin", "raw_begin", "comment_begin"}:
                    skipped, started = kind, line
                    if kind != "comment_begin" and not statement_reported:
                        statement_reported = True
                        self.report("tag_statement", _NO_STATEMENTS, place(line))
                elif kind in {"block_end", "raw_end", "comment_end"}:
                    skipped = None
                elif expression is not None:
                    expression.append(value)
                elif skipped is None:
                    parts.append(value)
        except TemplateSyntaxError as error:
            self.report("tag_syntax", f"{error.message}: {EXAMPLE}", place(error.lineno))
            return "".join(parts)
        if expression is not None:
            self.report(
                "tag_syntax", f"a tag is opened with {{{{ and not closed by }}}}: {EXAMPLE}", place(started)
            )
        elif skipped is not None and not statement_reported:
            self.report(
                "tag_syntax",
                "something opened with {# or {% is not closed: close or remove it",
                place(started),
            )
        return "".join(parts)

    def _tag(self, source: str, where: str) -> str:
        source = " ".join(source.split("\n"))
        if source in self._marks or self.placeholders.count() >= MOST_EXPRESSIONS:
            return self._marks.get(source, "")
        try:
            expression = read_expression(source)
        except ExpressionError as error:
            self.report(error.code, str(error), where)
            return ""
        fixed = None
        if expression.about == "issue":
            try:
                fixed = one_line(SANDBOX.compile_expression(expression.source, False)(**self._facts))
            except Exception as error:
                self.report(
                    "tag_failed", f"{{{{ {expression.source} }}}} has no value ({error}): {EXAMPLE}", where
                )
                return ""
        mark = self._marks[source] = self.placeholders.tag(expression, fixed)
        if self.placeholders.count() == MOST_EXPRESSIONS:
            self.report(
                "too_many_tags",
                f"an issue may hold {MOST_EXPRESSIONS - 1} different tags: remove some",
                where,
            )
        return mark


_NO_STATEMENTS = (
    "statements ({% … %}) cannot stand in an issue: for a choice write "
    '{{ "this" if subscriber.plan == "gold" else "that" }}'
)
