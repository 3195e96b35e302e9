"""Recipients as tests write them, one by one, put into the columns that a request is made of."""

from mailer.sendgrid.payload import RecipientPart, RecipientParts


def columns(*recipients: RecipientPart) -> RecipientParts:
    """These recipients, who all have the same keys."""

    def column_by_column(which: str) -> dict[str, list[str]]:
        rows = [getattr(recipient, which) for recipient in recipients]
        assert all(row.keys() == rows[0].keys() for row in rows)
        return {key: [row[key] for row in rows] for key in rows[0]}

    return RecipientParts(
        [recipient.email for recipient in recipients],
        [recipient.name for recipient in recipients],
        column_by_column("substitutions"),
        column_by_column("custom_args"),
        column_by_column("headers"),
    )
