"""A newsletter as the store's public pages show it."""

from mailer.issues.models import Newsletter
from subscribers.brand import Brand


def newsletter_of_list(mailing_list_id: int) -> Newsletter | None:
    """The newsletter that sends to a list: the first of them; None where there is none."""
    return Newsletter.objects.filter(mailing_list_id=mailing_list_id).order_by("id").first()


def brand_of_list(mailing_list_id: int) -> Brand | None:
    """The brand of the newsletter that sends to a list; None where there is none."""
    newsletter = newsletter_of_list(mailing_list_id)
    return brand(newsletter) if newsletter else None


def brand(newsletter: Newsletter) -> Brand:
    """How a newsletter looks to its readers."""
    return Brand(
        name=newsletter.name,
        tagline=newsletter.tagline,
        language=newsletter.language,
        colour=newsletter.colour,
        logo=newsletter.logo,
        website=newsletter.website,
        postal_address=newsletter.postal_address,
    )
