"""Finding the issue or the newsletter that somebody names on the command line."""

from mailer.issues.models import Issue, Newsletter


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


class NoSuchNewsletter(Exception):
    """The message names the newsletters there are."""

    code = "no_such_newsletter"


def find_newsletter(slug: str) -> Newsletter:
    """The newsletter with this short name.

    Raises:
        NoSuchNewsletter: there is none.
    """
    newsletter = Newsletter.objects.select_related("mailing_list").filter(slug=slug).first()
    if newsletter is None:
        there_are = ", ".join(Newsletter.objects.order_by("slug").values_list("slug", flat=True)[:20])
        raise NoSuchNewsletter(
            f"There is no newsletter {slug!r}. "
            + (f"There are: {there_are}." if there_are else "There are none yet.")
        )
    return newsletter
