"""MJML checked against an allow-list of tags and attributes, with line numbers.

The compiler lets unknown tags and attributes through in silence and reports real errors by byte offset,
if at all; so what it would swallow or refuse is found here first.
"""

import re
from functools import lru_cache
from html.parser import HTMLParser

from jinja2 import Environment, TemplateSyntaxError

from mailer.issues.builder.content import Problem


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_PADDING = "padding padding-top padding-right padding-bottom padding-left"
_BORDER = "border border-top border-right border-bottom border-left border-radius"
_FONT = "color font-family font-size font-style font-weight letter-spacing line-height text-decoration text-transform"
_BACKGROUND = "background-color background-url background-size background-repeat background-position"
_SECTION = f"{_PADDING} {_BORDER} {_BACKGROUND} direction full-width text-align"
_BLOCK = f"{_PADDING} align container-background-color"

# https://documentation.mjml.io/ without what loads from elsewhere (mj-font, mj-include), what mrml refuses
# (mj-html-attributes) or ignores (the gap of a wrapper).
MJML_TAGS: dict[str, frozenset[str]] = {
    "mjml": _names("lang dir owa"),
    "mj-head": _names(""),
    "mj-body": _names("background-color width"),
    "mj-title": _names(""),
    "mj-preview": _names(""),
    "mj-style": _names("inline"),
    "mj-breakpoint": _names("width"),
    "mj-attributes": _names(""),
    "mj-raw": _names("position"),
    "mj-wrapper": _names(_SECTION),
    "mj-section": _names(_SECTION),
    "mj-group": _names("background-color direction vertical-align width"),
    "mj-column": _names(
        f"{_PADDING} {_BORDER} background-color direction inner-background-color inner-border inner-border-radius "
        "vertical-align width"
    ),
    "mj-hero": _names(
        f"{_PADDING} {_BACKGROUND} background-height background-width height mode vertical-align width"
    ),
    "mj-text": _names(f"{_BLOCK} {_FONT} height"),
    "mj-button": _names(
        f"{_BLOCK} {_BORDER} {_FONT} background-color height href inner-padding name rel target text-align title "
        "vertical-align width"
    ),
    "mj-image": _names(
        f"{_BLOCK} {_BORDER} alt fluid-on-mobile font-size height href max-height name rel sizes src srcset target "
        "title usemap width"
    ),
    "mj-divider": _names(f"{_BLOCK} border-color border-style border-width width"),
    "mj-spacer": _names(f"{_PADDING} container-background-color height"),
    "mj-table": _names(f"{_BLOCK} {_FONT} border cellpadding cellspacing role table-layout width"),
    "mj-social": _names(
        f"{_BLOCK} {_FONT} border-radius icon-height icon-padding icon-size inner-padding mode"
    ),
    "mj-social-element": _names(
        f"{_PADDING} {_FONT} align alt background-color border-radius href icon-height icon-size name rel src target title"
    ),
}
_DEFAULTS = _names(" ".join(" ".join(attributes) for attributes in MJML_TAGS.values()))
_SETS_DEFAULTS = {"mj-all": _DEFAULTS, "mj-class": _DEFAULTS | {"name"}}

# HTML inside mj-text, mj-button, mj-table and mj-raw: nothing that runs, loads or asks.
_HTML_ATTRIBUTES = _names(
    "align bgcolor class dir height id lang role style title valign width aria-hidden aria-label"
)
HTML_TAGS: dict[str, frozenset[str]] = {
    **{
        tag: frozenset()
        for tag in _names(
            "b blockquote br center code div em h1 h2 h3 h4 hr i li p pre s small span strong sub sup tbody thead tr u ul"
        )
    },
    "a": _names("clicktracking href name rel target"),
    "img": _names("alt border src"),
    "meta": _names("content name"),
    "ol": _names("start"),
    "style": _names("type"),
    "table": _names("border cellpadding cellspacing"),
    "td": _names("colspan rowspan"),
    "th": _names("colspan rowspan scope"),
}
_VOID = {"br", "hr", "img", "meta"}

_PARENTS = {
    "mj-section": {"mj-body", "mj-wrapper"},
    "mj-wrapper": {"mj-body"},
    "mj-hero": {"mj-body", "mj-wrapper"},
    "mj-column": {"mj-section", "mj-group"},
    "mj-group": {"mj-section"},
    **{
        tag: {"mj-column", "mj-hero"}
        for tag in ("mj-text", "mj-button", "mj-image", "mj-divider", "mj-spacer", "mj-table", "mj-social")
    },
    "mj-social-element": {"mj-social"},
    "mj-raw": {"mj-head", "mj-body", "mj-wrapper", "mj-section", "mj-column", "mj-hero"},
    **{tag: {"mj-head"} for tag in ("mj-title", "mj-preview", "mj-style", "mj-breakpoint", "mj-attributes")},
    "mj-head": {"mjml"},
    "mj-body": {"mjml"},
}
_RUNS = re.compile(r"\s*(?:javascript|vbscript|data)\s*:", re.IGNORECASE)


