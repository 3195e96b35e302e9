"""The Atom feed of a newsletter (RFC 4287): its newest issues, each with its preheader and headlines."""

from collections.abc import Iterable

from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join

from mailer.archive.addresses import archive_url, feed_url, issue_url
from mailer.archive.models import WebEdition
from mailer.archive.published import changed, went_out
from mailer.issues.builder.escape import one_line
from mailer.issues.models import Newsletter


def atom(newsletter: Newsletter, editions: Iterable[WebEdition]) -> str:
    """The feed as XML.

    An entry's id is its address, so a reader knows an issue again whose subject was decided, or which was mended and
    sent again. Control characters, which XML refuses, the builder has taken out of issues, and nobody of the settings.
    """
    feed = Atom1Feed(
        title=one_line(newsletter.name),
        subtitle=one_line(newsletter.tagline) or None,
        link=archive_url(newsletter),
        feed_url=feed_url(newsletter),
        description="",
        language=newsletter.language,
        author_name=one_line(newsletter.from_name),
    )
    for edition in editions:
        url = issue_url(newsletter, edition.send.issue.number)
        feed.add_item(
            title=edition.subject,
            link=url,
            unique_id=url,
            description=_summary(edition, url),
            pubdate=went_out(edition.send),
            updateddate=changed(edition),
        )
    text: str = feed.writeString("utf-8")
    return text


def _summary(edition: WebEdition, url: str) -> str:
    stories = format_html_join(
        "",
        '<li><a href="{}#story-{}">{}</a></li>',
        ((url, story["number"], story["headline"]) for story in edition.stories),
    )
    return format_html("<p>{}</p><ul>{}</ul>", edition.description, stories)
