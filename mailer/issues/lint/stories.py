"""Stories and their images; text that somebody forgot to replace."""

import re
from collections.abc import Iterable, Iterator

from mailer.issues.builder.content import Edition, IssueContent
from mailer.issues.builder.written import WrittenLink, written_fields
from mailer.issues.lint.findings import Finding, error, warning

_FILE_NAME = re.compile(r"\S+\.(?:png|jpe?g|gif|webp|svg)", re.IGNORECASE)
_FILLER = re.compile(r"(?i:lorem ipsum|dolor sit amet|placeholder text)|\b(?:TBD|TKTK|XXX+)\b")
_ADDRESS = re.compile(r"https?://[^\s)>]+")
# Tags of this system and of others, which an issue that was pasted from there would carry along.
_TAGS = re.compile(
    r"\{\{|\}\}|\{%|%\}"
    r"|\*\|[^|\n]{1,40}\|\*"
    r"|%%?[A-Za-z_.]{3,40}%%?"
    r"|\[(?:FNAME|LNAME|NAME|FIRST_?NAME|LAST_?NAME|FULL_?NAME|EMAIL|UNSUBSCRIBE|COMPANY)\]"
    r"|\{(?:first_?name|last_?name|name|email)\}"
    r"|<<[^<>\n]{1,40}>>",
    re.IGNORECASE,
)
_TAGS_IN_HTML = re.compile(r"\{\{|\{%|\*\|[^|\n]{1,40}\|\*")
# "%2A" is an escape, "%re…" is not, and the Markdown parser writes a stray % as %25.
_TAGS_IN_ADDRESS = re.compile(
    r"\{%|\*\||%(?:25)?(?![0-9A-Fa-f]{2})[A-Za-z_]{3,40}%|\[(?:FNAME|LNAME|EMAIL)\]"
)


def check_stories(issue: IssueContent, site: str) -> Iterator[Finding]:
    """Yield findings about the stories and their images. Those that `site` serves are as safe as it is."""
    if not issue.stories:
        yield error("no_stories", "there is nothing to send: give the issue at least one story", "stories")
    seen: set[int] = set()
    for at, story in enumerate(issue.stories, start=1):
        if not story.headline.strip():
            yield error("headline_empty", "the story has no headline: write one", f"story {at}, headline")
        if not story.body.strip():
            yield warning("body_empty", "the story has no text: write some", f"story {at}, body")
        if story.id in seen:
            yield error("story_twice", "the story stands in the issue twice: remove one", f"story {at}")
        seen.add(story.id)
        if story.image.strip():
            yield from _check_image(story.image.strip(), story.image_alt.strip(), site, f"story {at}, image")
    logo = issue.newsletter.logo.strip()
    if logo and not is_safe_image(logo, site):
        yield error("image_insecure", f"{logo} is not an https:// address: write one", "newsletter, logo")


def _check_image(url: str, alt: str, site: str, where: str) -> Iterator[Finding]:
    if not is_safe_image(url, site):
        yield error("image_insecure", f"{url} is not an absolute https:// address: write one", where)
    if not alt:
        yield error("alt_missing", "the image has no alt text: say in a few words what it shows", where)
    elif _FILE_NAME.fullmatch(alt):
        yield warning(
            "alt_file_name", f"the alt text is a file name ({alt}): say what the image shows", where
        )


def is_safe_image(url: str, site: str) -> bool:
    """Whether an image comes over https, or from `site`, the origin of this installation."""
    return url.lower().startswith("https://") or (bool(site) and url.startswith(f"{site}/"))


def check_leftovers(issue: IssueContent, links: Iterable[WrittenLink], edition: Edition) -> Iterator[Finding]:
    """Yield tags that nothing will resolve, and filler text."""
    found_any = False
    for field in written_fields(issue):
        for number, line in enumerate(field.text.split("\n"), start=1):
            where = f"{field.where}, line {number}" if field.markdown else field.where
            if found := _TAGS.search(_ADDRESS.sub(" ", line)):
                found_any = True
                yield error("tag_unresolved", _unresolved(found.group()), where)
            if found := _FILLER.search(line):
                yield warning(
                    "filler_text", f"{found.group()!r} looks like text to be replaced: replace it", where
                )
    for link in links:
        if found := _TAGS_IN_ADDRESS.search(link.url):
            found_any = True
            yield error("tag_unresolved", _unresolved(found.group()), link.where)
    if not found_any and (found := _TAGS_IN_HTML.search(edition.html)):
        yield error("tag_unresolved", _unresolved(found.group()), "HTML")


def _unresolved(tag: str) -> str:
    return (
        f"{tag} would be sent as it stands: remove it, or write a tag such as "
        '{{ subscriber.first_name or "there" }}'
    )
