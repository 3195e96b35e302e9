"""What editors wrote, field by field and link by link, each with its place: what the lint looks at."""

from collections.abc import Iterator
from dataclasses import dataclass

from mailer.issues.builder.content import IssueContent
from mailer.issues.builder.fields import FieldReader
from mailer.issues.builder.markdown import links_of, parse_markdown
from mailer.issues.builder.placeholders import Placeholders, choose_nonce


@dataclass(frozen=True, slots=True)
class WrittenField:
    """A text field without its merge tags, which have become "…"."""

    text: str
    where: str
    markdown: bool = False


@dataclass(frozen=True, slots=True)
class WrittenLink:
    """A link as written; `story` is the story's place in the issue counted from 1, or None."""

    url: str
    label: str
    where: str
    story: int | None


def written_fields(issue: IssueContent) -> Iterator[WrittenField]:
    """Yield every text field that readers see, in the order of the issue."""
    reader = _reader(issue)

    def without_tags(text: str) -> str:
        return reader.placeholders.pattern("g").sub("…", reader.lines(text, ""))

    newsletter = issue.newsletter
    yield WrittenField(newsletter.name, "newsletter, name")
    yield WrittenField(newsletter.tagline, "newsletter, tagline")
    yield WrittenField(newsletter.postal_address, "newsletter, postal address")
    yield WrittenField(without_tags(issue.subject), "subject")
    yield WrittenField(without_tags(issue.preheader), "preheader")
    yield WrittenField(without_tags(issue.intro), "intro", markdown=True)
    for at, story in enumerate(issue.stories, start=1):
        yield WrittenField(without_tags(story.headline), f"story {at}, headline")
        yield WrittenField(without_tags(story.body), f"story {at}, body", markdown=True)
        yield WrittenField(without_tags(story.link_label), f"story {at}, link label")
        yield WrittenField(without_tags(story.image_alt), f"story {at}, image alt")
        yield WrittenField(", ".join(story.topics), f"story {at}, topics")
    yield WrittenField(without_tags(issue.outro), "outro", markdown=True)
    yield WrittenField(without_tags(issue.call_to_action_label), "call to action, label")


def written_links(issue: IssueContent) -> Iterator[WrittenLink]:
    """Yield every link in the order of the issue; tags in an address are shown as they were written."""
    reader = _reader(issue)

    def in_markdown(source: str, where: str, story: int | None) -> Iterator[WrittenLink]:
        for link in links_of(parse_markdown(reader.lines(source, where))):
            if not link.image:
                url = reader.placeholders.plain(link.url)
                yield WrittenLink(url, link.label, f"{where}, line {link.line}", story)

    yield from in_markdown(issue.intro, "intro", None)
    for at, story in enumerate(issue.stories, start=1):
        if story.link:
            yield WrittenLink(story.link.strip(), story.link_label, f"story {at}, link", at)
        yield from in_markdown(story.body, f"story {at}, body", at)
    yield from in_markdown(issue.outro, "outro", None)
    if issue.call_to_action_link:
        yield WrittenLink(
            issue.call_to_action_link.strip(), issue.call_to_action_label, "call to action, link", None
        )


def _reader(issue: IssueContent) -> FieldReader:
    """Return a reader whose problems are dropped: the build has reported them."""
    return FieldReader(
        Placeholders(choose_nonce(repr(issue))),
        {"issue": {"number": issue.number, "date": "1"}, "newsletter": {"name": "1"}},
    )
