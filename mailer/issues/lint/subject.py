"""Subject and preheader: what a reader sees before opening."""

import re
import unicodedata
from collections.abc import Iterator

from mailer.issues.builder.content import Edition, IssueContent, PersonalisedMail
from mailer.issues.lint.findings import Finding, error, warning

# Columns, in which a Chinese character takes two. Desktop programs show about 70, phones 35 to 45.
LONGEST_SUBJECT = 70
LONGEST_PREHEADER = 140
_SHOUTING_FROM_LETTERS = 8


def check_subject(issue: IssueContent, edition: Edition, typical: PersonalisedMail) -> Iterator[Finding]:
    """Yield findings about subject and preheader; lengths count with a typical recipient's values."""
    subject = typical.subject.strip()
    if not subject:
        yield error("subject_empty", "the subject is empty: write one", "subject")
    columns = _columns(subject)
    if columns > LONGEST_SUBJECT:
        yield warning(
            "subject_long",
            f"the subject is {columns} columns wide and will be cut off: keep it within {LONGEST_SUBJECT}, "
            "with what matters first",
            "subject",
        )
    if _shouts(edition.subject):
        yield warning(
            "subject_shouts",
            "the subject is in capitals, which filters dislike: write it normally",
            "subject",
        )
    if re.search(r"[!！?？]{2,}", subject) or subject.count("!") + subject.count("！") > 2:
        yield warning(
            "subject_exclaims", "the subject shouts with !!!, which filters dislike: keep one", "subject"
        )
    preheader = issue.preheader.strip()
    if not preheader:
        yield warning(
            "preheader_empty",
            "there is no preheader: write the sentence that inboxes show after the subject",
            "preheader",
        )
    columns = _columns(edition.preheader)
    if columns > LONGEST_PREHEADER:
        yield warning(
            "preheader_long",
            f"the preheader is {columns} columns wide: inboxes show {LONGEST_PREHEADER} at most, shorten it",
            "preheader",
        )
    if preheader and preheader == issue.subject.strip():
        yield warning(
            "preheader_repeats", "the preheader repeats the subject: say what else is inside", "preheader"
        )


def _columns(text: str) -> int:
    """Return the width of the text: two columns for wide characters, none for combining ones."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _shouts(text: str) -> bool:
    cased = [character for character in text if character.isupper() or character.islower()]
    capitals = sum(character.isupper() for character in cased)
    return len(cased) >= _SHOUTING_FROM_LETTERS and capitals >= 0.8 * len(cased)
