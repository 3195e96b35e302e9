"""Links as editors wrote them: absolute, https, not empty, not doubled."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from mailer.issues.builder.content import LINK_SCHEMES, IssueContent
from mailer.issues.builder.written import WrittenLink
from mailer.issues.lint.findings import Finding, error, warning

_OWN_LINK = re.compile(r"\{\{\s*links\.[a-z]+\s*\}\}")


def check_links(issue: IssueContent, links: Iterable[WrittenLink]) -> Iterator[Finding]:
    """Yield findings about every link and image address of an issue."""
    first_story: dict[str, int] = {}
    for link in links:
        yield from _check_link(link)
        url = link.url.rstrip("/")
        if link.story is None or not url:
            continue
        if first_story.setdefault(url, link.story) != link.story:
            yield warning(
                "link_doubled",
                f"story {first_story[url]} has the same link ({link.url}): check that the right one is in both",
                link.where,
            )
    if issue.call_to_action_label and not issue.call_to_action_link:
        yield error(
            "link_empty",
            "the call to action has a label and no link: add the link or remove the label",
            "call to action, link",
        )
    if issue.call_to_action_link and not issue.call_to_action_label.strip():
        yield error(
            "label_empty",
            "the call to action has a link and no label: write what it does",
            "call to action, label",
        )
    for at, story in enumerate(issue.stories, start=1):
        if story.link_label.strip() and not story.link.strip():
            yield warning(
                "link_empty", "there is a link label and no link: add the link", f"story {at}, link"
            )


def address_problem(url: str, what: str) -> tuple[str, str] | None:
    """Return (code, message) of what makes an address unfit for any mail, None when it is fit."""
    if not url.strip():
        return "link_empty", f"{what} has no address: write one or remove it"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "link_broken", f"{what} has an address that cannot be read ({url}): correct it"
    if parts.scheme and parts.scheme not in LINK_SCHEMES:
        return "link_scheme", f"{what} starts with {parts.scheme}: — write an https:// address"
    if not parts.scheme or (parts.scheme in {"http", "https"} and not parts.netloc):
        return (
            "link_relative",
            f"{what} ({url}) has no host, and a mail has no page to start from: write https://…",
        )
    return None


def _check_link(link: WrittenLink) -> Iterator[Finding]:
    if _OWN_LINK.fullmatch(link.url):
        return
    problem = address_problem(link.url, f"the link {link.label!r}" if link.label else "the link")
    if problem:
        yield error(*problem, link.where)
    elif link.url.lower().startswith("http:"):
        yield warning(
            "link_insecure", f"{link.url} is not https: use https:// if the site has it", link.where
        )
    if not link.label.strip() and not link.where.endswith(", link"):
        yield error(
            "label_empty", "the link has no text to click on: write it between the brackets", link.where
        )
