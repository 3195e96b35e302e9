"""Each newsletter with its newest issue, and where that stands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from mailer.delivery.progress import Progress, progress
from mailer.delivery.standing import Standing, standing, with_sends
from mailer.issues.models import Issue, Newsletter
from mailer.tracking.reports.charts import Segment, segments

RUNS = ("scheduled", "sending", "paused")
"""Words of a send that was started and is not over: it is counted how far it is."""
OVER = ("sent", "cancelled")
"""Words of a send after which the next issue is begun."""


@dataclass(frozen=True)
class Newest:
    """A newsletter with its newest issue; `issue` and `standing` are None where there is none.

    Args:
        begins: whether its next issue may be begun now.
        progress: of a send that runs.
    """

    newsletter: Newsletter
    issue: Issue | None
    standing: Standing | None
    begins: bool
    progress: Progress | None

    @property
    def parts(self) -> tuple[Segment, ...]:
        """The progress, drawn."""
        return segments(self.progress) if self.progress else ()


def newest(newsletters: Sequence[Newsletter], writes: Collection[int] | None) -> list[Newest]:
    """Each with its newest issue but the one that welcomes, those with the newest issues first.

    Takes three queries, and one for each send that runs.

    Args:
        writes: newsletters in which whoever asks may begin an issue; None for all.
    """
    welcomes = [each.welcome_issue_id for each in newsletters if each.welcome_issue_id]
    issues = Issue.objects.filter(newsletter__in=newsletters).exclude(pk__in=welcomes)
    last = issues.order_by("newsletter_id", "-number").distinct("newsletter_id")
    found = {issue.newsletter_id: issue for issue in with_sends(last)}
    rows = [
        _newest(each, found.get(each.pk), may_begin=writes is None or each.pk in writes)
        for each in newsletters
    ]
    return sorted(rows, key=lambda row: -row.issue.date.toordinal() if row.issue else 0)


def _newest(newsletter: Newsletter, issue: Issue | None, *, may_begin: bool) -> Newest:
    if issue is None:
        return Newest(newsletter, None, None, may_begin, None)
    stands = standing(issue)
    runs = stands.send if stands.word in RUNS else None
    return Newest(
        newsletter, issue, stands, may_begin and stands.word in OVER, progress(runs) if runs else None
    )
