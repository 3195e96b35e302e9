"""Which issues, or which days, a condition on engagement looks at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from mailer.issues.models import Newsletter
from subscribers.models import MailingList
from subscribers.segments import Query, SegmentError
from subscribers.segments.english import counted
from subscribers.segments.faces import Choices, Detail, Lists, Operator, Value
from subscribers.segments.lists import MAILING_LISTS
from subscribers.segments.names import number_of
from subscribers.segments.reading import MOST_DAYS, Part, below

MOST_ISSUES = 1_000


@dataclass(frozen=True)
class Window:
    """The last issues that went out, or the last days, or all time.

    Attributes:
        issues, days: how many; at most one of them is given.
        negated: it must not have happened in them: "not_in_last_issues", "never".
        newsletter, mailing_list: the slug of the one that counts; "" for any.
        place: of the condition.
    """

    issues: int | None
    days: int | None
    negated: bool
    newsletter: str
    mailing_list: str
    place: str

    def sends(self, query: Query) -> list[int] | None:
        """The sends in the window; None for every one there is."""
        if self.issues is None and not self.newsletter and not self.mailing_list and query.lists is None:
            return None
        return [send for issue in self.by_issue(query) for send in issue]

    def by_issue(self, query: Query) -> list[list[int]]:
        """The sends of each issue in the window, the newest issue first."""
        wanted: dict[str, Any] = {"now": query.now, "issues": self.issues, "newsletter": None, "list": None}
        wanted["lists"] = None if query.lists is None else sorted(query.lists)
        query.at_any |= not self.newsletter
        if self.newsletter:
            place = below(self.place, "of")
            wanted["newsletter"] = number_of(Newsletter, self.newsletter, place)
            sends_to = Newsletter.objects.values_list("mailing_list", flat=True).get(pk=wanted["newsletter"])
            query.see(sends_to, self.newsletter, place)
        if self.mailing_list:
            place = below(self.place, "of_list")
            wanted["list"] = number_of(MailingList, self.mailing_list, place)
            query.see(wanted["list"], f"the list {self.mailing_list}", place)
        with connection.cursor() as cursor:
            cursor.execute(_SENDS, wanted)
            return [sends for (sends,) in cursor.fetchall()]

    def since(self, query: Query) -> datetime | None:
        """The moment from which on something counts; None for whenever."""
        return query.now - timedelta(days=self.days) if self.days else None

    def says(self) -> str:
        """In English, with a space before it: in the last 4 issues of weekly."""
        when = ""
        if self.issues:
            when = f" in the last {counted(self.issues, 'issue') if self.issues > 1 else 'issue'}"
        elif self.days:
            when = f" in the last {counted(self.days, 'day') if self.days > 1 else 'day'}"
        whose = " of " if self.issues else " from "
        whose = f"{whose}{self.newsletter}" if self.newsletter else ""
        to = f" to the list {self.mailing_list}" if self.mailing_list else ""
        return f"{when}{whose}{to}"


# An issue has gone out when the first of its requests was accepted. All sends of an issue are one.
_SENDS = """
SELECT array_agg(send.id ORDER BY send.id)
FROM delivery_send send JOIN issues_issue issue ON issue.id = send.issue_id
WHERE send.started_at <= %(now)s
    AND (%(newsletter)s::bigint IS NULL OR issue.newsletter_id = %(newsletter)s)
    AND (%(list)s::bigint IS NULL OR send.mailing_list_id = %(list)s)
    AND (%(lists)s::bigint[] IS NULL OR issue.newsletter_id IN (
        SELECT id FROM issues_newsletter WHERE mailing_list_id = ANY(%(lists)s::bigint[])
    ))
    AND EXISTS (SELECT FROM delivery_batch batch WHERE batch.send_id = send.id AND batch.state = 'accepted')
GROUP BY issue.id
ORDER BY min(send.started_at) DESC, issue.id DESC
LIMIT %(issues)s
"""

_SPANS = ("in_last_issues", "in_last_days", "not_in_last_issues", "not_in_last_days", "never")


def read_window(part: Part) -> Window:
    """Read the keys of a condition that say when: at most one of in_last_issues, in_last_days, not_in_last_issues,
    not_in_last_days and never, and at most one of "of" (a newsletter) and "of_list"."""
    spans = part.one_of(_SPANS)
    if len(spans) > 1:
        raise SegmentError(
            "two_windows", part.place, f"{' and '.join(spans)} cannot stand together: keep one"
        )
    span = spans[0] if spans else ""
    if span == "never":
        part.true("never")
    issues = part.whole(span, MOST_ISSUES) if span.endswith("issues") else None
    days = part.whole(span, MOST_DAYS) if span.endswith("days") else None
    whose = part.one_of(("of", "of_list"))
    if len(whose) > 1:
        raise SegmentError("two_windows", part.place, "of and of_list cannot stand together: keep one")
    named = part.text(whose[0]) if whose else ""
    newsletter, mailing_list = (named, "") if whose == ["of"] else ("", named)
    return Window(issues, days, span.startswith("n"), newsletter, mailing_list, part.place)


def _newsletters(lists: Lists) -> list[tuple[str, str]]:
    shown = Newsletter.objects.all() if lists is None else Newsletter.objects.filter(mailing_list__in=lists)
    return list(shown.values_list("slug", "name"))


WHOSE = (
    Detail(
        "Of the newsletter",
        (Operator("is", ("of",), Value("choice", choices=Choices("newsletter", _newsletters))),),
    ),
    Detail("Sent to the list", (Operator("is", ("of_list",), MAILING_LISTS),)),
)
"""Whose issues count: what a form asks besides."""


def _last(label: str, span: str, most: int, unit: str) -> Operator:
    return Operator(label, (span,), Value("whole", most=most, unit=unit))


WHEN = (
    _last("in the last", "in_last_issues", MOST_ISSUES, "issues"),
    _last("in the last", "in_last_days", MOST_DAYS, "days"),
    Operator("ever"),
    _last("not in the last", "not_in_last_issues", MOST_ISSUES, "issues"),
    _last("not in the last", "not_in_last_days", MOST_DAYS, "days"),
    Operator("never", sets=((("never",), True),)),
)
"""When, as operators of a form."""
