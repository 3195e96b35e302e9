"""The links of a mail that are its recipient's own, and the headers made of them."""

from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings

from mailer.issues.models import Newsletter
from mailer.sendgrid.errors import PayloadError
from subscribers import tokens
from subscribers.tokens import Scope


def links_of(mailing_list_id: int, send_id: int) -> Callable[[int], dict[str, str]]:
    """A function from the recipients of a send to their own links: where each unsubscribes, sets preferences,
    and sees the issue in a browser."""
    manage = tokens.maker(Scope.MANAGE, mailing_list_id, send_id)
    view = tokens.maker(Scope.VIEW, mailing_list_id, send_id)
    public = settings.PUBLIC_URL

    def links(subscriber_id: int) -> dict[str, str]:
        own = manage(subscriber_id)
        return {
            "unsubscribe": f"{public}/u/{own}",
            "preferences": f"{public}/p/{own}",
            "view": f"{public}/v/{view(subscriber_id)}",
        }

    return links


def recipient_headers(unsubscribe: str, unsubscribe_email: str) -> dict[str, str]:
    """The headers of one-click unsubscription (RFC 2369 and RFC 8058).

    Args:
        unsubscribe: this recipient's own address; a POST to it acts at once.
        unsubscribe_email: a mailbox that someone reads, or "".
    """
    ways = f"<{unsubscribe}>"
    if unsubscribe_email:
        ways += f", <mailto:{quote(unsubscribe_email, safe='@')}?subject=unsubscribe>"
    return {"List-Unsubscribe": ways, "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


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
