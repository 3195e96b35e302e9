"""The lint: every check on one edition of an issue."""

from typing import Any

from mailer.issues.builder.content import Edition, IssueContent
from mailer.issues.builder.getters import compile_tags
from mailer.issues.builder.personalise import personalise
from mailer.issues.builder.written import written_links
from mailer.issues.lint.findings import Finding
from mailer.issues.lint.links import check_links
from mailer.issues.lint.rendered import check_duties, check_html, check_size
from mailer.issues.lint.stories import check_leftovers, check_stories
from mailer.issues.lint.subject import check_subject

# Somebody with a name of usual length and signed links of usual length.
TYPICAL_RECIPIENT: dict[str, Any] = {
    "subscriber": {
        "email": "alexandra.fernandez@example.org",
        "first_name": "Alexandra",
        "last_name": "Fernandez",
        "language": "en",
        "attributes": {},
    },
    "links": {
        name: f"https://news.example.org/{name}/{'x' * 96}" for name in ("unsubscribe", "preferences", "view")
    },
}


def lint(issue: IssueContent, edition: Edition, *, site: str = "") -> tuple[Finding, ...]:
    """Return everything to mend, errors first, each with its place and what to do.

    `edition` is what `build(issue)` gave. `site` is the origin of this installation: it may serve images
    without https where it runs on the machine of whoever tries it out. What stands wrong in a field is named
    there and not again for the HTML that was made from it.
    """
    typical = personalise(edition, TYPICAL_RECIPIENT)
    values = compile_tags(edition.tags)(TYPICAL_RECIPIENT)
    # Quotes, colon and comma around key and value in the request.
    substitutions = sum(len(key.encode()) + len(value.encode()) + 6 for key, value in values)
    links = tuple(written_links(issue))
    findings = [
        *check_stories(issue, site),
        *check_subject(issue, edition, typical),
        *check_links(issue, links),
        *check_leftovers(issue, links, edition),
        *check_duties(issue, edition),
        *check_size(edition, typical, substitutions),
    ]
    named = {finding.code for finding in findings}
    findings += [finding for finding in check_html(issue, edition, site) if finding.code not in named]
    return tuple(sorted(dict.fromkeys(findings), key=lambda finding: finding.level))
