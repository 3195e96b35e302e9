"""What a newsletter says of when and how fast it goes, checked once more before anything relies on it."""

from django.core.exceptions import ValidationError

from mailer.delivery.errors import DeliveryError
from mailer.issues.models import Newsletter

FIELDS = {
    "time_zone",
    "lateness_limit",
    "hourly_ceiling",
    "domain_ceilings",
    "warm_up_from",
    "warm_up_first_day",
    "warm_up_growth",
}


class BadNewsletter(DeliveryError):
    """A newsletter holds something that its form would have refused."""

    code = "bad_newsletter"


def check_newsletter(newsletter: Newsletter) -> None:
    """Raises BadNewsletter for what cannot be kept: a value that was not entered in the form was not checked by it."""
    others = {field.name for field in Newsletter._meta.get_fields()} - FIELDS
    try:
        newsletter.clean_fields(exclude=others)
        newsletter.clean()
    except ValidationError as error:
        wrong = "; ".join(f"{name}: {' '.join(texts)}" for name, texts in error.message_dict.items())
        raise BadNewsletter(f"Correct the newsletter {newsletter.slug} on the staff site. {wrong}") from error
