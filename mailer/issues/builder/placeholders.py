"""Placeholders: stand-ins of letters and digits that pass Markdown, MJML and URLs unchanged.

Every placeholder is `<nonce><number, 3 digits><kind, 1 letter>`, all of the same length, and the nonce is
an `m` and hexadecimal digits that occur nowhere in the issue. So no placeholder is a prefix of another,
two of them side by side cannot be read in another way, and none collides with what an editor wrote.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mailer.issues.builder.content import Context, MergeTag
from mailer.issues.builder.escape import ESCAPES
from mailer.issues.builder.expressions import Expression

MOST_EXPRESSIONS = 200
_KINDS: dict[Context, str] = {"html": "h", "text": "t", "subject": "s", "url": "u"}


def choose_nonce(content: str) -> str:
    """Return a nonce that does not occur in the content, the same one for the same content."""
    attempt = 0
    while True:
        digest = hashlib.sha256(f"{attempt}:{content}".encode(errors="replace")).hexdigest()
        nonce = "m" + digest[:6]
        if nonce not in content:
            return nonce
        attempt += 1


@dataclass(frozen=True, slots=True)
class Slot:
    """HTML that is put in after MJML has run, so that no content can change its structure."""

    html: str
    story_id: int | None


@dataclass(slots=True)
class Placeholders:
    """All placeholders of one build: merge tags, values known at build time, and slots."""

    nonce: str
    _expressions: list[Expression] = field(default_factory=list)
    _fixed: dict[int, str] = field(default_factory=dict)
    _slots: list[Slot] = field(default_factory=list)
    _used: set[tuple[int, Context]] = field(default_factory=set)

    def tag(self, expression: Expression, fixed: str | None = None) -> str:
        """Return the placeholder of an expression; `fixed` is its value when that is known already."""
        if expression not in self._expressions:
            self._expressions.append(expression)
        index = self._expressions.index(expression)
        if fixed is not None:
            self._fixed[index] = fixed
        return f"{self.nonce}{index:03d}g"

    def count(self) -> int:
        """Return how many different expressions there are so far."""
        return len(self._expressions)

    def slot(self, html: str, story_id: int | None = None) -> str:
        """Return the placeholder of finished HTML."""
        self._slots.append(Slot(html, story_id))
        return f"{self.nonce}{len(self._slots) - 1:03d}b"

    def pattern(self, kind: str) -> re.Pattern[str]:
        """Return the pattern of the placeholders of one kind: "g" for expressions, "b" for slots."""
        return re.compile(self.nonce + r"(\d{3})" + kind)

    def slot_at(self, index: int) -> Slot:
        """Return the slot with this number."""
        return self._slots[index]

    def whole_link(self, url: str) -> bool:
        """Tell whether a URL is nothing but one of the recipient's own links."""
        found = self.pattern("g").fullmatch(url)
        return found is not None and bool(self._expressions[int(found[1])].link)

    def in_text(self, text: str) -> str:
        """Return plain text with its expressions resolved for the text part."""
        return self._resolve(text, "text")

    def in_subject(self, text: str) -> str:
        """Return a subject with its expressions resolved."""
        return self._resolve(text, "subject")

    def in_html(self, html: str) -> str:
        """Return text of an HTML document, or a quoted attribute that is no URL, resolved."""
        return self._resolve(html, "html")

    def in_html_url(self, url: str) -> str:
        """Return the content of a `href` or `src` of an HTML document, resolved."""
        return self._resolve(url, "html" if self.whole_link(url) else "url")

    def in_text_url(self, url: str) -> str:
        """Return a URL that stands in the text part, resolved."""
        return self._resolve(url, "text" if self.whole_link(url) else "url")

    def plain(self, text: str) -> str:
        """Return the text with readable names in place of expressions, for labels that people read."""
        return self._named(text, lambda value: value)

    def plain_url(self, url: str) -> str:
        """Return a URL as it stands in the mail, with readable names for what differs per recipient.

        So it is the same in every edition of an issue, where the keys of merge tags are not.
        """
        return self._named(url, ESCAPES["url"])

    def _named(self, text: str, escape: Callable[[str], str]) -> str:
        def name(found: re.Match[str]) -> str:
            index = int(found[1])
            if index in self._fixed:
                return escape(self._fixed[index])
            return "{{ " + self._expressions[index].source + " }}"

        return self.pattern("g").sub(name, text)

    def tags(self) -> tuple[MergeTag, ...]:
        """Return the merge tags that were used, in the order of their keys."""
        used = [
            MergeTag(f"{self.nonce}{index:03d}{_KINDS[context]}", self._expressions[index].source, context)
            for index, context in self._used
        ]
        return tuple(sorted(used, key=lambda tag: tag.key))

    def _resolve(self, text: str, context: Context) -> str:
        return self.pattern("g").sub(self._replacement(context), text)

    def _replacement(self, context: Context) -> Callable[[re.Match[str]], str]:
        escape = ESCAPES[context]

        def replacement(found: re.Match[str]) -> str:
            index = int(found[1])
            if index in self._fixed:
                return escape(self._fixed[index])
            self._used.add((index, context))
            return f"{self.nonce}{found[1]}{_KINDS[context]}"

        return replacement
