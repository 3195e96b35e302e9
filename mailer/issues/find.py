"""Finding the issue that somebody names on the command line."""

from mailer.issues.models import Issue


class NoSuchIssue(Exception):
    """The message names the issues there are."""

    code = "no_such_issue"


def find_issue(name: str) -> Issue:
    """The issue that `name` stands for: `newsletter/number`, or `newsletter` for its newest.

    Raises:
        NoSuchIssue: there is none of that name.
    """
    slug, _, number = name.partition("/")
    issues = Issue.objects.select_related("newsletter__mailing_list").filter(newsletter__slug=slug)
    if number:
        issues = issues.filter(number=number) if number.isdecimal() and len(number) < 10 else issues.none()
    issue = issues.order_by("-number").first()
    if issue is None:
        newest = Issue.objects.select_related("newsletter").order_by("-created_at")[:5]
        there_are = ", ".join(str(issue) for issue in newest)
        raise NoSuchIssue(
            f"There is no issue {name!r}. "
            + (f"The newest are: {there_are}." if there_are else "There are none yet.")
        )
    return issue
