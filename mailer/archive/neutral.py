"""An issue as it reads for nobody in particular: each merge tag gives its default, and nothing where it has none."""

from collections.abc import Mapping
from typing import Any

from mailer.issues.builder.content import Edition, IssueContent, PersonalisedMail
from mailer.issues.builder.expressions import ISSUE_FIELDS
from mailer.issues.builder.fields import FieldReader
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.placeholders import Placeholders, choose_nonce
from mailer.issues.builder.words import words_for


def for_nobody(edition: Edition, links: Mapping[str, str] | None = None) -> PersonalisedMail:
    """An edition with the defaults of its merge tags.

    Args:
        links: addresses in place of a recipient's own links: unsubscribe, preferences, view; none where left out.
    """
    return personalise(edition, {"subscriber": {"attributes": {}}, "links": links or {}})


def line_of(text: str, issue: IssueContent) -> str:
    """A field of one line of an issue, such as the headline of a story, as the builder reads it."""
    placeholders = Placeholders(choose_nonce(text))
    newsletter = issue.newsletter
    date = words_for(newsletter.language).written_date(issue.date)
    facts: dict[str, dict[str, Any]] = {
        "issue": {"number": issue.number, "date": date},
        "newsletter": {name: getattr(newsletter, name) for name in ISSUE_FIELDS["newsletter"]},
    }
    line = placeholders.in_text(FieldReader(placeholders, facts).line(text, "headline"))
    edition = Edition((), newsletter.language, "", "", "", line, placeholders.tags(), ())
    return for_nobody(edition).text.strip()
