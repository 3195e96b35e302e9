"""Baseline: django-anymail's batch send with merge_data, through its SendGrid backend, on one open connection.

It has settings of its own in its own process; mailer's are not touched.
"""

import warnings
from email.utils import formataddr

from mailer.emulator.config import LOCAL_API_KEY
from tests.bench.baselines import Edition, Send, person


def sender(host: str, edition: Edition) -> Send:
    """See baselines.py. Sets Django up: once in a process."""
    import django
    from django.conf import settings

    settings.configure(
        EMAIL_BACKEND="anymail.backends.sendgrid.EmailBackend",
        ANYMAIL={
            "SENDGRID_API_KEY": LOCAL_API_KEY,
            "SENDGRID_API_URL": f"{host}/v3/",
            # The edition's merge tags already have their delimiters.
            "SENDGRID_MERGE_FIELD_FORMAT": "{}",
        },
    )
    django.setup()
    from anymail.exceptions import AnymailNotSupportedWarning
    from anymail.message import AnymailMessage
    from django.core.mail import get_connection

    # It says that nobody there can try it against the live service any more.
    warnings.simplefilter("ignore", AnymailNotSupportedWarning)
    connection = get_connection()
    connection.open()

    def send(people: range) -> None:
        readers = [person(number) for number in people]
        message = AnymailMessage(
            edition.subject,
            edition.text,
            "The Weekly <weekly@news.example.com>",
            [formataddr((reader.name, reader.email)) for reader in readers],
            connection=connection,
            merge_data={reader.email: dict.fromkeys(edition.keys, reader.link) for reader in readers},
            merge_headers={
                reader.email: {
                    "List-Unsubscribe": f"<{reader.link}>",
                    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
                }
                for reader in readers
            },
            merge_metadata={reader.email: {"subscriber": str(reader.number)} for reader in readers},
        )
        message.attach_alternative(edition.html, "text/html")
        message.send()
        assert message.anymail_status.status == {"queued"}, message.anymail_status

    return send