def check_mjml(mjml: str) -> tuple[Problem, ...]:
    """Return what is wrong with a complete MJML document; places are "line 12"."""
    checker = _Checker(whole=True, place="")
    checker.feed(mjml)
    checker.close()
    checker.finish()
    return tuple(checker.problems)


@lru_cache(maxsize=32)
def check_source(source: str, name: str) -> tuple[Problem, ...]:
    """Return what is wrong with the tags and attributes of a template's source; places are "<name>, line 12".

    A template may hold half of a structure, so only tags, attributes and alt texts are looked at here.
    """
    try:
        tokens = list(Environment(autoescape=True, keep_trailing_newline=True).lex(source))
    except TemplateSyntaxError as error:
        return (Problem("theme_syntax", str(error.message), f"{name}, line {error.lineno}"),)
    # What Jinja2 writes is unknown here: only its line breaks stay, so that the lines still count right.
    plain = "".join(value if kind == "data" else "\n" * value.count("\n") for _, kind, value in tokens)
    checker = _Checker(whole=False, place=f"{name}, ")
    checker.feed(plain)
    checker.close()
    return tuple(checker.problems)


class _Checker(HTMLParser):
    def __init__(self, *, whole: bool, place: str) -> None:
        super().__init__(convert_charrefs=False)
        self.problems: list[Problem] = []
        self._whole = whole
        self._place = place
        self._open: list[tuple[str, int]] = []

    def report(self, code: str, message: str) -> None:
        self.problems.append(Problem(code, message, f"{self._place}line {self.getpos()[0]}"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)
        if tag not in _VOID:
            self._open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if not self._whole or tag in _VOID:
            return
        if self._open and self._open[-1][0] == tag:
            self._open.pop()
            return
        if tag in (name for name, _ in self._open):
            inner, line = self._open[-1]
            self.report(
                "mjml_structure", f"</{tag}> stands before <{inner}> of line {line} is closed: close it first"
            )
            while self._open.pop()[0] != tag:
                pass
        else:
            self.report("mjml_structure", f"</{tag}> closes nothing: remove it or open <{tag}> before it")

    def handle_data(self, data: str) -> None:
        if "<" in data and (not self._open or self._open[-1][0] not in {"style", "mj-style"}):
            self.report("mjml_structure", "a bare < stands in the text: write &lt;")

    def unknown_decl(self, data: str) -> None:
        self.report("mjml_structure", "CDATA is not understood: write the text with &lt; and &amp;")

    def finish(self) -> None:
        for tag, line in self._open:
            self.problems.append(
                Problem(
                    "mjml_structure", f"<{tag}> is never closed: add </{tag}>", f"{self._place}line {line}"
                )
            )

    def _check(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        defaults = self._open and self._open[-1][0] == "mj-attributes"
        if tag in MJML_TAGS:
            allowed = MJML_TAGS[tag] | {"css-class", "mj-class"}
        elif tag in _SETS_DEFAULTS:
            allowed = _SETS_DEFAULTS[tag]
        elif tag in HTML_TAGS:
            allowed = HTML_TAGS[tag] | _HTML_ATTRIBUTES
        else:
            self.report("mjml_tag", f"<{tag}> is not allowed in a theme: remove it or use another tag")
            return
        self._check_attributes(tag, attrs, allowed)
        names = {name for name, _ in attrs}
        if tag in {"mj-image", "img"} and "alt" not in names and not defaults:
            self.report("mjml_alt", f'<{tag}> has no alt: describe the image, or write alt="" for decoration')
        parents = _PARENTS.get(tag)
        if self._whole and parents and not defaults:
            parent = self._open[-1][0] if self._open else "the document"
            if parent not in parents:
                wanted = " or ".join(f"<{name}>" for name in sorted(parents))
                self.report("mjml_structure", f"<{tag}> cannot stand in {parent}: put it in {wanted}")

    def _check_attributes(
        self, tag: str, attrs: list[tuple[str, str | None]], allowed: frozenset[str]
    ) -> None:
        seen: set[str] = set()
        for name, value in attrs:
            if name not in allowed:
                self.report(
                    "mjml_attribute", f"<{tag}> has no attribute {name!r}: remove it or correct its name"
                )
            elif name in seen and self._whole:
                self.report("mjml_attribute", f"<{tag}> has {name!r} twice: keep one")
            elif value is None and self._whole:
                self.report("mjml_attribute", f'{name!r} of <{tag}> has no value: write {name}="…"')
            elif value and name in {"href", "src", "background-url"} and _RUNS.match(value):
                self.report("mjml_attribute", f"{name!r} of <{tag}> must be an https:// address")
            seen.add(name)
