"""What others may want to know of the store; they connect, the store does not call them by name."""

from django.dispatch import Signal

left = Signal()
"""Somebody left a list. Sent with `mailing_list_id`, `subscriber_id` and `origin` (see tokens.make), once."""

confirmed = Signal()
"""Somebody confirmed that they want a list. Sent with `mailing_list_id` and `subscriber_id`, in the transaction that made
the subscription active; it may come again when they come back after leaving."""

asked = Signal()
"""A letter was asked for. Sent with `letter`, in the transaction that wrote it."""
