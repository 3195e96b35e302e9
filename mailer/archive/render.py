"""The pages of the archive as HTML, in the language and the colours of their newsletter."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.core.paginator import Page
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from mailer.archive.addresses import archive_url, feed_url, issue_url, topic_url
from mailer.archive.box import SignUpBox
from mailer.archive.card import Card, card_of_archive, card_of_issue
from mailer.archive.dress import Frame, Links, dress
from mailer.archive.models import WebEdition
from mailer.archive.search import passage
from mailer.archive.words import language_of_words, page_words_for
from mailer.issues.brand import brand
from mailer.issues.builder.script import direction
from mailer.issues.builder.words import words_for
from mailer.issues.models import Newsletter
from subscribers.models import Topic


@dataclass(frozen=True)
class Entry:
    """An issue in a list of them. `stories` are (address, headline); `passage` is what a search found in it."""

    url: str
    number: str
    day: str
    subject: str
    description: str
    image: str
    stories: Sequence[tuple[str, str]]
    passage: SafeString


def render_issue(
    edition: WebEdition, before: WebEdition | None, after: WebEdition | None, box: SignUpBox | None
) -> str:
    """The page of an issue.

    Args:
        edition: with its HTML.
        before, after: the issues on either side of it.
    """
    newsletter = edition.send.issue.newsletter
    context = {
        **_common(newsletter, card_of_issue(edition), box),
        "entry": entry_of(edition),
        "before": before and entry_of(before),
        "after": after and entry_of(after),
    }
    frame = Frame(*(render_to_string(f"archive/{part}.html", context) for part in ("head", "above", "below")))
    links = Links(
        box.url if box else "", archive_url(newsletter), issue_url(newsletter, edition.send.issue.number)
    )
    return dress(
        edition.html,
        edition.tags,
        edition.stories,
        language=edition.language,
        words=page_words_for(newsletter.language),
        links=links,
        frame=frame,
    )


def render_archive(
    newsletter: Newsletter,
    page: Page[WebEdition],
    topics: Sequence[tuple[Topic, int]],
    box: SignUpBox | None,
    *,
    topic: Topic | None = None,
    query: str = "",
) -> str:
    """A page of the list of issues.

    Args:
        topics: those there are, with the number of issues on each.
        topic: the one it is about; None for all.
        query: what was searched, or "".
    """
    words = page_words_for(newsletter.language)
    title = words.said("about", topic=topic.name) if topic else words.archive
    if query:
        title = words.said("found" if page.paginator.count else "none", query=query)
    url = topic_url(newsletter, topic) if topic else archive_url(newsletter)
    card = card_of_archive(
        newsletter,
        f"{newsletter.name} · {title}",
        url if page.number == 1 else f"{url}?page={page.number}",
    )
    return render_to_string(
        "archive/archive.html",
        {
            **_common(newsletter, card, box),
            "title": title,
            "here": url,
            "entries": [entry_of(edition, topic, query) for edition in page],
            "page": page,
            "place": words.said("page", number=page.number, of=page.paginator.num_pages),
            "topics": [(each, count, topic_url(newsletter, each)) for each, count in topics],
            "topic": topic,
            "query": query,
        },
    )


def render_not_there(newsletter: Newsletter, box: SignUpBox | None) -> str:
    """What stands where an archive has no such page."""
    card = card_of_archive(newsletter, newsletter.name, archive_url(newsletter))
    return render_to_string("archive/not_there.html", _common(newsletter, card, box))


def entry_of(edition: WebEdition, topic: Topic | None = None, query: str = "") -> Entry:
    """An issue as a list shows it.

    Args:
        topic: only the stories on it are named; None for all.
        query: what was searched, or "": then the edition has its text.
    """
    issue = edition.send.issue
    mail = words_for(edition.language)
    url = issue_url(issue.newsletter, issue.number)
    stories = [story for story in edition.stories if topic is None or topic.pk in story["topics"]]
    return Entry(
        url=url,
        number=mail.issue_number(issue.number),
        day=mail.written_date(issue.date),
        subject=edition.subject,
        description=edition.description,
        image=edition.image,
        stories=[(f"{url}#story-{story['number']}", story["headline"]) for story in stories],
        passage=passage(edition, query) if query else SafeString(""),
    )


def _common(newsletter: Newsletter, card: Card, box: SignUpBox | None) -> dict[str, object]:
    words = page_words_for(newsletter.language)
    return {
        "newsletter": newsletter,
        "brand": brand(newsletter),
        "words": words,
        "language": newsletter.language,
        "words_language": language_of_words(newsletter.language),
        "direction": direction(newsletter.language),
        "archive": archive_url(newsletter),
        "feed": feed_url(newsletter),
        "card": card,
        "box": box,
        "get": words.said("get", newsletter=newsletter.name),
    }
