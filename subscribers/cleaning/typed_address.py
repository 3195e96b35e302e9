"""An address that somebody typed into a form of a public page."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from subscribers.cleaning.address import BadAddress, clean_address
from subscribers.text import one_line

LONGEST = 320
"""Characters: 64 of the local part, @ and 255 of the domain (RFC 5321, 4.5.3.1)."""


def typed_address(text: str) -> str:
    """The address, as `clean_address` gives it.

    Raises:
        ValidationError: it is none, or none that can be written to.
    """
    try:
        address = clean_address(one_line(text))
    except BadAddress as error:
        raise ValidationError(
            _("This is not an email address. Write it as in anna@example.org."), code="invalid"
        ) from error
    # SendGrid takes no such address, so the mail that confirms it would never come.
    if not address.isascii():
        raise ValidationError(
            _("We cannot send mail to addresses with such letters before the @. Please use another one."),
            code="invalid",
        )
    return address
