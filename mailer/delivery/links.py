"""The links of a mail that are its recipient's own, and the headers made of them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import quote

from django.conf import settings

from mailer.issues.builder.content import Edition
from mailer.issues.builder.personalise import personalise
from mailer.issues.models import Newsletter
from mailer.sendgrid.errors import PayloadError
from subscribers import tokens
from subscribers.tokens import Scope

_SCOPES = {
    "links.unsubscribe": Scope.MANAGE,
    "links.preferences": Scope.MANAGE,
    "links.view": Scope.VIEW,
}
"""What the token at the end of each link is good for."""


def links_of(mailing_list_id: int, send_id: int) -> Callable[[int], dict[str, str]]:
    """A function from the recipients of a send to their own links: where each unsubscribes, sets preferences,
    and sees the issue in a browser."""
    manage = tokens.maker(Scope.MANAGE, mailing_list_id, send_id)
    view = tokens.maker(Scope.VIEW, mailing_list_id, send_id)
    return lambda subscriber_id: urls(manage(subscriber_id), view(subscriber_id))


def urls(manage: str, view: str) -> dict[str, str]:
    """A recipient's own links, made of their tokens of both scopes."""
    public = settings.PUBLIC_URL
    return {
        "unsubscribe": f"{public}/u/{manage}",
        "preferences": f"{public}/p/{manage}",
        "view": f"{public}/v/{view}",
    }


def write_links_out(edition: Edition) -> tuple[Edition, dict[Scope, str]]:
    """The edition with its readers' own links written out up to the token.

    A mail holds three links and each of them several times, but only two tokens, which are the same wherever they
    stand: two short values a recipient instead of six long ones or more.

    Returns: the edition without the tags of those links; and the key that stands in it for the token of each scope
        that occurs. It is the key of one of those tags, so it occurs nowhere else.
    """
    # In a subject or inside another URL a link is escaped as a whole: those stay tags.
    own = [tag for tag in edition.tags if tag.expression in _SCOPES and tag.context in ("html", "text")]
    keys = {_SCOPES[tag.expression]: tag.key for tag in own}
    links = urls(keys.get(Scope.MANAGE, ""), keys.get(Scope.VIEW, ""))
    written = personalise(replace(edition, tags=tuple(own)), {"links": links})
    others = tuple(tag for tag in edition.tags if tag not in own)
    return replace(edition, html=written.html, text=written.text, tags=others), keys


def unsubscribe_headers(manage_tokens: Sequence[str], unsubscribe_email: str) -> dict[str, list[str]]:
    """The headers of one-click unsubscription (RFC 2369 and RFC 8058), each with a value for each recipient.

    Args:
        manage_tokens: of each recipient; a POST to the address with it acts at once.
        unsubscribe_email: a mailbox that someone reads, or "".
    """
    address = urls("", "")["unsubscribe"]
    mailbox = (
        f", <mailto:{quote(unsubscribe_email, safe='@')}?subject=unsubscribe>" if unsubscribe_email else ""
    )
    return {
        "List-Unsubscribe": [f"<{address}{token}>{mailbox}" for token in manage_tokens],
        "List-Unsubscribe-Post": ["List-Unsubscribe=One-Click"] * len(manage_tokens),
    }


def message_headers(newsletter: Newsletter, send_id: int) -> dict[str, str]:
    """The headers that all recipients of a send share.

    List-Id (RFC 2919) stays the same for the life of a newsletter. Feedback-ID is Gmail's: up to three
    identifiers of the mail and at the end the one of the sender, by which complaints are counted.

    Raises:
        PayloadError: the domain of the sender's address cannot stand in a header.
    """
    try:
        domain = newsletter.from_email.rpartition("@")[2].encode("idna").decode("ascii")
    except UnicodeError as error:
        raise PayloadError(
            "bad_from", "The domain of the sender's address is not a valid one: correct the newsletter"
        ) from error
    return {
        "List-Id": f"<{newsletter.slug}.{domain}>",
        "Feedback-ID": f"{send_id}:{newsletter.slug}:newsletter:{domain.replace('.', '-')}",
    }
