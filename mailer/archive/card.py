"""What a page says of itself to others: to search engines, feed readers, and whoever shows a card of a link to it."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from mailer.archive.addresses import archive_url, issue_url
from mailer.archive.models import WebEdition
from mailer.archive.published import changed, went_out
from mailer.issues.models import Newsletter

# As django.utils.html.json_script does: nothing in a string may end the element.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


@dataclass(frozen=True)
class Card:
    """Open Graph's properties (ogp.me), from which other sites' cards are made too, and JSON-LD (schema.org).

    Attributes:
        url: the page's own address, whichever way somebody came to it.
        image: a whole URL, or "".
        large: whether the image is a picture and not a logo.
        sent: of an issue.
    """

    title: str
    description: str
    url: str
    site: str
    image: str = ""
    image_alt: str = ""
    large: bool = False
    sent: datetime | None = None
    linked_data: SafeString | None = None


def card_of_issue(edition: WebEdition) -> Card:
    """The card of an issue: its subject and preheader, and its first picture or else the newsletter's logo."""
    issue = edition.send.issue
    newsletter = issue.newsletter
    url = issue_url(newsletter, issue.number)
    image = _whole(edition.image) or newsletter.logo
    sent = went_out(edition.send)
    article = {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": edition.subject,
        "description": edition.description,
        "url": url,
        "mainEntityOfPage": url,
        "inLanguage": edition.language,
        "datePublished": sent.isoformat(),
        "dateModified": changed(edition).isoformat(),
        "author": {"@type": "Organization", "name": newsletter.from_name},
        "publisher": _publisher(newsletter),
        "isPartOf": {"@type": "Periodical", "name": newsletter.name, "url": archive_url(newsletter)},
        **({"image": [image]} if image else {}),
    }
    return Card(
        title=edition.subject,
        description=edition.description,
        url=url,
        site=newsletter.name,
        image=image,
        image_alt=edition.image_alt if edition.image else newsletter.name,
        large=bool(edition.image),
        sent=sent,
        linked_data=_linked_data(article),
    )


def card_of_archive(newsletter: Newsletter, title: str, url: str) -> Card:
    """The card of a list of issues."""
    return Card(
        title=title,
        description=newsletter.tagline,
        url=url,
        site=newsletter.name,
        image=newsletter.logo,
        image_alt=newsletter.name,
    )


def _publisher(newsletter: Newsletter) -> dict[str, Any]:
    return {
        "@type": "Organization",
        "name": newsletter.name,
        **({"url": newsletter.website} if newsletter.website else {}),
        **({"logo": {"@type": "ImageObject", "url": newsletter.logo}} if newsletter.logo else {}),
    }


def _linked_data(data: dict[str, Any]) -> SafeString:
    """As an element that holds data and is run by nobody, so that a policy without scripts lets it stand."""
    text = json.dumps(data, ensure_ascii=False).translate(_ESCAPES)
    return format_html('<script type="application/ld+json">{}</script>', mark_safe(text))  # noqa: S308


def _whole(url: str) -> str:
    """A picture of this site may be kept without its host."""
    return f"{settings.PUBLIC_URL}{url}" if url.startswith("/") else url
