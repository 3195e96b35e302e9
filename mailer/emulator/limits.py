"""SendGrid's numbers and words for what POST /v3/mail/send refuses.

Source: docs.sendgrid.com, "Mail Send: limitations" and "Errors". Where its pages disagree the stricter
number stands here, so that what passes here passes there. They are written down apart from
mailer/sendgrid/limits.py: a wrong number there must be found out here, not repeated.
"""

import re
from dataclasses import dataclass

REQUEST_BYTES = 20 * 1024 * 1024
PERSONALIZATIONS = 1000
RECIPIENTS = 1000
SUBSTITUTION_BYTES = 10_000
SUBSTITUTION_ITEMS = 150
CUSTOM_ARGS_BYTES = 10_000
CATEGORIES = 10
CATEGORY_CHARACTERS = 255
ADDRESS_CHARACTERS = 320
SEND_AT_SECONDS = 72 * 3600
GROUPS_TO_DISPLAY = 25
TRACKED_LINKS = 1000

RESERVED_HEADERS = frozenset(
    {
        "x-sg-id",
        "x-sg-eid",
        "received",
        "dkim-signature",
        "content-type",
        "content-transfer-encoding",
        "to",
        "from",
        "subject",
        "reply-to",
        "cc",
        "bcc",
    }
)

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
# RFC 5321 dot-atoms and a dotted host name: SendGrid takes neither quoted local parts nor bare hosts.
ADDRESS = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+{_LABEL}")

HELP = "http://sendgrid.com/docs/API_Reference/Web_API_v3/Mail/errors.html#message."


@dataclass(frozen=True)
class FieldError:
    """One entry of an answer's `errors`. `field` is None where SendGrid names none."""

    message: str
    field: str | None = None
    help: str | None = None

    def as_json(self) -> dict[str, str | None]:
        """The entry as SendGrid writes it."""
        return {"message": self.message, "field": self.field, "help": self.help}


def refused(field: str, message: str) -> FieldError:
    """An error at `field`, with the help address of its kind (numbers in the path left out)."""
    kind = ".".join(part for part in field.split(".") if not part.isdigit())
    return FieldError(message, field, HELP + kind)


class WrongType(Exception):
    """A value of a JSON type SendGrid cannot read: it answers with a bare "Bad Request" and no field."""


BAD_REQUEST = FieldError("Bad Request")
